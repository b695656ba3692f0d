"""Bounds that no shop's work reaches, and the refusal to pass them.

Those of lines are the bounds of what is priced.
"""

from typing import Annotated, ClassVar, Final

from mechanic_core.errors import Conflict
from mechanic_core.pricing.bounds import MAX_LINES
from mechanic_core.rules import Example

MAX_JOBS: Final = 50
"""How many jobs a ticket may have."""

MAX_ENTRIES: Final = 10_000
"""How many history entries a ticket may have before it can only be finished."""

MAX_UNFINISHED: Final = 500
"""How many unfinished tickets a customer may have."""


class TooMany(Conflict):
    """A limit that no shop's work reaches does not allow another one."""

    fact_types: ClassVar = {"limit": Annotated[int, Example(MAX_LINES)]}

    def __init__(self, limit: int, of: str) -> None:
        """Name the things *of* which there are *limit* already."""
        super().__init__(f"{of}: at most {limit} are allowed", limit=limit)
