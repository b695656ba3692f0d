"""Answers kept in this process."""

import time
from collections.abc import Callable, Collection, Hashable
from threading import Lock
from typing import Any, Final, TypeVar, final

from attrs import define, field, frozen
from cachetools import TLRUCache

from mechanic_adapters.caching.ports import Answers, Kind, Recalled, Stamp

T = TypeVar("T")

MOST_ENTRIES: Final = 4096
MOST_BYTES: Final = 16 * 1024 * 1024

WRITTEN_OUT: Final = 4
"""How many times as large as its written form an answer is in memory, about."""


@frozen
class _Kept:
    stamp: Stamp
    answer: Any
    weight: int


@final
@define(eq=False)
class MemoryAnswers(Answers):
    """Answers as they are, bounded in number, bytes and age; those unused longest go first."""

    _ttl_s: float
    _most_entries: int = MOST_ENTRIES
    _most_bytes: int = MOST_BYTES
    _ticks: Callable[[], float] = time.monotonic

    _generations: dict[str, int] = field(init=False, factory=dict)
    _kept: TLRUCache[Hashable, _Kept, float] = field(init=False)
    _lock: Lock = field(init=False, factory=Lock)

    @_kept.default
    def _empty(self) -> TLRUCache[Hashable, _Kept, float]:
        return TLRUCache(
            self._most_bytes,
            lambda _, kept, __: kept.stamp.at + self._ttl_s,
            self._ticks,
            lambda kept: kept.weight,
        )

    def recall(self, kind: Kind[T], key: Hashable) -> Recalled[T]:
        """Return the answer of the present generations, or the stamp for a new one."""
        with self._lock:
            present = self._present(kind)
            try:
                kept = self._kept[kind.name, key]
            except KeyError:
                kept = None
        if kept is not None and kept.stamp.generations == present:
            return Recalled(kept.answer)
        return Recalled(stamp=Stamp(present, self._ticks()))

    def keep(self, kind: Kind[T], key: Hashable, stamp: Stamp, answer: T) -> None:
        """Keep *answer* unless it is of the past, or larger than all that may be kept."""
        # No entry weighs less than its share: that bounds their number too.
        weight = WRITTEN_OUT * len(kind.write(answer))
        weight = max(weight, self._most_bytes // self._most_entries)
        with self._lock:
            if weight <= self._most_bytes and stamp.generations == self._present(kind):
                self._kept[kind.name, key] = _Kept(stamp, answer, weight)

    def touched(self, nouns: Collection[str]) -> None:
        """Move the generations of *nouns* on."""
        with self._lock:
            for noun in nouns:
                self._generations[noun] = self._generations.get(noun, 0) + 1

    @property
    def health(self) -> None:
        """Nothing: memory is never away."""

    def close(self) -> None:
        """Forget everything."""
        with self._lock:
            self._kept.clear()

    def _present(self, kind: Kind[T]) -> tuple[int, ...]:
        return tuple(self._generations.get(noun, 0) for noun in kind.nouns)
