"""The fixed point of shares and waits: worked by hand, and the same from everywhere."""

from collections.abc import Callable
from math import exp

import numpy as np
import pytest
from scipy import optimize

from footfall.behaviour.choice import expected_waits
from footfall.choice.calibration import expected_shares
from footfall.model.channel import Channel
from footfall.model.model import Model
from footfall.model.numbers import HALF_HOUR_S, HALF_HOURS
from footfall.model.population import Segment
from footfall.model.station_specs import Counters, MessageGateway
from footfall.simulate.equilibrium.solve import equilibrium, with_expected_waits
from footfall.simulate.equilibrium.stations import waits_s
from footfall.theory import erlang_a
from models.guangxi import MODEL
from tests import made_up

HOUR_S = 3600.0
LINES = ("own_hall", "partner_hall", "kiosk", "hotline")
PER_WAIT_MIN = -0.3
COME_PER_S = 0.03


@pytest.fixture(scope="session")
def two_channels(
    channel: Callable[..., Channel], model: Callable[..., Model], segment: Callable[..., Segment]
) -> Model:
    """Give one hall of three clerks and SMS without a wait, to people who mind waiting, even over the day."""
    number = made_up.number
    clerks = Counters(
        clerks=made_up.always(3),
        clerks_factor=number(1),
        room=number(5000),
        patience=made_up.seconds(1200),
        balk_wait=made_up.seconds(1e9),
    )
    gateway = MessageGateway(messages_per_s=number(10), queue=number(10))
    taste = made_up.INDIFFERENT.model_copy(update={"per_wait_min": number(PER_WAIT_MIN)})
    return model(
        channel(clerks, name="hall", human_s=300.0),
        channel(gateway, name="sms", nest="electronic"),
        segments=(segment(taste=taste),),
        population=number(round(COME_PER_S * 86_400)),
    )


def test_two_channels_meet_where_the_root_is(two_channels: Model) -> None:
    """Its share is 1/(1 + exp(0.3 W(p)/min)) with W of Erlang A, by Brent's method."""

    def wait_s(share: float) -> float:
        return erlang_a(3, COME_PER_S * share, 1 / 300, 1 / 1200).wait_mean

    def excess(share: float) -> float:
        return share - 1 / (1 + exp(-PER_WAIT_MIN * wait_s(share) / 60))

    root = optimize.brentq(excess, 1e-6, 0.5, xtol=1e-14)
    assert 0.1 < root < 0.45, "the wait matters, and the hall keeps customers"
    found = equilibrium(two_channels)
    assert found.channels == ("hall", "sms")
    assert found.shares[0] == pytest.approx(root, abs=2e-6)
    assert found.waits_s[0] == pytest.approx(wait_s(root), rel=1e-4)
    assert found.day_shares.tolist() == pytest.approx([root, 1 - root], abs=2e-6)


@pytest.mark.parametrize("which", ["two channels", "province"])
def test_the_fixed_point_is_the_same_from_three_starts(two_channels: Model, which: str) -> None:
    """No waits, an hour in every line, waits as given: shares alike to 1e-5, waits to a tenth of a second."""
    model, lines = (MODEL, LINES) if which == "province" else (two_channels, ("hall",))
    given = MODEL.choice.expected_wait_s if which == "province" else {"hall": made_up.always(90)}
    starts = (None, dict.fromkeys(lines, HOUR_S), given)
    found = [equilibrium(model, start) for start in starts]
    for other in found[1:]:
        assert other.shares == pytest.approx(found[0].shares, abs=1e-5)
        assert other.waits_s == pytest.approx(found[0].waits_s, abs=0.1)


def test_it_is_a_fixed_point_of_the_models_own_choice() -> None:
    """The model that expects its waits has its shares, and those who then come cause its waits again."""
    found = equilibrium(MODEL)
    assert found.change < 1e-6
    model = with_expected_waits(MODEL, found)
    by_operation = {name: expected_shares(model, name) for name in model.operations}
    per_day = {
        name: sum(float(segment.population_share * segment.month_visits[name]) for segment in model.segments)
        for name in model.operations
    }
    total = sum(per_day.values())
    for place, channel in enumerate(model.channels):
        share = (
            sum(by_operation[name].get(channel.name, 0.0) * per_day[name] for name in by_operation) / total
        )
        assert found.day_shares[place] == pytest.approx(share, abs=1e-6)
    assert equilibrium(model, model.choice.expected_wait_s).rounds == 1


def test_the_waits_are_those_that_the_stations_give(two_channels: Model) -> None:
    """Put back into the station, the arrivals found cause the waits found."""
    found = equilibrium(two_channels)
    caused = waits_s(two_channels.channel("hall"), {"query": found.arrivals_per_s[0]})
    assert caused == pytest.approx(found.waits_s[0], rel=1e-4)


def test_all_customers_go_somewhere_and_no_closed_door_has_any() -> None:
    """Arrivals over channels are the demand; halls shut at night have none, and no wait is expected there."""
    found = equilibrium(MODEL)
    share = found.shares.sum(axis=0)
    assert share == pytest.approx(np.ones(HALF_HOURS))
    night = found.channels.index("own_hall")
    assert not found.arrivals_per_s[night, :17].any()
    assert not found.waits_s[night, :17].any()
    waits = expected_waits(with_expected_waits(MODEL, found), 10 * HOUR_S)
    assert waits["own_hall"] == found.waits_s[night, int(10 * HOUR_S // HALF_HOUR_S)] > 0
    assert waits["web"] == 0


def test_people_who_do_not_mind_waiting_need_no_second_round(two_channels: Model) -> None:
    """Their shares do not depend on waits; what they wait is told all the same."""
    (segment,) = two_channels.segments
    patient = segment.model_copy(update={"taste": made_up.INDIFFERENT})
    found = equilibrium(two_channels.model_copy(update={"segments": (patient,)}))
    assert found.rounds == 1
    assert found.shares == pytest.approx(0.5)
    assert found.waits_s[0] == pytest.approx(erlang_a(3, COME_PER_S / 2, 1 / 300, 1 / 1200).wait_mean)


def test_a_start_at_an_unknown_channel_is_refused(two_channels: Model) -> None:
    """Its name is in the error."""
    with pytest.raises(KeyError, match="telex"):
        equilibrium(two_channels, {"telex": 60.0})
