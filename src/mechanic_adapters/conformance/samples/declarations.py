"""What the module of a noun declares, so that the tests in `conformance.store` cover the noun.

A module of a noun in `mechanic_adapters.conformance` may have the constants `WRITES`,
`UNIQUE_VALUES`, `LISTS` and `LOCKS`.
"""

import pkgutil
from collections.abc import Callable, Mapping
from importlib import import_module
from typing import Any, Final, Self, final

from attrs import field, frozen

from mechanic_adapters.conformance.samples.seed import Seed
from mechanic_core.errors import Refused
from mechanic_core.events.event import EventType
from mechanic_core.paging import Page, PageRequest
from mechanic_core.unit_of_work import Work

_PACKAGE: Final = "mechanic_adapters.conformance"
_NOT_NOUNS: Final = (f"{_PACKAGE}.suite", f"{_PACKAGE}.samples", f"{_PACKAGE}.store")


@frozen
class Declaration:
    """One item of a constant that the modules of nouns may have."""

    name: str

    @classmethod
    def collect(cls, constant: str) -> tuple[Self, ...]:
        """Return the items of *constant* in all modules of nouns."""
        return tuple(
            item
            for module in pkgutil.walk_packages(import_module(_PACKAGE).__path__, f"{_PACKAGE}.")
            if not module.name.startswith(_NOT_NOUNS)
            for item in getattr(import_module(module.name), constant, ())
        )


@final
@frozen
class Write(Declaration):
    """A method that writes; listeners of the store are called with the name of *noun*.

    *events* are the types of its events, with the members that have changed, and *others* the
    nouns that it writes too.
    """

    act: Callable[[Work, Seed], object]
    noun: str
    events: Mapping[EventType, tuple[str, ...]] = field(factory=dict)
    others: frozenset[str] = frozenset()


@final
@frozen
class UniqueValue(Declaration):
    """An addition that succeeds once, and that *refusal* answers the second time."""

    act: Callable[[Work, Seed], object]
    refusal: type[Refused]


@final
@frozen
class PaginatedList(Declaration):
    """A list, and how to add a row that belongs to it."""

    find: Callable[[Work, Seed, PageRequest], Page[Any]]
    add: Callable[[Work, Seed], object]
    descending: bool = False


@final
@frozen
class Lock(Declaration):
    """A method that locks a record, and a change of that record which locks it too.

    *count* returns how many times the change was made; None where it cannot be made twice.
    """

    act: Callable[[Work, Seed], object]
    change: Callable[[Work, Seed], object]
    count: Callable[[Work, Seed], int] | None = None
