"""The leaderboard: mechanics by the number of tickets that they have worked.

A ticket counts for each mechanic assigned to it, unless it was cancelled.
"""

from typing import Annotated

from attrs import frozen

from mechanic_core.mechanics.mechanic import MechanicId, MechanicName
from mechanic_core.rules import Between, Example, checked


@frozen(kw_only=True, field_transformer=checked)
class Standing:
    """A mechanic's rank on the leaderboard; equal counts share a rank (1, 1, 3)."""

    rank: Annotated[int, Between(1, 2**63 - 1), Example(1)]
    id: MechanicId
    name: MechanicName
    tickets: Annotated[int, Between(0, 2**63 - 1), Example(42)]


@frozen(kw_only=True, field_transformer=checked)
class Leaderboard:
    """Mechanics by tickets worked, most first; ties by name, then id."""

    items: tuple[Standing, ...]
