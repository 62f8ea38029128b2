"""The service's draws follow the model's laws and repeat at a seed."""

import pytest

from footfall._model.channel import Channel, Fault, Step, Verb, Work
from footfall._model.durations import constant_s, exponential_s
from footfall._model.model import Model
from footfall._model.numbers import assumed
from footfall._records.rows import Outcome
from footfall._service.fault_injection import FaultInjector

DRAWS = 20_000
SHARE = 0.06


def channel(model: Model, *pages: int, verb: Verb = Verb.QUERY) -> Channel:
    """Give the web hall whose dialogues ask for so many pages, with a fault and exponential times."""
    why = "for a test"
    fault = Fault(cause="billing_error", by="service", outcome=Outcome.ERROR, share=assumed(SHARE, why))
    work = Work(service=exponential_s(assumed(0.1, why)), faults=(fault,))
    none = constant_s(assumed(0, why))
    dialogues = {
        f"operation{n}": (Step(verb=verb, human=none, pages=assumed(count, why)),)
        for n, count in enumerate(pages)
    }
    web = model.channel("web")
    return web.model_copy(update={"works": {verb: work}, "dialogues": dialogues})


def test_times_and_faults_follow_the_model(model: Model) -> None:
    """Mean time and share of faults lie within four standard errors of the model's numbers."""
    injector = FaultInjector(channel(model, 1), 7, delays=True)
    draws = [injector.draw(Verb.QUERY) for _ in range(DRAWS)]
    mean_s = sum(draw.service_s for draw in draws) / DRAWS
    share = sum(draw.fault is not None for draw in draws) / DRAWS
    assert mean_s == pytest.approx(0.1, abs=4 * 0.1 / DRAWS**0.5)
    assert share == pytest.approx(SHARE, abs=4 * (SHARE * (1 - SHARE) / DRAWS) ** 0.5)


@pytest.mark.parametrize(
    ("verb", "pages"), [(Verb.BROWSE, 3), (Verb.QUERY, 1), (Verb.QUERY, 3), (Verb.QUERY, 6)]
)
def test_a_turn_of_several_pages_fails_as_often_as_the_model_says(
    model: Model, verb: Verb, pages: int
) -> None:
    """The share is that of a turn, however many requests the turn makes."""
    injector = FaultInjector(channel(model, pages, verb=verb), 7, delays=True)

    def turn_fails() -> bool:
        # Of the account's three pages the first alone can fail.
        may_fail = [verb is not Verb.QUERY or page % 3 == 0 for page in range(pages)]
        return any(injector.draw(verb, may_fail=may).fault is not None for may in may_fail)

    share = sum(turn_fails() for _ in range(DRAWS)) / DRAWS
    assert share == pytest.approx(SHARE, abs=4 * (SHARE * (1 - SHARE) / DRAWS) ** 0.5)


def test_draws_repeat_at_a_seed_and_differ_between_seeds(model: Model) -> None:
    """The n-th request of a channel costs the same in every run of a seed."""
    first, again, other = (
        [injector.draw(Verb.QUERY) for _ in range(100)]
        for injector in (FaultInjector(channel(model, 1), seed, delays=True) for seed in (7, 7, 8))
    )
    assert first == again != other


def test_without_delays_there_is_no_draw(model: Model) -> None:
    """Nothing takes time and nothing fails."""
    injector = FaultInjector(channel(model, 1), 7, delays=False)
    assert {injector.draw(verb).service_s for verb in Verb} == {0.0}
    assert injector.wrap_up_s() == 0.0


def test_the_customers_own_faults_are_not_the_services(model: Model) -> None:
    """A wrong PIN is sent by the customer, not invented by the service."""
    web = channel(model, 1)
    fault = web.works[Verb.QUERY].faults[0].model_copy(update={"by": "customer", "share": assumed(1, "test")})
    work = web.works[Verb.QUERY].model_copy(update={"faults": (fault,)})
    injector = FaultInjector(web.model_copy(update={"works": {Verb.QUERY: work}}), 7, delays=True)
    assert all(injector.draw(Verb.QUERY).fault is None for _ in range(100))
