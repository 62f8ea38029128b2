"""The edge of this room: a chart onto disk, as SVG and the table behind it."""

from pathlib import Path

from footfall.chart.style import Chart, svg_text
from footfall.records.tables import write_csv, write_text


def save(chart: Chart, path_stem: Path) -> tuple[Path, Path]:
    """Write `STEM.svg` and `STEM.csv`, each atomically, and return their paths.

    Raises:
        BadInputError: the folder cannot be written.
    """
    picture, table = (path_stem.with_name(f"{path_stem.name}.{kind}") for kind in ("svg", "csv"))
    write_csv(chart.frame, table)
    write_text(svg_text(chart.figure), picture)
    return picture, table
