"""pytest's plugin: the fixture `footfall_run` runs a scenario in a test, in processes of its own.

    def test_the_channels_cope_with_an_ordinary_day(footfall_run):
        run = footfall_run("ordinary_day", window="2min")
        assert run.passed
        assert run.measure("web.query").response_s_p95 < 3

Every pytest session in an environment with Footfall loads this module. So it imports next to nothing: no
Locust, whose patches would change the session, and nothing else that is slow.
"""

from collections.abc import Generator

import pytest

from footfall.pytest_plugin.call import FootfallRun, RunPlace

__all__ = ["FootfallRun"]
_CALLER = pytest.StashKey[FootfallRun]()
_REPORTED = pytest.StashKey[int]()
"""How many of the session's runs have been reported with a test."""
_OWN = pytest.StashKey[list[object]]()
"""Of a test: the runs that were made while it was set up and called."""


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the folder for results, and the workspace."""
    group = parser.getgroup("footfall", "Footfall")
    group.addoption(
        "--footfall-out",
        metavar="DIR",
        help="keep the folder of each run below DIR (default: in pytest's temporary folder)",
    )
    parser.addini(
        "footfall_workspace",
        "folder with models/ and scenarios/, from the rootdir (default: the rootdir itself)",
        default=".",
    )


@pytest.fixture(scope="session")
def footfall_run(pytestconfig: pytest.Config, tmp_path_factory: pytest.TempPathFactory) -> FootfallRun:
    """Run a scenario and return its result: `footfall_run("ordinary_day", window="2min").verdict`."""
    kept = pytestconfig.getoption("--footfall-out")
    here = pytestconfig.invocation_params.dir
    place = RunPlace(
        workspace=pytestconfig.rootpath / str(pytestconfig.getini("footfall_workspace")),
        here=here,
        results=here / kept if kept else tmp_path_factory.mktemp("footfall"),
    )
    return pytestconfig.stash.setdefault(_CALLER, FootfallRun(place))


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Note new runs as properties of the test, for JUnit; add the results of its runs to a failed test."""
    caller = item.config.stash.get(_CALLER, None)
    if caller is None:
        return (yield)
    new = caller.runs[item.config.stash.get(_REPORTED, 0) :]
    item.config.stash[_REPORTED] = len(caller.runs)
    item.user_properties += [("footfall", f"{run!r} {run.folder}") for run in new]
    item.stash.setdefault(_OWN, []).extend(new)
    report = yield
    if report.failed:
        # A fixture of module scope makes one run; every test that requests it shows that run.
        held = [*item.stash[_OWN], *getattr(item, "funcargs", {}).values()]
        shown = [run for run in caller.runs if any(run is each for each in held)]
        report.sections += [("footfall", str(run)) for run in shown]
    return report
