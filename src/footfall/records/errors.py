"""The errors that end a run: bad input, and violated invariants."""


class BadInputError(Exception):
    """The user's input is wrong; the message is the one line that they see (exit code 2)."""

    def __init__(self, where: str, problem: str, expected: str = "") -> None:
        """Create the error: where it is, what is wrong there, and what was expected instead."""
        line = f"{where}: {problem}"
        super().__init__(f"{line}; expected {expected}" if expected else line)


class InvariantError(ValueError):
    """An invariant of all runs is violated: the run cannot be trusted (exit code 3)."""

    def __init__(self, invariant: str, where: str, evidence: str) -> None:
        """Create the error: the invariant, the station and interval, and both numbers."""
        super().__init__(invariant, where, evidence)
        self.invariant = invariant
        self.where = where
        self.evidence = evidence

    def __str__(self) -> str:
        """Return all three as one line."""
        return f"violated invariant '{self.invariant}' at {self.where}: {self.evidence}"


# ── Largest number that a user may give

NUMBER_MOST = 1e15
"""Thirty million years in seconds; beyond it, sums lose their fractions."""
