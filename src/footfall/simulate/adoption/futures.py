"""Futures: every slope drawn from its range, each future a function of its own number."""

from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel
from scipy import special

from footfall.simulate.decide import keyed
from footfall.simulate.spec.adoption import Adoption, Slope

_FUTURES = -3
"""A replication number of their own."""
_Z_95 = float(special.ndtri(0.95))
Floats = NDArray[np.float64]
Slopes = dict[str, Floats]
"""By path of the slope within `Adoption`: its value in every future; future 0 is the central one."""


def drawn(adoption: Adoption, seed: int, futures: int) -> Slopes:
    """Give every slope in the central future (all slopes at their value) and in futures 1 to `futures`.

    value * exp(z ln(range_factor) / 1.645) with z normal, keyed by (seed, future, path): a future
    stays the same whichever others are asked for.
    """
    keys = keyed.customer_keys(keyed.run_key(seed, _FUTURES), np.arange(1, futures + 1, dtype=np.int64))
    return {path: _values(slope, path, keys) for path, slope in slopes(adoption)}


def slopes(spec: Any, path: str = "") -> Iterator[tuple[str, Slope]]:  # noqa: ANN401  any part of a spec
    """Every slope of a spec with its dotted path."""
    if isinstance(spec, Slope):
        yield path, spec
        return
    parts = spec if isinstance(spec, dict) else {}
    if isinstance(spec, BaseModel):
        parts = {name: getattr(spec, name) for name in type(spec).model_fields}
    for name, value in parts.items():
        yield from slopes(value, f"{path}.{name}" if path else str(name))


def _values(slope: Slope, path: str, keys: NDArray[np.uint64]) -> Floats:
    spread = np.log(float(slope.range_factor)) / _Z_95
    z = special.ndtri(keyed.uniforms(keys, f"adoption.{path}"))
    values: Floats = float(slope.value) * np.exp(spread * np.concatenate([[0.0], z]))
    return values
