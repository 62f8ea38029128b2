"""The books of a play: opened before it, and written down at its end."""

import logging
from dataclasses import replace

from footfall.load.account import Account
from footfall.load.control import Control, control_target
from footfall.load.play.preparation import Prepared
from footfall.load.result import LoadResult
from footfall.records.abort import abort_rules
from footfall.records.rows import Arrival
from footfall.records.runs import now, write_manifest

logger = logging.getLogger(__name__)


def account_of(prepared: Prepared) -> Account:
    """Open the account of a play: its arrivals, and what would end it early.

    Raises:
        BadInputError: an abort criterion of the trace is malformed.
    """
    info = prepared.trace.info
    arrivals = [Arrival(**row) for row in prepared.trace.arrivals.iter_rows(named=True)]
    rules = abort_rules(info.criteria, f"scenario {info.scenario}")
    return Account(arrivals, rules, prepared.run_dir)


def control_of(prepared: Prepared, account: Account) -> Control | None:
    """Give the control of a run, not started; None where none is asked for or possible."""
    settings, trace = prepared.settings, prepared.trace
    arrivals_per_s = trace.arrivals.height / trace.info.play.seconds
    target = control_target(prepared.own, arrivals_per_s) if settings.control else None
    if target is None:
        return None
    account.control_step = target.step
    return Control(settings.host, target, prepared.transport)


def is_ended_early(account: Account) -> bool:
    """Whether the play is not worth going on, by a criterion of its own."""
    if account.ended_early_by:
        logger.warning("ended early: %s", account.ended_early_by)
    return bool(account.ended_early_by)


def write_down(prepared: Prepared, account: Account, result: LoadResult) -> None:
    """Write visits, hits and sums into the run folder, and the manifest's last word.

    Raises:
        BadInputError: the folder cannot be written.
    """
    account.latencies.write(prepared.run_dir)
    account.records.write(prepared.run_dir, result)
    if prepared.manifest is not None:
        done = replace(prepared.manifest, **result.for_manifest(), ended_at=now())
        write_manifest(prepared.run_dir, done)
    logger.info("%s: %s, lag %s", prepared.run_dir, result.arrivals, result.lag_s)
