"""The errors that end a run: what a user gave wrong, and what no run may do."""


class BadInputError(Exception):
    """Something the user gave is wrong; its text is the one line that they see (exit code 2)."""

    def __init__(self, where: str, problem: str, expected: str = "") -> None:
        """Say where it is, what is wrong there, and what was expected instead."""
        line = f"{where}: {problem}"
        super().__init__(f"{line}; expected {expected}" if expected else line)


class InvariantError(ValueError):
    """A law that every run obeys is broken: the run is not to be trusted (exit code 3)."""

    def __init__(self, law: str, where: str, evidence: str) -> None:
        """Name the law, the station and interval, and both numbers."""
        super().__init__(law, where, evidence)
        self.law = law
        self.where = where
        self.evidence = evidence

    def __str__(self) -> str:
        """Give all three as one line."""
        return f"broken law '{self.law}' at {self.where}: {self.evidence}"


# ── What a number that a user gives may be at most, whatever it means

NUMBER_MOST = 1e15
"""In seconds thirty million years; beyond it, sums of numbers lose their fractions."""
