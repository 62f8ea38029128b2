"""Building blocks of the channels: faults, times, turns, dialogues, staff by half hour."""

from collections.abc import Mapping
from typing import Literal

from footfall.model.channel import Fault, Step, Verb, Work
from footfall.model.durations import Duration, constant_s, lognormal_s
from footfall.model.numbers import DayProfile, Grade, profile
from footfall.model.numbers import assumed as c
from footfall.records.rows import Outcome

MINUTE_S = 60.0
HOUR_S = 3600.0
Doer = Literal["customer", "service"]
Failure = Literal[Outcome.REJECTED, Outcome.ERROR, Outcome.TIMEOUT, Outcome.UNCONFIRMED]


def fault(cause: str, by: Doer, outcome: Failure, percent: float, why: str) -> Fault:
    """A cause of failure; the percentages are set so that all causes together give the article's rates."""
    return Fault(cause=cause, by=by, outcome=outcome, share=c(percent / 100, why))


def system_faults(percent: float, system: str) -> tuple[Fault, ...]:
    """Errors and timeouts of one system behind a channel, 5 to 3."""
    why = f"{system} behind the channel; sized with the other causes to the article's success rate"
    return (
        fault(f"{system}_error", "service", Outcome.ERROR, percent * 5 / 8, why),
        fault(f"{system}_timeout", "service", Outcome.TIMEOUT, percent * 3 / 8, why),
    )


def customer_fault(cause: str, outcome: Failure, percent: float) -> Fault:
    """A slip of the customer."""
    return fault(
        cause, "customer", outcome, percent, "sized with the other causes to the article's success rate"
    )


def it_s(seconds: float) -> Duration:
    """Time in the operator's systems, lognormal."""
    return lognormal_s(c(seconds, "to be measured on the real system"), c(0.6, "usual spread of page times"))


def human_s(seconds: float) -> Duration:
    """The customer's own time, lognormal."""
    return lognormal_s(c(seconds, "to be observed"), c(0.8, "people vary"))


def turn(verb: Verb, own_s: float, pages: int = 1) -> Step:
    """A turn after `own_s` seconds of the customer's own time."""
    own = human_s(own_s) if own_s else constant_s(c(0, "at once"))
    return Step(verb=verb, human=own, pages=c(pages, "8 pages a web visit in all (assumed)"))


def works(  # noqa: PLR0913  one percentage a cause
    page_s: float, *, wrong_pin: float, billing: float, order: float, confirm: float, no_reply: float
) -> dict[Verb, Work]:
    """Describe the turns of a screen channel; faults in percent."""
    login_faults = (customer_fault("wrong_pin", Outcome.REJECTED, wrong_pin), *system_faults(0.15, "login"))
    order_faults = (customer_fault("unknown_item", Outcome.REJECTED, 0.3), *system_faults(order, "crm"))
    confirm_faults = (
        customer_fault("no_reply", Outcome.UNCONFIRMED, no_reply),
        *system_faults(confirm, "crm"),
    )
    return {
        Verb.LOGIN: Work(service=it_s(page_s * 1.5), faults=login_faults),
        Verb.BROWSE: Work(service=it_s(page_s)),
        Verb.QUERY: Work(service=it_s(page_s * 2), faults=system_faults(billing, "billing")),
        Verb.ORDER: Work(service=it_s(page_s * 3), faults=order_faults),
        Verb.CONFIRM: Work(service=it_s(page_s * 2), faults=confirm_faults),
        Verb.LOGOUT: Work(service=it_s(page_s / 2)),
    }


def screens(own_s: float, *, confirms: bool, offers: tuple[str, ...]) -> dict[str, tuple[Step, ...]]:
    """Dialogues of a channel with pages: 8 pages a visit."""
    enter = (turn(Verb.LOGIN, own_s), turn(Verb.BROWSE, own_s, 3))
    leave = (turn(Verb.LOGOUT, own_s),)
    query = (*enter, turn(Verb.QUERY, own_s, 3), *leave)
    order = (*enter, turn(Verb.QUERY, own_s), turn(Verb.ORDER, own_s))
    second = (turn(Verb.CONFIRM, 15),) if confirms else (turn(Verb.QUERY, own_s),)
    plain = (*order, turn(Verb.QUERY, own_s), *leave)
    dialogues = {"query": query, "recharge": plain, "purchase": plain}
    dialogues |= dict.fromkeys(("transact", "roaming"), (*order, *second, *leave))
    return {name: dialogues[name] for name in offers}


def clerk_talk(minutes: dict[str, float]) -> dict[str, tuple[Step, ...]]:
    """Dialogues at a counter: most of the visit is talk, the clerk's screens take little."""
    dialogues: dict[str, tuple[Step, ...]] = {}
    for name, whole in minutes.items():
        part_s = whole * MINUTE_S / 3
        last = Verb.QUERY if name == "query" else Verb.ORDER
        dialogues[name] = (turn(Verb.LOGIN, part_s), turn(Verb.QUERY, part_s), turn(last, part_s))
    return dialogues


def by_half_hour(values: Mapping[float, int] | Mapping[int, int], why: str) -> DayProfile:
    """Staff in force from each hour on, half hours as .5; before the first and after the last as the last."""
    staff = {float(hour): float(servers) for hour, servers in values.items()}
    hours = sorted(staff)
    steps = [max((h for h in hours if h <= k / 2), default=hours[-1]) for k in range(48)]
    return profile([staff[h] for h in steps], Grade.ASSUMED, why)
