"""Whatever is learned becomes a model: a valid one, that its text gives again."""

from math import inf
from typing import get_args

import pytest
from hypothesis import given, settings, strategies as st

from footfall._calibrate.calibrated_model import model_of_stations, with_stations
from footfall._calibrate.station_parameters import (
    SLOTS_UNLIMITED,
    LawFamily,
    ServiceLaw,
    StationParameters,
)
from footfall._model.channel import Verb
from footfall._model.model import Model
from footfall._model.numbers import assumed
from footfall._model.station_specs import RequestServer, Retry
from footfall._records.errors import BadInputError

VERBS = ("browse", "query", "login")


@st.composite
def stations(draw: st.DrawFn) -> StationParameters:
    """Make a station of any kind that learning can give."""
    number = st.floats(0.001, 1000)
    kinds = VERBS[: draw(st.integers(1, 3))]
    families = st.sampled_from([name for name in get_args(LawFamily) if name != "uniform"])
    laws = st.builds(ServiceLaw, family=families, mean_s=st.floats(1e-4, 10), cv=st.floats(0, 3))
    queues = draw(st.integers(1, 4))
    return StationParameters(
        kinds=kinds,
        laws=tuple(draw(laws) for _ in kinds),
        fault_shares=tuple(draw(st.floats(0, 1)) for _ in kinds),
        network_s=draw(st.floats(0, 1)),
        slots=draw(st.sampled_from([1, 3, 7, SLOTS_UNLIMITED])),
        cores=draw(st.sampled_from([None, 1, 3])),
        queues=queues,
        dispatch=draw(st.sampled_from(["round_robin", "random"])),
        accept_queue=draw(st.sampled_from([0.0, 12.0, inf])),
        deadline_s=draw(number | st.just(inf)),
        queue_timeout_s=draw(number | st.just(inf)),
        rate_limit_per_s=draw(number | st.just(inf)),
        rate_limit_burst=draw(st.integers(0, 50)),
        stall_length_s=draw(st.sampled_from([0.0, 1.5])),
        stall_every_s=draw(st.sampled_from([20.0, inf])),
    )


@settings(max_examples=25, deadline=None)
@given(learned=stations(), counts=st.tuples(*[st.integers(1, 9999)] * 3))
def test_every_learned_station_becomes_a_model_that_its_text_gives_again(
    learned: StationParameters, counts: tuple[int, int, int]
) -> None:
    """Unlimited is unlimited, slots divide among queues, the sources stay."""
    own = counts[: len(learned.kinds)]
    shares = tuple(count / sum(own) for count in own)
    names = {"web": {kind: f"route-{kind}" for kind in learned.kinds}}
    model = model_of_stations("found", {"web": (learned, shares)}, names, "runs a and b")
    station = model.channel("web").station
    assert isinstance(station, RequestServer)
    assert station.slots % station.queues == 0
    assert (float(station.deadline_s) == inf) == (learned.deadline_s == inf)
    assert Model.from_toml(model.to_toml()) == model
    again = with_stations(model, {"web": (learned, shares)}, "runs c").channel("web").station
    assert isinstance(again, RequestServer)
    assert float(again.slots) == float(station.slots)


PLAIN = StationParameters(
    kinds=("browse", "query"),
    laws=(
        ServiceLaw(family="gamma", mean_s=0.1, cv=0.5),
        ServiceLaw(family="lognormal", mean_s=0.2, cv=1.0),
    ),
    fault_shares=(0.1, 0.0),
    slots=3,
)


def test_clients_keep_their_retries_and_verbs_without_requests_have_the_mean_work() -> None:
    """What was not measured stays; a verb that was never asked costs what the others cost together."""
    model = model_of_stations("found", {"web": (PLAIN, (0.5, 0.5))}, {"web": {}}, "runs")
    channel = model.channel("web")
    station = channel.station
    assert isinstance(station, RequestServer)
    retrying = station.model_copy(update={"retry": Retry(retries_most=assumed(2, "client"))})
    works = dict(channel.works) | {Verb.LOGIN: channel.works[Verb.BROWSE]}
    changed = model.model_copy(
        update={"channels": (channel.model_copy(update={"station": retrying, "works": works}),)}
    )
    again = with_stations(changed, {"web": (PLAIN, (0.25, 0.75))}, "runs").channel("web")
    assert isinstance(again.station, RequestServer)
    assert float(again.station.retry.retries_most) == 2
    assert float(again.works[Verb.LOGIN].service.mean_s) == pytest.approx(0.25 * 0.1 + 0.75 * 0.2)


def test_channels_that_are_no_request_servers_are_refused() -> None:
    """A channel that is not there, or that is a hall."""
    model = model_of_stations("found", {"web": (PLAIN, (0.5, 0.5))}, {"web": {}}, "runs")
    with pytest.raises(BadInputError, match="not in the model"):
        with_stations(model, {"shop": (PLAIN, (0.5, 0.5))}, "runs")
