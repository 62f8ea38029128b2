"""`footfall gate`: hold criteria against a run, for CI."""

from pathlib import Path
from typing import Annotated

import typer

from footfall.cli.options import AlsoAsked, Baseline, Json, LongestEpisode, RunFolder
from footfall.cli.output import TERMINAL, say, say_json
from footfall.criteria.lists import check_names, with_episodes
from footfall.load.run_integrity import check_run
from footfall.measure.verdict import Verdict
from footfall.model.model_json import MODEL_FILE, read_model
from footfall.records.folders import check_not_in_use
from footfall.records.runs import read_manifest
from footfall.runs import judge
from footfall.runs.asked import parsed
from footfall.runs.judge import Judged
from footfall.runs.predict import predict_if_missing


def command(
    run: RunFolder,
    criteria: Annotated[
        Path | None,
        typer.Option(
            help="File with a criterion a line. Default: those of the run's scenario.", show_default=False
        ),
    ] = None,
    more_criteria: AlsoAsked = None,
    longest_episode: LongestEpisode = None,
    baseline: Baseline = None,
    as_json: Json = False,
) -> int:
    """Judge RUN from its files: exit code 0 pass, 1 fail, 3 undecided or invalid.

    Writes junit.xml and summary.md.
    """
    manifest = read_manifest(run)
    check_not_in_use(run)
    check_run(run, manifest)
    model = read_model(run / MODEL_FILE) if (run / MODEL_FILE).exists() else None
    asked = judge.criteria_of_run(manifest, model, criteria)
    more = parsed(more_criteria or ())
    check_names(more, judge.vocabulary(model), "--criterion")
    asked = with_episodes(asked + more, longest_episode)
    judge.check_baseline(baseline, asked)
    predict_if_missing(run, TERMINAL)
    judged = judge.judge_run(run, manifest, asked, baseline, TERMINAL)
    if as_json:
        say_json(judge.as_json(judged))
    else:
        show(judged)
        show_verdict(judged)
    return judged.exit_code


_MARKS = {
    Verdict.PASS: "pass",
    Verdict.FAIL: "FAIL",
    Verdict.UNDECIDED: "UNDECIDED",
    Verdict.INVALID: "INVALID",
}
_MARK_WIDTH = max(map(len, _MARKS.values()))


def show(judged: Judged) -> None:
    """Print each criterion with its reason."""
    say()
    for each in judged.judgements:
        say(f"{_MARKS[each.verdict]:{_MARK_WIDTH}} {each.criterion}")
        say(f"{'':{_MARK_WIDTH}} {each.reason}")


def show_verdict(judged: Judged) -> None:
    """Print the last line of a command that judges."""
    say(f"verdict: {judged.decision.verdict.value}")
