"""Hypothesis profiles of all tests."""

import os

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
