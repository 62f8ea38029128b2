"""What a service is started with."""

from collections.abc import Callable
from dataclasses import dataclass, field

from footfall.records.errors import BadInputError
from footfall.service.clock import steady_clock
from footfall.simulate.decide.playable import check_served
from footfall.simulate.decide.windows import SESSION_IDLE_S
from footfall.simulate.spec.model import Model

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
