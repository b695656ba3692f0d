"""A cache storage in the memory of this process."""

import time
from collections.abc import Callable, Collection, Hashable
from threading import Lock
from typing import Final, final

from attrs import define, field, frozen
from cachetools import TLRUCache

from mechanic_adapters.caching.storage import CacheRegion, CacheStorage, Generations, Lookup

MAX_ENTRIES: Final = 4096
MAX_BYTES: Final = 16 * 1024 * 1024


@frozen
class _Stored:
    generations: Generations
    entry: bytes


@final
@define(eq=False)
class MemoryCache(CacheStorage):
    """Bounded in entries, bytes and age; the least recently used entries are evicted."""

    _ttl_s: float
    _max_entries: int = MAX_ENTRIES
    _max_bytes: int = MAX_BYTES
    _clock: Callable[[], float] = time.monotonic

    _generations: dict[str, int] = field(init=False, factory=dict)
    _entries: TLRUCache[Hashable, _Stored, float] = field(init=False)
    _lock: Lock = field(init=False, factory=Lock)

    @_entries.default
    def _no_entries(self) -> TLRUCache[Hashable, _Stored, float]:
        return TLRUCache(
            self._max_bytes,
            lambda _, stored, __: stored.generations.at + self._ttl_s,
            self._clock,
            lambda stored: self._weight(stored.entry),
        )

    def get(self, region: CacheRegion, key: Hashable) -> Lookup:
        with self._lock:
            present = self._present(region)
            stored = self._entries.get((region.name, key))
        if stored is not None and stored.generations.values == present:
            return Lookup(stored.entry)
        return Lookup(generations=Generations(present, self._clock()))

    def put(
        self, region: CacheRegion, key: Hashable, generations: Generations, entry: bytes
    ) -> None:
        with self._lock:
            is_present = generations.values == self._present(region)
            if is_present and self._weight(entry) <= self._max_bytes:
                self._entries[region.name, key] = _Stored(generations, entry)

    def invalidate(self, nouns: Collection[str]) -> None:
        with self._lock:
            for noun in nouns:
                self._generations[noun] = self._generations.get(noun, 0) + 1

    @property
    def health(self) -> None:
        """None: memory has no outages."""

    def close(self) -> None:
        with self._lock:
            self._entries.clear()

    def _present(self, region: CacheRegion) -> tuple[int, ...]:
        return tuple(self._generations.get(noun, 0) for noun in region.nouns)

    def _weight(self, entry: bytes) -> int:
        """Return the bytes to account for; the minimum bounds the number of entries."""
        return max(len(entry), self._max_bytes // self._max_entries)
