"""The subjects of events in SQL: the present records, many in one statement.

A module of a noun declares in `SUBJECTS` how its records are read.
"""

import pkgutil
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from importlib import import_module
from typing import Final, TypeAlias, final

from attrs import frozen

from mechanic_adapters.sql import repositories
from mechanic_adapters.sql.engine.executor import Executor
from mechanic_core.events.event import EventSubject, SubjectKind
from mechanic_core.events.ports import Subjects

Read: TypeAlias = Callable[[Executor, Collection[int]], Iterable[EventSubject]]


def _find_readers() -> Iterator[tuple[SubjectKind, Read]]:
    """Yield the `SUBJECTS` of each module of the package."""
    for module in pkgutil.walk_packages(repositories.__path__, f"{repositories.__name__}."):
        yield from getattr(import_module(module.name), "SUBJECTS", {}).items()


_READERS: Final = dict(_find_readers())


@final
@frozen
class SqlSubjects(Subjects):
    """The tables of all kinds of subjects."""

    _executor: Executor

    def find(self, kind: SubjectKind, ids: Collection[int]) -> Mapping[int, EventSubject]:
        """Return those of *ids* that can be read, by id."""
        return {record.id: record for record in _READERS[kind](self._executor, ids)}
