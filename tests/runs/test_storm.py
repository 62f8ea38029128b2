"""A map of retry storms as a job: its table, its files, its chart, and what it refuses."""

import json
from dataclasses import replace
from math import inf
from pathlib import Path

import polars as pl
import pytest

import footfall as ff
from footfall._behaviour.load_model import as_played
from footfall._runs import storm_options
from footfall._runs.make_trace import make_trace
from footfall._runs.messages import QUIET
from footfall._runs.storm import StormAsked, asked_case
from footfall._runs.storm_live import next_to_the_border, prepared
from footfall._runs.storm_search import Workers, played_map
from footfall._simulate.storm_points import PointFound, State, StormPoint, found_at
from footfall._workload.step_traces import CustomerPool

FRAIL = ff.Model(
    "frail",
    arrivals=ff.per_minute(1),
    channels=(
        ff.Channel(
            "web",
            ff.RequestServer(
                2,
                accept_queue=100_000,
                deadline=1,
                stale_work="served",
                retry=ff.Retry(retries_most=2, backoff_s=0.05),
            ),
            service=ff.exponential("20ms"),
        ),
        ff.Channel("hall", ff.Counters(2), service=ff.exponential("5s")),
    ),
)


def test_a_map_says_which_points_recover_in_table_files_and_chart(tmp_path: Path) -> None:
    """Below and beyond λ(1 + r) = μ, with and without retries; the safe load of no budget is found, too."""
    found = ff.storm(
        FRAIL, loads=(0.2, 0.6), retries=(0, 2), trigger_s=3, replications=2, safe=False, out=tmp_path / "map"
    )
    states = {(each.point.retries, each.point.load_share): each.state for each in found.points}
    assert states == {(0, 0.2): "stable", (0, 0.6): "stable", (2, 0.2): "stable", (2, 0.6): "metastable"}
    assert found.capacity_per_s == pytest.approx(100)
    data = json.loads((tmp_path / "map" / "storm.json").read_text())
    assert [row["state"] for row in data["points"]] == [each.state for each in found.points]
    down = data["points"][-1]
    assert down["recovery_s_p50"] is None
    assert down["success_share_at_end"] < 0.05
    table = pl.read_csv(tmp_path / "map" / "storm.csv")
    assert table["arrivals_per_s"].to_list() == [20, 60, 20, 60]
    assert (tmp_path / "map" / "storm.png").read_bytes().startswith(b"\x89PNG")
    assert "<td>metastable</td>" in found._repr_html_()


@pytest.mark.parametrize(
    ("given", "says"),
    [
        ({"channel": "hall"}, "--channel hall: is no station for requests; expected web"),
        ({"loads": ()}, "--loads: no value is out of range"),
        ({"loads": (0.0,)}, "--loads: 0 is out of range"),
        ({"retries": (0, 200)}, "--retries: 200 is out of range"),
        ({"retries": (1, 2), "budgets": (0.1, 0.2)}, "--retries and --budgets: are two axes"),
        ({"trigger_s": 0}, "--trigger-s: 0 is out of range"),
        ({"trigger": "slow", "strength": 2}, "--strength: 2 is out of range"),
        ({"trigger": "slow", "live": 2}, "--live: cannot slow the reference service down"),
        ({"trigger": "fire"}, "--trigger fire: no such trigger"),
        ({"changes": {"web.discipline": "sharing"}}, "web.discipline=sharing: is not part of storm maps"),
        ({"changes": {"web.works.browse.service.mean_s": 0}}, "take no time"),
    ],
)
def test_what_is_wrong_is_said_in_one_line_before_anything_is_written(
    given: dict[str, object], says: str, tmp_path: Path
) -> None:
    """The option, what is wrong with it, and what would do."""
    with pytest.raises(ff.BadInputError, match=says.replace("(", r"\(")) as caught:
        ff.storm(FRAIL, **{"out": tmp_path / "map"} | given)  # type: ignore[arg-type]  # wrong on purpose
    assert "\n" not in str(caught.value)
    assert not (tmp_path / "map").exists()


def test_the_border_has_all_runs_and_the_safe_load_lies_between_the_cells_next_to_it() -> None:
    """Points beyond it have two, if neither recovers; the states are those that each point has by itself."""
    case = asked_case(make_trace(model=FRAIL, seed=1, window=600), StormAsked(channel="web"))
    case = replace(case, longest_s=4.0)
    points = [StormPoint(load, 2, 0.0, 0.5) for load in (0.2, 0.28, 0.4, 0.6)]
    points += [StormPoint(load, 2, 0.0, 3.0) for load in (0.2, 0.28, 0.4, 0.6, 0.8)]
    with Workers(QUIET) as workers:
        found, safe = played_map(case, points, [(2, 0.0)], 4, workers)
    alone = [found_at(case, point, 4) for point in points]
    assert [each.state for each in found] == [each.state for each in alone]
    assert [each.state for each in found] == ["stable", "stable"] + ["vulnerable"] * 2 + [
        "stable",
        "stable",
        "metastable",
        "metastable",
        "metastable",
    ]
    assert [each.recovery_s_p50 for each in found] == [each.recovery_s_p50 for each in alone]
    assert 0.28 <= safe[0] <= 0.4
    assert safe[0] == pytest.approx(1 / 3, rel=0.03)


def test_a_map_needs_a_model() -> None:
    """Or a scenario, which names one."""
    with pytest.raises(ff.BadInputError, match=r"^footfall storm: no model is given; expected MODEL"):
        ff.storm()


@pytest.mark.parametrize(
    ("text", "numbers"),
    [
        ("0.5", (0.5,)),
        ("0.5,0.7", (0.5, 0.7)),
        ("0.5..0.8", (0.5, 0.6, 0.7, 0.8)),
        ("0.1..0.3:0.05", (0.1, 0.15, 0.2, 0.25, 0.3)),
        ("0.1,0.4..0.5", (0.1, 0.4, 0.5)),
    ],
)
def test_lists_and_ranges_of_loads(text: str, numbers: tuple[float, ...]) -> None:
    """Exact decimals, both ends included."""
    assert storm_options.numbers_in(text, "--loads") == numbers


@pytest.mark.parametrize("text", ["", "a", "0.5..", "0.9..0.1", "0.1..0.5:0", "inf", "0..1:0.0001", "1e999"])
def test_a_list_that_is_none_is_refused(text: str) -> None:
    """In one line with the option."""
    with pytest.raises(ff.BadInputError, match=r"^--loads "):
        storm_options.numbers_in(text, "--loads")


def test_retries_are_whole() -> None:
    """A range of them goes in ones."""
    assert storm_options.whole_in("0..3", "--retries") == (0, 1, 2, 3)
    with pytest.raises(ff.BadInputError, match="not whole"):
        storm_options.whole_in("1.5", "--retries")


def test_an_outage_of_a_live_point_comes_at_its_second_of_the_run() -> None:
    """Whatever part of the day the arrivals are taken from: here of the tenth hour."""
    pool = make_trace(model=FRAIL, seed=1, window=3600, at_hour=10)
    case = asked_case(pool, StormAsked(channel="web", trigger="outage", trigger_s=3))
    customers = CustomerPool(replace(pool, arrivals=pool.arrivals.filter(pl.col("channel") == "web")))
    found = found_at(case, StormPoint(0.2, 2, 0.0, 3.0), 1)
    play = prepared(case, found, customers, 1, 10.0)
    (outage,) = as_played(play.trace.model, play.trace.info.play).channel("web").outages
    assert (outage.starts_s, outage.ends_s) == pytest.approx((play.trigger.starts_s, play.trigger.ends_s))
    assert outage.ends_s - outage.starts_s == pytest.approx(3)


def test_live_points_lie_on_both_sides_of_the_border() -> None:
    """The nearest of each row first; none where the replications disagree or outlast the watch."""

    def found(retries: int, load: float, recovered_share: float, recovery_s: float = 1) -> PointFound:
        state: State = "stable" if recovered_share > 0.5 else "metastable"
        longest_s = recovery_s if recovered_share == 1 else inf
        point = StormPoint(load, retries, 0, 10)
        return PointFound(point, load, state, recovered_share, 1, 1, longest_s, 1.0, 1.0)

    rows = [found(1, load, share) for load, share in ((0.3, 1), (0.4, 1), (0.5, 0.5), (0.6, 0), (0.7, 0))]
    rows += [found(2, load, share) for load, share in ((0.2, 1), (0.3, 1), (0.4, 0), (0.5, 0))]
    rows += [found(0, 0.9, 1)]
    rows.append(found(1, 0.45, 1, 61))
    chosen = [(each.point.retries, each.point.load_share) for each in next_to_the_border(rows, 6, 60)]
    assert set(chosen[:4]) == {(1, 0.4), (1, 0.6), (2, 0.3), (2, 0.4)}
    assert set(chosen[4:]) <= {(1, 0.3), (1, 0.7), (2, 0.2), (2, 0.5)}
