"""`footfall load URL --rate 60 --for 25s`: what a load without a model or a scenario plays."""

import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import typer

from footfall.cli.asked import asked_of
from footfall.cli.times import seconds_of
from footfall.load.endpoints.endpoints_file import endpoints_in, read_text
from footfall.load.http.connection_options import address_of
from footfall.load.url_load import FOR_S, UrlLoad, base_of, endpoints_text, errands_of, span_of, trace_of_url
from footfall.records.errors import BadInputError
from footfall.records.tables import write_text
from footfall.workload.scenario import Scenario
from footfall.workload.trace import Trace

CRITERION = "error(*) <= 2%"
"""What is asked of a load without a scenario, unless a share is asked of it."""
MADE_FILE = "endpoints.toml"

Url = Annotated[
    str | None,
    typer.Argument(
        metavar="URL",
        help="Load this address at a --rate, a GET for each arrival, without a scenario.",
        show_default=False,
    ),
]
Rate = Annotated[
    float | None,
    typer.Option(help="With URL: mean arrivals per second, a Poisson stream.", show_default=False),
]
For = Annotated[
    str | None,
    typer.Option(
        "--for",
        metavar="TIME",
        help=f"With URL: how long arrivals come, such as 25s or 2min. Default: {FOR_S:g}s.",
        show_default=False,
    ),
]
Even = Annotated[
    bool, typer.Option("--even", help="With URL: equal gaps between arrivals, not a Poisson stream.")
]
Get = Annotated[
    list[str] | None,
    typer.Option(
        "--get",
        metavar="PATH",
        help="With URL: a path below it; each arrival asks for one of them. May be repeated.",
        show_default=False,
    ),
]


@dataclass(frozen=True, slots=True, kw_only=True)
class UrlOptions:
    """What the command line says of a load without a scenario."""

    url: str | None
    rate: float | None
    for_text: str | None
    arrivals: int | None
    even: bool
    gets: tuple[str, ...]

    def beside_a_scenario(self) -> None:
        """See that none of the options is given without a URL.

        Raises:
            BadInputError: one is.
        """
        given: dict[str, object] = {"--rate": self.rate, "--for": self.for_text}
        given |= {"--even": self.even or None, "--get": self.gets or None}
        for option, value in given.items():
            if value is not None:
                raise BadInputError(option, "goes with a URL", f"footfall load URL … {option}")


@dataclass(frozen=True, slots=True, kw_only=True)
class AskedOf:
    """What is asked of the run: as `asked_of` takes it."""

    criteria: Path | None
    more: Sequence[str]
    longest_episode: str | None


@dataclass(frozen=True, slots=True)
class UrlPlay:
    """A load without a scenario, ready to be played."""

    trace: Trace
    host: str
    endpoints: Path
    settings: dict[str, Any]
    """What the manifest says of it."""


def refuse_beside_url(given: Mapping[str, object]) -> None:
    """See that no option of a scenario stands beside a URL.

    Raises:
        BadInputError: one does.
    """
    for option, value in given.items():
        if value not in {None, False, ()}:
            raise BadInputError(option, "goes with --scenario, not with a URL", "one or the other")


@contextmanager
def url_play(options: UrlOptions, given: Path | None, seed: int, asked: AskedOf) -> Iterator[UrlPlay]:
    """Give the trace, the host and the endpoints file; the one that is made lasts as long as the context.

    Raises:
        BadInputError: the URL, a number, a path, a criterion or the endpoints file is wrong.
    """
    url = options.url or ""
    address_of(url.partition("?")[0], "URL")
    for_s = None if options.for_text is None else seconds_of(options.for_text, "--for")
    load = UrlLoad(
        url=url,
        rate_per_s=options.rate,
        for_s=for_s,
        arrivals=options.arrivals,
        even=options.even,
        seed=seed,
    )
    span = span_of(load)
    if given is not None and options.gets:
        raise BadInputError("--get", "--endpoints says what is asked for", "one or the other")
    criteria = _criteria(url, asked)
    told = {"url": url, "rate_per_s": span.rate_per_s, "for_s": span.for_s, "even": options.even}
    with tempfile.TemporaryDirectory(prefix="footfall-") as folder:
        path, host = given, url
        if path is None:
            path, host = Path(folder) / MADE_FILE, base_of(url)
            write_text(endpoints_text(url, options.gets), path)
            # A file that was made is in the run's folder; where it lay meanwhile is of no use to anybody.
            told |= {"endpoints": MADE_FILE}
        errands = errands_of(endpoints_in(read_text(path), "URL" if given is None else str(path)))
        yield UrlPlay(trace_of_url(load, errands, criteria), host, path, told)


def _criteria(url: str, asked: AskedOf) -> tuple[str, ...]:
    says_a_share = any(line.strip().startswith(("error(", "success(")) for line in asked.more)
    plain = () if says_a_share else (CRITERION,)
    scenario = Scenario(name=url, title=url, question="", model="", criteria=plain)
    return asked_of(scenario, asked.criteria, asked.more, asked.longest_episode).criteria
