"""Invoices and credit notes that are not as they were issued, and series with wrong numbers."""

from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby
from operator import itemgetter
from typing import Any, final

from attrs import field, frozen, mutable
from sqlalchemy import (
    BigInteger,
    Integer,
    Select,
    Table,
    bindparam,
    literal_column,
    or_,
    select,
    union_all,
)

from mechanic_adapters.sql.engine.column_types import KEY
from mechanic_adapters.sql.engine.compiled_statements import Row
from mechanic_adapters.sql.engine.executor import Executor
from mechanic_adapters.sql.engine.row_mapping import record_maker
from mechanic_adapters.sql.queries.unchanged_records import LIMIT, unchanged_records
from mechanic_adapters.sql.repositories.invoices.credit_notes import read_credit_notes
from mechanic_adapters.sql.repositories.invoices.invoices import read_invoices
from mechanic_adapters.sql.schema.invoices.invoices import credit_notes, invoices, number_series
from mechanic_core.invoices.number_series import Series

_SERIES, _SEQUENCE = bindparam("series", type_=KEY), bindparam("sequence", type_=BigInteger)
_KIND, _AFTER = bindparam("kind", type_=Integer), ("series", "sequence", "kind")
_INVOICE, _CREDIT_NOTE = 0, 1


def _numbers(table: Table, kind: int) -> Select[Any]:
    """Return what a batch of documents needs of one *table*, behind the last one read."""
    c, kind_column = table.c, literal_column(str(kind), Integer)
    is_behind = or_(
        c.series > _SERIES,
        (c.series == _SERIES) & (c.sequence > _SEQUENCE),
        (c.series == _SERIES) & (c.sequence == _SEQUENCE) & (kind_column > _KIND),
    )
    return select(
        c.series, c.sequence, kind_column.label("kind"), c.id, c.number, c.digest, c.previous
    ).where(is_behind)


_every = union_all(_numbers(invoices, _INVOICE), _numbers(credit_notes, _CREDIT_NOTE)).subquery()
_NEXT = select(_every).order_by(_every.c.series, _every.c.sequence, _every.c.kind).limit(LIMIT)
_ALL_SERIES = select(number_series.c.prefix, number_series.c.last, number_series.c.digest)
_make_series = record_maker(Series)


@final
@frozen
class WrongDocument:
    """A document, a series or a ticket whose money is not what it must be."""

    subject: str
    fault: str

    def __str__(self) -> str:
        """Return the line that names it."""
        return f"{self.subject}: {self.fault}"


@mutable
class _Chains:
    """The series as the documents have them, each with the last of those that were read."""

    series: dict[str, Series] = field(factory=dict)

    def faults(self, row: Row, *, is_changed: bool) -> Iterator[WrongDocument]:
        """Yield what is wrong with a document, and go on after it."""
        prefix, sequence, _, _, number, digest, previous = row
        before = self.series.get(prefix, Series(prefix=prefix))
        if sequence > before.last + 1:
            missing = ", ".join(map(str, _few(before.last + 1, sequence)))
            yield WrongDocument(f"series {prefix}", f"lacks {missing}")
        if sequence <= before.last:
            yield WrongDocument(f"series {prefix}", f"has {sequence} twice")
        if is_changed or number != f"{prefix}{sequence}":
            yield WrongDocument(number, "was changed since it was issued")
        elif previous != before.digest:
            yield WrongDocument(number, "lacks the one before it")
        self.series[prefix] = Series(prefix=prefix, last=sequence, digest=digest)


def altered_documents(executor: Executor) -> Iterator[WrongDocument]:
    """Yield what is wrong with documents and series, reading a batch at a time."""
    key: dict[str, Any] = {"series": "", "sequence": 0, "kind": 0}
    chains = _Chains()
    while rows := executor.all(_NEXT, key):
        unchanged = _unchanged_of(executor, rows)
        for row in rows:
            yield from chains.faults(row, is_changed=row[2:4] not in unchanged)
        key = dict(zip(_AFTER, rows[-1], strict=False))
    stored = {one.prefix: one for one in map(_make_series, executor.all(_ALL_SERIES))}
    for prefix in sorted(stored.keys() | chains.series.keys()):
        kept, found = (one.get(prefix, Series(prefix=prefix)) for one in (stored, chains.series))
        if kept.last != found.last:
            fault = f"number {kept.last} stored as the last, {found.last} issued"
            yield WrongDocument(f"series {prefix}", fault)
        elif kept.digest != found.digest:
            yield WrongDocument(f"series {prefix}", "another digest stored than that of the last")


def _few(first: int, end: int) -> Iterable[int]:
    """Return the numbers up to *end*, at most ten."""
    return range(first, min(end, first + 10))


def _unchanged_of(executor: Executor, rows: Sequence[Row]) -> set[tuple[int, int]]:
    """Return kind and id of those documents that have the digest of their members."""
    found: set[tuple[int, int]] = set()
    for kind, group in groupby(sorted(rows, key=itemgetter(2, 3)), key=itemgetter(2)):
        ids = [row[3] for row in group]
        unchanged = (
            unchanged_records(executor, ids, read_invoices)
            if kind == _INVOICE
            else unchanged_records(executor, ids, read_credit_notes)
        )
        found |= {(kind, one) for one in unchanged}
    return found
