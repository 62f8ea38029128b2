"""Faults that customers make: each cause is enacted for real, or refused before the run."""

from footfall.records.errors import BadInputError
from footfall.records.outcomes import Outcome
from footfall.simulate.spec.channel import Channel, Fault, Verb
from footfall.simulate.spec.model import Model
from footfall.simulate.spec.station import MessageGateway

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


def check_slips(model: Model) -> None:
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
                    raise BadInputError(where, f"no way to enact the customer's fault {fault.cause!r}", known)


def _can_enact(channel: Channel, verb: Verb, fault: Fault) -> bool:
    if fault.outcome is Outcome.UNCONFIRMED:
        return True
    if isinstance(channel.station, MessageGateway):
        return fault.cause == UNKNOWN_COMMAND
    return (fault.cause, verb) in {(WRONG_PIN, Verb.LOGIN), (UNKNOWN_ITEM, Verb.ORDER)}
