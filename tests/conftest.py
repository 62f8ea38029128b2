"""What all tests share: repeatable examples, and a PostgreSQL server of their own."""

import os
import pwd
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import settings

# Tests start some hundred processes. Where the environment says that Python writes no bytecode, each of them
# would compile the whole project anew.
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)

# The same examples in every run, and no verdict that depends on how busy the machine is.
settings.register_profile("footfall", derandomize=True, deadline=None, database=None)
settings.load_profile("footfall")

# Small models made to measure, for the tests of every room that has models.
pytest_plugins = ["tests.small_models"]

LONGEST_FIRST = (
    "docs/test_blocks.py",
    "load/locust_runs/test_distributed_run.py",
    "load/locust_runs/test_locust_plugin.py",
    "cli/test_playing.py",
    "load/web/test_master.py",
    "load/web/test_browser.py",
    "pytest_plugin/test_footfall_run.py",
    "load/test_local_run.py",
    "load/web/test_page.py",
    "house/test_new_workspace.py",
    "content/test_every_model.py",
    "cli/test_own_endpoints.py",
    "cli/test_whole_day.py",
    "cli/test_output_analysis.py",
    "cli/test_fit.py",
    "cli/test_repeating.py",
    "runs/test_library.py",
    "service/ledger/test_outage_of_the_database.py",
)
"""Files that take over twenty seconds, the longest first."""


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_auto_num_workers() -> int:
    """Give one more than the cores: much of the suite waits for runs that are played in real time."""
    return (os.cpu_count() or 1) + 1


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with the files that take long, so that none of them is left alone at the end."""
    top = Path(__file__).parent
    rank = {top / name: number for number, name in enumerate(LONGEST_FIRST)}
    items.sort(key=lambda item: rank.get(item.path, len(rank)))


DATABASE = "footfall"
START_S_MAX = 60
UNPRIVILEGED = ("postgres", "nobody")
"""Users that run the server when the tests run as root, which PostgreSQL refuses; the first that exists."""


@pytest.fixture(scope="session")
def postgres() -> Iterator["PostgresServer"]:
    """A PostgreSQL server of the tests' own, which ends with them.

    It listens on a Unix socket in a folder of its own, so no port can clash and nobody else can reach it.
    """
    binaries = _binaries()
    if binaries is None:
        reason = "no PostgreSQL server here (Debian: apt-get install postgresql)"
        if os.environ.get("FOOTFALL_CI"):
            pytest.fail(reason)
        pytest.skip(reason)
    with tempfile.TemporaryDirectory(prefix="footfall-pg-") as name:
        server = PostgresServer(binaries, Path(name))
        server.make()
        try:
            yield server
        finally:
            server.stop()


@pytest.fixture(scope="session")
def postgres_url(postgres: "PostgresServer") -> str:
    """SQLAlchemy URL of an empty database on that server."""
    return postgres.url


class PostgresServer:
    """One PostgreSQL server in one folder."""

    def __init__(self, binaries: Path, folder: Path) -> None:
        """Give the folder to the user that the server will run as."""
        self._binaries = binaries
        self._folder = folder
        self._data = folder / "data"
        self._log = folder / "server.log"
        self.url = f"postgresql+psycopg://{DATABASE}@/{DATABASE}?host={folder}"
        self._user = _unprivileged() if os.getuid() == 0 else None
        if self._user is not None:
            os.chown(folder, self._user.pw_uid, self._user.pw_gid)

    def make(self) -> None:
        """Make the cluster and the database, and return once the server answers."""
        cluster = ["--no-sync", "--encoding=UTF8", "--locale=C", "--auth=trust", f"--username={DATABASE}"]
        self._run("initdb", *cluster, f"--pgdata={self._data}")
        self.start()
        self._run("createdb", f"--host={self._folder}", f"--username={DATABASE}", DATABASE)

    def start(self) -> None:
        """Return once the server answers."""
        options = f"-k '{self._folder}' -c listen_addresses='' -c fsync=off"
        self._run("pg_ctl", "start", "-w", "-t", f"{START_S_MAX}", "-l", f"{self._log}", "-o", options)

    def stop(self) -> None:
        """Stop it at once; its data are of no use to anybody."""
        self._run("pg_ctl", "stop", "-w", "-m", "immediate")

    def _run(self, program: str, *arguments: str) -> None:
        """Run one of PostgreSQL's programs as the server's user; its words are shown when it fails."""
        words = self._folder / "words.txt"
        # A file, not a pipe: the server inherits it and would hold a pipe open for ever.
        with words.open("w") as out:
            done = subprocess.run(
                [self._binaries / program, *arguments],
                cwd=self._folder,
                # Only what it needs: a caller's PGHOST or PGPORT must not lead to another server.
                env={"PATH": os.environ["PATH"], "PGDATA": f"{self._data}"},
                user=self._user.pw_uid if self._user else None,
                group=self._user.pw_gid if self._user else None,
                extra_groups=[] if self._user else None,
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=subprocess.STDOUT,
                check=False,
            )
        if done.returncode:
            said = [path.read_text() for path in (words, self._log) if path.exists()]
            pytest.fail(f"{program} failed ({done.returncode}): {' '.join(said)}")


def _binaries() -> Path | None:
    """Folder of PostgreSQL's server programs: the one on the path, else Debian's newest."""
    found = shutil.which("initdb")
    if found is not None and Path(found).resolve().with_name("postgres").exists():
        return Path(found).resolve().parent
    debian = Path("/usr/lib/postgresql").glob("*/bin/initdb")
    newest = max(debian, key=lambda path: float(path.parts[-3]), default=None)
    return newest.parent if newest else None


def _unprivileged() -> pwd.struct_passwd:
    """Return the first user of `UNPRIVILEGED` that this machine has."""
    known = {entry.pw_name: entry for entry in pwd.getpwall()}
    return next(known[name] for name in UNPRIVILEGED if name in known)
