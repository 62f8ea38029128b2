"""The door for `locust -f locustfile.py`: every scenario of this workspace, one at a time."""

from pathlib import Path

from footfall.load.locust_plugin import install
from footfall.workload.scenario import FOLDER, scenario_files

globals().update(
    install(scenario="ordinary_day", scenarios=list(scenario_files(Path(__file__).parent / FOLDER)))
)
