"""Every port over dictionaries, with real rollback: nothing is left when the process ends."""

from mechanic_adapters.memory.store import MemoryStore
from mechanic_adapters.memory.table import ReadOnlyError

__all__ = ["MemoryStore", "ReadOnlyError"]
