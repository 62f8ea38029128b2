"""Shares depend on waits and waits on shares: where both agree."""

from footfall.simulate.equilibrium.solve import Equilibrium, equilibrium, with_expected_waits
from footfall.simulate.equilibrium.stations import wait_mean, waits_s

__all__ = ["Equilibrium", "equilibrium", "wait_mean", "waits_s", "with_expected_waits"]
