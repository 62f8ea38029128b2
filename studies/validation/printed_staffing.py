"""What other programs print for cases that a formula answers."""

from dataclasses import dataclass

from footfall.theory.many_servers import StaffingTarget


@dataclass(frozen=True, slots=True)
class Printed:
    """A case of another program's documentation or tests, and the figures as it prints them."""

    program: str
    arrivals_per_s: float
    service_s: float
    target: StaffingTarget
    figures: dict[str, str]
    """By field of `Staffing`, with the digits printed."""


PRINTED = (
    Printed(
        "pyworkforce 0.5.1 (MIT), queuing/tests/test_erlang.py",
        100 / 1800,
        180,
        StaffingTarget(0.33 * 60, 0.8, 0.85, 0.3),
        {
            "servers": "14",
            "positions": "20",
            "service_level": "0.888",
            "occupancy": "0.714",
            "waits_share": "0.174",
        },
    ),
    Printed(
        "pyworkforce 0.5.1 (MIT), queuing/tests/test_erlang.py, at most 70 % occupied",
        100 / 1800,
        180,
        StaffingTarget(0.33 * 60, 0.8, 0.70, 0.3),
        {
            "servers": "15",
            "positions": "22",
            "service_level": "0.941",
            "occupancy": "0.667",
            "waits_share": "0.102",
        },
    ),
    Printed(
        "call_center_tools 1.0.0 (MIT), README",
        1000 / 3600,
        120,
        StaffingTarget(20, 0.8, 0.85, 0.3),
        {
            "servers": "40",
            "positions": "58",
            "waits_share": "0.1907",
            "service_level": "0.9372",
            "wait_mean": "3.43",
            "occupancy": "0.8333",
        },
    ),
)
"""Waits in seconds, shares 0 to 1."""
