"""What a criterion may look like, and what is said about one that may not."""

import pytest

from footfall.measure.grammar import (
    Vocabulary,
    declare_episodes,
    parse_criteria,
    parse_criterion,
    with_defaults,
)
from footfall.measure.spec import (
    AbortCriterion,
    AgreementCriterion,
    ArrivalsCriterion,
    BaselineCriterion,
    Criterion,
    LagCriterion,
    OwnCriterion,
    ResponseCriterion,
    Scope,
    ShareCriterion,
)
from footfall.records.errors import BadInputError

KNOWN = Vocabulary(channels=("web", "sms", "own_hall", "partner_hall"), operations=("query", "transact"))


def _parse(line: str) -> Criterion:
    return parse_criterion(line, "criteria:1", KNOWN)


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
    rule = criterion.rule
    assert (rule.channel, rule.operation, rule.event, rule.for_s) == ("web", "*", "slower", 60)
    assert rule.limit_s == 2
    assert rule.share == pytest.approx(0.05)


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

    assert not isinstance(criterion, LagCriterion | OwnCriterion | ArrivalsCriterion | AbortCriterion)
    assert criterion.longest_episode == longest
    assert criterion.text == line


def test_a_declared_length_for_all_leaves_what_says_its_own() -> None:
    """Lag, arrivals and abort have none; a remark and `else invalid` stay behind."""
    lines = [
        "success(*) >= 95%  # nearly all",
        "p95(web.*) < 1s else invalid",
        "error(*) <= 1% strict",
        "p99(lag) < 10ms",
        "arrivals(*) within 2% of trace",
        "error(*) > 20% for 30s abort",
    ]

    assert declare_episodes(lines, None) == tuple(lines)
    assert declare_episodes(lines, "20") == (
        "success(*) >= 95% episodes 20",
        "p95(web.*) < 1s episodes 20 else invalid",
        *lines[2:],
    )
    assert declare_episodes(lines, "strict")[0] == "success(*) >= 95% strict"
    for wrong in ("0", "many", "-3", "1e9"):
        with pytest.raises(BadInputError, match="--longest-episode"):
            declare_episodes(lines, wrong)


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

    assert [each.text for each in parse_criteria(text, "x")] == ["success(*) > 0.5", "p95(*) < 1s"]


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("success(web.query) = 90%", "is no criterion"),
        ("success(web.query) >= ninety", "is no criterion"),
        ("success(web.query >= 90%", "is no criterion"),
        ("success(web.query) >= 90% else fail", "is no criterion"),
        ("success(web.query) >= 90% episodes", "is no criterion"),
        ("success(web.query) >= 90% episodes 0.5", "episodes of 0.5 visits"),
        ("p99(lag) < 10ms strict", "'strict' behind"),
        ("arrivals(*) within 2% of trace episodes 5", "'episodes 5' behind"),
        ("p99(all lag) < 10ms", "all lag"),
        ("success(all web.query) not worse than baseline by 1pt", "it is of all"),
        ("success(all web.query) >= 90%", "is no criterion"),
        ("success(web.query) >= 110%", "a share of 110%"),
        ("success(web.query) >= 97.8", "a share of 97.8"),
        ("success(web.query) >= 2% - 3pt", "above the target"),
        ("success(web) >= 90%", "scope 'web'"),
        ("success(web.query.x) >= 90%", "scope 'web.query.x'"),
        ("success(wbe.query) >= 90%", "no channel 'wbe'"),
        ("success(web.querry) >= 90%", "no operation 'querry'"),
        ("p95(web.query) < 800", "is no criterion"),
        ("p0(web.query) < 800ms", "p0 of response times"),
        ("p100(web.query) < 800ms", "is no criterion"),
        ("max(web.query) < 800ms", "the longest of a sample"),
        ("success(w[b.query) >= 90%", "no channel"),
        ("p95(lag) < 10ms", "p95 of lag"),
        ("arrivals(wbe.*) within 2% of trace", "no channel"),
        ("predicted(success, web.*) within 0pt of measured", "0pt"),
        ("predicted(p95, web.*) within 1pt of measured", "is no criterion"),
        ("p95(web.query) not worse than baseline by 5pt", "p95 by 5pt"),
        ("success(web.query) not worse than baseline by 5%", "success by 5%"),
        ("p95(web.query) not worse than baseline by 0%", "above 0"),
        ("p95(lag) not worse than baseline by 5%", "the generator's"),
        ("p95(web.query) not worse than yesterday by 5%", "is no criterion"),
        ("success(web.query) > 90% for 30s abort", "would end a run that is well"),
        ("error(*) < 5% for 30s abort", "would end a run that is well"),
        ("error(*) > 20% for 0s abort", "for 0s"),
        ("error(*) > 20% for ever abort", "for ever"),
        ("error(*) > 100% for 30s abort", "a share of 100%"),
        ("error(wbe.*) > 20% for 30s abort", "no channel 'wbe'"),
        ("mean(*) > 2s for 30s abort", "is no criterion"),
        ("arrivals(*) within 999% of trace", "a tolerance of 999%"),
        ("arrivals(*) within 100% of trace", "a tolerance of 100%"),
        ("max(lag) > 0ms", "would ask for what is bad"),
        ("p99(lag) >= 10ms else invalid", "would ask for what is bad"),
        ("p99(lag) < 99999s", "a limit of 99999s"),
        ("p99(lag) < 2s else invalid", "at most 1 s"),
        ("p99(lag) < 0ms", "above 0"),
        ("success(*) < 50%", "would ask for what is bad"),
        ("error(*) >= 5%", "would ask for what is bad"),
        ("p95(web.*) > 1s", "would ask for what is bad"),
        ("mean(web.*) < 0s", "above 0"),
        ("p95(web.*) < 99999s", "a limit of 99999s"),
        ("success(*) >= 0%", "holds for every run"),
        ("success(*) >= 5% - 5pt", "holds for every run"),
        ("success(*) > 100%", "or for none"),
        ("error(*) <= 100%", "holds for every run"),
        ("error(*) < 0%", "or for none"),
        ("predicted(success, *) within 100pt of measured", "at most 50pt"),
        ("success(*) not worse than baseline by 100pt", "at most 50pt"),
        ("p95(*) not worse than baseline by 999%", "at most 100%"),
        ("p95(*) not worse than baseline by 99999s", "at most 86400s"),
    ],
)
def test_a_bad_criterion_is_refused_with_its_line_and_what_was_expected(line: str, said: str) -> None:
    """One line that names the place, the problem and a valid form."""
    with pytest.raises(BadInputError) as caught:
        parse_criteria(f"success(*) > 0.5\n{line}\n", "study.toml", KNOWN)

    message = str(caught.value)
    assert message.startswith("study.toml:2: ")
    assert said in message
    assert "expected" in message
    assert "\n" not in message


def test_a_text_without_end_is_refused() -> None:
    """Limits on sizes hold for criteria too."""
    with pytest.raises(BadInputError, match="1001 lines"):
        parse_criteria("#\n" * 1001, "x")


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
