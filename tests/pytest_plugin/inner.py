"""Sessions of pytest of their own, in a workspace of their own, as a planner runs them."""

import os
import subprocess
import sys
import textwrap
from dataclasses import dataclass
from pathlib import Path

TOP = Path(__file__).parents[2]
MODEL = TOP / "models" / "guangxi.py"
SESSION_S_MOST = 400
SCENARIO = f"""
question = "Does a test play it?"
model = "{MODEL}"
window = "5min"
speed = 1
criteria = ["success(*.query) >= 50% episodes 1"]

[set]
population = 4_000_000
"""


@dataclass(frozen=True, slots=True)
class Session:
    """A session that has ended."""

    folder: Path
    code: int
    words: str


def session(folder: Path, tests: str, *options: str, ini: str = "", cwd: Path | None = None) -> Session:
    """Run these tests in a session of pytest in the folder, with all plugins that are installed."""
    folder.mkdir(exist_ok=True)
    (folder / "pytest.ini").write_text(f"[pytest]\n{ini}\n", encoding="utf-8")
    (folder / "test_inner.py").write_text(textwrap.dedent(tests), encoding="utf-8")
    environment = {name: value for name, value in os.environ.items() if not name.startswith("PYTEST_")}
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", "--color=no", str(folder), *options],
        cwd=cwd or folder,
        env=environment,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=SESSION_S_MOST,
        check=False,
    )
    return Session(folder, done.returncode, done.stdout + done.stderr)


def workspace(folder: Path) -> Path:
    """Make a workspace with one scenario, `small`."""
    (folder / "scenarios").mkdir(parents=True)
    (folder / "scenarios" / "small.toml").write_text(SCENARIO, encoding="utf-8")
    return folder
