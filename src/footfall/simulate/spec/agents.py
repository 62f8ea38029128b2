"""Agents of a hotline and those who call them: groups and skills, callers of a kind, callbacks."""

from typing import Literal, Self

from pydantic import Field, model_validator

from footfall.simulate.spec.base import DayProfile, Spec
from footfall.simulate.spec.number import NonNegative, Positive, Share, assumed
from footfall.simulate.spec.times import AnyDuration

GENERALISTS = "agents"
"""Name of the group of those who serve every operation."""

Rounding = Literal["nearest", "random"]
"""How a staff of 7.4 becomes whole people: always 7; or 8 in two half hours of five, so the mean is right."""


AgentChoice = Literal["preferred", "longest_idle", "random"]
"""Which idle agent a call goes to: by the groups' preferences; whoever has been idle longest; any of them,
each as likely."""

Redials = Literal["drawn_anew", "as_before"]
"""Patience and talk of somebody who calls again: drawn anew for each call, or as in the first."""


class Caller(Spec):
    """How the callers of one operation differ from the others; what is None is as the station has it."""

    patience: AnyDuration | None = None
    talk: AnyDuration | None = None
    wrap_up: AnyDuration | None = None


class AgentGroup(Spec):
    """Agents who serve some operations only."""

    name: str
    agents: DayProfile
    skills: tuple[str, ...]
    """Operations that they serve. Unless `agent_choice` says otherwise, a call goes to the idle group in
    whose list it stands first, then to the group that the model names first, at last to the agents who serve
    every operation."""
    talk: dict[str, AnyDuration] = Field(default_factory=dict)
    """By operation: how long these agents talk; absent: as long as the station or its callers say."""
    overflow_after_s: NonNegative = assumed(0, "calls reach the group at once unless set")
    """Calls reach the group only after they have waited so long for another; 0: at once."""

    @model_validator(mode="after")
    def _talks_of_what_it_serves(self) -> Self:
        unknown = sorted(set(self.talk) - set(self.skills))
        if unknown:
            msg = (
                f"talk of {self.name} for its skills ({', '.join(self.skills)}), not for {', '.join(unknown)}"
            )
            raise ValueError(msg)
        return self


class Callback(Spec):
    """Whoever would wait long is offered a call back, and hangs up if they accept it."""

    offered_wait_s: NonNegative
    """Offered to callers whose wait, by those ahead of them and the agents on duty, would be longer."""
    accepted_share: Share
    latest_s: Positive
    """They are called when an agent is idle and nobody waits on the line. Who was not called for so long
    joins those on the line, at the place that they would have had among them."""
