"""Low stock: notify a listener when a part falls to its reorder point."""

from collections.abc import Callable
from typing import TypeAlias

from mechanic_core.inventory.part import Part
from mechanic_core.unit_of_work import Work

LowStockListener: TypeAlias = Callable[[Part], None]
"""Called with a part after the commit in which its available stock fell to its reorder point."""


def notify_low_stock(work: Work, before: Part, after: Part, listener: LowStockListener) -> None:
    """Call *listener* after the commit if the part has crossed its reorder point downward."""
    if after.is_low and not before.is_low:
        work.on_commit(lambda: listener(after))
