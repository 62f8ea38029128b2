"""What workers and master say to each other survives the way."""

import subprocess
import sys
from typing import Any

import msgpack  # type: ignore[import-untyped]  # it has no types; Locust brings it
import pytest

from footfall._load.assignment import Assignment, is_dead, this_process
from footfall._load.result_batches import ResultBatch, ResultBuffer, arrivals_of, merge_batches, pieces_of
from footfall._load.results import RunResults
from footfall._records.rows import Arrival, Hit, Visit

_TIMES = (0.5, 0.5, None, 0.9, 0.0)
VISIT = Visit(3, 1, "young", "query", "web", 0, 1, *_TIMES, "timeout", "no_answer", 0.0)


def sent(data: Any) -> Any:  # noqa: ANN401  whatever a message holds
    """Give what arrives."""
    return msgpack.unpackb(msgpack.packb(data), strict_map_key=False)


def arrivals(n: int) -> list[Arrival]:
    """Give so many arrivals, a second apart."""
    who = {"segment": "young", "operation": "query", "channel": "web"}
    return [
        Arrival(arrival=k, due_s=float(k), at_s=k + 0.25, customer=2**62 + k, subscriber=k, **who)
        for k in range(n)
    ]


def test_a_trace_of_many_thousands_arrives_whole_and_in_order() -> None:
    """In several messages, none of them large; keys of 63 bits survive."""
    trace = arrivals(12_001)
    messages = [sent(rows) for rows in pieces_of(trace)]
    assert [len(rows) for rows in messages] == [5_000, 5_000, 2_001]
    assert [arrival for rows in messages for arrival in arrivals_of(rows)] == trace


def test_notes_add_up_as_if_the_master_had_played_itself() -> None:
    """Starts, ends, visits and hits, in two messages."""
    account, stream = RunResults(arrivals(2)), ResultBuffer()
    plan = Assignment([0.0, 1.0], account.states)
    plan.begin(["one"])
    stream.start(0, 0.002)
    first = sent(stream.take().to_data())
    stream.visit(VISIT)
    hit = Hit(3, "web", "query", 1, "page", 0.5, 0.0, 0.75, 0.9, 0, "timeout")
    stream.hit(hit, is_kept=True)
    stream.hit(hit, is_kept=False)
    stream.end(0, played=True)
    stream.start(1, 0.001)
    stream.end(1, played=False, broken_by="ValueError in load/play/wire.py, send")
    for data in (first, sent(stream.take().to_data()), sent(stream.take().to_data())):
        merge_batches(ResultBatch.of_data(data), account, plan, "one")
    result = account.result(2.0, "http://127.0.0.1")
    assert (result.arrivals.played, result.arrivals.broken, result.status) == (1, 1, "finished")
    assert result.lag_s.max == 0.002
    assert account.records.visits.latest == [VISIT]
    assert result.causes == {"no_answer": 1}
    assert result.broken_reasons == {"ValueError in load/play/wire.py, send": 1}
    assert (result.hits, result.hits_kept) == (2, 1)
    assert account.own_times.max_s == 0.25
    assert account.own_times.n == 2


def test_a_process_that_ended_is_dead_and_one_elsewhere_is_not_known_to_be() -> None:
    """Only on the same system it can be determined."""
    process = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
    node = this_process()["node"]
    assert not is_dead(process.pid, node)
    process.communicate(b"\n")
    assert is_dead(process.pid, node)
    assert not is_dead(process.pid, "another")
    assert not is_dead(process.pid, "")


def test_a_row_that_is_no_arrival_is_refused() -> None:
    """A column too few."""
    with pytest.raises(ValueError, match="shorter"):
        arrivals_of([(1, 2.0)])
