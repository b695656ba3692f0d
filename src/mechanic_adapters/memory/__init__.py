"""All ports in memory, with real transactions; the data end with the process."""

from mechanic_adapters.memory.store import MemoryStore

__all__ = ["MemoryStore"]
