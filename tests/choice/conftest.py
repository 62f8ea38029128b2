"""A small operator of three channels whose months stand still until a test moves them."""

from collections.abc import Callable
from typing import Any

import pytest

from footfall._choice.choice_situations import calibrated
from footfall._model.channel import Channel, Fault, Verb, Work
from footfall._model.model import Model, ShareDefinition
from footfall._model.population import Adoption, Awareness, RetryPolicy, Segment, Slope, Taste, Trust, Upgrade
from footfall._model.station_specs import MessageGateway
from footfall._records.rows import Outcome
from tests import made_up
from tests.choice.small import provinces, slope

FIRST_CHOICES = {"hall": 0.24, "web": 0.6, "kiosk": 0.16}
FAILED = {"hall": 0.02, "web": 0.08, "kiosk": 0.05}


@pytest.fixture(scope="session")
def upgrade() -> Callable[..., Upgrade]:
    """Make an upgrade that changes nothing but what is given."""

    def make(**fields: Slope) -> Upgrade:
        nothing = {
            "utility_gain": slope(0),
            "failure_factor": slope(1),
            "cutover_utility_loss": slope(0),
            "cutover_failure_factor": slope(1),
        }
        return Upgrade(**nothing | fields)

    return make


@pytest.fixture(scope="session")
def awareness() -> Callable[..., Awareness]:
    """Make the awareness of a channel; hazards are 0 but those given."""

    def make(start_share: float, **fields: Slope) -> Awareness:
        nothing = {
            "innovation_per_month": slope(0),
            "imitation_per_month": slope(0),
            "dis_adoption_per_month": slope(0),
            "re_adoption_factor": slope(0),
        }
        return Awareness(start_share=made_up.number(start_share), **nothing | fields)

    return make


@pytest.fixture(scope="session")
def operator(
    channel: Callable[..., Channel],
    model: Callable[..., Model],
    segment: Callable[..., Segment],
    follow_ups: Callable[..., RetryPolicy],
    upgrade: Callable[..., Upgrade],
) -> Callable[..., Model]:
    """Make the operator, its electronic share 76 % at month 0; fields of its adoption may be given."""
    gateway = MessageGateway(messages_per_s=made_up.number(1), queue=made_up.number(1))

    def with_faults(name: str) -> Channel:
        fault = Fault(cause="broken", by="service", outcome=Outcome.ERROR, share=made_up.number(FAILED[name]))
        works = {verb: Work(service=made_up.seconds(0), faults=(fault,)) for verb in Verb}
        nest = "physical" if name == "hall" else "electronic"
        return channel(gateway, name=name, nest=nest, works=works)

    def people(name: str, share: float, electronic_trust: float) -> Segment:
        taste = Taste(
            per_wait_min=made_up.number(0),
            per_access_min=made_up.number(0),
            per_yuan=made_up.number(0),
            per_trust=made_up.number(1),
            per_habit=made_up.number(1.2),
            trust={"physical": made_up.number(0.9), "electronic": made_up.number(electronic_trust)},
            habit={"physical": made_up.number(0.5), "electronic": made_up.number(0.5)},
        )
        return segment(name=name, population_share=made_up.number(share), taste=taste)

    def make(**fields: Any) -> Model:  # noqa: ANN401  any field of an adoption
        whole: dict[str, Any] = {
            "start_share": made_up.number(0.76),
            "habit_loss_per_month": slope(0),
            "trust": Trust(gain_per_success=slope(0), loss_per_failure=slope(0)),
            "awareness": {},
            "upgrade": upgrade(),
            "provinces": provinces(4),
        } | fields
        counted, operations = tuple(FIRST_CHOICES), ("query",)
        definitions = (("wide", ("web", "kiosk")), ("narrow", ("web",)))
        made = model(
            *(with_faults(name) for name in FIRST_CHOICES),
            segments=(people("young", 0.6, 0.8), people("older", 0.4, 0.4)),
            follow_ups=follow_ups(3, error=(0.3, 0.3, 0.0)),
            share_definitions=tuple(
                ShareDefinition(name=n, text=n, electronic=e, counted=counted, operations=operations)
                for n, e in definitions
            ),
            adoption=Adoption(**whole),
        )
        observed = {name: made_up.number(share) for name, share in FIRST_CHOICES.items()}
        return calibrated(made, {"query": observed})

    return make
