"""Who a customer is to the service, and the errors that customers make."""

from dataclasses import dataclass
from functools import lru_cache
from typing import TypeVar

from footfall._behaviour import keyed
from footfall._behaviour.customer_rules import msisdn, pin
from footfall._model.channel import Channel, Fault, Verb
from footfall._model.model import Model
from footfall._model.station_specs import MessageGateway
from footfall._records.errors import BadInputError
from footfall._records.rows import Outcome

# ── Who the customer is to the service: number, PIN, what they buy; the same in every attempt

PLANS = ("P18", "P38", "P58", "P88", "P128")
"""Codes of the plans on the page `plans`."""
RECHARGES_FEN = (1000, 2000, 3000, 5000, 10_000)
_BROWSERS = 64
_PINS = 1_000_000
_T = TypeVar("_T")


@dataclass(frozen=True, slots=True)
class Identity:
    """What a customer types; worked out when it is asked for, since most errands need little of it."""

    seed: int
    subscriber: int
    key: int
    """The customer's."""

    @property
    def msisdn(self) -> str:
        """Telephone number."""
        return msisdn(self.subscriber)

    @property
    def pin(self) -> str:
        """The account's."""
        return pin(self.seed, self.subscriber)

    @property
    def wrong_pin(self) -> str:
        """Another one, always the same."""
        wrong = int(self.pin) + 1 + int(keyed.uniform(self.key, "wrong_pin") * (_PINS - 1))
        return f"{wrong % _PINS:06d}"

    @property
    def plan(self) -> str:
        """Plan that they change to."""
        return _one_of(PLANS, self.key, "plan")

    @property
    def recharge_fen(self) -> int:
        """What they recharge."""
        return _one_of(RECHARGES_FEN, self.key, "recharge")

    @property
    def browser(self) -> str:
        """Sent as User-Agent on the channels with pages."""
        return _one_of(browsers(), self.key, "browser")


def _one_of(things: tuple[_T, ...], key: int, purpose: str) -> _T:
    return things[int(keyed.uniform(key, purpose) * len(things))]


@lru_cache(maxsize=1)
def browsers() -> tuple[str, ...]:
    """Give the names that browsers go by, the same in every process."""
    from faker import Faker  # half a second, which only those who send a browser's name need spend

    faker = Faker("zh_CN", use_weighting=False)
    faker.seed_instance(0)
    return tuple(faker.user_agent() for _ in range(_BROWSERS))


# ── Faults that customers make: each cause is enacted for real, or refused before the run

WRONG_PIN = "wrong_pin"
UNKNOWN_ITEM = "unknown_item"
UNKNOWN_COMMAND = "unknown_command"
NO_REPLY = "no_reply"

ENACTED = {
    WRONG_PIN: "another PIN of six digits is sent",
    UNKNOWN_ITEM: "an item that nobody sells is ordered",
    UNKNOWN_COMMAND: "the message is mistyped",
    NO_REPLY: "the second confirmation is not sent",
}


def check_customer_errors(model: Model) -> None:
    """See that every fault by the customer can be enacted where it stands.

    Raises:
        BadInputError: one cannot; the text names it and what can.
    """
    for channel in model.channels:
        for verb, work in channel.works.items():
            for fault in work.faults:
                if fault.by == "customer" and fault.share > 0 and not _can_enact(channel, verb, fault):
                    where = f"channel {channel.name}, {verb.value}"
                    known = "; ".join(f"{cause}: {how}" for cause, how in ENACTED.items())
                    raise BadInputError(where, f"cannot simulate the customer's error {fault.cause!r}", known)


def _can_enact(channel: Channel, verb: Verb, fault: Fault) -> bool:
    if fault.outcome is Outcome.UNCONFIRMED:
        return True
    if isinstance(channel.station, MessageGateway):
        return fault.cause == UNKNOWN_COMMAND
    return (fault.cause, verb) in {(WRONG_PIN, Verb.LOGIN), (UNKNOWN_ITEM, Verb.ORDER)}
