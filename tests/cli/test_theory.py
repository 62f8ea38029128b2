"""`footfall theory` answers a person, and a program with the same figures."""

import json

import pytest

from footfall._cli.app import run


def test_a_call_centre_is_answered_in_words_and_in_figures(
    capsys: pytest.CaptureFixture[str],
) -> None:
    """200 calls an hour of 3 minutes: 17.4 % wait, 7.8 s on average, 88.8 % within 20 s."""
    asked = ("theory", "erlang-c", "--servers", "14", "--arrivals-per-h", "200", "--service-s", "180")
    assert run(asked) == 0
    line = capsys.readouterr().out.splitlines()[1].split()
    assert line == ["14", "17.4", "%", "7.8", "s", "88.8", "%", "71.4", "%"]
    assert run((*asked, "--json")) == 0
    (row,) = json.loads(capsys.readouterr().out)
    assert row["wait_s_mean"] == pytest.approx(7.835937011777253, rel=1e-12)


FORMULAS = {
    "staff": ("--arrivals-per-h", "200", "--service-s", "180", "--occupancy-most", "0.85"),
    "erlang-b": ("--servers", "10", "--load-erlangs", "7"),
    "erlang-c": ("--servers", "14", "--arrivals-per-h", "200", "--service-s", "180"),
    "erlang-a": ("--servers", "14", "--arrivals-per-h", "200", "--service-s", "180", "--patience-s", "120"),
    "room": ("--servers", "4", "--places", "20", "--arrivals-per-h", "72", "--service-s", "180"),
    "one-server": ("--arrivals-per-h", "2880", "--service-s", "1", "--service-scv", "4"),
    "closed-loop": ("--users", "120", "--think-s", "5", "--demand-s", "0.04", "--demand-s", "0.025"),
    "retries": ("--servers", "100", "--load-erlangs", "100", "--retries", "3"),
}


SERVED_HOUR = ("erlang-a", *FORMULAS["erlang-a"])


@pytest.mark.parametrize("name", FORMULAS)
def test_each_formula_prints_a_heading_and_a_row(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    """For a person without --json, and as figures with units in their names with it."""
    assert run(("theory", name, *FORMULAS[name])) == 0
    assert len(capsys.readouterr().out.splitlines()) == 2
    assert run(("theory", name, *FORMULAS[name], "--json")) == 0
    assert all(
        isinstance(value, int | float)
        for row in json.loads(capsys.readouterr().out)
        for value in row.values()
    )


def test_a_range_of_servers_gives_a_row_for_each(capsys: pytest.CaptureFixture[str]) -> None:
    """10 to 14 lines: ever fewer are lost."""
    assert run(("theory", "erlang-b", "--servers", "10-14", "--load-erlangs", "7", "--json")) == 0
    rows = json.loads(capsys.readouterr().out)
    assert [row["servers"] for row in rows] == [10, 11, 12, 13, 14]
    assert [row["lost_share"] for row in rows] == sorted((row["lost_share"] for row in rows), reverse=True)


def test_without_a_formula_the_help_names_them(capsys: pytest.CaptureFixture[str]) -> None:
    """All of them, with their line."""
    assert run(("theory",)) == 0
    told = capsys.readouterr().out
    assert all(name in told for name in FORMULAS)


CALLS = ("--arrivals-per-h", "200", "--service-s", "180")


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (
            ("erlang-c", "--servers", "9", "--arrivals-per-h", "200", "--service-s", "180"),
            "the queue is unstable",
        ),
        (("erlang-b", "--servers", "ten", "--load-erlangs", "7"), "ten: is not a number of servers or users"),
        (("erlang-b", "--servers", "9-3", "--load-erlangs", "7"), "9-3: is not a number"),
        (("erlang-b", "--servers", "1-9999", "--load-erlangs", "7"), "a range of at most 1000"),
        (("erlang-b", "--servers", "3", "--load-erlangs", "-7"), "--load-erlangs"),
        (
            ("erlang-a", "--servers", "3", "--arrivals-per-h", "9", "--service-s", "0", "--patience-s", "9"),
            "is 0",
        ),
        (
            (*SERVED_HOUR, "--patience-law", "lognormal"),
            "lognormal: cannot be combined with a variation of None",
        ),
        ((*SERVED_HOUR, "--patience-cv", "2"), "exponential: cannot be combined with a variation of 2.0"),
        (("staff", *CALLS, "--service-level", "1"), "the service level below 1"),
        (("staff", *CALLS, "--shrinkage-share", "1"), "shrinkage 1.0 is not below 1"),
        (("erlang-d",), "erlang-d"),
    ],
)
def test_what_has_no_answer_is_told_in_one_line(
    arguments: tuple[str, ...], told: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """Wrong input: exit code 2."""
    assert run(("theory", *arguments)) == 2
    (line,) = capsys.readouterr().err.strip().splitlines()
    assert told in line


def test_patience_may_be_of_any_law(capsys: pytest.CaptureFixture[str]) -> None:
    """Barely more varied than exponential it is Erlang A's; constant, nobody leaves before it is over."""
    figures = {}
    for law in (("hyperexponential", "--patience-cv", "1.000001"), ("constant",), ("exponential",)):
        assert run(("theory", *SERVED_HOUR, "--patience-law", *law, "--within-s", "1e6", "--json")) == 0
        (figures[law[0]],) = json.loads(capsys.readouterr().out)
    assert figures["hyperexponential"] == pytest.approx(figures["exponential"], rel=1e-4)
    assert figures["exponential"]["abandoned_share"] == pytest.approx(0.0228392865318, rel=1e-10)
    assert figures["constant"]["abandoned_share"] < 0.01
    for row in figures.values():
        assert row["service_level_share"] == pytest.approx(1 - row["abandoned_share"], rel=1e-9)


def test_a_range_of_which_some_are_unstable_is_a_table(capsys: pytest.CaptureFixture[str]) -> None:
    """Ten erlangs: with 10 servers the queue is unstable, with 11 it has; the rows say so."""
    asked = ("theory", "erlang-c", "--servers", "9-11", *CALLS)
    assert run(asked) == 0
    lines = [line.split() for line in capsys.readouterr().out.splitlines()[1:]]
    assert lines[0][:4] == ["9", "unstable", "unstable", "unstable"]
    assert lines[1][:2] == ["10", "unstable"]
    assert lines[2][0] == "11"
    assert "unstable" not in lines[2]
    assert run((*asked, "--json")) == 0
    rows = json.loads(capsys.readouterr().out)
    assert [row.get("unstable", False) for row in rows] == [True, True, False]
    assert [row["wait_s_mean"] is None for row in rows] == [True, True, False]


@pytest.mark.parametrize("name", ["erlang-c", "erlang-a", "staff", "room", "one-server"])
def test_an_hour_in_which_nobody_comes_has_an_answer(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    """Nobody waits; nobody is needed."""
    asked = list(FORMULAS[name])
    asked[asked.index("--arrivals-per-h") + 1] = "0"
    assert run(("theory", name, *asked, "--json")) == 0
    (row,) = json.loads(capsys.readouterr().out)
    assert (row["wait_s_mean"], row["occupancy_share"]) == (0.0, 0.0)
    assert row.get("service_level_share", 1.0) == 1.0
    assert name != "staff" or row["servers"] == 0
