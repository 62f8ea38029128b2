"""A run that its own generator spoiled is invalid, and says by what."""

import json
from collections.abc import Callable
from dataclasses import replace

import polars as pl
import pytest

from footfall._criteria.lists import parse
from footfall._measure.judge import judge, judge_generator, judge_wholeness
from footfall._measure.run_comparison import why_left_out
from footfall._measure.run_data import RunData
from footfall._records.errors import BadInputError
from footfall._records.load_generator import ConnectionCounts, ControlRecord, GeneratorRecord, TimeSummary
from footfall._records.runs import ArrivalCounts, Manifest

MakeManifest = Callable[..., Manifest]

BROKEN = ArrivalCounts(due=147, played=74, broken=73)


def test_a_run_whose_arrivals_broke_inside_the_generator_is_invalid(make_manifest: MakeManifest) -> None:
    """Whatever the criteria say: one of them is enough; how many, and the reasons, are named."""
    reasons = {"ValueError in load/play/wire.py, send": 70, "KeyError in load/play/player.py, play": 3}
    judged = judge_wholeness(make_manifest(arrivals=BROKEN, broken_reasons=reasons))
    assert (judged.verdict, judged.validity) == ("invalid", True)
    assert judged.reason == (
        "73 of 147 arrivals broke inside the generator: ValueError in load/play/wire.py, send (70); "
        "KeyError in load/play/player.py, play (3)"
    )
    one = ArrivalCounts(due=1000, played=999, broken=1)
    assert judge_wholeness(make_manifest(arrivals=one)).verdict == "invalid"
    assert judge_wholeness(make_manifest(arrivals=ArrivalCounts(due=9, played=9))).verdict == "pass"


def test_visits_whose_request_cannot_be_sent_make_the_run_invalid(make_manifest: MakeManifest) -> None:
    """The service was not asked, so that they are no failure of its own; the causes are named."""
    causes = ["header_not_sendable"] * 2 + ["path_not_sendable", "http_500", ""]
    judged = judge_wholeness(make_manifest(), pl.DataFrame({"cause": causes}))
    assert (judged.verdict, judged.validity) == ("invalid", True)
    assert judged.reason == (
        "3 of 5 visits ended at a request that cannot be sent "
        "(header_not_sendable 2, path_not_sendable 1): the service was not asked"
    )
    served = judge_wholeness(make_manifest(), pl.DataFrame({"cause": ["http_500", ""]}))
    assert served.verdict == "pass"


def test_a_degraded_run_says_its_broken_arrivals_too(make_manifest: MakeManifest) -> None:
    """Two reasons are two."""
    reason = judge_wholeness(make_manifest(arrivals=BROKEN, degraded=True)).reason
    assert "workers were lost" in reason
    assert "73 of 147" in reason


@pytest.mark.parametrize(
    ("counts", "what"),
    [
        (
            ConnectionCounts(opened=90, no_local_port=1),
            "1 connections failed in the generator: no local port",
        ),
        (
            ConnectionCounts(opened=90, no_file_descriptor=3),
            "3 connections failed in the generator: too many files",
        ),
    ],
)
def test_a_generator_that_runs_out_of_ports_or_descriptors_makes_the_run_invalid(
    make_manifest: MakeManifest, counts: ConnectionCounts, what: str
) -> None:
    """It is not the service that failed; what to do is said. Refused connections are the service's."""
    judged = judge_wholeness(make_manifest(connections=counts))
    assert (judged.verdict, judged.validity) == ("invalid", True)
    assert what in judged.reason
    assert "--connections shared" in judged.reason
    assert why_left_out(make_manifest(connections=counts)) == counts.ran_out
    assert judge_wholeness(make_manifest(connections=ConnectionCounts(not_opened=9))).verdict == "pass"


def times(p99_s: float, n: int = 1000) -> TimeSummary:
    """A sample whose times are all alike."""
    return TimeSummary(n=n, p50_s=p99_s, p95_s=p99_s, p99_s=p99_s, max_s=p99_s)


def control(answered_s: float, in_run_s: float, n: int = 100) -> ControlRecord:
    """A control of a request that the run sends, too."""
    return ControlRecord(
        method_and_path="GET /a", sent=n, answered=times(answered_s, n), same_in_run=times(in_run_s)
    )


def woken(late_s: float, n: int = 1000) -> ControlRecord:
    """A control that was woken so late each time."""
    return replace(control(0.004, 0.004), woken_late=times(late_s, n))


def slowed(cpu_s: float, n: int = 12) -> ControlRecord:
    """A control that had 10 ms of CPU after so long each time."""
    return replace(control(0.004, 0.004), cpu_10ms=times(cpu_s, n))


WELL = GeneratorRecord(
    own=times(0.0004), turn=times(0.0003), read_late_s_p99=0.0003, cpu_share_by_s=(0.3, 0.4) * 10
)


@pytest.mark.parametrize(
    ("change", "line", "verdict", "words"),
    [
        ({}, "p95(web.*) < 100ms", "pass", "0.4 ms (p99) to send a request"),
        ({"own": times(0.02)}, "p95(web.*) < 100ms", "invalid", "it took 20 ms (p99) to send a request"),
        ({"own": times(0.02)}, "p95(web.*) < 300ms", "pass", ""),
        ({"own": times(0.004)}, "p95(web.*) < 10ms", "pass", "4.0 ms"),
        ({"own": times(0.02)}, "success(*) >= 90%", "pass", ""),
        ({"own": times(0.06)}, "success(*) >= 90%", "invalid", "more than 50 ms"),
        ({"read_late_s_p99": 0.19}, "p95(web.*) < 1s", "invalid", "it read answers 190 ms late"),
        ({"cpu_share_by_s": (0.5,) * 17 + (0.95,) * 3}, "success(*) >= 90%", "invalid", "in 3 of 20 seconds"),
        ({"cpu_share_by_s": (0.5,) * 19 + (0.95,)}, "success(*) >= 90%", "pass", "CPU at most 95.0 %"),
        ({"control": control(0.004, 2.0), "own": times(0.04)}, "p95(*) < 500ms", "invalid", "GET /a"),
        ({"control": control(0.004, 2.0)}, "p95(*) < 500ms", "pass", "within 4.0 ms"),
        ({"control": control(0.004, 2.0, n=5), "own": times(0.04)}, "p95(*) < 500ms", "pass", ""),
        ({"own": TimeSummary()}, "success(*) >= 90%", "pass", "is not known"),
        ({"own": times(0.02)}, "p99(own) < 30ms", "pass", "20 ms"),
        ({"own": times(0.02)}, "p99(own) < 10ms else invalid", "invalid", "more than 10 ms"),
        ({"control": woken(0.04)}, "p95(web.*) < 300ms", "invalid", "its host was too busy"),
        ({"control": woken(0.04)}, "p95(web.*) < 1s", "pass", "woken 40 ms late (p95)"),
        ({"control": slowed(0.07)}, "p95(web.*) < 1s", "invalid", "10 ms of CPU took 70 ms (median of 12)"),
        ({"control": slowed(0.07, n=9)}, "p95(web.*) < 1s", "pass", ""),
        ({"control": slowed(0.02)}, "p95(web.*) < 1s", "pass", "needed 20 ms for 10 ms of CPU"),
        ({"control": woken(0.04, n=50)}, "p95(web.*) < 300ms", "pass", ""),
    ],
)
def test_a_generator_whose_own_part_is_too_large_for_what_is_judged_makes_the_run_invalid(
    make_manifest: MakeManifest, change: dict[str, object], line: str, verdict: str, words: str
) -> None:
    """A tenth of the smallest limit, 5 ms at least; a busy CPU; a control that was answered far sooner."""
    record = replace(WELL, **change)  # type: ignore[arg-type]  # fields of the record
    judged = judge_generator([parse(line, "x")], make_manifest(generator=record))
    assert judged is not None
    assert (judged.verdict, judged.validity) == (verdict, True)
    assert words in judged.reason


def test_of_a_run_that_was_not_played_nothing_is_said_of_the_generator(make_manifest: MakeManifest) -> None:
    """It has none."""
    assert judge_generator([], make_manifest()) is None
    assert judge_generator([], make_manifest(generator=GeneratorRecord())) is None


def test_a_record_in_a_file_is_the_record() -> None:
    """Plain data and back."""
    for record in (WELL, replace(WELL, control=control(0.1, 0.2)), GeneratorRecord()):
        assert GeneratorRecord.of_data(json.loads(json.dumps(record.to_data()))) == record


@pytest.mark.parametrize(("limit_ms", "verdict"), [(5, "invalid"), (50, "pass")])
def test_the_own_part_that_is_allowed_can_be_declared(
    make_manifest: MakeManifest, limit_ms: int, verdict: str
) -> None:
    """Whatever limits are judged as well; and it has a judgement of its own."""
    lines = ("p95(web.*) < 100ms", f"p99(own) < {limit_ms}ms")
    manifest = make_manifest(generator=replace(WELL, own=times(0.02)))
    asked = [parse(line, "x") for line in lines]
    of_run = judge_generator(asked, manifest)
    own = judge(asked[1], RunData(manifest=manifest))

    assert of_run is not None
    assert [each.verdict for each in (of_run, own)] == [verdict, verdict]
    assert own.value == 0.02
    assert judge(asked[1], RunData(manifest=make_manifest())).verdict == "invalid"


@pytest.mark.parametrize(
    "line", ["p95(own) < 10ms", "p99(all own) < 10ms", "p99(own) < 2s", "p99(own) > 1ms"]
)
def test_only_what_is_kept_of_the_own_part_can_be_asked(line: str) -> None:
    """Its 99th percentile, up to a second, from above."""
    with pytest.raises(BadInputError, match="x"):
        parse(line, "x")
