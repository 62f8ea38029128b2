"""What the reference service cannot do is refused before anything runs."""

from typing import Any

import pytest

from footfall._behaviour.load_model import check_played, check_served
from footfall._model.changes import set_text
from footfall._model.model import Model
from footfall._model.station_specs import AgentGroup, Callback, Caller
from footfall._records.errors import BadInputError
from footfall._service.settings import ServiceSettings
from models.guangxi import MODEL
from tests.load.small import small_model
from tests.made_up import always, number, seconds

CALLBACK = Callback(offered_wait_s=number(60), accepted_share=number(0.5), latest_s=number(600))
TELLERS = AgentGroup(name="tellers", agents=always(1), skills=("query",))


def model_with(channel: str, **fields: Any) -> Model:  # noqa: ANN401  any field of a station
    """Give the small model whose one channel has a station with more."""
    small = small_model()
    channels = tuple(
        c.model_copy(update={"station": c.station.model_copy(update=fields)}) if c.name == channel else c
        for c in small.channels
    )
    return small.model_copy(update={"channels": channels})


def test_what_the_service_can_do_passes() -> None:
    """First come, first served; callers with a talk and a patience of their own, which they bring along."""
    own = {"query": Caller(talk=seconds(1), patience=seconds(2))}
    for model in (small_model(), model_with("hotline", callers=own)):
        check_played(model)
        check_served(model)


@pytest.mark.parametrize(
    ("channel", "fields", "says"),
    [
        ("own_hall", {"priority": {"all": number(1)}}, "priority"),
        ("own_hall", {"rounding": "random"}, "rounding=random"),
        ("hotline", {"groups": (TELLERS,)}, "groups"),
        ("hotline", {"credit_s": {"all": number(9)}}, "credit_s"),
        ("hotline", {"callers": {"query": Caller(wrap_up=seconds(9))}}, "callers.query.wrap_up"),
    ],
)
def test_what_it_cannot_do_is_named_in_one_line(channel: str, fields: dict[str, Any], says: str) -> None:
    """The service does not start; a live service of somebody else may be able to."""
    model = model_with(channel, **fields)
    check_played(model)
    with pytest.raises(BadInputError, match=rf"^{channel}\.{says}: cannot be served, only simulated"):
        ServiceSettings(model=model, seed=1, database="unused.sqlite", subscribers=1)


def test_no_customer_of_a_load_test_waits_to_be_called_back() -> None:
    """So such a model is played nowhere."""
    model = model_with("hotline", callback=CALLBACK)
    for check in (check_played, check_served):
        with pytest.raises(BadInputError, match=r"^hotline\.callback: cannot be"):
            check(model)


@pytest.mark.parametrize("assignment", ["web.retries_most=2", "web.breaker.failure_share=0.5"])
def test_clients_that_do_more_than_send_are_played_unless_an_own_user_sends(assignment: str) -> None:
    """Footfall does not see what an own Locust user sends; the line names the setting and what would do."""
    model = set_text(MODEL, assignment)
    for own_users in ((), ("wap",)):
        check_played(model, own_users)
        check_served(model)
    with pytest.raises(BadInputError, match=f"{assignment}: cannot be played: a Locust user") as caught:
        check_played(model, ("web",))
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("assignment", ["web.discipline=sharing", "web.queues=2", "sms.window=4"])
def test_what_a_server_does_inside_matters_at_the_own_service_only(assignment: str) -> None:
    """A foreign server may well share its cores: the model then says what it does."""
    changed = set_text(MODEL, assignment)
    check_played(changed)
    with pytest.raises(BadInputError, match=assignment):
        check_served(changed)
