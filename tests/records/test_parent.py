"""A child ends with its parent, also when that one is killed."""

import os
import signal
import subprocess
import sys

CHILD = "import time; from footfall._records.jobs import end_with_parent as end; end(); time.sleep(60)"
PARENT = """
import os, subprocess, sys
from footfall._records.jobs import for_child
child = subprocess.Popen([sys.executable, "-c", sys.argv[1]], env=for_child(os.environ))
print(child.pid, flush=True)
child.wait()
"""


def test_a_child_whose_parent_is_killed_ends() -> None:
    """By itself: it held our pipe open, whose end we see once both are gone."""
    parent = subprocess.Popen([sys.executable, "-c", PARENT, CHILD], stdout=subprocess.PIPE, text=True)
    assert parent.stdout is not None
    child = int(parent.stdout.readline())
    os.kill(child, 0)
    parent.send_signal(signal.SIGKILL)
    out, _ = parent.communicate(timeout=30)
    assert out == ""


def test_a_process_that_nobody_told_of_a_parent_goes_on() -> None:
    """Started by hand, it outlives the shell as every program does."""
    words = "from footfall._records.jobs import end_with_parent; end_with_parent(); import threading; "
    words += "print(threading.active_count())"
    done = subprocess.run([sys.executable, "-c", words], capture_output=True, text=True, check=True)
    assert done.stdout == "1\n"
