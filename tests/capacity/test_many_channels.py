"""A search over many channels: by its steps alone, quickly, and with the capacity of each channel."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import numpy as np
import pytest

from footfall._calibrate.request_log import RequestLog
from footfall._capacity import learning
from footfall._capacity.capacity_found import ChannelFound, RateEstimate
from footfall._capacity.channels_found import breaks_first, first_to_break
from footfall._capacity.criterion_figures import usable
from footfall._capacity.enclosing import enclosing_step
from footfall._capacity.findings import findings
from footfall._capacity.load_steps import CapacityAsked, PlannedStep, PlayedStep, StepVisits
from footfall._capacity.reading import read
from footfall._capacity.search import next_step
from footfall._capacity.step_evidence import backlog_grows, evidence_of, part_of
from footfall._criteria.objects import Criterion
from tests.capacity.synthetic import SyntheticService, station

SHARES = {"web": 0.5, "sms": 0.3, "wap": 0.1, "agent": 0.1}
CRITERIA = (Criterion("p95(web.*) < 1s"), Criterion("success(sms.*) >= 80%"))
ASKED = CapacityAsked(criteria=CRITERIA, budget_s=300.0)
FIGURES = ("channel", "operation", "due_s", "response_s", "is_success", "is_error", "is_answered")


@dataclass
class FourChannels:
    """Four stations, each with its share of the arrivals; the web is the tightest: 2 slots, 50 ms of work."""

    seed: int = 1
    played: list[PlayedStep] = field(default_factory=list)

    def play(self, planned: PlannedStep) -> PlayedStep:
        """Play a step at each station."""
        parts = {}
        for number, (channel, share) in enumerate(SHARES.items()):
            slots = 2 if channel == "web" else 40
            own = SyntheticService(
                station("lognormal", 0.05, 0.6, 0.06, slots=slots), seed=self.seed * 10 + number
            )
            part = own.play(
                replace(planned, offered_per_s=planned.offered_per_s * share, under_way_most=None)
            )
            parts[channel] = renamed(part, channel)
        merged = {
            name: np.concatenate([getattr(part.visits, name) for part in parts.values()]) for name in FIGURES
        }
        order = np.argsort(merged["due_s"], kind="stable")
        step = PlayedStep(
            planned=planned,
            sent_per_s=sum(part.sent_per_s for part in parts.values()),
            length_s=planned.length_s,
            logs={channel: part.logs[channel] for channel, part in parts.items()},
            visits=StepVisits(**{name: values[order] for name, values in merged.items()}),
            requests_per_s=sum(part.requests_per_s for part in parts.values()),
            under_way_at_end=sum(part.under_way_at_end for part in parts.values()),
        )
        self.played.append(step)
        return step


def renamed(part: PlayedStep, channel: str) -> PlayedStep:
    """Give a step of the synthetic service another channel's name."""
    log = part.logs["web"]
    visits = replace(part.visits, channel=np.full(part.visits.visits, channel))
    return replace(part, logs={channel: replace(log, kinds=(f"{channel}.get/GET /work",))}, visits=visits)


def planned(rate: float, length_s: float = 20.0, purpose: str = "bisect", number: int = 1) -> PlannedStep:
    """Plan a step."""
    return PlannedStep(number=number, offered_per_s=rate, length_s=length_s, purpose=purpose)


@pytest.fixture(scope="module")
def searched() -> FourChannels:
    """Search four channels to the end of the budget."""
    service, spent_s = FourChannels(), 0.0
    while (step := next_step(tuple(service.played), ASKED, spent_s)) is not None:
        spent_s += service.play(step).length_s + 4.0
    return service


def test_the_capacity_of_many_channels_is_enclosed_by_steps(searched: FourChannels) -> None:
    """The web works off 40/s, which is 80/s of all; its p95 passes 1 s (M/G/2, cv 0.6) a little below."""
    found = findings(tuple(searched.played), ASKED)
    assert found.knee is not None
    assert found.knee.value == pytest.approx(77, rel=0.06)
    assert found.knee.half_width_share <= 0.1
    assert found.by_channel["web"].knee is not None
    assert found.by_channel["web"].criterion == "p95(web.*) < 1s"
    assert found.by_channel["sms"].knee is None
    assert found.by_channel["sms"].held_per_s > found.knee.high
    assert not found.by_channel["agent"].is_judged
    assert first_to_break(found.by_channel) == "web"
    assert any(sentence.startswith("web breaks first") for sentence in found.sentences)


def test_visits_that_fail_at_any_load_are_no_reason_to_wait(searched: FourChannels) -> None:
    """Six in a hundred fail whatever comes: the service is not probed for being busy."""
    assert "probe" not in {step.planned.purpose for step in searched.played}


def test_no_station_is_learned_while_many_channels_are_searched(searched: FourChannels) -> None:
    """The generator waits for each decision, and four stations would take longer than a step."""
    played = tuple(searched.played)
    assert read(played, ASKED, is_over=False).model is None


def test_only_a_channel_under_load_is_learned(
    searched: FourChannels, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Forty slots that none waits for have nothing to learn; and no more requests than tell the others."""
    asked: list[Sequence[RequestLog]] = []

    def record(logs: Sequence[RequestLog], *, seed: int) -> None:  # noqa: ARG001  as the real one
        asked.append(logs)
        raise ValueError

    monkeypatch.setattr(learning, "learn_station", record)
    assert learning.learn_channels(searched.played, 1) is None
    assert len(asked) == 1
    assert {kind for log in asked[0] for kind in log.kinds} == {"web.get/GET /work"}
    assert sum(log.requests for log in asked[0]) <= 3000


def test_a_channel_is_judged_by_its_own_visits_at_the_rate_of_all() -> None:
    """At 100/s of all the web's backlog grows, the SMS channel's does not."""
    step = FourChannels().play(planned(100.0))
    web, sms = part_of(step, "web"), part_of(step, "sms")
    assert web.sent_per_s == sms.sent_per_s == step.sent_per_s
    assert set(web.logs) == {"web"}
    assert backlog_grows(web)
    assert not backlog_grows(sms)
    assert evidence_of(web, usable(CRITERIA[:1])).excess > 0
    assert evidence_of(sms, usable(CRITERIA[1:])).excess < 0


def test_a_step_from_idle_proves_less_the_shorter_it_is() -> None:
    """A limit of 1 s in a step of 20 s lets 5 % of overload pass, in one of 50 s 2 %."""
    service = FourChannels()
    for length_s, held_per_s in ((20.0, 57.0), (50.0, 58.8)):
        one = evidence_of(service.play(planned(60.0, length_s)), usable(CRITERIA[:1]))
        assert one.surely_held_per_s == pytest.approx(held_per_s, rel=0.01)


def test_the_steps_close_in_on_the_capacity() -> None:
    """Up while all hold, then between what held and what did not, with longer steps as they come close."""
    service = FourChannels()
    rates = []
    for number in range(1, 9):
        chosen = enclosing_step(read(tuple(service.played), ASKED, is_over=False), 30.0, 500.0, 1.0)
        if chosen is None:
            break
        service.play(planned(*chosen, number=number))
        rates.append(chosen)
    assert rates[0] == (30.0, 20.0)
    assert rates[-1][1] == 45.0
    assert enclosing_step(read(tuple(service.played), ASKED, is_over=False), 30.0, 500.0, 1.0) is None
    assert rates[-1][0] == pytest.approx(77, rel=0.08)


def channel(knee: tuple[float, float, float] | None, held: float = 0.0) -> ChannelFound:
    """Give what was found of a channel."""
    of = None if knee is None else RateEstimate(value=knee[0], low=knee[1], high=knee[2])
    return ChannelFound(knee=of, arrivals_share=0.5, requests_per_arrival=1.0, held_per_s=held)


@pytest.mark.parametrize(
    ("channels", "said"),
    [
        ({"web": channel((90, 80, 99)), "sms": channel((200, 190, 210))}, ["web breaks first, above 90"]),
        ({"web": channel((90, 80, 99)), "sms": channel((95, 85, 105))}, ["web", "sms may break as early"]),
        ({"web": channel((90, 80, 99)), "sms": channel(None, held=95)}, ["sms may break as early"]),
        ({"web": channel((90, 80, 99)), "sms": channel(None, held=120)}, ["web breaks first, above 90"]),
        ({"web": channel(None, held=95), "sms": channel(None, held=95)}, []),
    ],
)
def test_the_first_to_break_is_sure_only_where_the_intervals_are_apart(
    channels: dict[str, ChannelFound], said: list[str]
) -> None:
    """A channel that was not loaded further than another's interval may break as early."""
    sentences = " ".join(breaks_first(channels))
    assert all(part in sentences for part in said)
    assert ("as early" in sentences) == any("as early" in part for part in said)
