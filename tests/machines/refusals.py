"""Refusals that machines expect."""

from collections.abc import Callable

from mechanic_core.errors import Refused


def refusal_code(act: Callable[[], object]) -> str | None:
    """Return the code of the refusal of *act*, or None where it succeeds."""
    try:
        act()
    except Refused as refusal:
        return refusal.code
    return None
