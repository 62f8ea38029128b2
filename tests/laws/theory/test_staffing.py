"""The staffing that other programs print, met to the last digit."""

import pytest

from footfall.theory.many_servers import StaffingTarget, erlang_c_service_level, staffing
from studies.validation.printed_staffing import PRINTED, Printed


@pytest.mark.parametrize("case", PRINTED, ids=lambda case: case.program)
def test_the_staffing_is_what_the_program_prints(case: Printed) -> None:
    """Whole servers and people exactly, shares and waits to the digits printed."""
    found = staffing(case.arrivals_per_s, case.service_s, case.target)
    for name, printed in case.figures.items():
        digits = len(printed.partition(".")[2])
        assert f"{getattr(found, name):.{digits}f}" == printed, name


@pytest.mark.parametrize("load", [0.5, 3.0, 33.3, 400.0])
def test_one_server_less_would_miss_a_target(load: float) -> None:
    """The number found is the smallest."""
    target = StaffingTarget(20, 0.9, 0.9, 0.25)
    found = staffing(load / 120, 120, target)
    assert found.service_level >= 0.9
    assert found.occupancy <= 0.9
    assert 0.75 * found.positions >= found.servers > 0.75 * (found.positions - 1)
    fewer = found.servers - 1
    crowded = load / fewer > 0.9 if fewer else True
    assert crowded or erlang_c_service_level(fewer, load / 120, 1 / 120, 20) < 0.9


@pytest.mark.parametrize(
    "target", [StaffingTarget(20, 1.0), StaffingTarget(20, 0.8, 0.0), StaffingTarget(20, 0.8, 0.9, 1.0)]
)
def test_a_target_that_nobody_can_hold_is_refused(target: StaffingTarget) -> None:
    """All at once, no work, or all the time away."""
    with pytest.raises(ValueError, match=r"in 0 … 1|not below 1"):
        staffing(0.1, 100, target)
