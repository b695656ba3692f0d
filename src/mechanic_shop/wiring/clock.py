"""The clock that the wiring injects."""

from datetime import UTC, datetime
from functools import partial
from typing import Final

from mechanic_core.values import Clock

utc_now: Final[Clock] = partial(datetime.now, UTC)
"""Returns the present moment; a partial of a C function costs no Python frame."""
