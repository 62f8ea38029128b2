"""Visits: who holds a clerk, a machine or a line, and since when they asked for nothing."""

import secrets
from collections import OrderedDict
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from footfall.service.ledger.sessions import Session
from footfall.service.refusals import refusal

HEADER = b"x-visit"
_ID_BYTES = 12


@dataclass(slots=True)
class Visit:
    """One customer who holds a server."""

    id: str
    site: int
    last_s: float
    """Time of the latest request."""
    has_agent: bool = False
    seeks_agent: bool = False
    is_broken: bool = False
    """The machine before the customer broke down."""
    sessions: list[Session] = field(default_factory=list)
    """Logged in during the visit; they end with it."""


class Visits:
    """Visits under way on one channel, the longest idle first."""

    def __init__(self, now_s: Callable[[], float]) -> None:
        """Start with none."""
        self._now_s = now_s
        self._open: OrderedDict[str, Visit] = OrderedDict()
        self.taken_back = 0
        """Visits that were never ended by their customer."""

    def __len__(self) -> int:
        """Give the number of visits under way."""
        return len(self._open)

    def start(self, site: int) -> Visit:
        """Begin a visit at a site."""
        visit = Visit(secrets.token_hex(_ID_BYTES), site, self._now_s())
        self._open[visit.id] = visit
        return visit

    def find(self, number: str) -> Visit:
        """Visit of this id, now active.

        Raises:
            RefusalError: there is none.
        """
        visit = self._open.get(number)
        if visit is None:
            raise refusal("no_visit")
        visit.last_s = self._now_s()
        self._open.move_to_end(number)
        return visit

    def end(self, visit: Visit) -> bool:
        """End a visit; False when it already was."""
        return self._open.pop(visit.id, None) is not None

    def has(self, visit: Visit) -> bool:
        """Whether a visit is still under way."""
        return visit.id in self._open

    def at_site(self, site: int) -> Visit | None:
        """Give some visit under way at a site whose machine is in order."""
        return next((v for v in self._open.values() if v.site == site and not v.is_broken), None)

    def idle(self, seconds: float) -> Iterator[Visit]:
        """Visits that asked for nothing for longer than that; counted as taken back."""
        before_s = self._now_s() - seconds
        for visit in list(self._open.values()):
            if visit.last_s > before_s:
                return
            self.taken_back += 1
            yield visit
