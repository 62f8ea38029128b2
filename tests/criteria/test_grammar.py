"""What a criterion may look like, and what is said about one that may not."""

import copy
import pickle
from dataclasses import FrozenInstanceError

import pytest
from hypothesis import given, strategies as st

from footfall._criteria.lists import Vocabulary, criteria_of, parse, parse_lines, with_defaults, with_episodes
from footfall._criteria.objects import (
    AbortCriterion,
    AgreementCriterion,
    ArrivalsCriterion,
    BaselineCriterion,
    Criterion,
    LagCriterion,
    ResponseCriterion,
    SampleCriterion,
    Scope,
    ShareCriterion,
)
from footfall._records.errors import BadInputError

LINE_MOST = 160
KNOWN = Vocabulary(channels=("web", "sms", "own_hall", "partner_hall"), operations=("query", "transact"))


def _parse(line: str) -> Criterion:
    (criterion,) = parse_lines(line, "criteria", KNOWN)
    return criterion


@pytest.mark.parametrize(
    ("line", "scope", "bound"),
    [
        ("success(sms.transact) >= 91.1%", Scope("sms", "transact"), 0.911),
        ("success(*.query) > 0.9", Scope("*", "query"), 0.9),
        ("success( web.query )>=97.8% - 3pt", Scope("web", "query"), 0.948),
        ("success(*) >= 90%", Scope("*", "*"), 0.9),
        ("success(*_hall.*) >= 90 %", Scope("*_hall", "*"), 0.9),
        ("error([sw]*.q?ery) <= 0.5%", Scope("[sw]*", "q?ery"), 0.005),
    ],
)
def test_a_bound_on_success_is_read(line: str, scope: Scope, bound: float) -> None:
    """With its scope, and less its margin."""
    criterion = _parse(line)

    assert isinstance(criterion, ShareCriterion)
    assert criterion.scope == scope
    assert criterion.bound_share == pytest.approx(bound)
    assert criterion.text == line


@pytest.mark.parametrize(
    ("line", "quantile", "limit_s"),
    [
        ("p95(web.*) < 800ms", 0.95, 0.8),
        ("p50(web.query) <= 1.5 s", 0.5, 1.5),
        ("mean(own_hall.*) < 12min", None, 720),
        ("p99.9(web.*) < 3s", 0.999, 3),
        ("p7(web.*) < 3s", 0.07, 3),
    ],
)
def test_a_bound_on_response_is_read_in_any_unit(line: str, quantile: float | None, limit_s: float) -> None:
    """Seconds inside, whatever was written."""
    criterion = _parse(line)

    assert isinstance(criterion, ResponseCriterion)
    assert criterion.quantile == quantile
    assert criterion.limit_s == pytest.approx(limit_s)


def test_lag_arrivals_and_agreement_are_read() -> None:
    """The three that speak of a played run."""
    assert _parse("p99(lag) < 10ms else invalid") == LagCriterion(
        text="p99(lag) < 10ms else invalid", statistic="p99", operator="<", limit_s=0.01
    )
    assert _parse("arrivals(*) within 2% of trace") == ArrivalsCriterion(
        text="arrivals(*) within 2% of trace", scope=Scope(), tolerance_share=0.02
    )
    assert _parse("predicted(success, web.*) within 1pt of measured") == AgreementCriterion(
        text="predicted(success, web.*) within 1pt of measured", scope=Scope("web"), tolerance_share=0.01
    )


@pytest.mark.parametrize(
    ("line", "of", "tolerance", "unit"),
    [
        ("p95(web.query) not worse than baseline by 5%", "p95", 0.05, "ratio"),
        ("mean(web.*) not worse than baseline by 50ms", "mean", 0.05, "s"),
        ("success(web.*) not worse than baseline by 1pt", "success", 0.01, "share"),
        ("error(*) not worse  than baseline by 0.5 pt", "error", 0.005, "share"),
    ],
)
def test_a_clause_about_an_earlier_run_is_read(line: str, of: str, tolerance: float, unit: str) -> None:
    """Shares by points, times by a part or by a time."""
    criterion = _parse(line)

    assert isinstance(criterion, BaselineCriterion)
    assert (criterion.of, criterion.unit) == (of, unit)
    assert criterion.tolerance == pytest.approx(tolerance)


def test_what_ends_a_run_early_is_read() -> None:
    """With its scope, and for how long it must have been so."""
    criterion = _parse("p95(web.*) > 2s for 1min abort")

    assert isinstance(criterion, AbortCriterion)
    assert (criterion.scope, criterion.event, criterion.for_s) == (Scope("web", "*"), "slower", 60)
    assert criterion.limit_s == 2
    assert criterion.share == pytest.approx(0.05)


def test_else_invalid_makes_a_criterion_one_of_validity() -> None:
    """The same bound, another consequence."""
    plain, strict = _parse("p95(web.*) < 1s"), _parse("p95(web.*) < 1s else invalid")

    assert isinstance(plain, ResponseCriterion)
    assert isinstance(strict, ResponseCriterion)
    assert (plain.validity, strict.validity) == (False, True)


@pytest.mark.parametrize(
    ("line", "longest"),
    [
        ("success(web.*) >= 95%", 5),
        ("success(web.*) >= 97.8% - 6pt episodes 20", 20),
        ("error(*) <= 1% strict else invalid", 60),
        ("p95(web.*) < 1s episodes 7.5", 7.5),
        ("predicted(success, web.*) within 3pt of measured strict", 60),
        ("success(*) not worse than baseline by 1pt episodes 1", 1),
    ],
)
def test_the_longest_mean_episode_can_be_declared(line: str, longest: float) -> None:
    """Five visits where nothing is said, sixty for `strict`."""
    criterion = _parse(line)

    assert isinstance(criterion, SampleCriterion)
    assert criterion.longest_episode == longest
    assert criterion.text == line


def test_a_declared_length_for_all_leaves_what_says_its_own() -> None:
    """Lag, arrivals and abort have none; `else invalid` stays at the end."""
    lines = [
        "success(*) >= 95%",
        "p95(web.*) < 1s else invalid",
        "error(*) <= 1% strict",
        "p99(lag) < 10ms",
        "arrivals(*) within 2% of trace",
        "error(*) > 20% for 30s abort",
    ]

    criteria = criteria_of(lines, "x")
    assert with_episodes(criteria, None) == criteria
    declared = with_episodes(criteria, "20")
    assert [each.text for each in declared] == [
        "success(*) >= 95% episodes 20",
        "p95(web.*) < 1s episodes 20 else invalid",
        *lines[2:],
    ]
    assert declared == criteria_of([each.text for each in declared], "x")
    assert with_episodes(criteria, "strict")[0] == parse("success(*) >= 95% strict")
    for wrong in ("0", "many", "-3", "1e9"):
        with pytest.raises(BadInputError, match="--longest-episode"):
            with_episodes(criteria, wrong)


def test_times_of_all_visits_can_be_asked_for() -> None:
    """Those of visits that were served, otherwise."""
    criteria = [
        _parse("p95(web.query) < 1s"),
        _parse("p95(all web.query) < 1s"),
        _parse("mean( all * ) < 1s"),
    ]

    assert [isinstance(each, ResponseCriterion) and each.of_all for each in criteria] == [False, True, True]
    assert str(criteria[1].scope if isinstance(criteria[1], ResponseCriterion) else "") == "web.query"


def test_comments_and_blank_lines_are_left_out() -> None:
    """A criterion may be followed by a remark."""
    text = "# what holds\n\nsuccess(*) > 0.5  # half\np95(*) < 1s\n"

    assert [each.text for each in parse_lines(text, "x")] == ["success(*) > 0.5", "p95(*) < 1s"]


@pytest.mark.parametrize(
    ("line", "cause"),
    [
        # The measure.
        (
            "fast(web.*) < 1s",
            "unknown measure 'fast'; known are success, error, p95, mean, capacity, arrivals",
        ),
        ("(web.query) >= 90%", "unknown measure '('"),
        ("succes(web.*) >= 90%", "unknown measure 'succes'; did you mean success?"),
        ("Success(web.*) >= 90%", "did you mean success?"),
        ("P95(web.*) < 1s", "did you mean p95?"),
        ("latency(web.*) < 1s", "did you mean p95?"),
        ("lag < 10ms", "did you mean p99(lag)?"),
        ("p100(web.query) < 800ms", "p100 is not a percentile: write p1 to p99.99"),
        # The scope.
        ("success web.query >= 90%", "missing ( after success, found 'web.query'"),
        ("success() >= 90%", "nothing is between ( and ): write * or channel.operation"),
        ("success(web.query >= 90%", "missing ) after success(web.query, found '>='"),
        ("success(web query) >= 90%", "missing ) after success(web, found 'query'"),
        ("success(web,query) >= 90%", "a comma in the scope: write channel.operation with a point"),
        ("p95(all) < 1s", "missing scope after all: write all * or all web.query"),
        ("predicted(p95, web.*) within 1pt of measured", "write predicted(success, web.*)"),
        ("predicted(web.*) within 1pt of measured", "write predicted(success, web.*)"),
        ("success(all web.query) >= 90%", "success counts all visits already: leave out 'all'"),
        ("error(all *) not worse than baseline by 1pt", "error counts all visits already"),
        # The comparison.
        ("success(web.query)", "missing comparison (<, <=, >, >=) after success(web.query);"),
        ("success(web.query) 90%", "missing comparison (<, <=, >, >=) after success(web.query), found '90%'"),
        ("success(web.query) = 90%", "= is not a comparison: write >= or <="),
        ("success(web.query) => 90%", "=> is not a comparison: write >="),
        ("success(web.query) ≥ 90%", "≥ is not a comparison: write >="),
        ("arrivals(*) >= 98%", "takes a tolerance, not a limit: write within 2% of trace"),
        ("predicted(success, *) <= 1pt", "takes a tolerance, not a limit: write within 1pt of measured"),
        ("success(*) within 2% of trace", "'within' belongs to arrivals(…) and predicted(success, …)"),
        ("arrivals(*) not worse than baseline by 1pt", "arrivals(…) is not compared with a baseline"),
        # Numbers and units.
        ("success(web.query) >= ninety", "missing number after >=, found 'ninety'"),
        ("success(web.query) >=", "missing number after >="),
        ("p95(web.*) < -5ms", "missing number after <, found '-5ms'"),
        ("success(web.query) >= 97,8%", "97,8 has a comma: write decimals with a point"),
        ("p95(web.*) < 1,000ms", "1,000 has a comma"),
        ("p95(web) < 3", "missing unit (ms, s, min) after 3; see the criteria reference"),
        ("p95(web.*) < 800us", "unknown unit 'us' after 800: write ms or s or min"),
        ("p95(web.*) < 5 minutes", "unknown unit 'minutes' after 5"),
        ("success(web.query) >= 3s", "success is a share, not 3s: write a percentage such as 97.8%"),
        ("error(web.query) <= 3 ms", "error is a share, not 3ms: write a percentage"),
        ("p95(web.query) < 95%", "p95 is a time, not 95%: write ms, s or min, such as 800ms"),
        ("p95(web.query) < 1s - 3pt", "a margin in points belongs to shares"),
        ("success(web.query) >= 90% - 3%", "a margin is in points, not 3%: write 3pt"),
        ("success(web.query) >= 90% -", "missing number of points after -"),
        ("arrivals(*) within 2pt of trace", "arrivals are compared in %, not 2pt"),
        ("predicted(success, *) within 1% of measured", "shares are compared in points, not 1%: write 1pt"),
        ("p95(*) not worse than baseline by 5", "missing unit (%, ms, s) after 5"),
        ("p95(*) not worse than baseline by 5pt", "p95 is a time, not 5pt: write 5% or 50ms"),
        ("success(*) not worse than baseline by 5%", "success is a share, not 5%: write points, such as 1pt"),
        # Words.
        ("arrivals(*) within 2%", "missing 'of' after 2%"),
        ("arrivals(*) within 2% of the trace", "missing 'trace' after of, found 'the'"),
        ("p95(*) not worse than yesterday by 5%", "missing 'baseline' after than, found 'yesterday'"),
        ("p95(*) not better than baseline by 5%", "missing 'worse' after not, found 'better'"),
        ("success(web.query) >= 90% else fail", "missing 'invalid' after else, found 'fail'"),
        ("success(web.query) >= 90% episodes", "missing number, such as episodes 20, after episodes"),
        ("p95(web.*) < 1s strictly", "unexpected 'strictly' at the end"),
        ("p95(web.*) < 1s else invalid strict", "'strict' is not allowed there"),
        ("p95(web.*) < 1s and p99(web.*) < 2s", "write one criterion a line: end this one before 'and'"),
        ("p95(web.*) < 1s, p99(web.*) < 2s", "write one criterion a line"),
        ("error(*) > 20% for 30s", "missing 'abort' after 30s"),
        ("error(*) > 20% abort", "missing 'for 30s', the time before abort, after 20%"),
        ("error(*) > 20% for 30 abort", "missing unit (s, min) after 30"),
        ("error(*) > 20% for ever abort", "missing number after for, found 'ever'"),
        ("error(*) > 0.2 for 30s abort", "missing % after 0.2"),
    ],
)
def test_what_cannot_be_parsed_is_told_with_its_position_and_cause(line: str, cause: str) -> None:
    """Each kind of mistake in the signs has words of its own, and they say what to write instead."""
    message = _refused(line)
    assert message.startswith(f"study.toml:2: cannot parse {line!r}: ")
    assert cause in message


@pytest.mark.parametrize(
    ("line", "cause"),
    [
        ("success(web.query) >= 90% episodes 0.5", "episodes of 0.5 visits; expected 1 to 1,000,000"),
        ("p99(lag) < 10ms strict", "'strict' says nothing here"),
        ("arrivals(*) within 2% of trace episodes 5", "'episodes 5' says nothing here"),
        ("p99(all lag) < 10ms", "p99 of all lag is not kept"),
        ("p95(lag) < 10ms", "p95 of lag is not kept; expected p50 or p99 or max"),
        ("mean(own) < 10ms", "mean of own is not kept; expected p99"),
        ("success(lag) >= 90%", "lag is the load generator's, not the service's; expected p99(lag) < …"),
        ("p95(lag) not worse than baseline by 5%", "lag is the load generator's"),
        ("success(web.query) >= 110%", "a share of 110%; expected 0% to 100%"),
        ("success(web.query) >= 97.8", "a share of 97.8; did you mean 97.8%?"),
        ("success(web.query) >= 2% - 3pt", "the margin 3pt is above the target"),
        ("success(web) >= 90%", "scope 'web' names no operation; expected channel.operation, such as web.*"),
        ("success(web.query.x) >= 90%", "scope 'web.query.x'; expected channel.operation"),
        ("arrivals(web.*/login) within 2% of trace", "a prediction or a trace has no requests"),
        ("predicted(success, web.*/login) within 2pt of measured", "a prediction or a trace has no requests"),
        ("error(web.*/login) > 20% for 30s abort", "a run is ended by its visits, not by requests"),
        ("p0(web.query) < 800ms", "p0 of response times; expected p1 to p99.99, or mean"),
        ("p99.999(web.query) < 800ms", "p99.999 of response times"),
        ("max(web.query) < 800ms", "the longest time of a sample limits nothing"),
        ("predicted(success, web.*) within 0pt of measured", "a tolerance of 0pt; expected above 0pt"),
        ("predicted(success, *) within 100pt of measured", "at most 50pt"),
        ("p95(web.query) not worse than baseline by 0%", "above 0"),
        ("success(*) not worse than baseline by 100pt", "at most 50pt"),
        ("p95(*) not worse than baseline by 999%", "at most 100%"),
        ("p95(*) not worse than baseline by 99999s", "at most 86400s"),
        ("success(web.query) > 90% for 30s abort", "this would abort a healthy run; expected success(…) < …"),
        ("error(*) < 5% for 30s abort", "this would abort a healthy run; expected error(…) > …"),
        ("p95(*) < 2s for 30s abort", "this would abort a healthy run; expected p95(…) > …"),
        ("error(*) > 20% for 0s abort", "a time of 0 s before abort; expected for 1s to for 60min"),
        ("error(*) > 20% for 61min abort", "expected for 1s to for 60min"),
        ("error(*) > 100% for 30s abort", "a share of 100% before abort"),
        ("success(*) < 100% for 30s abort", "a share of 0% before abort"),
        ("mean(*) > 2s for 30s abort", "a run is ended by error, success or a percentile"),
        ("arrivals(*) within 999% of trace", "a tolerance of 999%"),
        ("arrivals(*) within 100% of trace", "a tolerance of 100%"),
        ("max(lag) > 0ms", "> would ask for a bad result; expected < or <="),
        ("p99(lag) >= 10ms else invalid", ">= would ask for a bad result; expected < or <="),
        ("p99(lag) < 99999s", "a limit of 99999s"),
        ("p99(lag) < 2s else invalid", "at most 1 s"),
        ("p99(lag) < 0ms", "above 0"),
        ("success(*) < 50%", "< would ask for a bad result; add 'for 30s abort' to end a run by it"),
        ("error(*) >= 5%", ">= would ask for a bad result"),
        ("p95(web.*) > 1s", "> would ask for a bad result"),
        ("mean(web.*) > 1s", "> would ask for a bad result; expected < or <="),
        ("mean(web.*) < 0s", "above 0"),
        ("p95(web.*) < 99999s", "a limit of 99999s"),
        ("success(*) >= 0%", "it holds for every run, or for none; expected a limit between 0% and 100%"),
        ("success(*) >= 5% - 5pt", "it holds for every run, or for none"),
        ("success(*) > 100%", "it holds for every run, or for none"),
        ("error(*) <= 100%", "it holds for every run, or for none"),
        ("error(*) < 0%", "it holds for every run, or for none"),
    ],
)
def test_what_makes_no_sense_is_told_with_what_would(line: str, cause: str) -> None:
    """The signs are right and the meaning is not: the line, the cause, and what is expected."""
    message = _refused(line)
    assert message.startswith(f"study.toml:2: {line!r}: ") or "missing scope" in message
    assert cause in message
    assert "expected" in message


@pytest.mark.parametrize(
    ("line", "cause"),
    [
        (
            "success(wbe.query) >= 90%",
            "there is no channel 'wbe'; did you mean web?; expected one of own",
        ),
        ("success(Web.query) >= 90%", "there is no channel 'Web'; did you mean web?"),
        ("success(w[b.query) >= 90%", "there is no channel 'w[b'"),
        ("success(web.querry) >= 90%", "there is no operation 'querry'; did you mean query?"),
        (
            "success(zzz.query) >= 90%",
            "there is no channel 'zzz'; expected one of own_hall, partner",
        ),
        ("arrivals(wbe.*) within 2% of trace", "there is no channel 'wbe'"),
        ("error(wbe.*) > 20% for 30s abort", "there is no channel 'wbe'"),
    ],
)
def test_a_name_that_does_not_exist_is_told_with_the_nearest_that_does(line: str, cause: str) -> None:
    """A misspelt name would else be an empty sample."""
    assert cause in _refused(line)


def test_many_names_are_not_all_listed() -> None:
    """A line stays a line."""
    known = Vocabulary(channels=[f"channel-{number}" for number in range(99)], operations=("query",))
    with pytest.raises(BadInputError) as caught:
        parse_lines("success(web.query) >= 90%", "x", known)
    assert len(str(caught.value)) < LINE_MOST
    assert str(caught.value).endswith(", …")


def _refused(line: str) -> str:
    """Return what is said of a line that is not a criterion, the second of two."""
    with pytest.raises(BadInputError) as caught:
        parse_lines(f"success(*) > 0.5\n{line}\n", "study.toml", KNOWN)
    message = str(caught.value)
    assert message.startswith("study.toml:2: ")
    assert "\n" not in message
    assert len(message) <= LINE_MOST + len("study.toml:2: ")
    return message


WORDS = (
    "success",
    "p95",
    "(",
    ")",
    "web.query",
    "*",
    "lag",
    "all ",
    "<",
    ">=",
    "97.8",
    "5",
    "%",
    "ms",
    "pt",
    " ",
)
PHRASES = (
    " within ",
    " not worse than baseline by ",
    " else invalid",
    " strict",
    " for 30s abort",
    ",",
    "s",
    "x",
)
LINES = st.lists(st.sampled_from(WORDS + PHRASES), max_size=9).map("".join)


@given(line=LINES | st.text(st.characters(exclude_characters="#"), max_size=400))
def test_any_line_is_a_criterion_or_refused_in_one_short_line(line: str) -> None:
    """Whatever is typed: no traceback, no long line; and what is parsed prints a text that parses alike."""
    try:
        criterion = Criterion(line)
    except BadInputError as error:
        message = str(error)
        assert len(message.splitlines()) == 1
        assert len(message) <= LINE_MOST + len("criterion: ")
    else:
        assert Criterion(str(criterion)) == criterion


@pytest.mark.parametrize(
    "line", ["p95(web.*) < 800ms", "error(*) > 20% for 30s abort", "p99(lag) < 10ms else invalid"]
)
def test_a_criterion_is_an_object_that_prints_its_text(line: str) -> None:
    """Equal by what it says, frozen, and the same after a copy or another process."""
    criterion = Criterion(line)
    assert str(criterion) == line
    assert repr(criterion) == f"Criterion({line!r})"
    assert criterion == Criterion(f"  {line}  # a remark")
    assert {criterion, Criterion(line)} == {criterion}
    assert pickle.loads(pickle.dumps(criterion)) == criterion  # noqa: S301  our own
    assert copy.deepcopy(criterion) == criterion
    with pytest.raises(FrozenInstanceError):
        criterion.text = "other"  # type: ignore[misc]  # frozen


def test_texts_are_taken_wherever_criteria_are() -> None:
    """One text with several lines, a mixture of both, one object; what is neither is refused."""
    one, two = Criterion("p95(*) < 1s"), Criterion("error(*) <= 1%")
    assert criteria_of("p95(*) < 1s\n# no more\nerror(*) <= 1%", "x") == (one, two)
    assert criteria_of([one, "error(*) <= 1%  # at most", ""], "x") == (one, two)
    assert criteria_of(two, "x") == (two,)
    for wrong in (5, [5], [None]):
        with pytest.raises(BadInputError, match="is not a criterion"):
            criteria_of(wrong, "x")  # type: ignore[arg-type]  # what a file may hold
    for text, said in (("", "is empty"), ("p95(*) < 1s\nerror(*) <= 1%", "holds 2 criteria")):
        with pytest.raises(BadInputError, match=said):
            Criterion(text)


def test_a_text_without_end_is_refused() -> None:
    """Limits on sizes hold for criteria too."""
    with pytest.raises(BadInputError, match="1001 lines"):
        parse_lines("#\n" * 1001, "x")


def test_lag_is_always_judged() -> None:
    """By the built-in limit, unless the user names another."""
    own = (_parse("p99(lag) < 5ms"),)

    assert with_defaults(own) == own
    built_in = _parse("p99(lag) < 50ms else invalid")
    assert with_defaults(()) == (built_in,)
    for beside in ("p50(lag) < 10ms", "p99(lag) < 100ms", "max(lag) < 1s"):
        assert with_defaults((_parse(beside),)) == (_parse(beside), built_in)
    for instead in ("max(lag) < 40ms", "p99(lag) < 100ms else invalid"):
        assert with_defaults((_parse(instead),)) == (_parse(instead),)
