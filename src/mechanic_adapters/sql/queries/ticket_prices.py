"""What is stored of a ticket's price, as JSON arrays: discounts, totals, and its frozen rules."""

from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType
from typing import Any, Final, TypeVar

import orjson
from cattrs.preconf.json import make_converter

from mechanic_adapters.sql.engine.row_mapping import field_names, json_rows, record_maker
from mechanic_core.money import Money
from mechanic_core.pricing.discounts import Discount, Scope, TicketDiscount
from mechanic_core.pricing.document import Totals
from mechanic_core.pricing.line import DEFAULT_CLASSES, LineKind
from mechanic_core.pricing.pricing_rules import PricingRules
from mechanic_core.tickets.charge import ChargeLine
from mechanic_core.tickets.job import Job, JobId, JobKind, JobStatus
from mechanic_core.tickets.line import LaborLine, PartLine

R = TypeVar("R")

_json = make_converter()

_make_discount, _make_totals = record_maker(Discount), record_maker(Totals)
_make_ticket_discount = record_maker(TicketDiscount)


def values_text(record: Any) -> str | None:
    """Return the values of a record as a JSON array, None for None."""
    return None if record is None else orjson.dumps(_values(record)).decode()


def discounts_text(discounts: Sequence[TicketDiscount]) -> str | None:
    """Return the discounts on a ticket as JSON, None if there are none."""
    return orjson.dumps(list(map(_values, discounts))).decode() if discounts else None


def read_discounts(text: str | None) -> tuple[TicketDiscount, ...]:
    """Return the discounts that `discounts_text` wrote."""
    scope = field_names(TicketDiscount).index("scope")
    rows = orjson.loads(text) if text else ()
    for row in rows:
        row[scope] = Scope(row[scope])
    return tuple(map(_make_ticket_discount, rows))


def read_totals(text: str | None) -> Totals:
    """Return the totals that `values_text` wrote; zeros for None."""
    return _make_totals(orjson.loads(text) if text else [Money(0)] * len(field_names(Totals)))


def rules_text(rules: PricingRules | None) -> str | None:
    """Return the frozen rules of a ticket as JSON."""
    return None if rules is None else _json.dumps(rules)


def read_rules(text: str | None) -> PricingRules | None:
    """Return the rules that `rules_text` wrote."""
    return _json.loads(text, PricingRules) if text else None


def _read_discount(text: str | None) -> Discount | None:
    return _make_discount(orjson.loads(text)) if text else None


def _values(record: Any) -> list[Any]:
    return [getattr(record, name) for name in field_names(type(record))]


WRITERS: Final = MappingProxyType({"discount": values_text, "totals": values_text})
"""How fields of jobs and lines are written that JSON has no type for."""


def _line_readers(tax_class: str) -> dict[str, Callable[[Any], Any]]:
    """Return how fields of lines are read; NULL is what the previous release writes."""
    return {
        "job_id": lambda stored: JobId(stored or 0),
        "tax_class": lambda stored: stored or tax_class,
        "discount": _read_discount,
        "net": lambda stored: Money(stored or 0),
    }


_READERS: Final[Mapping[type[Any], Mapping[str, Callable[[Any], Any]]]] = MappingProxyType(
    {
        Job: {
            "kind": JobKind,
            "status": JobStatus,
            "changed_since_authorized": bool,
            "totals": read_totals,
        },
        PartLine: _line_readers(DEFAULT_CLASSES[LineKind.PART]),
        LaborLine: _line_readers(DEFAULT_CLASSES[LineKind.LABOR]),
        ChargeLine: {**_line_readers(DEFAULT_CLASSES[LineKind.FEE]), "kind": LineKind},
    }
)
"""How fields of jobs and lines are read back."""


def item_reader(cls: type[R]) -> Callable[[str | None], tuple[R, ...]]:
    """Return a function that makes the jobs or lines of a ticket, by id, of their JSON.

    The rows hold the id, and then the fields of *cls* in order.
    """
    make, names = record_maker(cls), field_names(cls)
    conversions = [(names.index(name) + 1, to) for name, to in _READERS[cls].items()]

    def read(text: str | None) -> tuple[R, ...]:
        rows = json_rows(text)
        for row in rows:
            for position, convert in conversions:
                row[position] = convert(row[position])
        return tuple(make(row[1:]) for row in rows)

    return read
