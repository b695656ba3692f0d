"""What every test shares: how hard Hypothesis tries, and that it does not mind how long."""

import os

from hypothesis import HealthCheck, settings

# A busy machine may stand still for a second, which says nothing about what is tested.
settings.register_profile(
    "default", deadline=None, max_examples=30, suppress_health_check=[HealthCheck.too_slow]
)
default = settings.get_profile("default")
settings.register_profile("ci", default, max_examples=200, print_blob=True)
settings.register_profile("long", default, max_examples=2_000, print_blob=True)
settings.load_profile(
    os.environ.get("HYPOTHESIS_PROFILE", "ci" if os.environ.get("CI") else "default")
)
