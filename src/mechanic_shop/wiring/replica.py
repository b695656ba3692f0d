"""The replica of the database: probed by a thread, and reported."""

from collections.abc import Iterator
from contextlib import contextmanager
from threading import Event, Thread
from typing import Final

from mechanic_adapters.sql.replicas.replica import Replica
from mechanic_adapters.sql.store import SqlStore

PERIOD_S: Final = 0.5
"""How often a process compares the replica with the primary."""

_JOIN_S: Final = 1.0


@contextmanager
def probe_regularly(store: SqlStore, period_s: float = PERIOD_S) -> Iterator[None]:
    """Probe the replica of *store*, if it has one, in a thread of its own within the block."""
    if store.lagging_reads is None:
        yield
        return
    stopping = Event()
    arguments = (store.lagging_reads.replica, stopping, period_s)
    thread = Thread(target=_probe, args=arguments, name="replica", daemon=True)
    thread.start()
    try:
        yield
    finally:
        stopping.set()
        thread.join(_JOIN_S)


def _probe(replica: Replica, stopping: Event, period_s: float) -> None:
    while True:
        replica.probe()
        if stopping.wait(period_s):
            return
