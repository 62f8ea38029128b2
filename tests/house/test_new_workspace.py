"""`footfall new`: from the wheel alone to a verdict, in an environment that holds nothing else."""

import json
import os
import subprocess
import sys
import sysconfig
from pathlib import Path

import pytest
from hatchling.builders.wheel import WheelBuilder

from footfall._runs.workspace import FILES

HERE = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def python(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Give the interpreter of a new environment with the wheel and, of the tests' own, its dependencies."""
    folder = tmp_path_factory.mktemp("installed")
    (wheel,) = WheelBuilder(str(HERE)).build(directory=str(folder), versions=["standard"])
    uv = [sys.executable, "-m", "uv", "--offline", "--no-config"]
    subprocess.run([*uv, "venv", "-q", "--python", sys.executable, str(folder / "env")], check=True)
    made = folder / "env" / "bin" / "python"
    install = [*uv, "pip", "install", "-q", "--no-deps", "--python", str(made), wheel]
    subprocess.run(install, check=True)
    site = subprocess.run(
        [made, "-c", "import sysconfig; print(sysconfig.get_path('purelib'))"],
        check=True,
        capture_output=True,
        text=True,
    ).stdout.strip()
    (Path(site) / "dependencies.pth").write_text(sysconfig.get_path("purelib"))
    return made


def run(python: Path, folder: Path, *arguments: str, codes: tuple[int, ...] = (0,)) -> str:
    """Run a module of the new environment in a folder; its output."""
    done = subprocess.run(
        [python, "-m", *arguments],
        cwd=folder,
        env={name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ},
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert done.returncode in codes, done.stdout + done.stderr
    return done.stdout


@pytest.mark.slow
def test_the_wheel_alone_makes_a_workspace_that_simulates_loads_and_gates(
    python: Path, tmp_path: Path
) -> None:
    """Each command that the workspace's README names works there; only its own files are needed."""
    run(python, tmp_path, "footfall", "new", "shop")
    shop = tmp_path / "shop"
    assert {str(path.relative_to(shop)) for path in shop.rglob("*") if path.is_file()} == set(FILES)
    where = "import footfall, sys; print(footfall.__file__); assert 'locust' not in sys.modules"
    assert (
        str(python.parents[1])
        in subprocess.run([python, "-c", where], cwd=shop, check=True, capture_output=True, text=True).stdout
    )
    assert "phone" in run(python, shop, "footfall", "simulate", "models/shop.py", "--out", "day")
    load = ("footfall", "load", "--scenario", "busy_hour", "--serve", "--window", "5min", "--out", "run")
    run(python, shop, *load, codes=(0, 3))  # 3 on a machine that is too busy to tell
    judged = json.loads(run(python, shop, "footfall", "gate", "run", "--json", codes=(0, 3)))
    assert judged["verdict"] != "fail"
    measures = (shop / "run" / "measures.csv").read_text()
    assert "web" in measures
    assert "1 test collected" in run(python, shop, "pytest", "--collect-only", "-q")
    assert "WebUser" in run(python, shop, "locust", "-f", "locustfile.py", "-l")


def test_a_folder_that_holds_something_is_left_alone(tmp_path: Path) -> None:
    """One line, exit code 2, nothing written."""
    (tmp_path / "notes.txt").write_text("mine")
    done = subprocess.run(
        [sys.executable, "-m", "footfall", "new", str(tmp_path)], capture_output=True, text=True, check=False
    )
    assert done.returncode == 2
    assert done.stderr.splitlines() == [
        f"footfall: {tmp_path}: exists and is not an empty folder; expected a new or empty folder"
    ]
    assert [path.name for path in tmp_path.iterdir()] == ["notes.txt"]
