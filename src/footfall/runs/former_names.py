"""Module and class names of former releases, so that model files written with them still run."""

import sys
from importlib import import_module
from types import ModuleType
from typing import Any

_PACKAGES = ("footfall.simulate.spec", "footfall.simulate.fit")
_MODULES = {
    "footfall.records.outcomes": "footfall.records.rows",
    "footfall.simulate.spec.adoption": "footfall.model.population",
    "footfall.simulate.spec.agents": "footfall.model.station_specs",
    "footfall.simulate.spec.base": "footfall.model.numbers",
    "footfall.simulate.spec.channel": "footfall.model.channel",
    "footfall.simulate.spec.client": "footfall.model.station_specs",
    "footfall.simulate.spec.duration": "footfall.model.durations",
    "footfall.simulate.spec.limits": "footfall.model.station_specs",
    "footfall.simulate.spec.model": "footfall.model.model",
    "footfall.simulate.spec.number": "footfall.model.numbers",
    "footfall.simulate.spec.people": "footfall.model.population",
    "footfall.simulate.spec.station": "footfall.model.station_specs",
    "footfall.simulate.spec.times": "footfall.model.durations",
    "footfall.simulate.calibrate": "footfall.choice.calibration",
    "footfall.simulate.fit.build": "footfall.fit.fitted_model",
}
_NAMES = {"Law": "DistributionFamily", "Opening": "OpeningHours", "Turn": "Step"}


def offer_former_names() -> None:
    """Let `import footfall.simulate.spec.…` of a former release find what it meant; done once."""
    for name in _PACKAGES:
        package = ModuleType(name)
        package.__path__ = []
        sys.modules.setdefault(name, package)
    for former, now in _MODULES.items():
        sys.modules.setdefault(former, _Former(former, now))


class _Former(ModuleType):
    """A module under its former name."""

    def __init__(self, name: str, now: str) -> None:
        super().__init__(name)
        self._now = now

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401  a name of any kind
        if name.startswith("__"):
            raise AttributeError(name)
        return getattr(import_module(self._now), _NAMES.get(name, name))
