"""`footfall report`: make the report of a run again, from its files."""

from footfall._cli.options import RunFolder
from footfall._cli.output import TERMINAL, say
from footfall._runs.report import report


def command(run: RunFolder) -> None:
    """Write report.html, the tables and the charts of RUN, a load test or a search for capacity, again."""
    say(f"report: {report(run, TERMINAL)}")
