"""What is watched of a service, what its run's folder gets, and what is printed of it."""

import os
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest

from footfall._load.http.wire_format import address_of
from footfall._records.errors import BadInputError
from footfall._records.server_record import ServerRecord, ServerSummary
from footfall._records.server_rows import SERVER_ROWS, read_server_rows
from footfall._records.tables import read_csv
from footfall._runs.server_watch import (
    WatchAsked,
    is_this_machine,
    server_lines,
    value_text,
    watch_server,
)


def figure(source: str, name: str, mean: float, most: float, unit: str = "") -> ServerSummary:
    """Give a figure of a run."""
    return ServerSummary(source=source, name=name, unit=unit, samples=9, mean=mean, most=most, least=0.0)


def test_one_watch_gives_each_of_two_runs_its_own_rows(tmp_path: Path) -> None:
    """The rows of a run begin before its second 0 and end with it; the first run's are not in the second."""
    with (
        socket.create_server(("127.0.0.1", 0)) as listener,
        subprocess.Popen([sys.executable, "-S", "-c", "input()"], stdin=subprocess.PIPE) as process,
    ):
        asked = WatchAsked(host=f"http://127.0.0.1:{listener.getsockname()[1]}", pid=process.pid)
        with watch_server(asked) as watch:
            assert watch is not None
            first_s = time.time()
            record = ServerRecord()
            sources = ("process", "machine")
            # Of a rate, the first reading only begins it; each source is read by a thread of its own.
            while None in [record.figure(each, "cpu") for each in sources] and time.time() < first_s + 30:
                time.sleep(0.05)
                record = watch.write(tmp_path / "a", first_s, time.time() - first_s + 1)
            later_s = time.time() + 3600
            assert watch.write(tmp_path / "b", later_s, 10.0).figures == ()
            assert watch.write(tmp_path / "c", None, 0.0).notes == ("the run did not begin",)
        process.kill()
    rows = read_server_rows(tmp_path / "a")
    assert read_csv(tmp_path / "a" / "server.csv", SERVER_ROWS).equals(rows)
    assert set(rows["source"]) >= set(sources)
    assert record.cores is not None
    assert read_server_rows(tmp_path / "b").is_empty()
    assert read_server_rows(tmp_path / "c").is_empty()
    assert not (tmp_path / "c").exists()


def test_a_service_of_which_nothing_can_be_read_is_not_watched() -> None:
    """Nothing is started for it; a process that does not exist is a mistake."""
    with watch_server(WatchAsked(host="http://127.0.0.1:1")) as watch:
        assert watch is None
    with (
        pytest.raises(BadInputError, match="no such process"),
        watch_server(WatchAsked(host="http://127.0.0.1:1", pid=2**22 + 1)),
    ):
        pytest.fail("it was watched")


@pytest.mark.parametrize(
    ("host", "is_here"),
    [
        ("http://127.0.0.1:8000", True),
        ("http://127.0.0.9", True),
        ("http://[::1]:8000", True),
        ("http://localhost:8000", True),
        ("http://192.0.2.1:8000", False),
        ("http://no-such-host.invalid", False),
    ],
)
def test_only_ports_of_this_machine_are_looked_up(host: str, *, is_here: bool) -> None:
    """192.0.2.0/24 is for documentation (RFC 5737), `.invalid` never exists (RFC 2606)."""
    assert is_this_machine(address_of(host, "--host")) is is_here


def test_the_lines_say_what_was_busy_and_what_is_not_known() -> None:
    """Channels in which nobody waited are left out; shared memory is preferred to resident memory."""
    figures = (
        figure("process", "cpu", 0.42, 0.97),
        figure("process", "memory_rss", 2e8, 2e8, "bytes"),
        figure("process", "memory_pss", 9.3e7, 9.31e7, "bytes"),
        figure("port", "connections", 10, 64),
        figure("port", "accept_queue", 0.1, 3),
        figure("port", "accept_queue_most", 2048, 2048),
        figure("machine", "accept_overflows", 0.5, 12),
        figure("service", "web.busy", 2.5, 3),
        figure("service", "web.servers", 3, 3),
        figure("service", "web.waiting", 1.25, 7),
        figure("service", "sms.busy", 1, 1),
        figure("service", "sms.servers", 1, 1),
        figure("service", "sms.waiting", 0, 0),
        figure("metrics", "heap", 1.5e9, 2e9, "bytes"),
    )
    record = ServerRecord(figures=figures, notes=("metrics: jobs: no data (9 times)",), cores=2)
    assert list(server_lines(record)) == [
        (
            "service: CPU mean 0.42, at most 0.97 of 2 cores; memory at most 93.1 MB; "
            "connections at most 64; accept queue at most 3 of 2,048; "
            "connections dropped at a full accept queue: up to 12 per s"
        ),
        "service, web: busy mean 2.5, at most 3 of 3; waiting mean 1.2, at most 7",
        "metric heap: mean 1,500.0 MB, at most 2,000.0 MB",
        "not sampled: metrics: jobs: no data (9 times)",
    ]
    assert list(server_lines(ServerRecord())) == []


@pytest.mark.parametrize(
    ("value", "unit", "text"),
    [
        (0.0, "cores", "0 cores"),
        (1.23456, "cores", "1.235 cores"),
        (12345.6, "jobs", "12,346 jobs"),
        (0.000123456, "s", "0.0001235 s"),
        (-3.0, "", "-3"),
        (2.5e6, "bytes", "2.5 MB"),
    ],
)
def test_a_value_is_shown_with_four_digits_and_its_unit(value: float, unit: str, text: str) -> None:
    """Bytes in megabytes."""
    assert value_text(value, unit) == text


def test_this_process_itself_is_never_watched() -> None:
    """It is the one that watches."""
    with (
        pytest.raises(BadInputError, match="is this process itself"),
        watch_server(WatchAsked(host="http://127.0.0.1:1", pid=os.getpid())),
    ):
        pytest.fail("it was watched")
