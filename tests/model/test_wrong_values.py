"""Any value in any field of a model: it fits, or one line of plain words names the user's line."""

import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import pytest
from pydantic import BaseModel

import footfall as ff
from footfall._model.value_errors import BadModelError

any_of: Any = ff
HALL = ff.Channel("hall", ff.Counters(3), service="6 min")
LEAST: dict[str, dict[str, Any]] = {
    "Accounts": {},
    "Adoption": {
        "habit_loss_per_month": 0.1,
        "trust": {"gain_per_success": 0.01, "loss_per_failure": 0.03},
        "awareness": {},
        "upgrade": {
            "utility_gain": 0.1,
            "failure_factor": 0.8,
            "cutover_utility_loss": 0.15,
            "cutover_failure_factor": 1.5,
        },
        "provinces": ({"name": "all", "population_share": 1, "upgrade_month": 6},),
    },
    "AfterFailure": {},
    "AgentGroup": {"name": "night", "agents": 1, "skills": "query"},
    "CallCentre": {"agents": 2, "talk": "2 min"},
    "Callback": {"offered_wait": "2 min", "accepted_share": 0.4, "latest": "1h"},
    "Caller": {},
    "Channel": {"name": "hall", "station": ff.Counters(3), "service": "2 min"},
    "CircuitBreaker": {},
    "Counters": {"clerks": 2},
    "Curve": {"seconds": (0, 60), "shares": (0, 1)},
    "Empirical": {"curve": ff.Curve(seconds=(0, 60), shares=(0, 1))},
    "Fault": {"cause": "down", "by": "service", "outcome": "error", "share": 0.1},
    "Kiosks": {"machines": 2},
    "LogoutReminder": {"forgotten_share": 0.1, "idle": 3},
    "MessageGateway": {"messages_per_s": 3},
    "Mixture": {"parts": (), "rest": 3},
    "Model": {"name": "shop", "channels": HALL, "arrivals": ff.per_hour(20)},
    "NestedLogit": {},
    "OpeningHours": {"opens_s": 3, "closes_s": 9},
    "Outage": {"starts_s": 3, "ends_s": 9},
    "Profile": {"values": (1,) * 48},
    "RateLimit": {},
    "RequestServer": {"slots": 3},
    "Retry": {},
    "RetryPolicy": {},
    "Scenario": {"name": "busy", "model": "models/mm3.py"},
    "Segment": {"name": "all", "population_share": 1},
    "ShareDefinition": {
        "name": "web",
        "text": "orders",
        "electronic": "web",
        "counted": "web",
        "operations": "order",
    },
    "Stalls": {},
    "Step": {"verb": "query"},
    "Taste": {},
    "Work": {},
}
SHORT_FORMS = {
    "Channel": ("service", "operations", "access", "price"),
    "Model": ("wants", "taste", "retries"),
    "Scenario": ("window", "changes", "factors"),
}


class Odd:
    """What is no value of any field, and prints as two lines."""

    def __repr__(self) -> str:
        """Break the line."""
        return "one\ntwo"


WRONG: tuple[Any, ...] = (
    *(None, True, -1, -0.5, float("nan"), float("inf"), 1e300, 10**400, 10**5000),
    *("three", "", "a\nb", "x" * 5000, b"abc", Odd(), int, len, ff.Counters(1), ff.by_hour({9: 2})),
    *([], [1], [None], (), {}, {"a": 1}, {1: 2}, {frozenset(): 1}, [[1]], ["a", 3]),
    *(
        {"value": "x"},
        {"law": ["a"]},
        {"kind": [1]},
        {"by_hour": {99: 1}},
        {"by_hour": "x"},
        {"values": ["a"]},
    ),
    *({"query": None}, {"query": [None]}, {"query": {"verb": "dance"}}),
)
NO_WORDS = re.compile(
    r"valid (dict|list|tuple|string|number|integer|boolean)|nput should|instance of|object at 0x|<[a-zA-Z]|"
    r"pydantic|"
    r"iterable|subscriptable|attribute|unhashable|not supported|unpack|NoneType|unexpected keyword"
)


def fields() -> Iterator[tuple[str, str]]:
    """Give every field of every part of a model, and each short form."""
    for name in LEAST:
        spec = getattr(any_of, name)
        yield from ((name, field) for field in (*spec.model_fields, *SHORT_FORMS.get(name, ())))


def test_every_part_of_a_model_is_tried() -> None:
    """The table above is whole."""
    specs = (name for name in any_of.__all__ if isinstance(getattr(any_of, name), type))
    missing = {name for name in specs if issubclass(getattr(any_of, name), BaseModel)} - LEAST.keys()
    assert missing <= {"Duration", "LoadOptions", "OutagePart"}


@pytest.mark.parametrize(("name", "field"), list(fields()))
def test_a_wrong_value_is_said_in_one_line_of_plain_words(name: str, field: str) -> None:
    """With file and line of the caller; never as an error of the library underneath, never as its words."""
    for value in WRONG:
        try:
            getattr(any_of, name)(**LEAST[name] | {field: value})
        except ff.BadInputError as error:
            line = str(error)
            assert line.startswith("tests/model/test_wrong_values.py:"), line
            assert "\n" not in line
            assert len(line) < 500
            assert not NO_WORDS.search(line), line


@pytest.mark.parametrize(
    ("made", "says"),
    [
        (
            lambda: any_of.NestedLogit(constants=3),
            "NestedLogit constants: 3 is not allowed here; expected a dictionary, each value a dictionary, ",
        ),
        (
            lambda: any_of.NestedLogit(constants={"query": {"web": "x"}}),
            "NestedLogit constants.query.web: 'x' is not a number; expected a number",
        ),
        (
            lambda: any_of.RetryPolicy(2, {"abandonned": ff.AfterFailure(0.1)}),
            "RetryPolicy by_outcome.abandonned: 'abandonned' is not allowed here; expected 'served' or ",
        ),
        (
            lambda: any_of.RetryPolicy(2, {"abandoned": 0.1}),
            "RetryPolicy by_outcome.abandoned: 0.1 is not allowed here; expected AfterFailure(…) or a ",
        ),
        (
            lambda: any_of.Adoption(**LEAST["Adoption"] | {"habit_loss_per_month": "much"}),
            "Adoption habit_loss_per_month: 'much' is not allowed here; expected a number, or a pair such ",
        ),
        (
            lambda: any_of.RequestServer(3, retry=3),
            "RequestServer retry: 3 is not allowed here; expected Retry(…) or a dictionary of its fields",
        ),
        (
            lambda: any_of.Counters(1e300),
            "Counters clerks: 1e+300 is too large; expected a number of clerks, such as 3, ",
        ),
        (
            lambda: any_of.Channel("", ff.Counters(1), service=3),
            "Channel name: '' is not a name; expected a name, such as",
        ),
        (
            lambda: any_of.Channel("hall", ff.Counters(1), service=3, opening="17-9"),
            "Channel opening: opens at 17:00 and closes at 9:00; expected hours of opening, such as ",
        ),
        (
            lambda: any_of.OpeningHours("9h", "8h"),
            "OpeningHours: opens at 9:00 and closes at 8:00; expected ",
        ),
        (lambda: any_of.Outage(9, 3), "Outage: from 9 s to 3 s; expected a start before the end"),
        (
            lambda: any_of.OutagePart(channel="web", from_share=0.7, to_share=0.2),
            "OutagePart: from 0.7 to 0.2; expected a start before the end",
        ),
        (
            lambda: any_of.Model("shop", arrivals=ff.per_hour(1), channels=[]),
            "Model: has no channels; expected one or more",
        ),
        (
            lambda: any_of.Model("shop", arrivals=ff.per_hour(1), channels=HALL, wants={"query": 0.5}),
            "Model: the shares of wants add up to 0.5; expected shares of what they come for",
        ),
        (
            lambda: any_of.Model("shop", arrivals=ff.per_hour(1), channels=HALL, wants={"buy": 1}),
            "Model: unknown operation buy; known: query",
        ),
        (
            lambda: any_of.Model(
                "shop", arrivals=ff.per_hour(1), channels=HALL, wants={"query": 0.5, "buy": 0.5}
            ),
            "Model: unknown operation buy; known: query",
        ),
        (
            lambda: any_of.Model("shop", arrivals=ff.per_hour(1), channels=HALL, targets={"hall.buy": 1}),
            "Model: unknown operation buy; known: query",
        ),
        (
            lambda: any_of.Model(
                "shop", arrivals=ff.per_hour(1), channels=HALL, choice=ff.NestedLogit({"phone": 1})
            ),
            "Model: unknown nest phone; known: electronic, physical",
        ),
        (
            lambda: any_of.Channel("hall", ff.Counters(1), service=3, sites=1e12),
            "Channel sites: 1e+12 is above 1e+06; expected",
        ),
        (
            lambda: any_of.Model("shop", arrivals=ff.per_hour(1), channels=HALL, wants="query"),
            "Model: wants cannot be 'query'; expected shares of what they come for that add up to 1",
        ),
        (
            lambda: any_of.Model(
                "shop",
                population=9,
                channels=HALL,
                segments=[ff.Segment("a", 0.5, month_visits={"q": 1})] * 2,
            ),
            "Model: two segments have the same name",
        ),
        (
            lambda: any_of.Empirical(curve=ff.Curve(seconds=(60,), shares=(1,))),
            "Empirical: 1 seconds and 1 shares: two points or more",
        ),
        (
            lambda: any_of.Empirical(curve=ff.Curve(seconds=(float("nan"), 2), shares=(0, 1))),
            "Empirical: seconds are finite and not negative",
        ),
        (
            lambda: any_of.Mixture(parts={"name": "x", "share": "110%", "time": 5}, rest="3 min"),
            "Mixture parts[0].share: '110%' is above 1; expected a share from 0 to 1",
        ),
        (lambda: any_of.by_hour({9: 1}, grade="Z"), "by_hour: 'Z' is not a grade; expected A or B or "),
        (lambda: any_of.by_hour({9: -1}), "by_hour: -1 in a day of values; expected finite values"),
        (lambda: any_of.article(3, 5), "a number with a source: 5 is not a source; expected a text such as"),
        (
            lambda: any_of.Scenario(model="m.py", criteria="p95(web.*) < 3"),
            "scenario:1: cannot parse 'p95(web.*) < 3': missing unit",
        ),
        (
            lambda: any_of.Scenario(model="m.py", changes=3),
            "Scenario: changes: 3 is no change; expected a pair such as ('hall.clerks', 2)",
        ),
    ],
)
def test_what_is_wrong_is_named(made: Callable[[], object], says: str) -> None:
    """Each kind of mistake with what was expected in its place."""
    with pytest.raises(ff.BadInputError) as caught:
        made()
    assert says in str(caught.value)
    assert str(caught.value).startswith("tests/model/test_wrong_values.py:")


def test_parts_of_a_mixture_are_read_as_all_times_are() -> None:
    """From a text, a number, a table, or the parts themselves; one may stand alone."""
    part: Mapping[str, Any] = {"name": "hung up", "share": "10%", "time": "5s"}
    for parts in (
        part,
        [part],
        (part,),
        [{**part, "share": 0.1, "time": 5}],
        [{**part, "time": ff.constant(5)}],
    ):
        mixture = ff.Mixture(parts=parts, rest=any_of.exponential("3 min"))
        assert mixture.mean_s == pytest.approx(162.5)
        assert mixture == ff.Mixture.model_validate(mixture.model_dump())
    assert any_of.Mixture(parts=(), rest="90s").mean_s == 90


def test_an_error_comes_back_from_another_process() -> None:
    """As it was."""
    import pickle

    with pytest.raises(BadModelError) as caught:
        any_of.Counters("three")
    again = pickle.loads(pickle.dumps(caught.value))  # noqa: S301  made one line above
    assert (str(again), again.problem) == (str(caught.value), caught.value.problem)
