"""`footfall gate`: hold criteria against a run, for CI."""

from pathlib import Path
from typing import Annotated

from footfall._cli.options import AlsoAsked, Baseline, Json, LongestEpisode, RunFolder, option
from footfall._cli.output import TERMINAL, say, say_json
from footfall._runs import judgement
from footfall._runs.judgement import Judged, judged_lines


def command(
    run: RunFolder,
    criteria: Annotated[
        Path | None,
        option(help="File with a criterion a line. Default: those of the run's scenario."),
    ] = None,
    more_criteria: AlsoAsked = None,
    longest_episode: LongestEpisode = None,
    baseline: Baseline = None,
    as_json: Json = False,
) -> int:
    """Judge RUN from its files: exit code 0 pass, 1 fail, 3 undecided or invalid.

    Writes junit.xml and summary.md.
    """
    judged = judgement.judge(
        run,
        criteria=criteria,
        also=more_criteria,
        longest_episode=longest_episode,
        baseline=baseline,
        messages=TERMINAL,
    )
    if as_json:
        say_json(judgement.as_json(judged))
    else:
        show(judged)
        show_verdict(judged)
    return judged.exit_code


def show(judged: Judged) -> None:
    """Print each criterion with its reason."""
    say()
    for line in judged_lines(judged)[:-1]:
        say(line)


def show_verdict(judged: Judged) -> None:
    """Print the last line of a command that judges."""
    say(judged_lines(judged)[-1])
