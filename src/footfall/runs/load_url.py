"""The trace of a load without a model or a scenario: requests of a URL at a rate."""

import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from footfall.criteria import Criterion
from footfall.load.endpoints.endpoints_file import endpoints_in, read_text
from footfall.load.http.connection_options import address_of
from footfall.load.url_load import UrlLoad, base_of, endpoints_text, errands_of, span_of, trace_of_url
from footfall.records.errors import BadInputError
from footfall.records.tables import write_text
from footfall.runs.asked import asked_of, parsed
from footfall.workload.scenario import Scenario
from footfall.workload.trace import Trace

CRITERION = "error(*) <= 2%"
"""What is asked of a load without a scenario, unless a share is asked of it."""
MADE_FILE = "endpoints.toml"


@dataclass(frozen=True, slots=True, kw_only=True)
class AskedOf:
    """What is asked of the run: as `asked_of` takes it."""

    criteria: Path | None
    more: Sequence[str | Criterion]
    longest_episode: str | None


@dataclass(frozen=True, slots=True)
class UrlPlay:
    """A load without a scenario, ready to be played."""

    trace: Trace
    host: str
    endpoints: Path
    settings: dict[str, Any]
    """What the manifest says of it."""


@contextmanager
def url_play(load: UrlLoad, gets: tuple[str, ...], given: Path | None, asked: AskedOf) -> Iterator[UrlPlay]:
    """Give the trace, the host and the endpoints file; the one that is made lasts as long as the context.

    `gets` are paths below the URL, of which each arrival asks for one; `given` is an endpoints file.

    Raises:
        BadInputError: the URL, a number, a path, a criterion or the endpoints file is wrong.
    """
    url = load.url
    address_of(url.partition("?")[0], "URL")
    span = span_of(load)
    if given is not None and gets:
        raise BadInputError(
            "--get", "cannot be combined with --endpoints, which lists the requests", "one of the two"
        )
    criteria = _criteria(url, asked)
    told = {"url": url, "rate_per_s": span.rate_per_s, "for_s": span.for_s, "even": load.even}
    with tempfile.TemporaryDirectory(prefix="footfall-") as folder:
        path, host = given, url
        if path is None:
            path, host = Path(folder) / MADE_FILE, base_of(url)
            write_text(endpoints_text(url, gets), path)
            # A file that was made is in the run's folder; where it lay meanwhile is of no use to anybody.
            told |= {"endpoints": MADE_FILE}
        errands = errands_of(endpoints_in(read_text(path), "URL" if given is None else str(path)))
        yield UrlPlay(trace_of_url(load, errands, criteria), host, path, told)


def _criteria(url: str, asked: AskedOf) -> tuple[Criterion, ...]:
    more = parsed(asked.more)
    says_a_share = any(each.text.startswith(("error(", "success(")) for each in more)
    plain = () if says_a_share else (CRITERION,)
    scenario = Scenario(name=url, title=url, question="", model="", criteria=plain)
    return asked_of(scenario, asked.criteria, more, asked.longest_episode).criteria
