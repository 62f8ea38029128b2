"""Footfall's own options on Locust's command line and in the form of its web page."""

import sys
from argparse import SUPPRESS
from typing import Any

from footfall.load.play.settings import DRAIN_S
from footfall.load.web.drop_downs import add_drop_downs

HOST = "http://127.0.0.1:8080"


def add_options(parser: Any, scenarios: list[str], scenario: str | None) -> None:  # noqa: ANN401  Locust's own kind
    """Add the options; the web page and the load go to the loopback address unless told otherwise."""
    parser.set_defaults(web_host="127.0.0.1", master_bind_host="127.0.0.1", host=HOST)
    add = parser.add_argument
    add(
        "--scenario",
        choices=scenarios or None,
        default=scenario,
        env_var="FOOTFALL_SCENARIO",
        # Without a list, a text field would name any Python file of this machine.
        include_in_web_ui=bool(scenarios),
        help="what is played",
    )
    add("--trace", default="", include_in_web_ui=False, help="folder of a trace made by footfall trace")
    add(
        "--endpoints",
        default="",
        include_in_web_ui=False,
        help="TOML file that maps errands to a service's own",
    )
    folder = "folder for the results of this run: new, empty, or with a trace alone"
    add("--run-dir", default="", include_in_web_ui=False, help=folder)
    add_drop_downs(parser)
    add("--seed", default="", help="random numbers; empty: 1")
    drain = "seconds after the last arrival was due until whoever is still under way is cut off"
    add("--drain-s", default=str(DRAIN_S), include_in_web_ui=False, help=drain)
    sample = "share of the customers whose requests are kept one by one in hits.parquet; visits always are"
    add("--hits-sample", default="1", include_in_web_ui=False, help=sample)
    names = "further host names by which the web page may be opened, comma-separated"
    add("--web-names", default="", env_var="FOOTFALL_WEB_NAMES", include_in_web_ui=False, help=names)
    control = "do not ask the service from a separate process as well, for comparison"
    add("--no-control", action="store_true", include_in_web_ui=False, help=control)
    wait = "seconds after which a worker that finds no master gives up"
    add("--master-wait-s", default=120.0, type=float, include_in_web_ui=False, help=wait)
    sharing = "whose the connections are: customer (each their own, the default), shared, request (one each)"
    add("--connections", default="", include_in_web_ui=False, help=sharing)
    ca = "file with the certificate of the service's CA, in PEM, trusted in place of the system's"
    add("--ca-file", default="", include_in_web_ui=False, help=ca)
    insecure = "check no certificate of the service"
    add("--insecure", action="store_true", include_in_web_ui=False, help=insecure)
    add("--run-dir-lock", default="", include_in_web_ui=False, help=SUPPRESS)
    add("--stall-s", default="0", include_in_web_ui=False, help=SUPPRESS)
    add("--stall-every-s", default="0", include_in_web_ui=False, help=SUPPRESS)


def give_up(line: str) -> None:
    """End the program with one line and exit code 2.

    Raises:
        SystemExit: always.
    """
    sys.stderr.write(f"error: {line}\n")
    raise SystemExit(2)
