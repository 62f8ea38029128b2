"""A wrong argument of a job gets one line, whatever its type, and leaves nothing behind."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import footfall as ff

any_of: Any = ff


@pytest.mark.parametrize(
    ("call", "says"),
    [
        (lambda: any_of.simulate(3), "model: 3 is not a path; expected the path of a file or folder"),
        (lambda: any_of.simulate(""), "model: '' is not a path"),
        (lambda: any_of.simulate("models/mm3.py", out=3), "out: 3 is not a path"),
        (
            lambda: any_of.simulate("models/mm3.py", seed="x"),
            "seed: 'x' is not allowed here; expected a whole number, 0 or more",
        ),
        (
            lambda: any_of.simulate("models/mm3.py", replications=-1),
            "replications: -1 is not allowed here; expected a whole number, 1 or more",
        ),
        (lambda: any_of.simulate("models/mm3.py", replications="x"), "replications: 'x' is not allowed here"),
        (lambda: any_of.read_model(None), "path: None is not a path"),
        (lambda: any_of.read_run(3), "folder: 3 is not a path"),
        (lambda: any_of.read_scenario(3), "name: 3 is not a path"),
        (lambda: any_of.judge(3), "run: 3 is not a path"),
        (lambda: any_of.report(None), "run: None is not a path"),
        (lambda: any_of.predict(3), "trace: 3 is not a path"),
        (lambda: any_of.compare(3, 3), "baseline: 3 is not a path"),
        (lambda: any_of.compare([3], ["nowhere"]), "runs: 3 is not a path"),
        (lambda: any_of.compare([], []), "baseline: is empty; expected at least one path"),
        (lambda: any_of.fit(3), "log: 3 is not a path"),
        (lambda: any_of.fit([]), "log: is empty; expected at least one path"),
        (lambda: any_of.LoadOptions(label=3), "--label: 3; expected"),
        (lambda: any_of.LoadOptions(processes=0), "--processes 0: is out of range; expected 1 to"),
        (lambda: any_of.LoadOptions(stall_s=2, stall_every_s=1), "--stall-every-s: 1; expected more than"),
        (lambda: any_of.LoadOptions(nothing=3), "nothing: is not an option here; expected one of"),
    ],
)
def test_a_wrong_argument_is_named_in_one_line(
    call: Callable[[], object], says: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With what was given and what was expected."""
    monkeypatch.chdir(tmp_path)
    with pytest.raises(ff.BadInputError) as caught:
        call()
    assert says in str(caught.value)
    assert "\n" not in str(caught.value)
    assert not list(tmp_path.iterdir())


def test_one_folder_may_stand_alone_on_each_side_of_a_comparison() -> None:
    """Its letters are not taken for folders."""
    with pytest.raises(ff.BadInputError, match=r"^nowhere/manifest.json: no such file"):
        any_of.compare("elsewhere", "nowhere")


def test_a_manifest_that_lacks_fields_names_them(tmp_path: Path) -> None:
    """Not in Python's words."""
    (tmp_path / "manifest.json").write_text('{"run": "a"}', encoding="utf-8")
    with pytest.raises(
        ff.BadInputError, match=r"manifest.json: damaged \(no .*command.*\); expected a manifest"
    ):
        ff.judge(tmp_path)
