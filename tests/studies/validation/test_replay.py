"""A recorded trace goes through a station as it did in the record."""

from collections.abc import Callable
from itertools import pairwise

import pytest
from hypothesis import given, strategies as st

from footfall._model.channel import Channel
from footfall._model.durations import Duration
from footfall._model.model import Model
from footfall._model.numbers import Number, Profile
from footfall._model.station_specs import CallCentre, Counters, Kiosks, RequestServer, Station
from footfall._simulate.day import DayResult
from studies.validation.published.leemis_park_ssq import MODEL, TEN_ARRIVALS, TEN_DELAYS, TEN_SERVICES
from studies.validation.replay import replay

KINDS = ("counters", "kiosks", "call_centre", "request_server")


def waits_s(result: DayResult) -> list[float]:
    """Give the waits in the order of coming."""
    return result.visits.sort("customer")["wait_s"].to_list()


def test_ten_jobs_worked_by_hand_wait_as_in_the_textbook() -> None:
    """Leemis and Park, examples 1.2.2 to 1.2.5: mean delay 26.7, service 34.7, wait 61.4, the last at 376."""
    result = replay(MODEL, TEN_ARRIVALS, TEN_SERVICES)
    visits = result.visits
    assert waits_s(result) == list(TEN_DELAYS)
    assert visits["human_s"].sum() / 10 == pytest.approx(34.7)
    assert (visits["ended_s"] - visits["due_s"]).sum() / 10 == pytest.approx(61.4)
    assert visits["ended_s"].max() == 376


@pytest.fixture(scope="module")
def one_server(
    model: Callable[..., Model],
    channel: Callable[..., Channel],
    number: Callable[[float], Number],
    exactly: Callable[[float], Duration],
    all_day: Callable[[float], Profile],
) -> Callable[[str], Model]:
    """Give a model of one server of a kind, and patience without end."""
    endless, never = exactly(1e9), exactly(0)
    stations: dict[str, Station] = {
        "counters": Counters(
            clerks=all_day(1),
            clerks_factor=number(1),
            room=number(10**6),
            patience=endless,
            balk_wait=endless,
        ),
        "kiosks": Kiosks(machines=number(1), up=never, repair=exactly(1), patience=endless),
        "call_centre": CallCentre(
            lines=number(10**6),
            agents=all_day(1),
            agents_factor=number(1),
            patience=endless,
            talk=exactly(1),
            wrap_up=never,
            agent_share={"query": number(1)},
        ),
        "request_server": RequestServer(slots=number(1), accept_queue=number(10**6), deadline_s=number(1e9)),
    }

    def make(kind: str) -> Model:
        held = kind in {"counters", "kiosks"}
        return model(
            channel(
                stations[kind], **{"human_s" if held else "service_s": 1.0 if kind != "call_centre" else 0.0}
            )
        )

    return make


@given(
    kind=st.sampled_from(KINDS),
    gaps=st.lists(st.floats(0, 100), min_size=1, max_size=25),
    services=st.lists(st.floats(0, 100), min_size=25, max_size=25),
)
def test_any_trace_waits_as_lindley_says_at_every_kind_of_single_server(
    kind: str, gaps: list[float], services: list[float], one_server: Callable[[str], Model]
) -> None:
    """Lindley 1952: the next waits max(0, wait + service - gap)."""
    at_s = [sum(gaps[: k + 1]) for k in range(len(gaps))]
    found = waits_s(replay(one_server(kind), at_s, services[: len(at_s)]))
    expected = [0.0]
    for (earlier_s, later_s), service_s in zip(pairwise(at_s), services, strict=False):
        expected.append(max(0.0, expected[-1] + service_s - (later_s - earlier_s)))
    assert found == pytest.approx(expected, abs=1e-6)


@pytest.mark.parametrize(("at_s", "services"), [([1.0, 2.0], [1.0]), ([2.0, 1.0], [1.0, 1.0])])
def test_a_record_that_cannot_be_is_refused(at_s: list[float], services: list[float]) -> None:
    """A service is missing; somebody comes before the one before."""
    with pytest.raises(ValueError, match="arrivals in order, with a service each"):
        replay(MODEL, at_s, services)
