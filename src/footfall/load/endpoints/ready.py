"""Make an endpoints file ready for a play: read, hold against the trace, find its secrets, keep a copy."""

import hashlib
import os
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from footfall.load.endpoints.coverage import covered, without_published_targets
from footfall.load.endpoints.own_service import OwnService
from footfall.load.endpoints.read import endpoints_in, read_text, secrets_of
from footfall.load.trace import Trace, TraceInfo
from footfall.load.transport.options import TransportAsked, TransportOptions
from footfall.records.errors import BadInputError
from footfall.records.tables import write_text

COPY = "endpoints.toml"
"""In the run folder; its secrets are names of variables, by construction."""


@dataclass(frozen=True, slots=True)
class OwnPlay:
    """A trace as it can be played at a host, and how."""

    trace: Trace
    service: OwnService | None = field(default=None, repr=False)
    """None: the reference service's own routes."""
    text: str = ""
    """Of the endpoints file: plain data that can be sent elsewhere."""


def own_play(path: Path | None, trace: Trace) -> OwnPlay:
    """Make a file ready for a trace; without one, the trace goes to the reference service's routes as it is.

    Raises:
        BadInputError: the file is wrong, a secret is not set, or arrivals have no errand.
    """
    if path is None:
        return OwnPlay(trace)
    text, where = read_text(path), str(path)
    trace = without_published_targets(covered(trace, endpoints_in(text, where), where))
    return OwnPlay(trace, own_service(text, where, trace.info), text)


def own_service(text: str, where: str, info: TraceInfo) -> OwnService:
    """Give the service of an endpoints file's text, with the secrets of this process's own environment.

    Raises:
        BadInputError: the text is wrong, or a secret is not set.
    """
    endpoints = endpoints_in(text, where)
    return OwnService(endpoints, secrets_of(endpoints, os.environ, where), info.play.human_time_factor)


def file_of(given: Path | None, info: TraceInfo) -> Path | None:
    """Give the file that counts: the one that is named, else that of the trace's scenario."""
    return given or (Path(info.endpoints) if info.endpoints else None)


def transport_of(asked: TransportAsked, given: Path | None, info: TraceInfo) -> TransportOptions:
    """Give how connections are made: by options, else by the endpoints file, else the usual way.

    Raises:
        BadInputError: a file is wrong or cannot be read.
    """
    path = file_of(given, info)
    if path is None:
        return asked.options()
    endpoints = endpoints_in(read_text(path), str(path))
    ca_file = path.parent / endpoints.ca_file if endpoints.ca_file else None
    return asked.options(endpoints.connections, ca_file)


def told(given: Path | None, info: TraceInfo) -> dict[str, Any]:
    """Give what a manifest says of it: the file, its sha256, how many arrivals were left out, by errand."""
    path = file_of(given, info)
    if path is None:
        return {}
    digest = hashlib.sha256(read_text(path).encode()).hexdigest()
    return {"endpoints": str(path), "endpoints_sha256": digest, "left_out": info.left_out}


def keep_copy(run_dir: Path, play: OwnPlay) -> None:
    """Leave the file in the run folder, and none where there was none.

    Raises:
        BadInputError: the folder cannot be written.
    """
    if play.service is not None:
        write_text(play.text, run_dir / COPY)
        return
    try:
        (run_dir / COPY).unlink(missing_ok=True)
    except OSError as error:
        reason = (error.strerror or str(error)).lower()
        raise BadInputError(str(run_dir / COPY), reason, "a folder that can be written") from error
