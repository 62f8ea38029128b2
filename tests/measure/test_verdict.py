"""Which judgement wins, and what a program and a CI see of it."""

from collections.abc import Callable
from pathlib import Path
from xml.etree.ElementTree import fromstring

import pytest
from xmlschema import XMLSchema

from footfall._measure.verdict import EXIT_CODES, USAGE_EXIT_CODE, Judgement, Verdict, decide, junit_xml
from footfall._records.runs import Manifest

HOSTILE = '</testcase><x a="\'"> \x00 & 網'


def _judged(
    verdict: str, *, validity: bool = False, decisive: bool = False, criterion: str = "success(*) > 0.9"
) -> Judgement:
    return Judgement(
        criterion=criterion,
        verdict=Verdict(verdict),
        reason="so it is",
        validity=validity,
        decisive=decisive,
    )


@pytest.mark.parametrize(
    ("judgements", "verdict"),
    [
        ([_judged("pass"), _judged("pass", validity=True)], "pass"),
        ([_judged("pass"), _judged("fail")], "fail"),
        ([_judged("undecided"), _judged("fail")], "fail"),
        ([_judged("pass"), _judged("undecided")], "undecided"),
        ([_judged("undecided"), _judged("invalid")], "invalid"),
        ([_judged("pass"), _judged("undecided", validity=True)], "invalid"),
        ([_judged("fail"), _judged("invalid", validity=True)], "invalid"),
        ([_judged("fail"), _judged("fail", validity=True)], "invalid"),
        ([_judged("fail", decisive=True), _judged("invalid", validity=True)], "fail"),
        ([], "invalid"),
    ],
)
def test_validity_beats_failure_and_failure_beats_doubt(judgements: list[Judgement], verdict: str) -> None:
    """What ended the run beats even validity, and nothing judged is not a pass."""
    decision = decide(judgements)

    assert decision.verdict == verdict
    assert decision.reason


def test_every_verdict_has_an_exit_code() -> None:
    """Pass 0, fail 1, the two that are neither 3; 2 is left to wrong usage."""
    assert {verdict.value: code for verdict, code in EXIT_CODES.items()} == {
        "pass": 0,
        "fail": 1,
        "undecided": 3,
        "invalid": 3,
    }
    assert USAGE_EXIT_CODE not in EXIT_CODES.values()


def test_each_criterion_is_a_test_case(make_manifest: Callable[..., Manifest]) -> None:
    """Failed is a failure, undecided and invalid are errors of two types, and the counts say so."""
    judgements = [_judged("pass"), _judged("fail"), _judged("undecided"), _judged("invalid")]
    suite = fromstring(junit_xml(judgements, make_manifest()))[0]  # noqa: S314 - our own words

    assert (suite.get("tests"), suite.get("failures"), suite.get("errors")) == ("4", "1", "2")
    assert [case[0].tag for case in suite.iter("testcase")] == ["system-out", "failure", "error", "error"]
    assert [case[0].get("type") for case in suite.iter("testcase")][2:] == ["undecided", "invalid"]


@pytest.mark.parametrize("verdicts", [(), ("pass",), ("pass", "fail", "undecided", "invalid")])
def test_the_report_keeps_the_schema_that_ci_servers_share(
    make_manifest: Callable[..., Manifest], verdicts: tuple[str, ...]
) -> None:
    """Also with text that is hostile; and the schema can refuse, as it does an unknown attribute."""
    schema = XMLSchema(Path(__file__).parent / "junit.xsd")
    told = junit_xml([_judged(each, criterion=HOSTILE) for each in verdicts], make_manifest(scenario=HOSTILE))
    schema.validate(told)
    assert not schema.is_valid(told.replace("<testsuites ", '<testsuites skipped="0" '))


def test_hostile_text_stays_text_in_xml(make_manifest: Callable[..., Manifest]) -> None:
    """Angle brackets, quotes and a control character that XML cannot hold."""
    told = junit_xml([_judged("fail", criterion=HOSTILE)], make_manifest(scenario=HOSTILE))
    parsed = fromstring(told)  # noqa: S314 - our own words

    names = [case.get("name") for case in parsed.iter("testcase")]
    assert names == [HOSTILE.replace("\x00", "\N{REPLACEMENT CHARACTER}")]
