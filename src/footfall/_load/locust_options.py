"""Footfall's options on Locust's command line and web form, and the settings of a run."""

import json
import logging
import os
import sys
import tomllib
from argparse import SUPPRESS, Namespace
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import gevent

from footfall._load.http.wire_format import address_of, is_header_value
from footfall._load.options import DEFAULT_OPTIONS, LoadOptions, declared, load_options
from footfall._records.errors import BadInputError

HOSTS_FILE = Path("hosts.toml")
"""Names and addresses, one per line: `staging = "https://staging.example"`, or with an endpoints file
`staging = { url = "https://staging.example", endpoints = "shop.toml" }`."""
REFERENCE = "reference service, started for the run"
AS_IN_HOST = "the one under Host"
_HOSTS_MOST = 100


@dataclass(frozen=True, slots=True)
class HostProfile:
    """A service by name."""

    url: str
    endpoints: Path | None = None
    """Endpoints file of the service; None: the scenario's, otherwise the reference interface."""


def read_hosts(path: Path = HOSTS_FILE) -> dict[str, HostProfile]:
    """Return the services by name; empty if the file does not exist.

    Raises:
        BadInputError: the file cannot be read, or an entry is not a name with a web address.
    """
    if not path.exists():
        return {}
    expected = 'lines such as staging = "https://staging.example"'
    try:
        hosts = tomllib.loads(path.read_text(encoding="utf-8-sig"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise BadInputError(str(path), f"cannot be read ({error})", expected) from error
    if len(hosts) > _HOSTS_MOST:
        raise BadInputError(str(path), f"{len(hosts)} hosts", f"at most {_HOSTS_MOST}")
    for name in hosts:
        if name in {REFERENCE, AS_IN_HOST}:
            raise BadInputError(f"{path} {name}", "is a reserved name", "another name")
    return {name: _profile(value, f"{path} {name}") for name, value in hosts.items()}


def _profile(value: Any, where: str) -> HostProfile:  # noqa: ANN401  TOML
    """Read one line; a relative endpoints file is relative to the folder where Locust was started."""
    table = value if isinstance(value, dict) else {"url": value}
    if not isinstance(table.get("url"), str):
        raise BadInputError(where, "is not a text", 'an address, or { url = "…", endpoints = "FILE.toml" }')
    if unknown := sorted(set(table) - {"url", "endpoints"}):
        raise BadInputError(where, f"{unknown[0]!r} is unknown", "url and endpoints")
    address_of(table["url"], where)
    endpoints = table.get("endpoints")
    if endpoints is None:
        return HostProfile(table["url"])
    if not isinstance(endpoints, str) or not Path(endpoints).is_file():
        raise BadInputError(where, f"endpoints: no such file: {endpoints}", "an endpoints file, in TOML")
    return HostProfile(table["url"], Path(endpoints))


def host_of(profile: str, host_field: str) -> HostProfile | None:
    """Return the service of a profile; None: the reference service, which is started for the run.

    Raises:
        BadInputError: the profile is unknown.
    """
    if profile == REFERENCE:
        return None
    if profile == AS_IN_HOST:
        return HostProfile(host_field)
    hosts = read_hosts()
    if profile not in hosts:
        expected = ", ".join([REFERENCE, AS_IN_HOST, *hosts])
        raise BadInputError(f"--host-profile {profile}", "no such host", f"one of {expected}")
    return hosts[profile]


# ── Settings of a run, from Locust's options or the form of its web page

logger = logging.getLogger(__name__)
TOKEN_VARIABLE = "FOOTFALL_CONTROL_TOKEN"  # noqa: S105  the name of a variable
GATEWAY_VARIABLE = "FOOTFALL_GATEWAY_KEY"
TRACE_OPTIONS = ("speed", "window", "scale", "seed")
"""Passed on if the trace is made for this run."""
OWN = "scenario's own"
"""Shown by the page where the scenario's value applies."""


LOAD_RUN, FIND_CAPACITY, WHOLE_LOOP = "load run", "find the capacity", "whole loop"
"""What can be started from the page."""
JOBS = {FIND_CAPACITY: "capacity", WHOLE_LOOP: "loop"}
"""The jobs of Footfall that choose their loads themselves, by what the page calls them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SearchSettings:
    """A search for capacity, or the whole loop, as it is asked for on the page."""

    job: str
    """`capacity` or `loop`."""
    budget: str
    """Time for all of it, such as `5min`."""
    path: str | None = None
    """Path of the service that each arrival gets; None: the scenario's customers come."""
    criteria: tuple[str, ...] = ()
    """What must hold, in addition to the scenario's own."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LocustRunSettings:
    """Settings of one run in Locust."""

    host: str
    trace: Path | None
    """Folder of a trace; None: it is made from the scenario."""
    scenario: str | None
    run_dir: Path | None
    """None: a new folder below `results/`."""
    run_dir_lock: int | None = None
    """Descriptor of the folder's lock, inherited from the program that started this one; None: no lock."""
    series: Path | None = None
    """Folder whose load steps are played one after another; None: one run."""
    options: LoadOptions = DEFAULT_OPTIONS
    trace_options: tuple[tuple[str, str], ...] = ()
    """Options of a trace that is made for the run, as texts."""
    search: SearchSettings | None = None
    """None: a load run."""
    control_token: str = field(default="", repr=False)
    gateway_key: str = field(default="", repr=False)

    @property
    def trace_arguments(self) -> dict[str, Any]:
        """Arguments of `make_trace`, if no trace is given."""
        return {"scenario": self.scenario, **dict(self.trace_options)}


def settings_of(options: Namespace) -> LocustRunSettings:
    """Read the settings from Locust's parsed options.

    Raises:
        BadInputError: a value is missing or impossible.
    """
    trace, series = _text(options.trace), _text(options.series)
    scenario, search = _text(options.scenario), _search_of(options)
    if search is not None and search.path is None and scenario is None:
        raise BadInputError("Scenario", "nothing to load is given", "a scenario, or a path of the service")
    if trace is None and scenario is None and series is None and search is None:
        raise BadInputError("--trace", "missing", "--trace FOLDER or --scenario NAME")
    given = [(name, _text(getattr(options, name))) for name in TRACE_OPTIONS]
    return LocustRunSettings(
        host=str(options.host or ""),
        trace=Path(trace) if trace else None,
        scenario=scenario,
        run_dir=Path(run_dir) if (run_dir := _text(options.run_dir)) else None,
        series=Path(series) if series else None,
        run_dir_lock=int(lock) if (lock := str(options.run_dir_lock)).isdigit() else None,
        options=_load_options(options),
        trace_options=tuple((name, text) for name, text in given if text is not None),
        search=search,
        control_token=os.environ.get(TOKEN_VARIABLE, ""),
        gateway_key=gateway_key(),
    )


def _search_of(options: Namespace) -> SearchSettings | None:
    """Read what the page asks of a search; None: a load run is asked for.

    Raises:
        BadInputError: there is no such test.
    """
    test = _text(getattr(options, "test", None)) or LOAD_RUN
    if test == LOAD_RUN or _text(options.series):
        return None
    if getattr(options, "headless", False):
        raise BadInputError(
            f"--test '{test}'", "is for Locust's web page", "footfall capacity or footfall loop"
        )
    if test not in JOBS:
        raise BadInputError(f"--test {test}", "no such test", f"one of {', '.join((LOAD_RUN, *JOBS))}")
    return SearchSettings(
        job=JOBS[test],
        budget=_text(options.budget) or BUDGET,
        path=_text(options.path),
        criteria=criterion_lines(_text(options.criteria) or ""),
    )


def criterion_lines(text: str) -> tuple[str, ...]:
    """Return the criteria of a text field, which are separated by semicolons."""
    return tuple(line for each in text.split(";") if (line := each.strip()))


def _load_options(options: Namespace) -> LoadOptions:
    """Read the load options: all as JSON, from `footfall load`, or one by one."""
    if text := _text(options.load_options):
        return load_options(json.loads(text))
    given: dict[str, Any] = {}
    for each in declared():
        value = getattr(options, each.flag.locust_dest, None)
        if isinstance(value, bool):
            # The option of a switch that is on by default is `--no-…`. Locust's own `--otel` is a switch, and
            # that of a load test an address.
            if isinstance(each.field.default, bool):
                given[each.name] = value is not each.field.default
        elif (text := _text(value)) is not None:
            given[each.name] = text
    return load_options(given)


def gateway_key() -> str:
    """Return the key of the service's SMS routes, from the environment of this process.

    Raises:
        BadInputError: no header can hold it.
    """
    key = os.environ.get(GATEWAY_VARIABLE, "")
    if not is_header_value(key):
        raise BadInputError(
            GATEWAY_VARIABLE, "contains characters that a header cannot hold", "Latin-1 without a line break"
        )
    return key


def _text(value: object) -> str | None:
    """Return an option as text; None if it is empty or left to the scenario."""
    text = "" if value is None else str(value).strip()
    return None if text in {"", OWN} else text


# ── Options that the form of Locust's page offers as drop-downs; on a terminal any value is taken

_OFFERED = (
    ("--speed", ("1", "2", "5", "10", "20"), "speed of the run: 2 is twice as fast as the day"),
    ("--window", ("120", "300", "600", "1800"), "part of the day that is run, seconds"),
    ("--scale", ("1", "2", "3"), "factor on the number of customers"),
)
_HOST = ("--host", "-H")
BUDGET = "5min"
_BUDGETS = ("1min", "2min", "5min", "10min", "15min", "30min", "60min")


class Suggestions(list[str]):
    """Choices that the page offers; a terminal may give any other value."""

    def __contains__(self, value: object) -> bool:
        """Accept any value: the code that uses it checks it."""
        return True


def add_drop_downs(parser: Any) -> None:  # noqa: ANN401  Locust's own kind
    """Add the kind of test, speed, window, scale, budget and host profile.

    A value given on the terminal becomes one of the choices, so that the page can show it.
    """
    tests = [LOAD_RUN, *JOBS]
    parser.add_argument("--test", choices=tests, default=LOAD_RUN, help="what Start on the page begins")
    fields = [(name, OWN, (OWN, *offered), text) for name, offered, text in _OFFERED]
    fields.append(("--budget", BUDGET, _BUDGETS, "time for the whole search or loop, such as 15min"))
    for name, default, offered, text in fields:
        choices = Suggestions(offered)
        action = parser.add_argument(name, choices=choices, default=default, metavar="VALUE", help=text)
        given = _given(name)
        if given and given not in list(action.choices):
            choices.append(given)
    try:
        hosts = list(read_hosts())
    except BadInputError as error:
        parser.error(str(error))
    parser.add_argument(
        "--host-profile",
        choices=[REFERENCE, AS_IN_HOST, *hosts],
        default=AS_IN_HOST if _names_a_host() else REFERENCE,
        help="target of a run that is started from the page",
    )


def _given(name: str) -> str:
    """Return an option's value on the command line, before it is parsed; empty if it is not given."""
    words = sys.argv[1:]
    for number, word in enumerate(words):
        if word == name:
            return words[number + 1] if number + 1 < len(words) else ""
        if word.startswith(f"{name}="):
            return word.partition("=")[2]
    return ""


def _names_a_host() -> bool:
    return bool(os.environ.get("LOCUST_HOST")) or any(map(_given, _HOST))


# ── Footfall's own options on Locust's command line and in the form of its web page

HOST = "http://127.0.0.1:8080"


def add_options(parser: Any, scenarios: list[str], host: str | None = None) -> None:  # noqa: ANN401  Locust's own kind
    """Add the options; by default the web page and the load use the loopback address.

    `scenarios` are those of the workspace: the page offers only these, a terminal takes any file. `host` is
    that of a user class of the locustfile.
    """
    parser.set_defaults(web_host="127.0.0.1", master_bind_host="127.0.0.1", host=host or HOST)
    add = parser.add_argument
    add(
        "--scenario",
        choices=Suggestions(scenarios) if scenarios else None,
        default=scenarios[0] if len(scenarios) == 1 else None,
        metavar="NAME",
        env_var="FOOTFALL_SCENARIO",
        # Without a list, a text field could name any Python file on this machine.
        include_in_web_ui=bool(scenarios),
        help="scenario to run: a name in scenarios/, or the path of a file",
    )
    add("--trace", default="", include_in_web_ui=False, help="folder of a trace made by footfall trace")
    folder = "folder for the results of this run: new, empty, or with only a trace"
    add("--run-dir", default="", include_in_web_ui=False, help=folder)
    add_drop_downs(parser)
    add("--seed", default="", help="random seed; default: 1")
    path = "a path such as /work: a GET for each arrival instead of the scenario's customers"
    add("--path", default="", metavar="PATH", help=path)
    add(
        "--criteria",
        default="",
        metavar="LINES",
        help="what must hold, such as p95(*) < 300ms; several with a ; between",
    )
    names = "additional host names under which the web page may be opened, comma-separated"
    add("--web-names", default="", env_var="FOOTFALL_WEB_NAMES", include_in_web_ui=False, help=names)
    wait = "seconds after which a worker without a master exits"
    add("--master-wait-s", default=120.0, type=float, include_in_web_ui=False, help=wait)
    for each in declared():
        if each.flag.in_locust:
            about = SUPPRESS if each.flag.hidden else each.locust_help
            is_switch = {"action": "store_true"} if isinstance(each.field.default, bool) else {"default": ""}
            add(each.flag.locust_name, **is_switch, include_in_web_ui=False, help=about)
    add("--load-options", default="", include_in_web_ui=False, help=SUPPRESS)
    add("--run-dir-lock", default="", include_in_web_ui=False, help=SUPPRESS)
    add("--series", default="", include_in_web_ui=False, help=SUPPRESS)


def give_up(line: str) -> None:
    """End the program with one line and exit code 2.

    Raises:
        SystemExit: always.
    """
    sys.stderr.write(f"error: {line}\n")
    raise SystemExit(2)


# ── Where workers connect, and how long a worker waits for its master

WAIT_LOG_EVERY_S = 5.0
_LOOPBACK = frozenset({"127.0.0.1", "::1", "localhost"})
_EVERYWHERE = frozenset({"*", "0.0.0.0", "::"})  # noqa: S104  compared with, not bound


def where_workers_connect(host: str, port: int) -> str:
    """Return a line on where a master listens and how to start a worker."""
    address = "this host's address" if host in _EVERYWHERE else host
    line = (
        f"workers connect to {host}:{port}: locust -f … --worker --master-host {address} --master-port {port}"
    )
    if host in _LOOPBACK:
        return f"{line} (from this machine only; for other machines, set --master-bind-host ADDRESS)"
    return line


def wait_for_master(parser: Any, has_begun: Callable[[], bool]) -> None:  # noqa: ANN401  Locust's own kind
    """While a worker waits for its master, log this every few seconds, and exit after a time limit.

    Locust itself waits for five minutes, silently at first.

    Raises:
        SystemExit: with exit code 2, once `--master-wait-s` is over.
    """
    waited_s = 0.0
    while True:
        gevent.sleep(WAIT_LOG_EVERY_S)
        if has_begun():
            return
        options, _ = parser.parse_known_args()
        if not options.worker:
            return
        waited_s += WAIT_LOG_EVERY_S
        master = f"{options.master_host}:{options.master_port}"
        if waited_s >= options.master_wait_s:
            problem = f"no master answered at {master} within {waited_s:g} s"
            give_up(f"worker: {problem}; expected a running locust --master")
        logger.warning("waiting for a master at %s, for %g s so far", master, waited_s)
