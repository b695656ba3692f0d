"""The port of a cache storage: entries in regions, invalidated by generation."""

from collections.abc import Collection, Hashable
from typing import Protocol, TypeAlias, final

from attrs import frozen

from mechanic_adapters.resilience.circuit_breaker import Health

Nouns: TypeAlias = tuple[str, ...]
"""Names of the ports that a response is made from, as a `Listener` of a store gets them."""


@final
@frozen
class CacheRegion:
    """Entries of one kind, made from *nouns*.

    *version* differs when another release of the program writes entries of another form.
    """

    name: str
    nouns: Nouns
    version: str = ""


@final
@frozen
class Generations:
    """The generations of a region's nouns, and when they were read, in the storage's seconds."""

    values: Hashable
    at: float


@final
@frozen
class Lookup:
    """The result of a lookup: an *entry*, or else the *generations* for storing a new one.

    It has neither when the storage is not available.
    """

    entry: bytes | None = None
    generations: Generations | None = None


class CacheStorage(Protocol):
    """Stores entries with the generations of the nouns that they are made from."""

    def get(self, region: CacheRegion, key: Hashable) -> Lookup:
        """Return the entry of the present generations, or the generations for a new one."""
        ...

    def put(
        self, region: CacheRegion, key: Hashable, generations: Generations, entry: bytes
    ) -> None:
        """Store *entry*, which was made after *generations* were read."""
        ...

    def invalidate(self, nouns: Collection[str]) -> None:
        """Start a new generation of each of *nouns*; never raise."""
        ...

    @property
    def health(self) -> Health | None:
        """The state of the Redis server; None without one."""
        ...

    def close(self) -> None:
        """Close all connections."""
        ...
