"""The options of a load test, each declared once.

Python's `load_test`, the command lines of `footfall load` and of Locust, Locust's process and its workers all
take them from here. To add an option, add a field and use it where it takes effect.
"""

from argparse import ArgumentError, ArgumentParser
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Self, TypeVar

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator
from pydantic.fields import FieldInfo

from footfall._load.http.wire_format import SHARINGS, Sharing, TransportAsked
from footfall._load.own_users import NO_USERS, OwnUsers, Unmapped, users_in
from footfall._records.errors import BadInputError, shown


@dataclass(frozen=True, slots=True, kw_only=True)
class Flag:
    """How an option is written on a command line."""

    name: str
    """Such as `--drain-s`; for a switch that is on by default, `--control/--no-control`."""
    expected: str = "a value as --help says"
    """What an error says was expected instead of a wrong value."""
    metavar: str | None = None
    hidden: bool = False
    in_locust: bool = True
    """False: Locust has the option itself."""

    @property
    def locust_name(self) -> str:
        """The name for Locust's parser; of a switch that is on by default, the one that turns it off."""
        return self.name.rpartition("/")[2]

    @property
    def locust_dest(self) -> str:
        """Attribute of the value in Locust's parsed options."""
        return self.locust_name.removeprefix("--").replace("-", "_")


PROCESSES_MOST = 64
REPEATS_MOST = 50
"""Most runs of one trace at a service."""
_SECONDS = "seconds, not negative"


class LoadOptions(BaseModel):
    """How load is generated; the same options for every process of the run."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    def __init__(self, **options: Any) -> None:  # noqa: ANN401  the options check themselves
        """Check the options.

        Raises:
            BadInputError: a value is impossible, or a name is unknown.
        """
        try:
            super().__init__(**options)
        except ValidationError as error:
            raise _refused(type(self), error) from error

    __init__.__pydantic_base_init__ = True  # type: ignore[attr-defined]  # data that is read is checked without it

    endpoints: Annotated[Path | None, Flag(name="--endpoints", metavar="FILE")] = Field(
        None, description="With --host: TOML file with the requests of the service. Default: the scenario's."
    )
    locustfile: Annotated[Path | None, Flag(name="--locustfile", metavar="FILE", in_locust=False)] = Field(
        None, description="Python file with Locust users of your own that serve channels of the model."
    )
    unmapped: Annotated[Unmapped, Flag(name="--unmapped", expected="refuse or skip")] = Field(
        "refuse",
        description="With --locustfile: refuse runs with visits that no user serves, or skip these visits.",
    )
    connections: Annotated[
        Sharing | None, Flag(name="--connections", expected=f"one of {', '.join(SHARINGS)}")
    ] = Field(
        None,
        description="How connections are shared: each customer's own, a pool for all, or one for each "
        "request. Default: the endpoints file's, otherwise customer.",
    )
    ca_file: Annotated[Path | None, Flag(name="--ca-file", metavar="FILE")] = Field(
        None, description="CA certificates, in PEM, to trust instead of the system's."
    )
    insecure: Annotated[bool, Flag(name="--insecure")] = Field(
        default=False, description="Do not check the service's certificate."
    )
    processes: Annotated[int, Flag(name="--processes", in_locust=False)] = Field(
        1, description="Number of generator processes on this machine; -1: one per core."
    )
    hits_sample_share: Annotated[
        float, Flag(name="--hits-sample", expected="a share of at least 0.001, at most 1")
    ] = Field(1.0, ge=0.001, le=1, description="Share of the customers whose single requests are recorded.")
    label: Annotated[str, Flag(name="--label", metavar="TEXT", expected="at most 200 characters")] = Field(
        "", max_length=200, description="What is tested, in a few words, for manifest and report."
    )
    drain_s: Annotated[float, Flag(name="--drain-s", expected=_SECONDS)] = Field(
        120.0, ge=0, description="Seconds after the last arrival until customers still under way are cut off."
    )
    control: Annotated[bool, Flag(name="--control/--no-control")] = Field(
        default=True,
        description="Send a control request from a separate process a few times a second, for comparison.",
    )
    server_pid: Annotated[
        int | None, Flag(name="--server-pid", metavar="PID", expected="a process id", in_locust=False)
    ] = Field(
        None,
        ge=1,
        description="With --host: process of the service on this machine, to sample its CPU, memory and "
        "connections once a second, with those of its child processes.",
    )
    metrics: Annotated[
        str | None, Flag(name="--metrics", metavar="URL", expected="http://… or https://…", in_locust=False)
    ] = Field(
        None,
        description="Prometheus server, or page in its text format, to read figures of the service from once "
        "a second: those that the endpoints file lists as [[metric]]. Default: the file's.",
    )
    otel: Annotated[
        str | None, Flag(name="--otel", metavar="URL", expected="http://… or https://…", in_locust=False)
    ] = Field(
        None,
        description="OpenTelemetry receiver (OTLP over HTTP) to export requests, visits and metrics to. "
        "Default: OTEL_EXPORTER_OTLP_ENDPOINT of the environment, if it is set.",
    )
    otel_run: Annotated[
        str,
        Flag(
            name="--otel-run", metavar="TEXT", expected="at most 64 characters", hidden=True, in_locust=False
        ),
    ] = Field(
        "",
        max_length=64,
        description="What the identifiers of exported spans are derived from. Default: random.",
    )
    stall_s: Annotated[float, Flag(name="--stall-s", expected=_SECONDS, hidden=True)] = Field(
        0.0, ge=0, description="For tests of validity: block the generator for this time …"
    )
    stall_every_s: Annotated[float, Flag(name="--stall-every-s", expected=_SECONDS, hidden=True)] = Field(
        0.0, ge=0, description="… every this many seconds."
    )

    @property
    def users(self) -> OwnUsers:
        """The users of the locustfile.

        Raises:
            BadInputError: it cannot be run, or drives no user.
        """
        return NO_USERS if self.locustfile is None else users_in(self.locustfile, self.unmapped)

    @property
    def transport(self) -> TransportAsked:
        """How connections are shared, and which certificates are trusted."""
        return TransportAsked(connections=self.connections, ca_file=self.ca_file, insecure=self.insecure)

    @model_validator(mode="after")
    def _possible(self) -> Self:
        """Check what one field alone does not show.

        Raises:
            BadInputError: there are too many or too few processes, or stalls run into each other.
        """
        if self.processes != -1 and not 1 <= self.processes <= PROCESSES_MOST:
            expected = f"1 to {PROCESSES_MOST}, or -1"
            raise BadInputError(f"--processes {self.processes}", "is out of range", expected)
        if self.stall_s and self.stall_every_s <= self.stall_s:
            expected = f"more than --stall-s {self.stall_s:g}"
            raise BadInputError("--stall-every-s", f"{self.stall_every_s:g}", expected)
        return self


DEFAULT_OPTIONS = LoadOptions()
Options = TypeVar("Options", bound=BaseModel)


@dataclass(frozen=True, slots=True)
class Declared:
    """A declared option, from which command lines are built."""

    name: str
    flag: Flag
    field: FieldInfo

    @property
    def help(self) -> str:
        """Its help text."""
        return self.field.description or ""

    @property
    def bounds(self) -> tuple[float | None, float | None]:
        """Smallest and largest value; None: no limit."""
        least, most = (
            next((getattr(each, end) for each in self.field.metadata if hasattr(each, end)), None)
            for end in ("ge", "le")
        )
        return least, most

    @property
    def locust_help(self) -> str:
        """Help for Locust's parser, where a switch that is on by default is turned off."""
        return f"turn off: {self.help}" if "/" in self.flag.name else self.help


def declared(of: type[BaseModel] = LoadOptions) -> list[Declared]:
    """Return the options that a class declares, in the order of their help."""
    found = []
    for name, field in of.model_fields.items():
        flags = [each for each in field.metadata if isinstance(each, Flag)]
        found += [Declared(name, flag, field) for flag in flags]
    return found


def checked(of: type[Options], given: Mapping[str, Any]) -> Options:
    """Check options, by their names in Python; numbers may be texts.

    Raises:
        BadInputError: a value is impossible, or a name is unknown.
    """
    try:
        return of.model_validate(dict(given))
    except ValidationError as error:
        raise _refused(of, error) from error


def _refused(of: type[BaseModel], error: ValidationError) -> BadInputError:
    first = error.errors()[0]
    name = str(first["loc"][0])
    known = {each.name: each.flag for each in declared(of)}
    if name not in known:
        return BadInputError(name, "is not an option here", f"one of {', '.join(known)}")
    where = known[name].name.partition("/")[0]
    return BadInputError(where, shown(first["input"]), known[name].expected)


def load_options(given: Mapping[str, Any]) -> LoadOptions:
    """Check the options of a load test, by their names in Python; numbers may be texts.

    Raises:
        BadInputError: a value is impossible, a name is unknown, or two values contradict each other.
    """
    return checked(LoadOptions, given)


def from_words(words: Sequence[str], *of: type[BaseModel]) -> dict[str, str | bool]:
    """Read arguments of a command line, such as `--processes 2`, as options of these classes.

    Raises:
        BadInputError: an argument is not an option of theirs, or has no value.
    """
    parser = ArgumentParser(add_help=False, exit_on_error=False, allow_abbrev=False)
    for each in (each for one in of for each in declared(one)):
        if isinstance(each.field.default, bool):
            on, _, off = each.flag.name.partition("/")
            parser.add_argument(on, dest=each.name, action="store_true", default=None)
            if off:
                parser.add_argument(off, dest=each.name, action="store_false", default=None)
        else:
            parser.add_argument(each.flag.name, dest=each.name)
    try:
        found, unknown = parser.parse_known_args(list(words))
    except ArgumentError as error:
        raise BadInputError("options", str(error), "options of footfall load") from error
    if unknown:
        raise BadInputError(
            f"options {unknown[0]}", "is not an option of a run", "an option that footfall load --help lists"
        )
    return {name: value for name, value in vars(found).items() if value is not None}
