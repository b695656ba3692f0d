"""What the suite asks of a store."""

from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Protocol

from mechanic_core.unit_of_work import Work


class Store(Protocol):
    """Keeps everything of a shop, through transactions."""

    def begin(self) -> AbstractContextManager[Work]:
        """Open a transaction: core's `Begin`."""
        ...

    def read_only(self) -> AbstractContextManager[Work]:
        """Open a view to read from: core's `ReadOnly`."""
        ...

    def subscribe(self, listener: Callable[[frozenset[str]], None]) -> None:
        """Have *listener* told the nouns written, after each commit that wrote any."""
        ...

    def ping(self) -> None:
        """Return when the store answers, or raise `Unavailable`."""
        ...
