"""Bad input gives one clear line and exit code 2, and leaves nothing half-written."""

import os
import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from importlib import import_module
from inspect import signature
from pathlib import Path

import pytest

from footfall._cli import app
from footfall._cli.app import run

SMALLEST = "models/mm3.py"
PROVINCE = "models/guangxi.py"
Refused = Callable[..., str]


@pytest.fixture(autouse=True)
def workspace(monkeypatch: pytest.MonkeyPatch) -> None:
    """Run in the project's top folder, as a user does."""
    monkeypatch.chdir(Path(__file__).parents[2])


@pytest.fixture
def refused(capsys: pytest.CaptureFixture[str]) -> Refused:
    """Run a command that must be refused; gives its one line."""

    def check(*arguments: str) -> str:
        code = run(arguments)
        lines = capsys.readouterr().err.strip().splitlines()
        assert code == 2
        assert lines[-1].startswith("footfall: ")
        told = [line for line in lines[:-1] if not line.endswith("…")]
        assert told == [], "more than the one line"
        return lines[-1]

    return check


@contextmanager
def taken_port() -> Iterator[int]:
    """Hold a port of the loopback interface."""
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))
        held.listen()
        yield held.getsockname()[1]


@pytest.mark.parametrize(
    ("arguments", "study"),
    [
        (["trust", "--data", "data"], "studies.validation"),
        (["validate", "models/bank_hotline.py", "calls.parquet"], "studies.hotline_1999 CALLS"),
    ],
)
def test_a_command_that_became_a_study_says_where_it_is(
    refused: Refused, arguments: list[str], study: str
) -> None:
    """With what to type in its place."""
    assert f"python -m {study}" in refused(*arguments)


def test_an_unknown_command_is_named_with_the_nearest_one(refused: Refused) -> None:
    """`simlate` is meant to be `simulate`."""
    assert refused("simlate") == "footfall: simlate: no such command; expected simulate"


def test_an_unknown_channel_cannot_be_set(refused: Refused, tmp_path: Path) -> None:
    """The line says what was asked for and names numbers that exist."""
    line = refused("simulate", PROVINCE, "--out", str(tmp_path / "run"), "--set", "fax.slots=3")
    assert "--set fax.slots: no such number in the model" in line
    assert "channels.web.station.slots" in line
    assert not (tmp_path / "run").exists()


@pytest.mark.parametrize("assignment", ["web.slots", "web.slots=", "web.slots=many", "=3"])
def test_what_is_no_assignment_cannot_be_set(refused: Refused, assignment: str) -> None:
    """`--set` takes path=number."""
    assert "path=number" in refused("simulate", PROVINCE, "--set", assignment)


def test_a_text_that_no_path_holds_is_told(refused: Refused) -> None:
    """Instead of an empty table."""
    assert refused("show", PROVINCE, "--only", "webb").startswith("footfall: --only webb: matches no path")


def test_a_rate_cannot_be_negative(refused: Refused, tmp_path: Path) -> None:
    """The bounds of a field hold for changes too."""
    line = refused("simulate", PROVINCE, "--out", str(tmp_path / "run"), "--set", "sms.messages_per_s=-5")
    assert "--set sms.messages_per_s: -5 cannot be set; expected a number above 0" in line
    assert not (tmp_path / "run").exists()


def test_a_number_that_is_meant_by_several_paths_is_not_guessed(refused: Refused) -> None:
    """A shortened path must be unique."""
    assert "means 3 numbers" in refused("simulate", PROVINCE, "--set", "slots=3")


def test_a_missing_model_is_named(refused: Refused) -> None:
    """The file is not there."""
    assert refused("simulate", "models/nowhere.py").startswith("footfall: models/nowhere.py: no such file")


def test_a_model_file_that_does_not_run_is_told_in_one_line(refused: Refused, tmp_path: Path) -> None:
    """A user's own file may raise anything."""
    broken = tmp_path / "broken.py"
    broken.write_text("MODEL = 1 / 0\n", encoding="utf-8")
    assert "does not run (ZeroDivisionError: division by zero)" in refused("show", str(broken))
    broken.write_text("raise SystemExit(0)")  # which would otherwise be taken for success
    assert "does not run (SystemExit: 0)" in refused("show", str(broken))


def test_a_wrong_number_in_a_model_file_is_named_with_its_line(refused: Refused, tmp_path: Path) -> None:
    """In words, for the user's own line; nobody sees how it was found out."""
    shop = tmp_path / "shop.py"
    shop.write_text('import footfall as ff\n\nHALL = ff.Counters(clerks="three")\n', encoding="utf-8")
    assert refused("show", str(shop)) == (
        f"footfall: {shop}:3: Counters clerks: 'three' is not a number; "
        "expected a number of clerks, such as 3, or by_hour({9: 2, 17: 0})"
    )


def test_a_folder_that_cannot_be_written_is_found_out_before_the_work(
    refused: Refused, tmp_path: Path
) -> None:
    """A file stands where the folder should be."""
    (tmp_path / "file").write_text("", encoding="utf-8")
    line = refused("simulate", SMALLEST, "--out", str(tmp_path / "file" / "run"))
    assert "expected a folder that can be written" in line


def test_wrong_input_leaves_no_folder_of_a_trace(refused: Refused, tmp_path: Path) -> None:
    """Whether it can be written is checked first, and other input may be wrong; what was there stays."""
    (tmp_path / "there").mkdir()
    for folder in ("there", "new/below", "there/new"):
        refused("trace", "--scenario", "holiday", "--out", str(tmp_path / folder))
    assert [each.name for each in tmp_path.rglob("*")] == ["there"]


def test_an_unknown_scenario_is_answered_with_those_there_are(refused: Refused) -> None:
    """The three scenarios are named."""
    line = refused("load", "--scenario", "holiday", "--serve")
    assert "bill_day, ordinary_day, web_outage" in line


def test_an_unreachable_host_is_told_before_anything_is_written(refused: Refused, tmp_path: Path) -> None:
    """Nobody listens on port 1."""
    out = tmp_path / "run"
    line = refused("load", "--scenario", "ordinary_day", "--host", "http://127.0.0.1:1", "--out", str(out))
    assert "--host http://127.0.0.1:1: unreachable (connection refused)" in line
    assert not out.exists()


MALFORMED = """
question = "Is its criterion read before anything is written?"
model = "models/mm3.py"
window = "10s"
criteria = ["success(hall.query) >= 90%", "success(hall.query) >= much"]
"""


def test_a_scenario_with_a_malformed_criterion_is_told_before_anything_is_written(
    refused: Refused, tmp_path: Path
) -> None:
    """Its second line is no criterion."""
    file, out = tmp_path / "bad.toml", tmp_path / "run"
    file.write_text(MALFORMED, encoding="utf-8")
    line = refused("load", "--scenario", str(file), "--serve", "--out", str(out))
    assert line.startswith(
        f"footfall: {file}: scenario bad:2: cannot parse 'success(hall.query) >= much': missing number"
    )
    assert not out.exists()


@pytest.mark.parametrize("option", ["--seed", "--window", "--speed", "--at-hour"])
def test_a_trace_made_before_takes_no_shape_of_another(refused: Refused, tmp_path: Path, option: str) -> None:
    """An option that could have no effect is not passed over in silence."""
    line = refused("load", "--scenario", "ordinary_day", "--serve", "--trace", str(tmp_path), option, "2")
    assert (
        line
        == f"footfall: {option}: cannot be combined with --trace, which has its own; expected one of the two"
    )


@pytest.mark.parametrize("scale", ["0", "-1", "nan", "inf", "1e9"])
def test_an_impossible_scale_is_told_with_what_is_possible(
    refused: Refused, tmp_path: Path, scale: str
) -> None:
    """Above 0, and not so large that the customers could not be drawn; nothing is written."""
    out = tmp_path / "trace"
    said = refused("trace", "--scenario", "ordinary_day", "--scale", scale, "--out", str(out))
    assert "--scale" in said
    assert "expected a number" in said or "expected a scale of at most" in said
    assert not list(out.glob("*"))


def test_a_host_or_the_own_service_not_both_nor_none(refused: Refused) -> None:
    """It must be clear where the load goes."""
    assert "either --host URL or --serve" in refused("load", "--scenario", "ordinary_day")
    both = ("--host", "http://127.0.0.1:1", "--serve")
    assert "either --host URL or --serve" in refused("load", "--scenario", "ordinary_day", *both)


@pytest.mark.parametrize("number", ["0", "-2", "65"])
def test_a_number_of_processes_must_be_possible(refused: Refused, number: str) -> None:
    """One to 64, or -1 for one a core."""
    line = refused("load", "--scenario", "ordinary_day", "--serve", "--processes", number)
    assert f"--processes {number}: is out of range" in line


def test_a_criterion_about_an_earlier_run_needs_one(refused: Refused, tmp_path: Path) -> None:
    """Before anything is played; and it must be a run."""
    line = "p95(web.query) not worse than baseline by 5%"
    file = tmp_path / "scenario.toml"
    text = Path("scenarios/ordinary_day.toml").read_text(encoding="utf-8")
    file.write_text(text.replace("p95(web.query) < 3s", line), encoding="utf-8")
    out = tmp_path / "run"
    given = ("load", "--scenario", str(file), "--serve", "--window", "5", "--out", str(out))
    assert "no baseline is given; expected --baseline RUN" in refused(*given)
    assert "no such file" in refused(*given, "--baseline", str(tmp_path / "nowhere"))
    assert not out.exists()


@pytest.mark.parametrize(
    ("command", "assignment", "done"),
    [
        (("serve", "--model", PROVINCE), "web.discipline=sharing", "served"),
        (("serve", "--model", PROVINCE), "sms.connections=3", "served"),
        (("demo",), "web.queues=2", "served"),
        (("load", "--scenario", "ordinary_day", "--serve"), "sms.window=4", "served"),
    ],
)
def test_what_is_only_simulated_is_not_served_nor_played(
    refused: Refused, tmp_path: Path, command: tuple[str, ...], assignment: str, done: str
) -> None:
    """The reference service and the played customers say so before anything is written."""
    out = () if command[0] == "serve" else ("--out", str(tmp_path / "run"))
    line = refused(*command, *out, "--set", assignment)
    assert f"{assignment}: cannot be {done}, only simulated; expected" in line
    assert not (tmp_path / "run").exists()


def test_a_port_in_use_is_named(refused: Refused) -> None:
    """Somebody else listens there."""
    with taken_port() as port:
        assert f"--port {port}: in use" in refused("serve", "--model", SMALLEST, "--port", str(port))


def test_a_run_folder_without_manifest_is_no_run(refused: Refused, tmp_path: Path) -> None:
    """The gate wants the folder of a run."""
    assert "manifest.json: no such file" in refused("gate", str(tmp_path))


@pytest.fixture(scope="module")
def simulated(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Give the run folder of a small day."""
    out = tmp_path_factory.mktemp("runs") / "day"
    model = Path(__file__).parents[2] / SMALLEST
    assert run(("simulate", str(model), "--out", str(out))) == 0
    return out


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ("success(hall.query) is fine", "criteria.txt:2"),
        ("success(hall.query) >= 9000%", "criteria.txt:2"),
        ("success(lobby.query) >= 90%", "no visits match"),
        ("p95(hall.*) < 800", "criteria.txt:2"),
    ],
)
def test_a_malformed_criterion_is_told_with_its_line(
    simulated: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], line: str, told: str
) -> None:
    """File and line number; a name that no visit bears is invalid instead, never a pass."""
    criteria = tmp_path / "criteria.txt"
    criteria.write_text(f"# what must hold\n{line}\n", encoding="utf-8")
    code = run(("gate", str(simulated), "--criteria", str(criteria)))
    said = capsys.readouterr()
    assert code == (3 if told == "no visits match" else 2)
    assert told in said.out + said.err


def test_a_truncated_table_is_told_and_the_verdict_stays_as_it_was(
    refused: Refused, simulated: Path, tmp_path: Path
) -> None:
    """Half a Parquet file is no evidence."""
    copy = tmp_path / "copy"
    copy.mkdir()
    for name in ("manifest.json", "visits.parquet"):
        (copy / name).write_bytes((simulated / name).read_bytes())
    whole = (copy / "visits.parquet").read_bytes()
    (copy / "visits.parquet").write_bytes(whole[: len(whole) // 2])
    criteria = tmp_path / "criteria.txt"
    criteria.write_text("success(hall.*) >= 90%\n", encoding="utf-8")
    before = (copy / "manifest.json").read_bytes()
    line = refused("gate", str(copy), "--criteria", str(criteria))
    assert "visits.parquet: was changed after the run" in line
    assert (copy / "manifest.json").read_bytes() == before
    assert not (copy / "junit.xml").exists()


def float_options() -> list[tuple[str, str]]:
    """All options of all commands without groups, with the command's name, that take a fraction."""
    found = []
    for name in app.COMMANDS:
        module = import_module(f"footfall._cli.{name}")
        if hasattr(module, "command"):
            found += [
                (name, f"--{parameter.name.replace('_', '-')}")
                for parameter in signature(module.command).parameters.values()
                if "float" in str(parameter.annotation)
            ]
    return found


@pytest.mark.parametrize("value", ["inf", "-inf", "nan", "1e308", "9" * 400])
def test_no_option_takes_a_number_beyond_all_bounds(refused: Refused, value: str) -> None:
    """Of every command, whatever the option means; the line names it."""
    options = float_options()
    assert len(options) > 10
    for command, option in options:
        assert option in refused(*command.split(), f"{option}={value}"), (command, option)


@pytest.mark.parametrize(
    "assignment",
    [
        "accounts.balance_yuan_mean=1e17",
        "accounts.balance_yuan_mean=1e12",
        "accounts.balance_yuan_mean=1e308",
        "accounts.balance_cv=1000",
        "accounts.subscribers=1e12",
        "accounts.price_yuan.transact=1e14",
        "population=inf",
        "population=nan",
        "population=1e400",
    ],
)
def test_no_number_of_a_model_is_set_beyond_what_the_service_can_keep(
    refused: Refused, assignment: str
) -> None:
    """Money is kept in 64 bits; a trace of such a model could not be served."""
    assert assignment.partition("=")[0] in refused("show", PROVINCE, "--set", assignment)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (("--serve", "--server-pid", "1"), "cannot be combined with --serve"),
        (("--host", "http://127.0.0.1:1", "--server-pid", "4194999"), "no such process"),
        (("--host", "http://127.0.0.1:1", "--server-pid", str(os.getpid())), "is this process itself"),
    ],
    ids=["with --serve", "nobody", "itself"],
)
def test_a_process_that_cannot_be_watched_is_named(
    options: tuple[str, ...], words: str, refused: Refused
) -> None:
    """Before the service is asked anything."""
    line = refused("load", "--scenario", "ordinary_day", "--window", "5", *options)
    assert "--server-pid" in line
    assert words in line
