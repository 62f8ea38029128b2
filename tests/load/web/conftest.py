"""A real browser, where there is one."""

import os
import shutil

import pytest


@pytest.fixture(scope="session")
def chromium() -> str:
    """Path of the system's Chromium; nothing is downloaded."""
    names = ("chromium", "chromium-browser", "google-chrome")
    found = next((path for name in names if (path := shutil.which(name))), None)
    if found is None:
        reason = "no Chromium here (Debian: apt-get install chromium)"
        if os.environ.get("FOOTFALL_CI"):
            pytest.fail(reason)
        pytest.skip(reason)
    return found
