"""`footfall report`: make the report of a run again, from its files."""

from footfall.cli.options import RunFolder
from footfall.cli.output import TERMINAL, say
from footfall.runs.report import report


def command(run: RunFolder) -> None:
    """Write report.html, measures.csv and the charts of a played RUN again."""
    say(f"report: {report(run, TERMINAL)}")
