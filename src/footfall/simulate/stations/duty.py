"""How long agents were on duty and how long they were busy, by half hour."""

from footfall.simulate.spec.base import HALF_HOUR_S


class Duty:
    """Areas under the numbers of agents on duty and busy; who finishes a call after the shift is on duty."""

    __slots__ = ("busy_s", "on_duty_s", "since_s")

    def __init__(self) -> None:
        """Start at second 0."""
        self.since_s = 0.0
        self.on_duty_s: list[float] = []
        self.busy_s: list[float] = []

    def note(self, now_s: float, servers: int, busy: int) -> None:
        """Note the numbers that were in force up to now, before they change."""
        while self.since_s < now_s:
            half_hour = int(self.since_s // HALF_HOUR_S)
            while len(self.busy_s) <= half_hour:
                self.on_duty_s.append(0.0)
                self.busy_s.append(0.0)
            until_s = min((half_hour + 1) * HALF_HOUR_S, now_s)
            span_s = until_s - self.since_s
            self.on_duty_s[half_hour] += span_s * max(servers, busy)
            self.busy_s[half_hour] += span_s * busy
            self.since_s = until_s
