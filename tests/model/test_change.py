"""Changing numbers: the one that is meant, and no other."""

import pytest
from hypothesis import given, strategies as st

from footfall._model.changes import resolve, set_number, set_text, with_outage
from footfall._model.model import Model
from footfall._model.numbers import Grade, Number, Profile, leaves
from footfall._records.errors import BadInputError


def test_only_the_named_number_changes(small_province: Model) -> None:
    """All other leaves are the same objects' values; the new one is graded as set by the user."""
    before = dict(leaves(small_province))
    changed = set_number(small_province, "hotline.agents_factor", 0.5)
    different = {path: number for path, number in leaves(changed) if number != before[path]}
    assert different == {"channels.hotline.station.agents_factor": 0.5}
    assert {number.grade for number in different.values()} == {Grade.SET}


def test_the_original_is_untouched(small_province: Model) -> None:
    """A model is frozen data."""
    print_before = small_province.fingerprint()
    changed = set_number(small_province, "web.slots", 99)
    assert small_province.fingerprint() == print_before != changed.fingerprint()


def test_setting_a_number_to_what_it_is_changes_nothing_that_counts(small_province: Model) -> None:
    """The fingerprint is of values, not of their sources."""
    slots = next(number for path, number in leaves(small_province) if path == "channels.web.station.slots")
    assert isinstance(slots, Number)
    assert set_number(small_province, "web.slots", slots).fingerprint() == small_province.fingerprint()


def test_a_day_profile_becomes_the_same_all_day(small_province: Model) -> None:
    """One value for 48 half hours."""
    changed = dict(leaves(set_number(small_province, "own_hall.clerks", 3)))
    found = changed["channels.own_hall.station.clerks"]
    assert isinstance(found, Profile)
    assert set(found.values) == {3.0}


@given(data=st.data())
def test_every_full_path_means_itself(small_province: Model, data: st.DataObject) -> None:
    """Also where it is a part of a longer one."""
    path = data.draw(st.sampled_from([path for path, _ in leaves(small_province)]))
    assert resolve(small_province, path) == path


@pytest.mark.parametrize(
    ("assignment", "says"),
    [
        ("hotlin.agents_factor=0.5", "no such number.*agents_factor"),
        ("nowhere=1", "no such number in the model"),
        ("hotline.agents_factor", "not an assignment"),
        ("hotline.agents_factor=", "not an assignment"),
        ("hotline.agents_factor=many", "not an assignment"),
        ("hotline.agents_factor=-1", "-1 cannot be set; expected a number, 0 or more"),
        ("hotline.agents_factor=nan", "out of range"),
        ("hotline.agents_factor=inf", "out of range"),
        ("web.slots=2.5", "2.5 cannot be set; expected a whole number from 1 on"),
        ("web.slots=0", "0 cannot be set"),
        ("own_hall.clerks=-2", "-2 cannot be set; expected finite values, none negative"),
        ("young_urban.day_profile=0", "0 cannot be set; expected day_profile"),
        ("young_urban.population_share=0.9", "cannot be set; expected population_share .* adds up"),
        ("mean_s=3", "means [0-9]+ numbers; expected one of"),
        ("", "not an assignment"),
    ],
)
def test_what_cannot_be_set_is_said_in_one_line(small_province: Model, assignment: str, says: str) -> None:
    """It names the place, the problem and what would do."""
    with pytest.raises(BadInputError, match=says) as caught:
        set_text(small_province, assignment)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("channel", "starts_s", "ends_s", "says"),
    [
        ("telex", 0, 10, "outage of telex: no such channel; expected web or sms"),
        ("web", 10, 10, "expected a start before the end"),
        ("web", -1, 10, "expected a start before the end"),
        ("web", float("nan"), 10, "expected a start before the end"),
    ],
)
def test_an_impossible_outage_is_refused(
    small_province: Model, channel: str, starts_s: float, ends_s: float, says: str
) -> None:
    """An unknown channel, no length, before the day."""
    with pytest.raises(BadInputError, match=says):
        with_outage(small_province, channel, starts_s, ends_s)


def test_an_outage_is_added_to_one_channel_only(small_province: Model) -> None:
    """The others stay the same objects."""
    changed = with_outage(small_province, "web", 100, 200)
    for before, after in zip(small_province.channels, changed.channels, strict=True):
        assert (before is after) == (before.name != "web")
    assert changed.channel("web").out_at(100)
    assert not changed.channel("web").out_at(200)
