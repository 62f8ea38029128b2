"""How a trace is played: the options of a load test, each declared once.

Python's `load_test`, the command lines of `footfall load` and of Locust, Locust's process and its workers all
take them from here: to add an option, add a field and use it where it acts.
"""

from argparse import ArgumentError, ArgumentParser
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, TypeVar

from pydantic import BaseModel, ConfigDict, Field, ValidationError
from pydantic.fields import FieldInfo

from footfall._load.http.connection_options import SHARINGS, Sharing, TransportAsked
from footfall._load.own_users import NO_USERS, OwnUsers, Unmapped, users_in
from footfall._records.errors import BadInputError


@dataclass(frozen=True, slots=True, kw_only=True)
class Flag:
    """How an option is written on a command line."""

    name: str
    """Such as `--drain-s`; of a switch that is on, `--control/--no-control`."""
    expected: str = "a value as --help says"
    """What stands in the error where the value is something else."""
    metavar: str | None = None
    hidden: bool = False
    in_locust: bool = True
    """False: Locust has the option itself."""

    @property
    def locust_name(self) -> str:
        """The one name that Locust's parser takes: of a switch that is on, the one that turns it off."""
        return self.name.rpartition("/")[2]

    @property
    def locust_dest(self) -> str:
        """What Locust's parser calls the value."""
        return self.locust_name.removeprefix("--").replace("-", "_")


PROCESSES_MOST = 64
REPEATS_MOST = 50
"""Most runs of one trace at a service."""
_SECONDS = "seconds, not negative"


class LoadOptions(BaseModel):
    """How load is generated; the same options for every process of the run."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    endpoints: Annotated[Path | None, Flag(name="--endpoints", metavar="FILE")] = Field(
        None, description="With --host: TOML file of the service's own requests. Default: the scenario's."
    )
    locustfile: Annotated[Path | None, Flag(name="--locustfile", metavar="FILE", in_locust=False)] = Field(
        None, description="Python file with Locust users of your own that serve channels of the model."
    )
    unmapped: Annotated[Unmapped, Flag(name="--unmapped", expected="refuse or skip")] = Field(
        "refuse",
        description="With a locustfile: whether visits that no user serves refuse the run, or are left out.",
    )
    connections: Annotated[
        Sharing | None, Flag(name="--connections", expected=f"one of {', '.join(SHARINGS)}")
    ] = Field(
        None,
        description="Each customer's own, kept while their errand lasts; a pool that all share; or one for "
        "each request. Default: the endpoints file's, else customer.",
    )
    ca_file: Annotated[Path | None, Flag(name="--ca-file", metavar="FILE")] = Field(
        None, description="Certificates, in PEM, that are trusted in place of the system's."
    )
    insecure: Annotated[bool, Flag(name="--insecure")] = Field(
        default=False, description="Check no certificate of the service."
    )
    processes: Annotated[int, Flag(name="--processes", in_locust=False)] = Field(
        1, description="Generating processes, all on this machine; -1: one a core."
    )
    hits_sample_share: Annotated[
        float, Flag(name="--hits-sample", expected="a share of at least 0.001, at most 1")
    ] = Field(1.0, ge=0.001, le=1, description="Share of the customers whose requests are kept one by one.")
    label: Annotated[str, Flag(name="--label", metavar="TEXT", expected="at most 200 characters")] = Field(
        "", max_length=200, description="What is tested, in a few words, for the manifest and the report."
    )
    drain_s: Annotated[float, Flag(name="--drain-s", expected=_SECONDS)] = Field(
        120.0, ge=0, description="Seconds to wait for the last customers."
    )
    control: Annotated[bool, Flag(name="--control/--no-control")] = Field(
        default=True,
        description="Ask the service from a separate process as well, a few times a second, for comparison.",
    )
    stall_s: Annotated[float, Flag(name="--stall-s", expected=_SECONDS, hidden=True)] = Field(
        0.0, ge=0, description="For tests of validity: the generator is blocked for so long …"
    )
    stall_every_s: Annotated[float, Flag(name="--stall-every-s", expected=_SECONDS, hidden=True)] = Field(
        0.0, ge=0, description="… once in so many seconds."
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
        """Whose the connections are, and which certificates are trusted."""
        return TransportAsked(connections=self.connections, ca_file=self.ca_file, insecure=self.insecure)


AS_USUAL = LoadOptions()
Options = TypeVar("Options", bound=BaseModel)


@dataclass(frozen=True, slots=True)
class Declared:
    """An option of `LoadOptions`, for those who make a command line of it."""

    name: str
    flag: Flag
    field: FieldInfo

    @property
    def help(self) -> str:
        """One sentence or two."""
        return self.field.description or ""

    @property
    def bounds(self) -> tuple[float | None, float | None]:
        """The least and the greatest value; None: there is none."""
        least, most = (
            next((getattr(each, end) for each in self.field.metadata if hasattr(each, end)), None)
            for end in ("ge", "le")
        )
        return least, most

    @property
    def locust_help(self) -> str:
        """The same for Locust's parser, where a switch that is on is turned off."""
        return f"do not: {self.help}" if "/" in self.flag.name else self.help


def declared(of: type[BaseModel] = LoadOptions) -> list[Declared]:
    """Give the options that are declared in a class, in the order of their help."""
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
        first = error.errors()[0]
        name = str(first["loc"][0])
        known = {each.name: each.flag for each in declared(of)}
        if name not in known:
            raise BadInputError(name, "is not an option here", " or ".join(known)) from error
        where = known[name].name.partition("/")[0]
        raise BadInputError(where, f"{first['input']!r}", known[name].expected) from error


def load_options(given: Mapping[str, Any]) -> LoadOptions:
    """Check the options of a load test, by their names in Python; numbers may be texts.

    Raises:
        BadInputError: a value is impossible, a name is unknown, or two contradict each other.
    """
    options = checked(LoadOptions, given)
    if options.processes != -1 and not 1 <= options.processes <= PROCESSES_MOST:
        expected = f"1 to {PROCESSES_MOST}, or -1"
        raise BadInputError(f"--processes {options.processes}", "is out of range", expected)
    if options.stall_s and options.stall_every_s <= options.stall_s:
        expected = f"more than --stall-s {options.stall_s:g}"
        raise BadInputError("--stall-every-s", f"{options.stall_every_s:g}", expected)
    return options


def from_words(words: Sequence[str], *of: type[BaseModel]) -> dict[str, str | bool]:
    """Read words of a command line, such as `--processes 2`, as options of these classes by their names.

    Raises:
        BadInputError: a word is no such option, or lacks its value.
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
        raise BadInputError(f"options {unknown[0]}", "is no option of a run", "as footfall load --help says")
    return {name: value for name, value in vars(found).items() if value is not None}
