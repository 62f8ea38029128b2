"""What belongs to one customer: their channels within reach, their nearest place, their slips."""

from footfall.simulate.decide import keyed
from footfall.simulate.spec.channel import Channel, Fault, Work
from footfall.simulate.spec.people import Segment
from footfall.simulate.spec.station import CallCentre

REACH = "reach."
SITE = "site."
CHOICE = "choice"
CUSTOMER_FAULT = "fault.customer"
SERVICE_FAULT = "fault.service"
HUMAN = "human"
SERVICE = "service"
PATIENCE = "patience"
BALK = "balk"
AGENT = "agent"
AGENT_CHOICE = "agent.choice"
TALK = "talk"
WRAP_UP = "wrap_up"
CALLBACK = "callback"
FORGET = "forget"
SERVICE_AGAIN = "service.again"
SERVICE_FAULT_AGAIN = "fault.service.again"
BACKOFF = "backoff"
FOLLOW = "follow"
FOLLOW_DELAY = "follow.delay"
"""Purposes of the keyed numbers; `REACH` and `SITE` are followed by the channel's name."""


def out_of_reach(segment: Segment, key: int) -> frozenset[str]:
    """Channels that this customer cannot use at all."""
    return frozenset(
        name for name, share in segment.reach.items() if keyed.uniform(key, REACH + name) >= share
    )


def nearest_site(channel: Channel, key: int) -> int:
    """Number of this customer's place of the channel, from 0."""
    return int(keyed.uniform(key, SITE + channel.name) * channel.sites)


def slip(work: Work, by: str, u: float) -> Fault | None:
    """Fault of the given doer that strikes at the uniform number u, if any."""
    for fault in work.faults:
        if fault.by == by:
            if u < fault.share:
                return fault
            u -= fault.share
    return None


def wants_agent(channel: Channel, operation: str, u: float) -> bool:
    """Whether the IVR cannot help this caller, who then asks for an agent."""
    return isinstance(channel.station, CallCentre) and u < channel.station.agent_share.get(operation, 0.0)


def forgets_logout(channel: Channel, u: float) -> bool:
    """Whether this customer leaves the session open."""
    return channel.logout_reminder is not None and u < channel.logout_reminder.forgotten_share
