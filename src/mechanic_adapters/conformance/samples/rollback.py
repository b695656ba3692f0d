"""Transactions that a test rolls back."""

from collections.abc import Iterator
from contextlib import contextmanager, suppress

from mechanic_core.unit_of_work import Store, Work


class Rollback(Exception):
    """Raised to end a block without a commit."""


@contextmanager
def rolled_back(store: Store) -> Iterator[Work]:
    """Open a transaction that is rolled back at the end of the block."""
    with suppress(Rollback), store.begin() as work:
        yield work
        raise Rollback
