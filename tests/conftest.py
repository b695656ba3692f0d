"""Hypothesis profiles of all tests, and the figures that some print."""

import os
from collections.abc import Callable
from typing import Final

import pytest
from hypothesis import HealthCheck, Phase, settings

# Files that tests write must be trusted by the shop on machines whose default is 002, too.
os.umask(0o022)

# No deadline: a busy machine may pause for a second.
settings.register_profile(
    "default", deadline=None, max_examples=30, suppress_health_check=[HealthCheck.too_slow]
)
default = settings.get_profile("default")
settings.register_profile("ci", default, max_examples=200, print_blob=True)
# A mutant needs one failure, not the simplest.
settings.register_profile(
    "mutants",
    default,
    max_examples=4,
    derandomize=True,
    database=None,
    phases=[Phase.explicit, Phase.generate],
)
settings.register_profile("long", default, max_examples=2_000, print_blob=True)
settings.load_profile(
    os.environ.get("HYPOTHESIS_PROFILE", "ci" if os.environ.get("CI") else "default")
)

FIGURES: Final = "figures"


@pytest.fixture
def report(request: pytest.FixtureRequest) -> Callable[[str], None]:
    """Take figures that a test has counted or measured, which are printed at the end of the run."""

    def report(figures: str) -> None:
        request.node.user_properties.append((FIGURES, figures))

    return report


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Print the figures of all tests, in whatever process they ran."""
    done = [one for kind in ("passed", "failed") for one in terminalreporter.getreports(kind)]
    texts = [text for one in done for name, text in one.user_properties if name == FIGURES]
    if texts:
        terminalreporter.section(FIGURES)
    for text in texts:
        terminalreporter.line(text)
