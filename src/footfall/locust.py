"""What a locustfile imports: users of the model's channels, the trace's shape, and Footfall's options.

A whole locustfile is `from footfall.locust import *`; Locust then offers `--scenario` and the other options.
`ChannelUser` and `drive` let users of one's own serve a channel's visits.
"""

from collections.abc import Mapping

from locust import User

from footfall._load.channel_users import ChannelUser, Work, register
from footfall._load.locust_options import give_up
from footfall._load.locust_plugin import TraceShape, install
from footfall._load.locust_users import CounterUser, HotlineUser, KioskUser, SmsUser, WebUser
from footfall._records.errors import BadInputError
from footfall._records.rows import Outcome

__all__ = [
    "ChannelUser",
    "CounterUser",
    "HotlineUser",
    "KioskUser",
    "Outcome",
    "SmsUser",
    "TraceShape",
    "WebUser",
    "drive",
]

install()


def drive(
    user: type[User],
    channel: str,
    operations: Mapping[str, Work] | None = None,
    tasks: int | None = 1,
) -> None:
    """Let visits at a channel be made by any Locust user class, as it is.

    A visit runs the user's `on_start`, then `tasks` of its tasks by Locust's own weights (a SequentialTaskSet
    once through counts as one; None: until the user stops itself), `wait_time` between them, then `on_stop`.
    `operations` says instead what is done for each operation: the name of a method, a task, or a TaskSet.

    Raises:
        SystemExit: with exit code 2 and one line, if the class or what is said of it cannot be right.
    """
    try:
        register(user, channel, operations, tasks)
    except BadInputError as error:
        give_up(str(error))
