"""`footfall gate`: hold criteria against a run, for CI."""

from pathlib import Path
from typing import Annotated

import typer

from footfall.cli import judging
from footfall.cli.console import say_json
from footfall.cli.options import AlsoAsked, Baseline, Json, LongestEpisode, RunFolder
from footfall.cli.predicting import predict_if_missing
from footfall.load.run_integrity import check_run
from footfall.measure.grammar import declare_episodes
from footfall.model.model_json import MODEL_FILE, read_model
from footfall.records.errors import BadInputError
from footfall.records.folders import check_not_in_use
from footfall.records.runs import Manifest, read_manifest


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
    lines, where = criteria_text(criteria, manifest)
    model = read_model(run / MODEL_FILE) if (run / MODEL_FILE).exists() else None
    lines = "\n".join(declare_episodes(lines.splitlines(), longest_episode))
    parsed = judging.criteria_of(lines, where, model, played=manifest.arrivals is not None)
    for line in declare_episodes(more_criteria or (), longest_episode):
        parsed += judging.criteria_of(line, "--criterion", model, played=False)
    judging.check_baseline(baseline, parsed)
    predict_if_missing(run)
    judged = judging.judge_run(run, manifest, parsed, baseline)
    if as_json:
        say_json(judging.as_json(judged))
    else:
        judging.show(judged)
        judging.show_verdict(judged)
    return judged.exit_code


def criteria_text(path: Path | None, manifest: Manifest) -> tuple[str, str]:
    """Give the text of the criteria and where it stands."""
    if path is None:
        # From the folder, never from the scenario's file, which is a program: the folder may be of others.
        lines = manifest.settings.get("criteria")
        if not lines:
            raise BadInputError(f"run {manifest.run}", "has no criteria of its own", "--criteria FILE")
        return "\n".join(lines), f"run {manifest.run}"
    try:
        return path.read_text(encoding="utf-8-sig"), str(path)
    except (OSError, UnicodeDecodeError) as error:
        raise BadInputError(f"--criteria {path}", "cannot be read", "a text file") from error
