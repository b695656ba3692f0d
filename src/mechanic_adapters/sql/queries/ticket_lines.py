"""The jobs and lines of a ticket as JSON, which its SELECT returns beside its row."""

from collections.abc import Callable, Iterator, Mapping
from types import MappingProxyType
from typing import Any, Final

from sqlalchemy import ColumnElement, ScalarSelect, Table, func, literal_column, select

from mechanic_adapters.sql.engine.row_mapping import (
    field_names,
    json_reader,
    values_reader,
    values_text,
)
from mechanic_adapters.sql.engine.sql_functions import json_group
from mechanic_adapters.sql.schema.tickets import (
    ticket_charges,
    ticket_jobs,
    ticket_labor,
    ticket_parts,
)
from mechanic_core.pricing.discounts import Discount
from mechanic_core.pricing.document import Totals
from mechanic_core.pricing.line import DEFAULT_CLASSES, LineKind
from mechanic_core.tickets.job import NO_TOTALS, Job, JobKind, JobStatus
from mechanic_core.tickets.lines.charge import ChargeLine
from mechanic_core.tickets.lines.labor_line import LaborLine
from mechanic_core.tickets.lines.part_line import PartLine

WRITERS: Final = MappingProxyType({"discount": values_text, "totals": values_text})
"""How fields of jobs and lines are written that JSON has no type for."""

read_totals: Final = values_reader(Totals, NO_TOTALS)
"""Read the totals of a ticket or job; there are none before it is first priced."""

_DISCOUNT: Final[Mapping[str, Callable[[Any], Any]]] = MappingProxyType(
    {"discount": values_reader(Discount, None)}
)

read_jobs: Final = json_reader(
    Job,
    {
        "kind": {kind.value: kind for kind in JobKind}.__getitem__,
        "status": {status.value: status for status in JobStatus}.__getitem__,
        "changed_since_authorized": bool,
        "totals": read_totals,
    },
)
read_parts: Final = json_reader(PartLine, _DISCOUNT)
read_labor: Final = json_reader(LaborLine, _DISCOUNT)
read_charges: Final = json_reader(ChargeLine, {**_DISCOUNT, "kind": LineKind})


def select_items(ticket_id: ColumnElement[int]) -> Iterator[ScalarSelect[str]]:
    """Yield the jobs, parts, labour and charges of a ticket as JSON, each for its reader."""
    for table, cls, defaults in _ITEMS:
        items = select(json_group(*_columns(table, cls, defaults)))
        yield items.where(table.c.ticket_id == ticket_id).scalar_subquery()


Defaults = Mapping[str, ColumnElement[Any]]


def _if_null(tax_class: str) -> Defaults:
    """Return what the previous release writes as NULL into a line of a kind."""
    nothing: ColumnElement[Any] = literal_column("0")
    return {"job_id": nothing, "tax_class": literal_column(f"'{tax_class}'"), "net": nothing}


_ITEMS: Final[tuple[tuple[Table, type[Any], Defaults], ...]] = (
    (ticket_jobs, Job, {}),
    (ticket_parts, PartLine, _if_null(DEFAULT_CLASSES[LineKind.PART])),
    (ticket_labor, LaborLine, _if_null(DEFAULT_CLASSES[LineKind.LABOR])),
    (ticket_charges, ChargeLine, {}),
)


def _columns(table: Table, cls: type[Any], defaults: Defaults) -> Iterator[ColumnElement[Any]]:
    """Yield the columns that store the fields of *cls*.

    The version of a job or line is the ticket's, and reads as 0.
    """
    for name in field_names(cls):
        if name == "version":
            yield literal_column("0")
        elif name in defaults:
            yield func.coalesce(table.c[name], defaults[name])
        else:
            yield table.c[name]
