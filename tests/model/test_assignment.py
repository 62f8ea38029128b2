"""The grammar of changes: what is written is read, and a day profile changes in its hours only."""

from itertools import pairwise

import pytest
from hypothesis import given, strategies as st

from footfall._model.changes import (
    DAY_MIN,
    Hours,
    ModelChange,
    flattened,
    new_values,
    read_assignment,
    set_text,
)
from footfall._model.model import Model
from footfall._model.numbers import INTERVALS_OF_A_DAY, Profile, leaves
from footfall._records.errors import BadInputError

NUMBERS = st.floats(allow_nan=False, allow_infinity=False)
HOURS = st.builds(Hours, st.integers(0, DAY_MIN - 1), st.integers(0, DAY_MIN)).filter(
    lambda hours: hours.starts_min != hours.ends_min
)
LISTS = st.lists(NUMBERS, min_size=1, max_size=30).map(tuple)
SINGLE = st.tuples(NUMBERS)
PATHS = st.from_regex(r"[a-z_]+(\.[a-z0-9_]+){0,4}", fullmatch=True)
WHOLE = Hours(0, DAY_MIN)


@given(
    change=st.one_of(
        st.builds(
            ModelChange, PATHS, LISTS, st.none() | HOURS, is_factor=st.booleans(), is_list=st.just(value=True)
        ),
        st.builds(
            ModelChange,
            PATHS,
            SINGLE,
            st.none() | HOURS,
            is_factor=st.booleans(),
            is_list=st.just(value=False),
        ),
        st.builds(ModelChange, PATHS, st.sampled_from(["sharing", "cut", "random"])),
    )
)
def test_what_is_written_is_read(change: ModelChange) -> None:
    """The text of an assignment is read as the same assignment."""
    assert read_assignment(str(change)) == change


@given(
    old=st.sampled_from([48, 96, 288]).flatmap(
        lambda count: st.lists(st.integers(0, 200).map(float), min_size=count, max_size=count).map(tuple)
    ),
    hours=HOURS,
    value=st.integers(0, 99).map(float),
    is_factor=st.booleans(),
)
def test_only_the_hours_change(
    old: tuple[float, ...], hours: Hours, value: float, *, is_factor: bool
) -> None:
    """Minute by minute: inside the hours the new value (or the old one times it), outside the old one."""
    new = new_values(old, ModelChange("a", (value,), hours, is_factor))
    assert len(new) in INTERVALS_OF_A_DAY
    for minute in range(DAY_MIN):
        was, now = (each[minute * len(each) // DAY_MIN] for each in (old, new))
        inside = (minute - hours.starts_min) % DAY_MIN < hours.length_min
        assert now == ((was * value if is_factor else value) if inside else was)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("c.agents=3", ModelChange("c.agents", (3.0,))),
        ("c.agents*=1.2", ModelChange("c.agents", (1.2,), is_factor=True)),
        (" c.agents [9-12] = 3 ", ModelChange("c.agents", (3.0,), Hours(540, 720))),
        ("c.agents[22:00–06:00]=[1, 2]", ModelChange("c.agents", (1.0, 2.0), Hours(1320, 360), is_list=True)),
        ("c.agents[00:00-24:00]=3", ModelChange("c.agents", (3.0,), WHOLE)),
    ],
)
def test_forms_that_people_write(text: str, expected: ModelChange) -> None:
    """Whole hours, spaces, a dash as a word processor makes it, a night."""
    assert read_assignment(text) == expected


def test_a_list_is_shared_out_over_its_hours() -> None:
    """Three entries for three hours are an hour each; 24 for a day, too; finer ones make a finer profile."""
    old = (9.0,) * 48
    new = new_values(old, read_assignment("a[09:00-12:00]=[1,2,3]"))
    assert new == (*(9.0,) * 18, 1.0, 1.0, 2.0, 2.0, 3.0, 3.0, *(9.0,) * 24)
    by_hour = new_values(old, read_assignment(f"a=[{','.join(map(str, range(24)))}]"))
    assert by_hour == tuple(float(k // 2) for k in range(48))
    finer = new_values(old, read_assignment("a[09:00-09:30]=[1,2]"))
    assert len(finer) == 96
    assert [b for a, b in pairwise(finer) if a != b] == [1.0, 2.0, 9.0]


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("hotline.agents=[3,4]", "a list of 2 cannot be set; expected .*24, 48, 96, 288 or 1440"),
        ("hotline.agents[09:00-12:00]=[3,4]", r"agents\[09:00-12:00\]: .*3, 6, 12, 36 or 180\), not 2"),
        ("hotline.agents[09:00-12:00]=[3,x,4]", "entry 2 of the list is 'x'; expected numbers"),
        ("hotline.agents[09:00-12:00]=[]", "entry 1 of the list is ''"),
        ("hotline.agents[09:00-12:00]=[1,nan,3]", "entry 2 of the list is nan"),
        ("hotline.agents[12:00-12:00]=3", "is not a part of a day; expected hours of the day such as"),
        ("hotline.agents[12:00-25:00]=3", "is not a part of a day"),
        ("hotline.agents[24:00-06:00]=3", "is not a part of a day"),
        ("hotline.agents[09:70-12:00]=3", "more than 59 minutes"),
        ("hotline.agents[morning]=3", r"\[morning\] is not a range of hours"),
        ("hotline.agents[09:00-12:00]=many", "'many' is not a number"),
        ("hotline.agents[09:00-12:00]=-3", "-3 cannot be set; expected finite values, none negative"),
        ("hotline.agents*=-1", "a factor of -1 cannot be set; expected finite values, none negative"),
        ("hotline.agents*=lots", "'lots' is not a number"),
        (
            "web.slots[09:00-12:00]=3",
            r"web.slots\[09:00-12:00\]: 3 cannot be set; expected path=number: it is",
        ),
        ("web.slots=[3,3]", "expected path=number: it is one number"),
        ("web.discipline*=sharing", "is not a number"),
        ("[09:00-12:00]=3", "not an assignment; expected path=number"),
        ("hotline.agents[09:00-12:00=3", "not an assignment"),
    ],
)
def test_what_is_wrong_is_said_with_what_was_expected(small_province: Model, text: str, says: str) -> None:
    """Path, value, and what would do, in one line."""
    with pytest.raises(BadInputError, match=says) as caught:
        set_text(small_province, text)
    assert "\n" not in str(caught.value)


def test_a_factor_goes_for_a_number_and_a_profile_alike(small_province: Model) -> None:
    """The other leaves stay."""
    before = dict(leaves(small_province))
    after = dict(leaves(set_text(set_text(small_province, "hotline.agents*=1.5"), "web.slots*=2")))
    agents = "channels.hotline.station.agents"
    slots = "channels.web.station.slots"
    was, now = before[agents], after[agents]
    assert isinstance(was, Profile)
    assert isinstance(now, Profile)
    assert now.values == tuple(value * 1.5 for value in was.values)
    assert after[slots] == before[slots] * 2  # type: ignore[operator]  # a Number
    assert {path for path in before if before[path] != after[path]} == {agents, slots}


def test_a_number_that_flattens_a_profile_is_said(small_province: Model) -> None:
    """With what the day was, and how hours are written; nothing is said where nothing is lost."""
    said = flattened(small_province, "hotline.agents=3")
    assert said
    assert "over the day and is now 3 all day" in said
    assert "hotline.agents[08:00-18:00]=3" in said
    even = set_text(small_province, "hotline.agents=3")
    for model, text in (
        (even, "hotline.agents=4"),
        (small_province, "hotline.agents[08:00-18:00]=3"),
        (small_province, "hotline.agents*=2"),
        (small_province, "web.slots=3"),
        (small_province, "web.discipline=sharing"),
    ):
        assert flattened(model, text) is None
