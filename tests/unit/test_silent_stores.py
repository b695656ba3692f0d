"""The conformance suite fails a store that saves a change without its event."""

import pytest

from mechanic_adapters.conformance.samples.declarations import Write
from mechanic_adapters.conformance.store.events import TestEventsOfChanges as Suite
from mechanic_adapters.memory import MemoryStore, tables
from mechanic_adapters.memory.repositories import estimates, profile, tickets

WRITES = [
    write
    for write in Write.collect("WRITES")
    if write.events and write.name.endswith((".add", ".save"))
]


@pytest.mark.parametrize("write", WRITES, ids=lambda write: write.name)
def test_a_silent_store_fails(write: Write, monkeypatch: pytest.MonkeyPatch) -> None:
    """
    A store that forgets its events passes no test of a method that changes something.
    """
    for module in (estimates, profile, tables, tickets):
        monkeypatch.setattr(module, "note_change", lambda *_: None)

    with pytest.raises(AssertionError):
        Suite().test_writes_the_event_of_each_change(MemoryStore(), write)
