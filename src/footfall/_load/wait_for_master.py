"""A master says where its workers must connect; a worker that finds no master says so, and gives up."""

import logging
from collections.abc import Callable
from typing import Any

import gevent

from footfall._load.locust_options import give_up

SAY_EVERY_S = 5.0
_LOOPBACK = frozenset({"127.0.0.1", "::1", "localhost"})
_EVERYWHERE = frozenset({"*", "0.0.0.0", "::"})  # noqa: S104  compared with, not bound
logger = logging.getLogger(__name__)


def where_workers_connect(host: str, port: int) -> str:
    """Say where a master listens and what a worker must be started with."""
    address = "this host's address" if host in _EVERYWHERE else host
    said = (
        f"workers connect to {host}:{port}: locust -f … --worker --master-host {address} --master-port {port}"
    )
    if host in _LOOPBACK:
        return f"{said} (from this machine only; --master-bind-host ADDRESS lets others in)"
    return said


def wait_for_master(parser: Any, has_begun: Callable[[], bool]) -> None:  # noqa: ANN401  Locust's own kind
    """Beside a worker that waits for its master: say so every few seconds, and end it after a bound.

    Locust itself waits for five minutes, at first without a word.

    Raises:
        SystemExit: with exit code 2, once `--master-wait-s` is over.
    """
    waited_s = 0.0
    while True:
        gevent.sleep(SAY_EVERY_S)
        if has_begun():
            return
        options, _ = parser.parse_known_args()
        if not options.worker:
            return
        waited_s += SAY_EVERY_S
        master = f"{options.master_host}:{options.master_port}"
        if waited_s >= options.master_wait_s:
            give_up(
                f"worker: no master answered at {master} within {waited_s:g} s; expected a running --master"
            )
        logger.warning("no master has answered at %s for %g s", master, waited_s)
