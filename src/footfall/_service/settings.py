"""Settings of a reference service, the clock of the run, and the pages and plans that it offers."""

import time
from collections.abc import Callable
from dataclasses import dataclass, field

from footfall._behaviour.capacity_rules import SESSION_IDLE_S
from footfall._behaviour.load_model import check_served
from footfall._model.model import THE_DAYS_OWN, DayClock, Model
from footfall._model.numbers import DAY_S
from footfall._records.errors import BadInputError

# ── The run clock, to which outages refer, and the day clock, to which staff and opening hours refer


def steady_clock(
    wall_s: Callable[[], float] = time.time, monotonic_s: Callable[[], float] = time.monotonic
) -> Callable[[], float]:
    """Return a clock that starts at the system time and is not affected by later changes of it.

    Its values (seconds since 1970) can be stored and compared after a restart. Within one process, setting
    the system clock makes nothing expire.
    """
    zero_s = wall_s() - monotonic_s()
    return lambda: zero_s + monotonic_s()


class RunClock:
    """Seconds since second 0 of the run, once that has been set."""

    def __init__(self, now_s: Callable[[], float], day: DayClock) -> None:
        """Start with no run set; `day` maps seconds of the run to seconds of the day."""
        self._now_s = now_s
        self._day = day
        self._zero_s: float | None = None

    def start_in(self, seconds: float) -> None:
        """Set second 0 of the run, in seconds from now."""
        self._zero_s = self._now_s() + seconds

    def run_s(self) -> float | None:
        """Return the second of the run, negative before its start; None while no run is set."""
        return None if self._zero_s is None else self._now_s() - self._zero_s

    def day_s(self) -> float:
        """Return the second of the day that decides on staff and opening hours.

        It lies in the window that is run; before a run is set it is the window's start. For a model without
        a window it is the local time.
        """
        run_s = self.run_s()
        if run_s is not None:
            return self._day.day_s(run_s)
        if self._day != THE_DAYS_OWN:
            return self._day.starts_s
        local = time.localtime(self._now_s())
        return (local.tm_hour * 3600.0 + local.tm_min * 60.0 + local.tm_sec) % DAY_S


# ── Settings

_PORT_MAX = 65_535
_LOOPBACK = ("127.0.0.1", "localhost", "::1")


@dataclass(frozen=True, slots=True, kw_only=True)
class ServiceSettings:
    """One service: the model it implements, its database, its address."""

    model: Model
    """The scaled load-test model: capacities, delays and faults are used unchanged."""
    seed: int
    database: str
    """Path of an SQLite file, or a SQLAlchemy URL."""
    subscribers: int
    host: str = "127.0.0.1"
    port: int = 8080
    """0: any free port."""
    delays: bool = True
    """False: service times are zero and no faults are injected; capacities still apply."""
    control_token: str | None = field(default=None, repr=False)
    """None: the control routes do not exist."""
    gateway_key: str | None = field(default=None, repr=False)
    """Key required by the SMS routes; None: any client that reaches the port may send for any number."""
    callback_hosts: tuple[str, ...] = _LOOPBACK
    """Hosts to which SMS answers may be posted."""
    numbers: int = 20_000
    """Size of the pool of telephone numbers that all channels sell from."""
    reservation_s: float = 120.0
    visit_idle_s: float = 600.0
    """A visit without a request for this long loses its clerk, machine or line."""
    session_idle_s: float = SESSION_IDLE_S
    """Idle time after which a session ends, on channels without a logout reminder."""
    now_s: Callable[[], float] = field(default_factory=steady_clock)
    """Clock for everything that expires, seconds since 1970."""
    on_ready: Callable[[int], None] | None = None
    """Called once with the actual port when the service accepts requests."""
    on_progress: Callable[[int, int], None] | None = None
    """Called with accounts created and in total, while an empty database is filled."""

    def __post_init__(self) -> None:
        """Check the numbers.

        Raises:
            BadInputError: a number is out of range, or a station can only be simulated.
        """
        if not 0 <= self.port <= _PORT_MAX:
            raise BadInputError(f"--port {self.port}", "not a valid port", f"0 to {_PORT_MAX}")
        if self.subscribers < 1 or self.numbers < 1:
            raise BadInputError(f"subscribers {self.subscribers}", "too few", "at least 1")
        check_served(self.model)


# ── Pages, plans and message commands

PLANS: dict[str, tuple[str, int]] = {
    "P18": ("日租卡 18 元", 1800),
    "P38": ("畅聊套餐 38 元", 3800),
    "P58": ("上网套餐 58 元", 5800),
    "P88": ("商旅套餐 88 元", 8800),
    "P128": ("家庭套餐 128 元", 12800),
}
"""By code: title and monthly price in fen."""
FIRST_PLAN = "P38"
OPERATIONS = ("transact", "recharge", "purchase", "roaming")
RECHARGE_FEN = range(1000, 50_001)
VOUCHER = "voucher"
ROAMING = "roaming"

PAGES: dict[str, dict[str, object]] = {
    "home": {"title": "首页", "links": ["plans", "offers", "numbers", "help"]},
    "plans": {
        "title": "资费套餐",
        "plans": [
            {"code": code, "title": title, "month_fen": month_fen}
            for code, (title, month_fen) in PLANS.items()
        ],
    },
    "offers": {"title": "优惠活动", "offers": ["充值有礼", "预存话费送流量", "老用户换机"]},
    "help": {
        "title": "帮助",
        "commands": {"CX": "余额", "CZ": "充值", "BL": "办理套餐", "MY": "漫游", "Y": "确认", "N": "取消"},
    },
}
"""Static pages that need no login; the page `numbers` is built from the pool."""
