"""CPU time and memory of a process with its children, against programs that use a known amount of them."""

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from hypothesis import given, strategies as st

from footfall._load.server.local_sources import ProcessSource
from footfall._load.server.process_tree import ProcessTree, _Times, _used_s
from footfall._load.server.server_sampler import SourceError
from footfall._records.errors import BadInputError

CHILD = "import time\nwhile time.process_time() < 0.3: pass\n"
PARENT = f"""
import subprocess, sys
for line in sys.stdin:
    if line == "child\\n":
        subprocess.run([sys.executable, "-c", {CHILD!r}], check=True)
    if line == "two\\n":
        waiting = [subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) for _ in "ab"]
    if line == "memory\\n":
        kept = bytearray(60_000_000)
        kept[::4096] = b"x" * len(kept[::4096])
    print("done", flush=True)
"""


@contextmanager
def told(program: str = PARENT) -> Iterator[subprocess.Popen[str]]:
    """Start a program that does what a line says and answers with one."""
    command = [sys.executable, "-S", "-c", program]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        yield process
        process.kill()


def tell(process: subprocess.Popen[str], line: str) -> None:
    """Have it do one thing, and wait until it is done."""
    assert process.stdin is not None
    assert process.stdout is not None
    process.stdin.write(f"{line}\n")
    process.stdin.flush()
    assert process.stdout.readline() == "done\n"


def test_the_cpu_time_of_a_child_that_has_ended_is_counted() -> None:
    """A worker that came and went between two readings used its time all the same."""
    with told() as process:
        tell(process, "nothing")
        tree = ProcessTree(process.pid)
        assert tree.state() is not None
        began_s = tree._before_at
        tell(process, "child")
        after = tree.state()
        assert after is not None
        assert after.cpu_cores is not None
        used_s = after.cpu_cores * (tree._before_at - began_s)
    # The kernel counts in ticks of 10 ms; starting Python takes some time, too.
    assert 0.28 <= used_s <= 3


def test_children_count_as_processes_and_threads() -> None:
    """The parent and two children are three processes with a thread each at least."""
    with told() as process:
        tell(process, "two")
        state = ProcessTree(process.pid).state()
        assert state is not None
        assert state.processes == 3
        assert state.threads >= 3


def test_memory_is_that_in_use() -> None:
    """60 MB that were written to are seen, in both ways of counting."""
    with told() as process:
        tell(process, "nothing")
        tree = ProcessTree(process.pid)
        before = tree.state()
        pss_before = tree.memory_pss_bytes()
        tell(process, "memory")
        after = tree.state()
        assert before is not None
        assert after is not None
        assert 58e6 <= after.memory_rss_bytes - before.memory_rss_bytes <= 75e6
        if pss_before is not None:
            assert 58e6 <= (tree.memory_pss_bytes() or 0) - pss_before <= 75e6


def test_a_process_that_ends_is_said_once_and_gives_no_more_figures() -> None:
    """No figure is made up for a service that died."""
    with told() as process:
        tell(process, "nothing")
        source = ProcessSource(ProcessTree(process.pid))
        assert {figure.name for figure in source.read()} >= {"memory_rss", "processes", "threads"}
        process.kill()
        process.wait()
        with pytest.raises(SourceError, match="ended during the run"):
            source.read()
        assert source.read() == ()


@pytest.mark.parametrize("pid", [2**22 + 1, 2**40, os.getpid()], ids=["none", "impossible", "itself"])
def test_a_process_that_cannot_be_watched_is_refused(pid: int) -> None:
    """One line names the option."""
    with pytest.raises(BadInputError, match=f"--server-pid {pid}"):
        ProcessTree(pid)


ONE, TWO = (1, 0.0), (2, 0.0)


@given(st.floats(0, 100), st.floats(0, 100), st.floats(0, 100))
def test_what_was_counted_while_a_child_lived_is_not_counted_again_when_it_ends(
    counted_s: float, last_s: float, own_s: float
) -> None:
    """When its parent reads its exit status, the child's whole time moves to the parent's account."""
    before = {ONE: _Times(0.0, 0.0), TWO: _Times(counted_s, 0.0)}
    after = {ONE: _Times(own_s, counted_s + last_s)}
    assert _used_s(before, after) == pytest.approx(own_s + last_s)


@given(st.floats(0, 100), st.floats(0, 100))
def test_a_child_whose_exit_status_is_never_read_takes_nothing_away(counted_s: float, own_s: float) -> None:
    """Its last part is unknown; the time of the others is not reduced by it."""
    before = {ONE: _Times(0.0, 0.0), TWO: _Times(counted_s, 0.0)}
    assert _used_s(before, {ONE: _Times(own_s, 0.0)}) == pytest.approx(own_s)
