"""A real browser, where there is one."""

import os
import shutil
from collections.abc import Iterator

import pytest
from playwright.sync_api import Page, expect, sync_playwright

from tests.load.web.page_client import WAIT_MS


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


@pytest.fixture
def browser_page(chromium: str) -> Iterator[Page]:
    """A page of a real browser, without a window."""
    # As root, Chromium refuses its own sandbox.
    arguments = ["--no-sandbox"] if os.getuid() == 0 else []
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=arguments)
        page = browser.new_page(viewport={"width": 1280, "height": 900})
        page.set_default_timeout(WAIT_MS)
        expect.set_options(timeout=WAIT_MS)
        yield page
        browser.close()
