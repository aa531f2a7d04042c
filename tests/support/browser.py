"""Chromium for the tests marked `browser`; where there is none they are left out, and that is said in words."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

import pytest

from apps.socle.launch.packages import find_browser

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page


def leave_out_without_chromium(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Deselect the browser's tests where there is no browser to drive."""
    if find_browser() is not None:
        return
    browser = [item for item in items if item.get_closest_marker("browser")]
    if browser:
        config.hook.pytest_deselected(items=browser)
        items[:] = [item for item in items if not item.get_closest_marker("browser")]


@contextmanager
def chromium() -> Iterator[Browser]:
    """Open a headless Chromium."""
    from playwright.sync_api import sync_playwright

    # Playwright's loop runs in this thread, which Django takes for asynchronous code.
    os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "true"
    arguments = ["--disable-dev-shm-usage"]
    if os.geteuid() == 0:
        arguments.append("--no-sandbox")  # Chromium's sandbox refuses to run as root
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=find_browser(), args=arguments)
        try:
            yield browser
        finally:
            browser.close()
    del os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"]


def listen(page: Page, complaints: list[str]) -> None:
    """Collect into `complaints` what the page does wrong: errors and warnings of the console, uncaught exceptions.

    What Chromium only remarks (a field that was already focused keeps the focus) is no complaint.
    """
    page.on(
        "console", lambda message: complaints.append(message.text) if message.type in {"error", "warning"} else None
    )
    page.on("pageerror", lambda error: complaints.append(str(error)))
