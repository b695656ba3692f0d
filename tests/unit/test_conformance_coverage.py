"""The conformance suite covers every port."""

from pathlib import Path
from typing import Final

import attrs
import pytest

from mechanic_adapters import conformance
from mechanic_core.unit_of_work import Work

SUITE: Final = "".join(
    path.read_text("utf-8") for path in Path(conformance.__path__[0]).rglob("*.py")
)


@pytest.mark.parametrize(
    "port", [field.name for field in attrs.fields(Work) if field.name != "on_commit"]
)
def test_the_suite_tests_every_port(port: str) -> None:
    """
    A module of the suite calls each port of the unit of work.
    """
    assert f"work.{port}" in SUITE
