"""What a long job says while it works: a line of text, or the share of a stage that is done."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager


class Messages:
    """Takes what a job says, and does nothing with it: the default. The command line has one that prints."""

    def note(self, text: str) -> None:
        """Take a line that a person may want to read."""

    @contextmanager
    def progress(self, title: str) -> Iterator[Callable[[float], None]]:  # noqa: ARG002  for others to show
        """Enclose a stage of the work; gives a function that takes the share done, from 0 to 1."""
        yield lambda _share: None


QUIET = Messages()
