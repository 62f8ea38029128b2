"""`footfall report`: make the report of a run again, from its files."""

from footfall.cli.options import RunFolder
from footfall.cli.output import TERMINAL, say
from footfall.load.run_integrity import check_run
from footfall.model.model_json import MODEL_FILE, read_model
from footfall.records.errors import BadInputError
from footfall.records.folders import check_not_in_use
from footfall.records.runs import read_manifest
from footfall.runs import judge, report
from footfall.runs.predict import predict_if_missing


def command(run: RunFolder) -> None:
    """Write report.html, measures.csv and the charts of a played RUN again."""
    manifest = read_manifest(run)
    if manifest.arrivals is None:
        raise BadInputError(
            str(run), "is not a load test", "the folder of a run of footfall load or footfall demo"
        )
    check_not_in_use(run)
    check_run(run, manifest)
    predict_if_missing(run, TERMINAL)
    criteria = judge.criteria_of_run(manifest, read_model(run / MODEL_FILE))
    judged = judge.judge_run(run, manifest, criteria, messages=TERMINAL)
    page = report.write(run, report.figures(run), judged)
    say(f"report: {page}")
