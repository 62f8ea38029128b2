"""What a reference service is started with: settings, clock of the run, pages and plans that it sells."""

import time
from collections.abc import Callable
from dataclasses import dataclass, field

from footfall.behaviour.capacity_rules import SESSION_IDLE_S
from footfall.behaviour.load_model import check_served
from footfall.model.model import THE_DAYS_OWN, DayClock, Model
from footfall.model.numbers import DAY_S
from footfall.records.errors import BadInputError

# ── The clock of play, to which outages refer, and the day's, to which staff and opening hours do


def steady_clock(
    wall_s: Callable[[], float] = time.time, monotonic_s: Callable[[], float] = time.monotonic
) -> Callable[[], float]:
    """Give a clock that starts at the system's time and then counts seconds, however that is set meanwhile.

    What it gives can be kept in a database and compared after a restart (seconds since 1970). In one process
    no step of the system's clock makes anything expire.
    """
    zero_s = wall_s() - monotonic_s()
    return lambda: zero_s + monotonic_s()


class PlayClock:
    """Seconds since second 0 of play, once that has been set."""

    def __init__(self, now_s: Callable[[], float], day: DayClock) -> None:
        """Start with no play set; `day` says what second of the day a second of play is."""
        self._now_s = now_s
        self._day = day
        self._zero_s: float | None = None

    def start_in(self, seconds: float) -> None:
        """Set second 0 of play so many seconds from now."""
        self._zero_s = self._now_s() + seconds

    def play_s(self) -> float | None:
        """Second of play, negative before its start; None while no play is set."""
        return None if self._zero_s is None else self._now_s() - self._zero_s

    def day_s(self) -> float:
        """Second of the day by which staff and opening hours go.

        Of the window that is played; of its beginning, as long as nobody has said when play begins; of the
        local day for a model that is not there to be played.
        """
        play_s = self.play_s()
        if play_s is not None:
            return self._day.day_s(play_s)
        if self._day != THE_DAYS_OWN:
            return self._day.starts_s
        local = time.localtime(self._now_s())
        return (local.tm_hour * 3600.0 + local.tm_min * 60.0 + local.tm_sec) % DAY_S


# ── What a service is started with

_PORT_MAX = 65_535
LOOPBACK = ("127.0.0.1", "localhost", "::1")


@dataclass(frozen=True, slots=True, kw_only=True)
class ServiceSettings:
    """One service: the model it behaves like, its ledger, its door."""

    model: Model
    """As played: capacities, delays and faults are taken from it as they are."""
    seed: int
    database: str
    """Path of an SQLite file, or a SQLAlchemy URL."""
    subscribers: int
    host: str = "127.0.0.1"
    port: int = 8080
    """0: any free port."""
    delays: bool = True
    """False: service times are zero and the operator's faults never strike; capacities still hold."""
    control_token: str | None = field(default=None, repr=False)
    """None: the control routes do not exist."""
    gateway_key: str | None = field(default=None, repr=False)
    """Key that the SMS routes ask for; None: whoever reaches the port may send for any number."""
    callback_hosts: tuple[str, ...] = LOOPBACK
    """Hosts to which SMS answers may be posted."""
    numbers: int = 20_000
    """Telephone numbers in the pool that all channels sell from."""
    reservation_s: float = 120.0
    visit_idle_s: float = 600.0
    """A clerk, machine or line is taken back from a visit that asked for nothing for so long."""
    session_idle_s: float = SESSION_IDLE_S
    """As long lives an idle session where the channel has no logout reminder."""
    now_s: Callable[[], float] = field(default_factory=steady_clock)
    """Clock of everything that expires, seconds since 1970 when it began."""
    on_ready: Callable[[int], None] | None = None
    """Called once with the real port when requests are taken."""
    on_progress: Callable[[int, int], None] | None = None
    """Called with accounts made and to be made, while an empty database is filled."""

    def __post_init__(self) -> None:
        """Check the numbers.

        Raises:
            BadInputError: a number is out of its range, or a station is one that can only be simulated.
        """
        if not 0 <= self.port <= _PORT_MAX:
            raise BadInputError(f"--port {self.port}", "no such port", f"0 to {_PORT_MAX}")
        if self.subscribers < 1 or self.numbers < 1:
            raise BadInputError(f"subscribers {self.subscribers}", "too few", "at least 1")
        check_served(self.model)


# ── What the operator shows and sells: pages, plans, and the words of messages

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
"""Pages that need no login; `numbers` is the sixth of its kind, from the pool."""
