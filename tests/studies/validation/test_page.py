"""The page of all checks is made from its rows, and tells what does not agree."""

import csv
import re
from dataclasses import fields
from pathlib import Path

import pytest

from studies.validation.checks import Check, at_least
from studies.validation.command import main
from studies.validation.formulas import formulas
from studies.validation.page import Chapter, numbers, page
from studies.validation.published.leemis_park_ssq import MODEL, TEN_ARRIVALS, TEN_DELAYS, TEN_SERVICES
from studies.validation.reality import HOTLINE_RESULTS, bank_months
from studies.validation.systems import jobs_by_hand, printed_staffing

FOLDER = Path(__file__).parents[3] / "studies" / "validation" / "results"
GOOD = Check("one", "A book", 10.0, 10.1, 9.8, 10.4, "s")
BAD = Check("two", "A book", 3.0, 10.1, 9.8, 10.4, "s")
NAMES = {field.name for field in fields(Check)}


def kept() -> dict[str, list[Check]]:
    """Give the kept rows by chapter."""
    chapters: dict[str, list[Check]] = {}
    with (FOLDER / "checks.csv").open(encoding="utf-8") as file:
        for row in csv.DictReader(file):
            values = {
                name: float(row[name]) if name in {"expected", "obtained", "low", "high"} else row[name]
                for name in NAMES
            }
            values["is_least"] = row["is_least"] == "true"
            chapters.setdefault(row["chapter"], []).append(Check(**values))  # type: ignore[arg-type]  # by name
    return chapters


def test_the_kept_page_has_every_row_and_none_other() -> None:
    """Each line of its tables is what the kept rows give, in their order."""
    text = (FOLDER / "README.md").read_text(encoding="utf-8")
    chapters = [Chapter(title, "", tuple(checks)) for title, checks in kept().items()]
    rows = [
        line for line in page(chapters, (), "").splitlines() if re.search(r"\| (yes|\*\*no\*\*) \|$", line)
    ]
    assert len(rows) == sum(len(chapter.checks) for chapter in chapters) > 200
    assert [line for line in text.splitlines() if re.search(r"\| (yes|\*\*no\*\*) \|$", line)] == rows


def test_all_that_must_agree_does() -> None:
    """Only predictions of recorded reality may miss their bars."""
    for title, checks in kept().items():
        assert title == "Recorded reality" or all(check.agrees for check in checks), title


@pytest.mark.parametrize(
    ("title", "made"),
    [
        ("Formulas", formulas),
        ("Recorded reality", lambda: bank_months(HOTLINE_RESULTS)),
        (
            "Other programs' staffing, and a textbook's jobs",
            lambda: [
                *printed_staffing(),
                *jobs_by_hand(
                    MODEL,
                    "Leemis and Park 2006, section 1.2, example 1.2.2, worked by hand",
                    list(zip(TEN_ARRIVALS, TEN_SERVICES, strict=True)),
                    TEN_DELAYS,
                ),
            ],
        ),
    ],
    ids=["formulas", "months", "staffing"],
)
def test_what_is_quick_to_make_is_what_was_kept(title: str, made: object) -> None:
    """The simulated figures are made anew where the models are tested."""
    checks = made()  # type: ignore[operator]  # a case's own function
    found = kept()[title]
    assert [check.name for check in checks] == [check.name for check in found]
    assert [check.source for check in checks] == [check.source for check in found]
    assert [check.obtained for check in checks] == pytest.approx(
        [check.obtained for check in found], rel=1e-9
    )


def test_a_figure_that_does_not_agree_is_told_and_counted() -> None:
    """In its row, in its chapter's line and in the first sentence."""
    text = page([Chapter("A chapter", "How.", (GOOD, BAD))], ["a file"], "made by a test")
    assert "1 of 2 figures that are known exactly or printed by others" in text
    assert "| A chapter | 1 of 2 |" in text
    assert "| one, s | 10 | 10.10 | 9.80 – 10.40 | yes |" in text
    assert "| two, s | 3 | 10.10 | 9.80 – 10.40 | **no** |" in text
    assert "- a file" in text


def test_predictions_are_counted_by_themselves() -> None:
    """A missed bar is no figure that must agree."""
    text = page([Chapter("Months", "How.", (GOOD, BAD), is_forecast=True)], (), "")
    assert "0 of 0 figures" in text
    assert "1 of 2 predictions" in text


@pytest.mark.parametrize(
    ("check", "told"),
    [
        (at_least("r", "x", 0.7, 0.8314), ("≥ 0.7", "0.831", "")),
        (Check("tiny", "x", 0.0, 3e-14, 3e-14 - 1e-9, 3e-14 + 1e-9, ""), ("0", "3e-14", "± 1e-09")),
        (Check("exact", "x", 0.5, 0.5, 0.4995, 0.5005, ""), ("0.5", "0.50000", "0.49950 – 0.50050")),
    ],
)
def test_numbers_have_the_digits_that_tell_them_apart(check: Check, told: tuple[str, str, str]) -> None:
    """Two digits of the bounds."""
    assert numbers(check) == told


def test_what_must_be_at_least_so_much_may_be_less() -> None:
    """Then it does not agree."""
    assert at_least("r", "x", 0.7, 0.71).agrees
    assert not at_least("r", "x", 0.7, 0.69).agrees


def test_a_data_folder_that_is_none_gets_one_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Before any work is done."""
    assert main(["--data", str(tmp_path / "none"), "--out", str(tmp_path / "out")]) == 2
    assert "--data" in capsys.readouterr().err
    assert not (tmp_path / "out").exists()
