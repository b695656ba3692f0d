"""What is stored of a ticket's price as JSON: discounts, totals and frozen rules."""

from collections.abc import Callable, Iterator, Mapping
from functools import lru_cache
from types import MappingProxyType
from typing import Any, Final, TypeVar

import orjson
from sqlalchemy import ColumnElement, Table, func, literal_column

from mechanic_adapters.sql.engine.row_mapping import field_names, json_rows, record_maker
from mechanic_adapters.sql.schema.record_text import record_of
from mechanic_core.pricing.discounts import Discount, TicketDiscount
from mechanic_core.pricing.document import Totals
from mechanic_core.pricing.line import DEFAULT_CLASSES, LineKind
from mechanic_core.pricing.pricing_rules import PricingRules
from mechanic_core.tickets.charge import ChargeLine
from mechanic_core.tickets.job import NO_TOTALS, Job, JobKind, JobStatus
from mechanic_core.tickets.line import LaborLine, PartLine

R = TypeVar("R")

_KEPT: Final = 256
"""How many texts are remembered with what they say."""


_make_discount, _make_totals = record_maker(Discount), record_maker(Totals)


def values_text(record: Any) -> str | None:
    """Return the values of a record as a JSON array, None for None."""
    return None if record is None else orjson.dumps(_values(record)).decode()


@lru_cache(maxsize=_KEPT)
def read_discounts(text: str) -> tuple[TicketDiscount, ...]:
    """Return the discounts on a ticket; those of many are the same."""
    return record_of(tuple[TicketDiscount, ...], text)


@lru_cache(maxsize=_KEPT)
def read_rules(text: str | None) -> PricingRules | None:
    """Return the frozen rules of a ticket; those of many are the same."""
    return record_of(PricingRules, text) if text else None


def read_totals(text: str | None) -> Totals:
    """Return the totals that `values_text` wrote; zeros for None."""
    return _make_totals(orjson.loads(text)) if text else NO_TOTALS


def _read_discount(text: str) -> Discount:
    return _make_discount(orjson.loads(text))


def _values(record: Any) -> list[Any]:
    return [getattr(record, name) for name in field_names(type(record))]


WRITERS: Final = MappingProxyType({"discount": values_text, "totals": values_text})
"""How fields of jobs and lines are written that JSON has no type for."""


def _if_null(tax_class: str) -> dict[str, ColumnElement[Any]]:
    """Return what the previous release writes as NULL into a line of a kind."""
    nothing: ColumnElement[Any] = literal_column("0")
    return {"job_id": nothing, "tax_class": literal_column(f"'{tax_class}'"), "net": nothing}


_DEFAULTS: Final[Mapping[type[Any], Mapping[str, ColumnElement[Any]]]] = MappingProxyType(
    {
        Job: {"totals": literal_column(f"'{values_text(NO_TOTALS)}'")},
        PartLine: _if_null(DEFAULT_CLASSES[LineKind.PART]),
        LaborLine: _if_null(DEFAULT_CLASSES[LineKind.LABOR]),
        ChargeLine: {},
    }
)

_READERS: Final[Mapping[type[Any], Mapping[str, Callable[[Any], Any]]]] = MappingProxyType(
    {
        Job: {
            "kind": {kind.value: kind for kind in JobKind}.__getitem__,
            "status": {status.value: status for status in JobStatus}.__getitem__,
            "changed_since_authorized": bool,
            "totals": read_totals,
        },
        PartLine: {"discount": _read_discount},
        LaborLine: {"discount": _read_discount},
        ChargeLine: {"discount": _read_discount, "kind": LineKind},
    }
)
"""How fields of jobs and lines are read back."""


def item_columns(table: Table, cls: type[Any]) -> Iterator[ColumnElement[Any]]:
    """Yield the columns of *table* for `item_reader`: the fields of *cls* but its version."""
    defaults = _DEFAULTS[cls]
    for name in field_names(cls):
        if name in defaults:
            yield func.coalesce(table.c[name], defaults[name])
        elif name != "version":
            yield table.c[name]


_NONE: Final = (None, "[]")
"""What PostgreSQL and SQLite return for no rows."""


def item_reader(cls: type[R]) -> Callable[[str | None], tuple[R, ...]]:
    """Return a function that makes the jobs or lines of a ticket, by id, of their JSON.

    The rows are of `item_columns`, of which the id is the first. The version of a job or line is the
    ticket's, and reads as 0.
    """
    make, names = record_maker(cls), field_names(cls)
    version_at = names.index("version")
    conversions = [(names.index(name), to) for name, to in _READERS[cls].items()]

    def read(text: str | None) -> tuple[R, ...]:
        if text in _NONE:
            return ()
        rows = json_rows(text)
        for row in rows:
            row.insert(version_at, 0)
            for position, convert in conversions:
                if row[position] is not None:
                    row[position] = convert(row[position])
        return tuple(map(make, rows))

    return read
