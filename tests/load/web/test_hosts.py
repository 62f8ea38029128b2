"""Hosts by name: addresses of web services, and nothing else."""

from pathlib import Path

import pytest

from footfall._load.locust_options import AS_IN_HOST, REFERENCE, HostProfile, host_of, read_hosts
from footfall._records.errors import BadInputError


def test_a_name_stands_for_its_address(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """From the file where Locust is started; with it, the form's own field and the reference service."""
    monkeypatch.chdir(tmp_path)
    assert host_of(REFERENCE, "http://field") is None
    assert host_of(AS_IN_HOST, "http://field") == HostProfile("http://field")
    (tmp_path / "shop.toml").write_text("")
    own = 'shop = { url = "http://shop.example", endpoints = "shop.toml" }'
    (tmp_path / "hosts.toml").write_text(f'staging = "https://staging.example:8443/shop"\n{own}\n')
    assert host_of("staging", "http://field") == HostProfile("https://staging.example:8443/shop")
    assert host_of("shop", "http://field") == HostProfile("http://shop.example", Path("shop.toml"))
    with pytest.raises(BadInputError, match=r"--host-profile live: no such host; .*staging"):
        host_of("live", "http://field")


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("staging = ", "cannot be read"),
        ("staging = 8080", "staging: is not a text"),
        ("staging = {}", "staging: is not a text"),
        ('staging = { url = "http://x", endpoints = "nowhere.toml" }', "no such file: nowhere.toml"),
        ('staging = { url = "http://x", endpoints = 3 }', "no such file: 3"),
        ('staging = { url = "http://x", files = "x" }', "'files' is unknown"),
        ('staging = "ftp://files.example"', "is not the address of a web service"),
        ('staging = "http://x:99999"', "staging: port out of range"),
        (f'"{REFERENCE}" = "http://x"', "is a reserved name"),
        ("\n".join(f'h{k} = "http://x"' for k in range(101)), "101 hosts; expected at most 100"),
        ("\udcff", "cannot be read"),
    ],
)
def test_a_bad_file_of_hosts_gets_one_line(tmp_path: Path, text: str, words: str) -> None:
    """It names the file and what is wrong there."""
    path = tmp_path / "hosts.toml"
    path.write_text(text, encoding="utf-8", errors="surrogateescape")
    with pytest.raises(BadInputError, match=words) as caught:
        read_hosts(path)
    assert "\n" not in str(caught.value)
    assert "hosts.toml" in str(caught.value)
