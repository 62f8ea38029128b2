"""As it is played: people's own time shrinks, the systems stay what they are."""

import pytest

from footfall._behaviour.load_model import RunPace, as_played
from footfall._model.changes import with_outage
from footfall._model.model import Model
from footfall._model.numbers import Grade, Number, Profile, leaves
from footfall._model.profiles import profile
from footfall._model.station_specs import AgentGroup, Callback, CallCentre, Caller
from tests.made_up import number, seconds

PLAY = RunPace(starts_s=36_000, length_s=3600, speed=4, human_time_factor=0.1)
HUMAN = (
    ".human.",
    ".patience.",
    ".balk_wait.",
    ".talk.",
    ".wrap_up.",
    ".delay.",
)


@pytest.fixture(scope="session")
def played(small_province: Model) -> Model:
    """Give the province with an outage of the web hall, as it is played from ten o'clock."""
    return as_played(with_outage(small_province, "web", 37_200, 39_000), PLAY)


def test_people_s_own_times_are_shortened_and_nothing_of_the_systems(
    small_province: Model, played: Model
) -> None:
    """Service, deadlines, rates, sessions, confirmations, faults, shares stay; human times are a tenth."""
    before = dict(leaves(small_province))
    for path, value in leaves(played):
        if ".outages." in path or not isinstance(value, Number):
            continue
        is_human = any(part in f"{path}." for part in HUMAN) and path.endswith("mean_s")
        was = before[path]
        assert isinstance(was, Number)
        assert value == pytest.approx(was * (0.1 if is_human else 1), rel=1e-15), path


def test_what_is_reckoned_in_waits_shrinks_with_them(small_province: Model) -> None:
    """Credit, a promised call back, callers' own times; the groups are as many as they were."""
    shifts = profile([float(k) for k in range(48)], Grade.ASSUMED, "test")
    callback = Callback(offered_wait_s=number(60), accepted_share=number(0.5), latest_s=number(900))
    more = {
        "groups": (AgentGroup(name="tellers", agents=shifts, skills=("recharge",)),),
        "callers": {"recharge": Caller(patience=seconds(50))},
        "credit_s": {"urban_young": number(90)},
        "callback": callback,
    }
    hotline = small_province.channel("hotline")
    hotline = hotline.model_copy(update={"station": hotline.station.model_copy(update=more)})
    played = as_played(small_province.model_copy(update={"channels": (hotline,)}), PLAY)
    station = played.channel("hotline").station
    assert isinstance(station, CallCentre)
    assert station.callback is not None
    assert station.groups[0].agents == shifts
    assert station.callers["recharge"].patience == seconds(50).times(0.1)
    assert station.callers["recharge"].talk is None
    assert station.credit_s["urban_young"] == pytest.approx(9)
    assert station.callback.latest_s == pytest.approx(90)
    assert station.callback.offered_wait_s == pytest.approx(6)
    assert station.callback.accepted_share == 0.5


def test_the_day_goes_on_while_its_window_is_played_and_stands_still_after(played: Model) -> None:
    """From ten to eleven o'clock within 900 s; staff, hours and waits are the model's own by that clock."""
    assert played.clock.day_s(0) == 36_000
    assert played.clock.day_s(450) == 37_800
    assert 39_599 < played.clock.day_s(900) == played.clock.day_s(5000) < 39_600


def test_the_model_says_the_same_of_its_staff_and_hours(small_province: Model, played: Model) -> None:
    """They are read by the clock, and nothing of them is written anew."""
    for name in ("hotline", "own_hall"):
        was, found = small_province.channel(name), played.channel(name)
        assert found.opening == was.opening
        profiles = [value for _, value in leaves(was.station) if isinstance(value, Profile)]
        assert [value for _, value in leaves(found.station) if isinstance(value, Profile)] == profiles != []
    assert played.choice == small_province.choice


def test_an_outage_moves_to_the_clock_of_play(played: Model) -> None:
    """20 to 50 minutes into the window are 5 to 12.5 minutes of the run at four times the speed."""
    (outage,) = played.channel("web").outages
    assert [float(outage.starts_s), float(outage.ends_s)] == [300, 750]
    assert PLAY.seconds == 900


def test_rates_of_arrival_are_not_touched(small_province: Model, played: Model) -> None:
    """The trace holds the arrivals already."""
    assert played.segments == small_province.segments
