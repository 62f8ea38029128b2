"""A fault by the customer is enacted or refused; it is never passed over."""

import pytest

from footfall._load.identity import check_customer_errors
from footfall._model.channel import Channel
from footfall._records.errors import BadInputError
from footfall._records.rows import Outcome
from tests.load.small import (
    BY_MESSAGE,
    GATEWAY,
    WEB,
    channel,
    channels,
    customer_error_of,
    small_model,
    works,
)


def with_first(first: Channel) -> None:
    """Check the small model with one channel in place of the one of its name."""
    others = tuple(known for known in channels() if known.name != first.name)
    check_customer_errors(small_model(channels=(first, *others)))


def test_what_people_do_wrong_can_be_enacted() -> None:
    """A wrong PIN, an unknown item, silence at the confirmation, a mistyped message."""
    with_first(
        channel(
            "web",
            WEB,
            works=works(login=customer_error_of("wrong_pin"), order=customer_error_of("unknown_item")),
        )
    )
    with_first(channel("web", WEB, works=works(confirm=customer_error_of("shrugs", Outcome.UNCONFIRMED))))
    mistyped = works(query=customer_error_of("unknown_command"), order=customer_error_of("unknown_command"))
    with_first(channel("sms", GATEWAY, works=mistyped, dialogues={"query": BY_MESSAGE["query"]}))


@pytest.mark.parametrize(
    "spec",
    [
        channel("web", WEB, works=works(login=customer_error_of("forgot_glasses"))),
        channel("web", WEB, works=works(order=customer_error_of("wrong_pin"))),
        channel("web", WEB, works=works(query=customer_error_of("unknown_command"))),
    ],
    ids=["unheard of", "at the wrong turn", "on the wrong channel"],
)
def test_a_customer_error_that_cannot_be_reproduced_is_refused_before_the_run(spec: Channel) -> None:
    """The line names channel, turn and cause, and what can be enacted."""
    with pytest.raises(
        BadInputError, match=r"channel web, \w+: cannot simulate the customer's error .* expected wrong_pin: "
    ):
        with_first(spec)


def test_a_customer_error_that_never_happens_is_accepted() -> None:
    """A share of 0 needs no enactment."""
    with_first(channel("web", WEB, works=works(login=customer_error_of("forgot_glasses", share=0.0))))
