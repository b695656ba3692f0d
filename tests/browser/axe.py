"""axe-core, which finds what keeps people with disabilities from using a page."""

import functools
import os
from pathlib import Path
from typing import Any

import pytest
from selenium.webdriver import Chrome

_RUN = "const done = arguments[0]; axe.run().then(done, error => done({violations: [`${error}`]}))"


@functools.cache
def _script() -> str:
    """Return axe-core, from where Node finds packages."""
    for folder in os.environ.get("NODE_PATH", "").split(os.pathsep):
        if (found := Path(folder, "axe-core", "axe.min.js")).is_file():
            return found.read_text("utf-8")
    pytest.fail("axe-core is not installed: run nox -s browser")


def violations(browser: Chrome) -> list[Any]:
    """Return what axe finds on the page in the browser, by all of its rules."""
    browser.execute_script(_script())
    found: dict[str, list[Any]] = browser.execute_async_script(_RUN)
    return found["violations"]
