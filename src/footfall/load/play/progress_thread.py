"""Writes the progress file in a thread of its own: a slow disk must not stop the event loop."""

from pathlib import Path

from gevent.event import AsyncResult
from gevent.threadpool import ThreadPool

from footfall.load.progress import Progress, write_progress


class ProgressThread:
    """The progress file of one run."""

    def __init__(self, folder: Path) -> None:
        """Write nothing yet."""
        self._folder = folder
        self._pool = ThreadPool(1)
        self._writing: AsyncResult | None = None

    def tell(self, progress: Progress) -> None:
        """Have the moment written, unless the one before is still being written; never waits."""
        if self._writing is None or self._writing.ready():
            self._writing = self._pool.spawn(write_progress, self._folder, progress)
