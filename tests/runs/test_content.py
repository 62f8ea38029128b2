"""Model files as people have them: Python, TOML, and those of former releases."""

from importlib import import_module
from pathlib import Path

import pytest

import footfall as ff
from footfall._model.model import Model
from footfall._records.errors import BadInputError
from footfall._runs.content import model_in
from models.mm3 import MODEL as MM3

FORMER = Path(__file__).with_name("former_model.txt")
ITS_FINGERPRINT = "91417129fe7da32eba8042d48b5d1ea783688b6420c54b09b3d1e380f38b07a9"


def test_a_model_file_that_a_former_release_wrote_still_runs(tmp_path: Path) -> None:
    """`footfall fit` wrote Python once; the names that it imports are found, and the model is the same."""
    path = tmp_path / "model.py"
    path.write_bytes(FORMER.read_bytes())
    model = model_in(path)
    assert model.fingerprint() == ITS_FINGERPRINT
    module = import_module("footfall_content_model")
    assert set(module.MODELS) == {"monday"}
    assert isinstance(module.MODELS["monday"], Model)


def test_a_model_file_with_the_former_names_of_its_classes_still_runs(tmp_path: Path) -> None:
    """What has been renamed or moved is found under the name that it had."""
    path = tmp_path / "shop.py"
    path.write_text(
        """
import footfall as ff
from footfall.model.numbers import assumed
from footfall.model.population import Choice, FollowUp, FollowUps
from footfall.records.rows import Outcome

MODEL = ff.Model(
    "shop",
    arrivals=ff.per_hour(20),
    channels=ff.Channel("hall", ff.Counters(assumed(3, "counted")), service="6 min"),
    choice=Choice(dissimilarity={"physical": 1}),
    follow_ups=FollowUps(attempts_most=2, by_outcome={Outcome.ABANDONED: FollowUp(retry_share=0.5)}),
)
""",
        encoding="utf-8",
    )
    rules = model_in(path).follow_ups
    assert rules == ff.RetryPolicy(2, {"abandoned": ff.AfterFailure(0.5)})
    assert isinstance(rules, ff.RetryPolicy)
    assert isinstance(model_in(path).choice, ff.NestedLogit)


def test_a_model_is_read_from_toml(tmp_path: Path) -> None:
    """And changed as one in Python is."""
    path = tmp_path / "shop.toml"
    path.write_text(MM3.to_toml(), encoding="utf-8")
    assert model_in(path) == MM3
    assert model_in(path, ("hall.clerks=4",)).fingerprint() != MM3.fingerprint()


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("import footfall as ff\n\n1 / 0\n", ":3: does not run (ZeroDivisionError: division by zero)"),
        (
            "import footfall as ff\n\nff.Modell\n",
            ":3: does not run (AttributeError: No footfall attribute Modell)",
        ),
        ("x = (\n", ":1: does not run (SyntaxError: '(' was never closed"),
        ("raise ValueError('a\\n  b')\n", ":1: does not run (ValueError: a b)"),
        ("MODEL = 3\n", ": MODEL is not a Model"),
        ("x = 3\n", ": has no MODEL"),
    ],
)
def test_a_file_that_does_not_run_is_named_with_its_line(tmp_path: Path, text: str, says: str) -> None:
    """On one line."""
    path = tmp_path / "shop.py"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(BadInputError) as caught:
        model_in(path)
    assert str(caught.value).startswith(f"{path}{says}")
    assert "\n" not in str(caught.value)
