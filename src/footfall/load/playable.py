"""Refuse to play what the simulator alone can do, before anything is written."""

from footfall.records.errors import BadInputError
from footfall.simulate.decide.further import in_model
from footfall.simulate.spec.model import Model


def check_playable(model: Model, *, at_own_service: bool) -> None:
    """See that all who take part in a play can do what its model says.

    Played customers send a request once and leave retries to the customer's own follow-up; what a
    foreign server does inside is its own affair.

    Raises:
        BadInputError: a channel's clients try again or break a circuit, or the reference service would
            have to serve as it cannot.
    """
    found = in_model(model, server=at_own_service)
    if found:
        expected = "a model without it, or footfall simulate"
        raise BadInputError(found[0], "cannot be played, only simulated", expected)
