"""A customer's identity at the service, and the errors that customers make."""

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

# ── The customer's identity: number, PIN, what they buy; the same in every attempt

PLANS = ("P18", "P38", "P58", "P88", "P128")
"""Codes of the plans on the page `plans`."""
RECHARGES_FEN = (1000, 2000, 3000, 5000, 10_000)
_BROWSERS = 64
_PINS = 1_000_000
_T = TypeVar("_T")


@dataclass(frozen=True, slots=True)
class Identity:
    """What a customer enters; derived on demand, since most journeys need little of it."""

    seed: int
    subscriber: int
    key: int
    """Key of the customer's random numbers."""

    @property
    def msisdn(self) -> str:
        """Telephone number."""
        return msisdn(self.subscriber)

    @property
    def pin(self) -> str:
        """PIN of the account."""
        return pin(self.seed, self.subscriber)

    @property
    def wrong_pin(self) -> str:
        """A wrong PIN, always the same one."""
        wrong = int(self.pin) + 1 + int(keyed.uniform(self.key, "wrong_pin") * (_PINS - 1))
        return f"{wrong % _PINS:06d}"

    @property
    def plan(self) -> str:
        """Plan that the customer changes to."""
        return _one_of(PLANS, self.key, "plan")

    @property
    def recharge_fen(self) -> int:
        """Amount that the customer recharges."""
        return _one_of(RECHARGES_FEN, self.key, "recharge")

    @property
    def browser(self) -> str:
        """User-Agent on channels with pages."""
        return _one_of(browsers(), self.key, "browser")


def _one_of(things: tuple[_T, ...], key: int, purpose: str) -> _T:
    return things[int(keyed.uniform(key, purpose) * len(things))]


@lru_cache(maxsize=1)
def browsers() -> tuple[str, ...]:
    """Return User-Agent texts of browsers, the same in every process."""
    from faker import Faker  # takes half a second, so only if a User-Agent is sent

    faker = Faker("zh_CN", use_weighting=False)
    faker.seed_instance(0)
    return tuple(faker.user_agent() for _ in range(_BROWSERS))


# ── Errors that customers make: each cause is reproduced with real requests, or refused before the run

WRONG_PIN = "wrong_pin"
UNKNOWN_ITEM = "unknown_item"
UNKNOWN_COMMAND = "unknown_command"
NO_REPLY = "no_reply"

CUSTOMER_ERRORS = {
    WRONG_PIN: "another PIN of six digits is sent",
    UNKNOWN_ITEM: "an item that does not exist is ordered",
    UNKNOWN_COMMAND: "the message is mistyped",
    NO_REPLY: "the second confirmation is not sent",
}


def check_customer_errors(model: Model) -> None:
    """Check that every customer error of the model can be reproduced.

    Raises:
        BadInputError: one cannot; the text names it and those that can.
    """
    for channel in model.channels:
        for verb, work in channel.works.items():
            for fault in work.faults:
                if fault.by == "customer" and fault.share > 0 and not _can_reproduce(channel, verb, fault):
                    where = f"channel {channel.name}, {verb.value}"
                    known = "; ".join(f"{cause}: {how}" for cause, how in CUSTOMER_ERRORS.items())
                    raise BadInputError(where, f"cannot simulate the customer's error {fault.cause!r}", known)


def _can_reproduce(channel: Channel, verb: Verb, fault: Fault) -> bool:
    if fault.outcome is Outcome.UNCONFIRMED:
        return True
    if isinstance(channel.station, MessageGateway):
        return fault.cause == UNKNOWN_COMMAND
    return (fault.cause, verb) in {(WRONG_PIN, Verb.LOGIN), (UNKNOWN_ITEM, Verb.ORDER)}
