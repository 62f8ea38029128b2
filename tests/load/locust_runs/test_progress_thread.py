"""A disk that takes its time stops no event loop."""

import os
import subprocess
import sys
from pathlib import Path

from footfall._load.loop_watch import PROGRESS_FILE

TELL = """
import os, sys
from pathlib import Path
import gevent.monkey; gevent.monkey.patch_all()
import gevent
from footfall._load.loop_watch import ProgressThread
from footfall._load.loop_watch import Progress

reported, turns = ProgressThread(Path(sys.argv[1])), 0
reported.write(Progress(1.0, 1, 9))
while not reported._writing.ready():  # the disk takes until the reader has come
    reported.write(Progress(2.0, 2, 9))
    gevent.sleep(0)
    turns += 1
    if turns % 100 == 0 and os.path.exists(sys.argv[2]):  # again, should the writer have come later
        os.close(os.open(sys.argv[2], os.O_RDONLY | os.O_NONBLOCK))
print(turns)
"""


def test_the_event_loop_turns_while_a_disk_is_slow(tmp_path: Path) -> None:
    """The draft is a pipe, which blocks its writer until it has a reader: a hundred turns later."""
    pipe = tmp_path / f"{PROGRESS_FILE}.new"
    os.mkfifo(pipe)
    done = subprocess.run(
        [sys.executable, "-c", TELL, str(tmp_path), str(pipe)],
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )

    assert int(done.stdout) >= 100
