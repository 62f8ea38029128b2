"""Options of a run that the form of Locust's page offers as drop-downs, and a terminal takes freely."""

import os
import sys
from typing import Any

from footfall.load.play.settings import OWN
from footfall.load.web.hosts import AS_IN_HOST, REFERENCE, read_hosts
from footfall.records.errors import BadInputError

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
