"""One simulated customer: their journey, and what happened in the attempt at hand."""

from footfall.behaviour.journey import Journey
from footfall.simulate.engine import Script


class Customer(Journey):
    """A journey on the simulated day, with the times of the attempt at hand."""

    __slots__ = (
        "cause",
        "due_s",
        "human_s",
        "lapsed",
        "n",
        "ordered_s",
        "queued_s",
        "script",
        "served_s",
        "session_s",
        "site",
        "subscriber",
        "wait_s",
    )
    script: Script

    def __init__(  # noqa: PLR0913, PLR0917  plain scalars: this is the hottest constructor of a day
        self, n: int, key: int, segment: int, operation: int, subscriber: int, first_choice: int
    ) -> None:
        """Make the customer at place n of the order of arrival."""
        super().__init__(key, segment, operation, first_choice)
        self.n = n
        self.subscriber = subscriber
        self.queued_s = -1.0
        """Since when the customer has been in a line; below 0: in none."""
        self.session_s = -1.0
        """When the session was last used; below 0: none is open."""
        self.ordered_s = -1.0
        """When the order was placed that waits for its confirmation."""
        self.lapsed = ""
        """What was over before it was used: the session or the order; empty: neither."""

    def begin(self, now_s: float, site: int) -> None:
        """Begin an attempt at one of the channel's places."""
        self.site = site
        self.due_s = now_s
        self.served_s = -1.0
        self.human_s = 0.0
        self.wait_s = 0.0
        self.cause = ""
        self.session_s = -1.0
        self.ordered_s = -1.0
        self.lapsed = ""

    def cut(self, now_s: float) -> None:
        """End the attempt at the horizon: what would have come later has not happened."""
        self.cause = "horizon"
        if self.queued_s >= 0:
            self.wait_s += now_s - self.queued_s
        whole_s = now_s - self.due_s
        self.wait_s, self.human_s = min(self.wait_s, whole_s), min(self.human_s, whole_s)
        if self.served_s > now_s:
            self.served_s = -1.0
