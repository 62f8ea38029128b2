"""One agent of a simulated day."""

from enum import Enum, auto


class State(Enum):
    """What an agent is doing."""

    OFF = auto()
    FREE = auto()
    ON_CALL = auto()
    AWAY = auto()
    """On duty, and not taking calls."""


class Agent:
    """State of one agent; mutable."""

    __slots__ = ("is_leaving", "key", "name", "pauses", "skills", "state")

    def __init__(self, name: str, skills: frozenset[str], key: int) -> None:
        """Begin off duty."""
        self.name = name
        self.skills = skills
        self.key = key
        self.state = State.OFF
        self.is_leaving = False
        self.pauses = 0

    def go(self) -> None:
        """Leave."""
        self.state = State.OFF
        self.is_leaving = False
