"""The track record of predictions: every verified figure, a row each, and what they say together."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import polars as pl

from footfall._calibrate.load_prediction import LoadPrediction
from footfall._calibrate.verification import VerifiedRun, interval_score
from footfall._records.tables import read_csv, write_csv

TRACK_RECORD = Path("results") / "track-record.csv"
ROWS = pl.Schema(
    {
        "verified_at": pl.String,
        "prediction": pl.String,
        "prediction_sha256": pl.String,
        "run": pl.String,
        "run_sha256": pl.String,
        "channel": pl.String,
        "figure": pl.String,
        "value": pl.Float64,
        "low": pl.Float64,
        "high": pl.Float64,
        "measured": pl.Float64,
        "inside": pl.Boolean,
        "half_width_share": pl.Float64,
        "score_share": pl.Float64,
    }
)
_KEYS = ["prediction_sha256", "run_sha256", "channel", "figure"]
_ALL = "all"


@dataclass(frozen=True, slots=True, kw_only=True)
class TrackRecordLine:
    """What the record says of one kind of figures."""

    kind: str
    figures: int
    inside: int
    half_width_share_mean: float
    """Mean of half the width of the intervals over their values."""
    score_share_mean: float
    """Mean interval score over the values (Gneiting and Raftery 2007): the less, the better."""


def rows_of(
    prediction: LoadPrediction, run: VerifiedRun, sha256: str, verified_at: str
) -> list[dict[str, object]]:
    """Return the rows of a verified run."""
    return [
        {
            "verified_at": verified_at,
            "prediction": prediction.run,
            "prediction_sha256": prediction.sha256,
            "run": run.run,
            "run_sha256": sha256,
            "channel": one.forecast.channel,
            "figure": one.forecast.name,
            "value": one.forecast.value,
            "low": one.forecast.low,
            "high": one.forecast.high,
            "measured": one.measured,
            "inside": one.is_inside,
            "half_width_share": one.width_share,
            "score_share": interval_score(one.forecast.low, one.forecast.high, one.measured)
            / abs(one.forecast.value)
            if one.forecast.value
            else None,
        }
        for one in run.figures
    ]


def add_to_record(rows: Sequence[dict[str, object]], file: Path) -> int:
    """Add rows to the record, each figure of a prediction and run once; return how many are new.

    Raises:
        BadInputError: the file is damaged or cannot be written.
    """
    new = pl.DataFrame(list(rows), schema=ROWS)
    known = read_record(file) if file.is_file() else ROWS.to_frame()
    fresh = new.join(known, on=_KEYS, how="anti")
    if fresh.height:
        write_csv(pl.concat([known, fresh]), file)
    return fresh.height


def read_record(file: Path) -> pl.DataFrame:
    """Read the record.

    Raises:
        BadInputError: there is none, or it is damaged.
    """
    return read_csv(file, ROWS)


def record_lines(record: pl.DataFrame) -> list[TrackRecordLine]:
    """Return what the record says by kind of figure, and over all."""
    kinds = [(str(name), part) for (name,), part in record.group_by("figure", maintain_order=True)]
    return [_line(name, part) for name, part in [*kinds, (_ALL, record)] if part.height]


def _line(kind: str, part: pl.DataFrame) -> TrackRecordLine:
    finite = part.filter(pl.col("measured").is_finite())
    return TrackRecordLine(
        kind=kind,
        figures=part.height,
        inside=int(part["inside"].sum()),
        half_width_share_mean=_mean(part["half_width_share"]),
        score_share_mean=_mean(finite["score_share"]),
    )


def _mean(column: pl.Series) -> float:
    values = column.drop_nulls().to_list()
    return float(sum(values) / len(values)) if values else 0.0
