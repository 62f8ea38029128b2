"""The door for `locust -f locustfile.py`: every scenario of this workspace, one at a time."""

from pathlib import Path

from footfall.load.play.door import open_door
from footfall.load.scenario import FOLDER, scenario_files

globals().update(
    open_door(scenario="ordinary_day", scenarios=list(scenario_files(Path(__file__).parent / FOLDER)))
)
