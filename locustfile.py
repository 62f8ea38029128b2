"""Scenarios in Locust: `locust -f locustfile.py` opens a web page, `--headless --scenario NAME`."""

from footfall.locust import *  # noqa: F403  Locust looks for users and shape among this module's names
