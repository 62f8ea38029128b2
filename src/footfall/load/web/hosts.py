"""Where a run from the page may go: the page's own field, a host by name, or a service started for it."""

import tomllib
from pathlib import Path

from footfall.load.transport.address import address_of
from footfall.records.errors import BadInputError

HOSTS_FILE = Path("hosts.toml")
"""Names and addresses, one a line: `staging = "https://staging.example"`."""
REFERENCE = "reference service, started for the run"
AS_IN_HOST = "the one under Host"
_HOSTS_MOST = 100


def read_hosts(path: Path = HOSTS_FILE) -> dict[str, str]:
    """Give the addresses by name; none where there is no such file.

    Raises:
        BadInputError: the file cannot be read, or holds something else than names of web addresses.
    """
    if not path.exists():
        return {}
    expected = 'lines such as staging = "https://staging.example"'
    try:
        hosts = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise BadInputError(str(path), f"cannot be read ({error})", expected) from error
    if len(hosts) > _HOSTS_MOST:
        raise BadInputError(str(path), f"{len(hosts)} hosts", f"at most {_HOSTS_MOST}")
    for name, url in hosts.items():
        if not isinstance(url, str):
            raise BadInputError(f"{path} {name}", "no text", expected)
        address_of(url, f"{path} {name}")
        if name in {REFERENCE, AS_IN_HOST}:
            raise BadInputError(f"{path} {name}", "a name of our own", "another")
    return hosts


def url_of(profile: str, host_field: str) -> str | None:
    """Give the address that a profile stands for; None: the reference service's, once it is started.

    Raises:
        BadInputError: nobody knows the profile.
    """
    if profile == REFERENCE:
        return None
    if profile == AS_IN_HOST:
        return host_field
    hosts = read_hosts()
    if profile not in hosts:
        expected = ", ".join([REFERENCE, AS_IN_HOST, *hosts])
        raise BadInputError(f"--host-profile {profile}", "no such host", f"one of {expected}")
    return hosts[profile]
