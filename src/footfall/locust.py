"""What a locustfile imports: users of the model's channels, the trace's shape, and Footfall's options.

A whole locustfile is `from footfall.locust import *`; Locust then offers `--scenario` and the other options.
"""

from footfall.load.locust_plugin import TraceShape, install
from footfall.load.locust_users import CounterUser, HotlineUser, KioskUser, SmsUser, WebUser

__all__ = ["CounterUser", "HotlineUser", "KioskUser", "SmsUser", "TraceShape", "WebUser"]

install()
