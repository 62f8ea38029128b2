"""The verdict on a run that Locust was started for by hand: `footfall gate`, in a process of its own."""

import logging
import subprocess
import sys
from pathlib import Path

from footfall.records.errors import BadInputError
from footfall.records.runs import read_manifest

_INVALID = 3
_JUDGED_S_MOST = 600.0
logger = logging.getLogger(__name__)


def judge(run_dir: Path) -> int:
    """Have a run judged and give the exit code: 0 pass, 1 fail, 3 undecided or invalid.

    A whole run without criteria ends with 0, and a line that says so.
    """
    try:
        manifest = read_manifest(run_dir)
    except BadInputError as error:
        logger.error("error: %s", error)  # noqa: TRY400  one line says it
        return _INVALID
    if not manifest.settings.get("criteria"):
        is_whole = manifest.status == "finished" and not manifest.degraded and not manifest.broken_reasons
        logger.info("%s: there are no criteria, so nothing is judged", run_dir)
        return 0 if is_whole else _INVALID
    command = [sys.executable, "-m", "footfall", "gate", str(run_dir)]
    try:
        done = subprocess.run(  # noqa: S603  our own program, arguments as a list
            command, stdin=subprocess.DEVNULL, timeout=_JUDGED_S_MOST, check=False
        )
    except (OSError, subprocess.SubprocessError) as error:
        logger.error("error: the run could not be judged: %s", type(error).__name__)  # noqa: TRY400  as above
        return _INVALID
    return done.returncode
