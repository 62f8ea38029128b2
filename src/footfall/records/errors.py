"""The one error that a user's input may cause."""


class BadInputError(Exception):
    """Something the user gave is wrong; its text is the one line that they see (exit code 2)."""

    def __init__(self, where: str, problem: str, expected: str = "") -> None:
        """Say where it is, what is wrong there, and what was expected instead."""
        line = f"{where}: {problem}"
        super().__init__(f"{line}; expected {expected}" if expected else line)
