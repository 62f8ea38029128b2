"""Footfall's own options on Locust's command line and in the form of its web page."""

import sys
from argparse import SUPPRESS, ArgumentParser
from typing import Any

from footfall.load.play.settings import DRAIN_S
from footfall.load.web.drop_downs import add_drop_downs

HOST = "http://127.0.0.1:8080"
_SEVERAL = ("processes", "master", "worker")


def add_options(parser: Any, scenarios: list[str], scenario: str | None) -> None:  # noqa: ANN401  Locust's own kind
    """Add the options; the web page and the load go to the loopback address unless told otherwise."""
    parser.set_defaults(web_host="127.0.0.1", host=HOST)
    add = parser.add_argument
    add(
        "--scenario",
        choices=scenarios or None,
        default=scenario,
        env_var="FOOTFALL_SCENARIO",
        help="what is played; its trace is made before the run unless --trace names one",
    )
    add("--trace", default="", include_in_web_ui=False, help="folder of a trace made by footfall trace")
    add("--run-dir", default="", include_in_web_ui=False, help="folder for the results of this run")
    add_drop_downs(parser)
    add("--seed", default="", help="seed of all random numbers; empty: 1")
    drain = "seconds after the last arrival was due until whoever is still under way is cut off"
    add("--drain-s", default=str(DRAIN_S), include_in_web_ui=False, help=drain)
    add("--stall-s", default="0", include_in_web_ui=False, help=SUPPRESS)
    add("--stall-every-s", default="0", include_in_web_ui=False, help=SUPPRESS)
    _refuse_several(parser)


def _refuse_several(parser: ArgumentParser) -> None:
    """End the program if several processes are asked for: each would play the whole trace.

    It is asked here because Locust forks before it tells anybody else.
    """
    words = [word for word in sys.argv[1:] if word not in {"-h", "--help", "-V", "--version"}]
    options, _ = parser.parse_known_args(words)
    for name in _SEVERAL:
        if getattr(options, name, None):
            give_up(f"--{name}: a trace is played by one process so far; expected no such option")


def give_up(line: str) -> None:
    """End the program with one line and exit code 2.

    Raises:
        SystemExit: always.
    """
    sys.stderr.write(f"error: {line}\n")
    raise SystemExit(2)
