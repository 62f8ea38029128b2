"""A new workspace: a small model, a scenario, an endpoints file, a locustfile, a gate in pytest and in CI."""

from importlib.resources import files
from pathlib import Path

from footfall._records.errors import BadInputError

FILES = {
    "README.md": ("README.md", "how to go on"),
    "models/shop.py": ("shop.py.txt", "who comes, by which channel, and how long serving them takes"),
    "scenarios/busy_hour.toml": (
        "busy_hour.toml",
        "what part of the day is replayed, what must hold",
    ),
    "endpoints.toml": ("endpoints.toml", "how your own service is asked"),
    "locustfile.py": ("locustfile.py.txt", "the scenarios in Locust's web page"),
    "tests/test_busy_hour.py": ("test_busy_hour.py.txt", "the gate as a test of pytest"),
    ".github/workflows/load.yml": ("load.yml", "the gate in GitHub Actions"),
    ".gitignore": ("gitignore.txt", "keeps runs out of the repository, and the track record in it"),
}
"""By path in the workspace: the file that is copied, and what it is for."""


def new_workspace(folder: Path) -> tuple[Path, ...]:
    """Write a workspace into a new or empty folder; returns the paths of its files.

    Raises:
        BadInputError: the folder holds files already, or cannot be written.

    Example:
        >>> from pathlib import Path
        >>> from tempfile import TemporaryDirectory
        >>> with TemporaryDirectory() as parent:
        ...     made = new_workspace(Path(parent) / "shop")
        >>> made[1].name
        'shop.py'
    """
    try:
        if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
            raise BadInputError(str(folder), "exists and is not an empty folder", "a new or empty folder")
        texts = {folder / path: _text(source) for path, (source, _) in FILES.items()}
        for path, text in texts.items():
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
    except OSError as error:
        problem = f"cannot be written ({error.strerror})"
        raise BadInputError(str(folder), problem, "a folder that you may write") from None
    return tuple(texts)


def _text(source: str) -> str:
    return (files("footfall._runs") / "workspace_files" / source).read_text(encoding="utf-8")
