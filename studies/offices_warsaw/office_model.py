"""The queues of one office as channels: a line and counters each, a customer goes to one of them."""

from collections.abc import Iterable

from footfall._model.channel import Channel, OpeningHours, Step, Verb, Work
from footfall._model.durations import constant_s, exponential_s
from footfall._model.numbers import assumed, fitted
from footfall._model.population import Segment
from footfall._model.station_specs import Counters
from studies.offices_warsaw.spec import OfficeQueue, Offices

DAYS_A_MONTH = 31
NEUTRAL = "a customer has one errand, which has one queue: nothing to choose"
FOREVER_S = 1e9


def people(queues: Iterable[OfficeQueue]) -> int:
    """Customers of a day, at least one."""
    return max(round(sum(sum(queue.arrivals.values) for queue in queues)), 1)


def named(queue: OfficeQueue) -> str:
    """Name of a queue's channel and errand."""
    return f"queue_{queue.queue}"


def channel(offices: Offices, queue: OfficeQueue) -> Channel:
    """Give a queue as a channel."""
    nothing = constant_s(assumed(0, "the clerk's screens are in the service time"))
    return Channel(
        name=named(queue),
        title=queue.title,
        nest="physical",
        sites=assumed(1, "one office"),
        station=Counters(
            clerks=queue.counters,
            clerks_factor=assumed(1, "as opened on the first days"),
            rounding="random",
            room=assumed(10_000, "the displays tell of no limit"),
            patience=exponential_s(offices.patience_s_mean),
            balk_wait=constant_s(assumed(FOREVER_S, "who does not take a ticket is not seen")),
        ),
        opening=OpeningHours(opens_s=offices.opens_s, closes_s=offices.closes_s),
        access_s_mean=assumed(0, NEUTRAL),
        price_yuan=assumed(0, NEUTRAL),
        works={Verb.QUERY: Work(service=nothing)},
        dialogues={
            named(queue): (
                Step(
                    verb=Verb.QUERY, human=exponential_s(queue.service_s_mean), pages=assumed(1, "one visit")
                ),
            )
        },
    )


def segment(queue: OfficeQueue, customers: int, all_arrivals: float) -> Segment:
    """Give those who come to a queue; `customers` of the office make `all_arrivals` visits a day."""
    source = queue.arrivals.source
    own = sum(queue.arrivals.values)
    return Segment(
        name=named(queue),
        title=queue.title,
        population_share=fitted(own / all_arrivals, source),
        month_visits={named(queue): fitted(DAYS_A_MONTH * all_arrivals / customers, source)},
        day_profile=queue.arrivals,
    )
