"""Customers who choose by the project's own rule, with coefficients that a test knows."""

from collections.abc import Callable

import numpy as np
import pytest

from footfall._behaviour import keyed
from footfall._behaviour.choice import nested_logit, pick
from studies.validation.estimate import Choices

ALTERNATIVES = ("hall", "kiosk", "web", "sms")
PARAMETERS = ("constant_kiosk", "constant_web", "constant_sms", "wait_min", "price_yuan")
NESTS = {"hall": "physical", "kiosk": "physical", "web": "electronic", "sms": "electronic"}
TRUE = np.array([-0.5, 0.4, 0.8, -0.06, -0.26])
SEED = 7
Simulated = Callable[..., Choices]


@pytest.fixture(scope="session")
def simulated() -> Simulated:
    """Make choices of customers of known coefficients and λ (physical, electronic), on keyed numbers."""

    def make(rows: int, physical: float = 1.0, electronic: float = 1.0, seed: int = SEED) -> Choices:
        keys = keyed.customer_keys(keyed.run_key(seed, 0), np.arange(rows))
        attributes = np.zeros((rows, 4, 5))
        attributes[:, (1, 2, 3), (0, 1, 2)] = 1.0
        for place, name in enumerate(ALTERNATIVES):
            attributes[:, place, 3] = 30 * keyed.uniforms(keys, f"wait.{name}")
            attributes[:, place, 4] = 4 * keyed.uniforms(keys, f"price.{name}")
        available = np.ones((rows, 4), dtype=np.bool_)
        available[:, 1] = keyed.uniforms(keys, "kiosk.there") < 0.8
        values = attributes @ TRUE
        u = keyed.uniforms(keys, "choice")
        lam = {"physical": physical, "electronic": electronic}
        chosen = np.zeros(rows, dtype=np.int64)
        for row in range(rows):
            open_to = {a: float(values[row, k]) for k, a in enumerate(ALTERNATIVES) if available[row, k]}
            chosen[row] = ALTERNATIVES.index(pick(nested_logit(open_to, NESTS, lam), float(u[row])) or "")
        return Choices(ALTERNATIVES, PARAMETERS, attributes, available, chosen, np.ones(rows))

    return make


@pytest.fixture(scope="session")
def plain(simulated: Simulated) -> Choices:
    """Give 6,000 customers to whom nests mean nothing."""
    return simulated(6000)


@pytest.fixture(scope="session")
def nested(simulated: Simulated) -> Choices:
    """Give 8,000 customers with λ 0.5 and 0.7."""
    return simulated(8000, 0.5, 0.7)
