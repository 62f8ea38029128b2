"""The locustfile of `footfall load`: Footfall's users and shape, no file of the user's own."""

from footfall._load.locust_plugin import TraceShape, install
from footfall._load.locust_users import CounterUser, HotlineUser, KioskUser, SmsUser, WebUser

__all__ = ["CounterUser", "HotlineUser", "KioskUser", "SmsUser", "TraceShape", "WebUser"]

install()
