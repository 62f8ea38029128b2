"""Footfall's options on Locust's command line and web form, and what a run is asked to do."""

import json
import os
import sys
from argparse import SUPPRESS, Namespace
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from footfall._load.http.wire_format import is_header_value
from footfall._load.options import AS_USUAL, LoadOptions, declared, load_options
from footfall._load.web.page_hosts import AS_IN_HOST, REFERENCE, read_hosts
from footfall._records.errors import BadInputError

# ── What a play in Locust is asked to do, from its options or the form of its web page

TOKEN_VARIABLE = "FOOTFALL_CONTROL_TOKEN"  # noqa: S105  the name of a variable
GATEWAY_VARIABLE = "FOOTFALL_GATEWAY_KEY"
TRACE_OPTIONS = ("speed", "window", "scale", "seed")
"""Handed on when the trace is made for this run."""
OWN = "scenario's own"
"""What the page shows where a value is left to the scenario."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PlaySettings:
    """One play."""

    host: str
    trace: Path | None
    """Folder of a trace; None: it is made from the scenario."""
    scenario: str | None
    run_dir: Path | None
    """None: a new folder below `results/`."""
    run_dir_lock: int | None = None
    """Descriptor of the folder's lock, inherited from the program that started this one; None: no lock."""
    options: LoadOptions = AS_USUAL
    trace_options: tuple[tuple[str, str], ...] = ()
    """Of a trace that is made for the run, as they were typed."""
    control_token: str = field(default="", repr=False)
    gateway_key: str = field(default="", repr=False)

    @property
    def trace_asked(self) -> dict[str, Any]:
        """Which trace is made for the run, where none is given: the arguments of `make_trace`."""
        return {"scenario": self.scenario, **dict(self.trace_options)}


def settings_of(options: Namespace) -> PlaySettings:
    """Read the settings from Locust's parsed options.

    Raises:
        BadInputError: a value is missing or impossible.
    """
    trace = _text(options.trace)
    scenario = _text(options.scenario)
    if trace is None and scenario is None:
        raise BadInputError("--trace", "missing", "the folder of a trace, or --scenario")
    given = [(name, _text(getattr(options, name))) for name in TRACE_OPTIONS]
    return PlaySettings(
        host=str(options.host or ""),
        trace=Path(trace) if trace else None,
        scenario=scenario,
        run_dir=Path(run_dir) if (run_dir := _text(options.run_dir)) else None,
        run_dir_lock=int(lock) if (lock := str(options.run_dir_lock)).isdigit() else None,
        options=_load_options(options),
        trace_options=tuple((name, text) for name, text in given if text is not None),
        control_token=os.environ.get(TOKEN_VARIABLE, ""),
        gateway_key=gateway_key(),
    )


def _load_options(options: Namespace) -> LoadOptions:
    """Read how it is played: all as JSON, from the program that started this one, or option by option."""
    if text := _text(options.load_options):
        return load_options(json.loads(text))
    given: dict[str, Any] = {}
    for each in declared():
        value = getattr(options, each.flag.locust_dest, None)
        if isinstance(value, bool):
            # A switch that turns off what is on is given as `--no-…`.
            given[each.name] = value is not each.field.default
        elif (text := _text(value)) is not None:
            given[each.name] = text
    return load_options(given)


def gateway_key() -> str:
    """Give the key of the service's SMS routes: only the environment has it, of a worker its own.

    Raises:
        BadInputError: no header can carry it.
    """
    key = os.environ.get(GATEWAY_VARIABLE, "")
    if not is_header_value(key):
        raise BadInputError(
            GATEWAY_VARIABLE, "contains characters that a header cannot carry", "letters without a line break"
        )
    return key


def _text(value: object) -> str | None:
    """Give an option as text; the page sends what is left to the scenario as an empty text or in words."""
    text = "" if value is None else str(value).strip()
    return None if text in {"", OWN} else text


# ── Options of a run that the form of Locust's page offers as drop-downs, and a terminal takes freely

_OFFERED = (
    ("--speed", ("1", "2", "5", "10", "20"), "times as fast as the day"),
    ("--window", ("120", "300", "600", "1800"), "seconds of the day"),
    ("--scale", ("1", "2", "3"), "times as many customers"),
)
_HOST = ("--host", "-H")


class Suggestions(list[str]):
    """Choices of which the page offers these, while a terminal may give any other."""

    def __contains__(self, value: object) -> bool:
        """Refuse nothing here: whoever uses the value says what is wrong with it."""
        return True


def add_drop_downs(parser: Any) -> None:  # noqa: ANN401  Locust's own kind
    """Add speed, window, scale and host profile.

    A value that the terminal gives becomes one of the choices, so that the page can show it.
    """
    for name, offered, text in _OFFERED:
        choices = Suggestions([OWN, *offered])
        action = parser.add_argument(name, choices=choices, default=OWN, metavar="VALUE", help=text)
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
        help="where a run from the page goes",
    )


def _given(name: str) -> str:
    """Give what the command line says of an option, before it is parsed; empty: nothing."""
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
    """Add the options; the web page and the load go to the loopback address unless told otherwise.

    `scenarios` are those of the workspace: the page offers these alone, a terminal takes any file. `host` is
    the one that a user class of the locustfile names.
    """
    parser.set_defaults(web_host="127.0.0.1", master_bind_host="127.0.0.1", host=host or HOST)
    add = parser.add_argument
    add(
        "--scenario",
        choices=Suggestions(scenarios) if scenarios else None,
        default=scenarios[0] if len(scenarios) == 1 else None,
        metavar="NAME",
        env_var="FOOTFALL_SCENARIO",
        # Without a list, a text field would name any Python file of this machine.
        include_in_web_ui=bool(scenarios),
        help="scenario to run: a name in scenarios/, or the path of a file",
    )
    add("--trace", default="", include_in_web_ui=False, help="folder of a trace made by footfall trace")
    folder = "folder for the results of this run: new, empty, or with a trace alone"
    add("--run-dir", default="", include_in_web_ui=False, help=folder)
    add_drop_downs(parser)
    add("--seed", default="", help="random numbers; empty: 1")
    names = "further host names by which the web page may be opened, comma-separated"
    add("--web-names", default="", env_var="FOOTFALL_WEB_NAMES", include_in_web_ui=False, help=names)
    wait = "seconds after which a worker that finds no master gives up"
    add("--master-wait-s", default=120.0, type=float, include_in_web_ui=False, help=wait)
    for each in declared():
        if each.flag.in_locust:
            about = SUPPRESS if each.flag.hidden else each.locust_help
            is_switch = {"action": "store_true"} if isinstance(each.field.default, bool) else {"default": ""}
            add(each.flag.locust_name, **is_switch, include_in_web_ui=False, help=about)
    add("--load-options", default="", include_in_web_ui=False, help=SUPPRESS)
    add("--run-dir-lock", default="", include_in_web_ui=False, help=SUPPRESS)


def give_up(line: str) -> None:
    """End the program with one line and exit code 2.

    Raises:
        SystemExit: always.
    """
    sys.stderr.write(f"error: {line}\n")
    raise SystemExit(2)
