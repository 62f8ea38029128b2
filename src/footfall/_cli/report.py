"""`footfall report`: make the report of a run again, from its files."""

from footfall._cli.options import RunFolder
from footfall._cli.output import TERMINAL, say
from footfall._runs.report import report


def command(run: RunFolder) -> None:
    """Write report.html, measures.csv and the charts of a load test's RUN again."""
    say(f"report: {report(run, TERMINAL)}")
