"""What a play in Locust is asked to do, from its options or the form of its web page."""

import os
from argparse import Namespace
from dataclasses import dataclass, field
from pathlib import Path

from footfall.load.transport.message import is_header_value
from footfall.load.transport.options import NOT_ASKED, SHARINGS, Sharing, TransportAsked
from footfall.records.errors import BadInputError

TOKEN_VARIABLE = "FOOTFALL_CONTROL_TOKEN"  # noqa: S105  the name of a variable
GATEWAY_VARIABLE = "FOOTFALL_GATEWAY_KEY"
DRAIN_S = 120.0
TRACE_OPTIONS = ("speed", "window", "scale", "seed")
"""Handed on to `footfall trace` when the trace is made for this play."""
OWN = "scenario's own"
"""What the page shows where a value is left to the scenario."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PlaySettings:
    """One play."""

    host: str
    trace: Path | None
    """Folder of a trace; None: it is made from the scenario."""
    scenario: str | None
    run_dir: Path | None
    """None: a new folder below `results/`."""
    run_dir_lock: int | None = None
    """Descriptor of the folder's lock, inherited from the program that started this one; None: no lock."""
    drain_s: float
    """Those still under way this long after the last arrival was due are cut off."""
    stall_s: float
    """For tests of validity: the generator is blocked for so long …"""
    stall_every_s: float
    """… once in so many seconds; 0: never."""
    control: bool = True
    """Whether a separate process asks the service, too, for comparison."""
    hits_sample_share: float = 1.0
    """Share of the customers whose requests are kept one by one, above 0, at most 1."""
    endpoints: Path | None = None
    """File that maps errands to a service's own requests; None: the trace's, or the reference service's."""
    transport: TransportAsked = NOT_ASKED
    """Whose the connections are, and which certificates are trusted."""
    trace_options: tuple[tuple[str, str], ...] = ()
    control_token: str = field(default="", repr=False)
    gateway_key: str = field(default="", repr=False)


def settings_of(options: Namespace) -> PlaySettings:
    """Read the settings from Locust's parsed options.

    Raises:
        BadInputError: a value is missing or impossible.
    """
    trace = _text(options.trace)
    scenario = _text(options.scenario)
    if trace is None and scenario is None:
        raise BadInputError("--trace", "missing", "the folder of a trace, or --scenario")
    stall_s, every_s = _seconds(options, "stall_s"), _seconds(options, "stall_every_s")
    if stall_s and every_s <= stall_s:
        raise BadInputError("--stall-every-s", f"{every_s:g}", f"more than --stall-s {stall_s:g}")
    given = [(name, _text(getattr(options, name))) for name in TRACE_OPTIONS]
    return PlaySettings(
        host=str(options.host or ""),
        trace=Path(trace) if trace else None,
        scenario=scenario,
        run_dir=Path(run_dir) if (run_dir := _text(options.run_dir)) else None,
        run_dir_lock=int(lock) if (lock := str(options.run_dir_lock)).isdigit() else None,
        endpoints=Path(endpoints) if (endpoints := _text(options.endpoints)) else None,
        drain_s=_seconds(options, "drain_s"),
        stall_s=stall_s,
        stall_every_s=every_s,
        control=not options.no_control,
        hits_sample_share=_share(options, "hits_sample"),
        transport=TransportAsked(
            connections=_sharing(options.connections),
            ca_file=Path(ca_file) if (ca_file := _text(options.ca_file)) else None,
            insecure=bool(options.insecure),
        ),
        trace_options=tuple((name, text) for name, text in given if text is not None),
        control_token=os.environ.get(TOKEN_VARIABLE, ""),
        gateway_key=gateway_key(),
    )


def _share(options: Namespace, name: str) -> float:
    value = getattr(options, name)
    try:
        share = float(value)
    except (TypeError, ValueError):
        share = 0.0
    if not 0 < share <= 1:
        raise BadInputError(f"--{name.replace('_', '-')}", f"{value!r}", "a share above 0, at most 1")
    return share


def _sharing(value: object) -> Sharing | None:
    found = next((each for each in SHARINGS if each == _text(value)), None)
    if found is None and _text(value) is not None:
        raise BadInputError("--connections", f"{value!r}", f"one of {', '.join(SHARINGS)}")
    return found


def gateway_key() -> str:
    """Give the key of the service's SMS routes: only the environment has it, of a worker its own.

    Raises:
        BadInputError: no header can carry it.
    """
    key = os.environ.get(GATEWAY_VARIABLE, "")
    if not is_header_value(key):
        raise BadInputError(
            GATEWAY_VARIABLE, "holds what no header can carry", "letters without a line break"
        )
    return key


def _text(value: object) -> str | None:
    """Give an option as text; the page sends what is left to the scenario as an empty text or in words."""
    text = "" if value is None else str(value).strip()
    return None if text in {"", OWN} else text


def _seconds(options: Namespace, name: str) -> float:
    value = getattr(options, name)
    try:
        seconds = float(value)
    except (TypeError, ValueError):
        seconds = -1.0
    if not 0 <= seconds < float("inf"):
        raise BadInputError(f"--{name.replace('_', '-')}", f"{value!r}", "seconds, not negative")
    return seconds
