"""A served demo shop, and a Chromium."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from selenium.webdriver import Chrome, ChromeOptions
from selenium.webdriver.chrome.service import Service

from tests.integration.programs import Program, serving
from tests.system_programs import found_program

FLAGS = (
    "--headless",
    "--no-sandbox",  # needed as root, as in containers
    "--disable-gpu",
    "--disable-quic",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
    "--window-size=1280,1600",
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",  # no other host
)


@pytest.fixture(scope="session")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Program]:
    """A demo shop, served."""
    with serving(tmp_path_factory.mktemp("shop"), "demo", "--port", "0") as program:
        yield program


@pytest.fixture
def browser(tmp_path: Path) -> Iterator[Chrome]:
    """A browser with an empty profile that reaches only this machine."""
    options = ChromeOptions()
    options.binary_location = found_program("chromium")
    for flag in (*FLAGS, f"--user-data-dir={tmp_path / 'profile'}"):
        options.add_argument(flag)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    driver = Chrome(options=options, service=Service(found_program("chromedriver")))
    try:
        yield driver
    finally:
        driver.quit()
