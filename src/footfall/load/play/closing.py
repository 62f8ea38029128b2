"""The end of a play: its files, and the manifest where this process keeps it."""

import logging
from dataclasses import replace

from footfall.load.account import Account
from footfall.load.play.preparation import Prepared
from footfall.load.result import LoadResult
from footfall.records.runs import now, write_manifest

logger = logging.getLogger(__name__)


def write_down(prepared: Prepared, account: Account, result: LoadResult) -> None:
    """Write visits, hits and sums into the run folder, and the manifest's last word.

    Raises:
        BadInputError: the folder cannot be written.
    """
    account.records.write(prepared.run_dir, result)
    if prepared.manifest is not None:
        done = replace(
            prepared.manifest,
            status=result.status,
            arrivals=result.arrivals,
            lag_s=result.lag_s,
            workers=result.workers,
            degraded=result.degraded,
            ended_at=now(),
        )
        write_manifest(prepared.run_dir, done)
    logger.info("%s: %s, lag %s", prepared.run_dir, result.arrivals, result.lag_s)
