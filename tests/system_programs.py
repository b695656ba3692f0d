"""Programs of the system that the tests need, but do not install."""

import os
import shutil
from typing import Final

import pytest

PACKAGES: Final = {"chromedriver": "chromium-driver"}
"""Debian's packages that have another name than their program."""

_SYSTEM: Final = "/usr/sbin"
"""Where servers are; it is not on the path of every user."""


def found_program(name: str) -> str:
    """Return the path of a program; fail with the name of its package if it is missing."""
    path = shutil.which(name, path=f"{os.environ['PATH']}{os.pathsep}{_SYSTEM}")
    if path is None:
        pytest.fail(f"{name} is missing: install Debian's package {PACKAGES.get(name, name)}")
    return path
