"""What is installed is the kit, whole and alone."""

import tomllib
import zipfile
from importlib.metadata import version
from pathlib import Path

import pytest
from hatchling.builders.wheel import WheelBuilder

HERE = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> zipfile.Path:
    """Build the wheel as a release would, in a folder of its own."""
    folder = str(tmp_path_factory.mktemp("wheel"))
    return zipfile.Path(next(WheelBuilder(str(HERE)).build(directory=folder, versions=["standard"])))


def files_of(folder: zipfile.Path) -> set[str]:
    """Names of all files in a folder of a wheel, from that folder on."""
    names = {name for name in folder.root.namelist() if not name.endswith("/")}
    return {name.removeprefix(folder.at) for name in names if name.startswith(folder.at)}


def test_the_wheel_holds_footfall_and_no_name_that_others_use(wheel: zipfile.Path) -> None:
    """`models`, `scenarios`, `studies` and `tests` stay out: others install packages of these names."""
    own = f"footfall-{version('footfall')}.dist-info"
    assert {path.name for path in wheel.iterdir()} == {"footfall", own}


def test_the_wheel_holds_every_file_of_the_kit(wheel: zipfile.Path) -> None:
    """No source, template or type marker is lost between the checkout and the wheel."""
    source = HERE / "src/footfall"
    kit = {
        path.relative_to(source).as_posix()
        for path in source.rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }
    assert files_of(wheel / "footfall/") == kit


def test_the_wheel_carries_the_licence_and_the_command(wheel: zipfile.Path) -> None:
    """Whoever installs it gets the terms and `footfall`."""
    own = wheel / f"footfall-{version('footfall')}.dist-info"
    assert (own / "licenses/LICENSE").read_text() == (HERE / "LICENSE").read_text()
    assert "footfall = footfall._cli:main" in (own / "entry_points.txt").read_text()


def test_the_version_is_said_once_and_the_changelog_knows_it() -> None:
    """`pyproject.toml` gives the version; the installed metadata and the changelog agree."""
    declared = tomllib.loads((HERE / "pyproject.toml").read_text())["project"]["version"]
    assert version("footfall") == declared
    assert f"## [{declared}]" in (HERE / "CHANGELOG.md").read_text()
