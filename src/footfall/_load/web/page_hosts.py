"""Where a run from the page may go: the page's own field, a host by name, or a service started for it."""

import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from footfall._load.http.connection_options import address_of
from footfall._records.errors import BadInputError

HOSTS_FILE = Path("hosts.toml")
"""Names and addresses, one a line: `staging = "https://staging.example"`, or with an endpoints file
`staging = { url = "https://staging.example", endpoints = "shop.toml" }`."""
REFERENCE = "reference service, started for the run"
AS_IN_HOST = "the one under Host"
_HOSTS_MOST = 100


@dataclass(frozen=True, slots=True)
class HostProfile:
    """A service by name."""

    url: str
    endpoints: Path | None = None
    """File of its own requests; None: the scenario's, else the reference interface."""


def read_hosts(path: Path = HOSTS_FILE) -> dict[str, HostProfile]:
    """Give the services by name; none where there is no such file.

    Raises:
        BadInputError: the file cannot be read, or holds something else than names of web addresses.
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
    """Read one line; a relative endpoints file counts from where Locust was started."""
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
    """Give the service that a profile stands for; None: the reference service, once it is started.

    Raises:
        BadInputError: nobody knows the profile.
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
