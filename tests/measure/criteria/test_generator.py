"""A run that its own generator spoiled is invalid, and says by what."""

from collections.abc import Callable

from footfall.measure.criteria.generator import judge_wholeness
from footfall.records.runs import ArrivalCounts, Manifest

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


def test_a_degraded_run_says_its_broken_arrivals_too(make_manifest: MakeManifest) -> None:
    """Two reasons are two."""
    reason = judge_wholeness(make_manifest(arrivals=BROKEN, degraded=True)).reason
    assert "workers went" in reason
    assert "73 of 147" in reason
