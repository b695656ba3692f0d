"""The response cache: look an entry up, or make and store it."""

from collections.abc import Callable, Collection, Hashable
from functools import partial
from typing import Protocol, TypeAlias, final

from attrs import define, field

from mechanic_adapters.caching.single_flight import SingleFlight
from mechanic_adapters.caching.storage import CacheRegion, CacheStorage, Nouns
from mechanic_adapters.resilience.circuit_breaker import Health

Fetch: TypeAlias = Callable[[Hashable, Callable[[], bytes]], bytes]
"""`ResponseCache.fetch` for one region."""


class CountLookup(Protocol):
    """Called with the name of the region after each lookup."""

    def __call__(self, region: str, /, *, hit: bool) -> None:
        """Count one lookup."""
        ...


def ignore_lookup(_: str, /, *, hit: bool) -> None:
    """Count nothing."""


@final
@define(eq=False)
class ResponseCache:
    """A read-through cache: stores responses until a write may have changed them."""

    _storage: CacheStorage
    _count_lookup: CountLookup = ignore_lookup
    _single_flight: SingleFlight = field(init=False, factory=SingleFlight)
    _nouns: set[str] = field(init=False, factory=set)

    def fetch(self, region: CacheRegion, key: Hashable, make: Callable[[], bytes]) -> bytes:
        """Return the stored entry, or store and return what *make* returns.

        Threads that miss the same entry of the same generations share one call of *make*. What it
        raises is raised and not stored. It must open its own view of the store.
        """
        lookup = self._storage.get(region, key)
        self._count_lookup(region.name, hit=lookup.entry is not None)
        if lookup.entry is not None:
            return lookup.entry
        if lookup.generations is None:
            return make()
        flight = (region.name, key, lookup.generations.values)
        return self._single_flight.run(flight, partial(self._fill, region, key, make))

    def region(self, name: str, nouns: Nouns, version: str) -> Fetch:
        """Return `fetch` for one region."""
        self._nouns.update(nouns)
        return partial(self.fetch, CacheRegion(name, nouns, version))

    def invalidate(self, nouns: Collection[str]) -> None:
        """Make all entries that are made from any of *nouns* obsolete."""
        self._storage.invalidate(nouns)

    def invalidate_all(self) -> None:
        """Make the entries of all regions obsolete."""
        self.invalidate(self._nouns)

    @property
    def health(self) -> Health | None:
        """The state of the Redis server; None without one."""
        return self._storage.health

    def close(self) -> None:
        """Close all connections."""
        self._storage.close()

    def _fill(self, region: CacheRegion, key: Hashable, make: Callable[[], bytes]) -> bytes:
        lookup = self._storage.get(region, key)  # an earlier flight may have stored it meanwhile
        if lookup.entry is not None:
            return lookup.entry
        entry = make()
        if lookup.generations is not None:
            self._storage.put(region, key, lookup.generations, entry)
        return entry
