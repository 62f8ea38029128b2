"""What all tests share: repeatable examples, and a PostgreSQL server of their own."""

import os
import pwd
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from itertools import accumulate
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

WAITING_S = {
    "runs/test_loop_live.py": 270,
    "load/locust_runs/test_distributed_run.py": 150,
    "docs/test_blocks.py": 110,
    "load/locust_runs/test_locust_plugin.py": 90,
    "cli/test_playing.py": 80,
    "pytest_plugin/test_footfall_run.py": 75,
    "load/test_local_run.py": 75,
    "runs/test_capacity.py": 75,
    "calibrate/test_hidden_services.py": 60,
    "runs/test_loop.py": 35,
    "runs/test_live_search.py": 20,
    "load/web/test_master.py": 60,
    "load/web/test_browser.py": 55,
    "cli/test_own_endpoints.py": 45,
    "load/web/test_page.py": 40,
    "cli/test_repeating.py": 40,
    "runs/test_library.py": 35,
    "house/test_new_workspace.py": 35,
    "load/test_channel_users.py": 35,
    "cli/test_whole_day.py": 50,
    "content/test_every_scenario.py": 25,
    "service/test_run.py": 25,
    "load/test_coordinated_omission.py": 15,
}
"""Files that wait for runs in real time and leave a core idle for most of it; seconds that each takes."""
COMPUTING_S = {
    "studies/validation/test_small_systems.py": 50,
    "content/test_every_model.py": 50,
    "calibrate/test_learn_station.py": 25,
    "laws/test_staffed_stations.py": 25,
    "cli/test_fit.py": 20,
    "cli/test_output_analysis.py": 20,
    "service/ledger/test_orders.py": 15,
    "laws/test_processor_sharing.py": 15,
    "simulate/test_day.py": 10,
}
"""The longest of the other files."""
OTHERS_S = 1
WAITING_AT_ONCE = 3
"""Of four files that run at once, as many wait."""


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_auto_num_workers() -> int:
    """Give two workers a core: what waits leaves it to another."""
    return 2 * (os.cpu_count() or 1)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Let files that wait run at the same time as those that compute, each kind from its longest on."""
    top = Path(__file__).parent
    waiting = {top / name: seconds / WAITING_AT_ONCE for name, seconds in WAITING_S.items()}
    computing = dict.fromkeys((item.path for item in items if item.path not in waiting), float(OTHERS_S))
    computing |= {top / name: float(seconds) for name, seconds in COMPUTING_S.items()}
    starts_s = _starts_s(waiting) | _starts_s(computing)
    items.sort(key=lambda item: starts_s[item.path])


def _starts_s(seconds: dict[Path, float]) -> dict[Path, float]:
    """When each of these would start, one after the other, the longest first."""
    order = sorted(seconds, key=lambda path: -seconds[path])
    ends_s = accumulate(seconds[path] for path in order)
    return dict(zip(order, (0.0, *ends_s), strict=False))


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
