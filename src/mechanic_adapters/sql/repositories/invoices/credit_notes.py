"""Credit notes in SQL."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any, Final, final

from attrs import frozen
from sqlalchemy import Integer, Select, Subquery, insert, literal_column, select

from mechanic_adapters.sql.engine.executor import Executor
from mechanic_adapters.sql.engine.row_mapping import (
    RECORD_ID,
    column_parameters,
    field_values,
    group_by,
    with_values,
)
from mechanic_adapters.sql.engine.sql_functions import id_in
from mechanic_adapters.sql.queries.keyset_pagination import PageQuery
from mechanic_adapters.sql.queries.person_names import columns_with_name, reader_with_name
from mechanic_adapters.sql.schema.invoices.invoices import credit_notes, invoice_states
from mechanic_core.access import By
from mechanic_core.events.event import Event, SubjectKind
from mechanic_core.invoices.credit_note import CreditNote, CreditNoteId, CreditNoteNotFound
from mechanic_core.invoices.invoice import InvoiceId
from mechanic_core.invoices.ports import CreditNotes
from mechanic_core.paging import Page, PageRequest

_NOUN: Final = "credit_notes"
_read = reader_with_name(CreditNote)
_notes = select(credit_notes)
_OF_INVOICE = _notes.where(credit_notes.c.invoice_id == RECORD_ID)
_ADD = insert(credit_notes).values(column_parameters(credit_notes)).returning(credit_notes.c.id)
_FIRST_VERSION: Final = literal_column("1", Integer)


def _join(rows: Subquery) -> Select[Any]:
    """Return credit notes with the customers of their invoices and the names of who issued them."""
    state = invoice_states.c
    others = {"customer_id": state.customer_id, "version": _FIRST_VERSION}
    columns = columns_with_name(CreditNote, {**rows.c, **others})
    return select(*columns).join_from(rows, invoice_states, state.invoice_id == rows.c.invoice_id)


def _all(rows: Select[Any]) -> Select[Any]:
    found = rows.subquery("found")
    return _join(found).order_by(found.c.invoice_id, found.c.id)


_GET = _all(_notes.where(credit_notes.c.id == RECORD_ID))
_GET_ALL = _all(_notes.where(id_in(credit_notes.c.id, "ids")))
_OF_ALL = _all(_notes.where(id_in(credit_notes.c.invoice_id, "ids")))
_LIST = PageQuery(rows=_OF_INVOICE, key=credit_notes.c.id, join=_join)


@final
@frozen
class SqlCreditNotes(CreditNotes):
    """The append-only table of credit notes."""

    _executor: Executor

    def get(self, credit_note_id: CreditNoteId) -> CreditNote:
        for found in _read(self._executor.all(_GET, {"record_id": credit_note_id})):
            return found
        raise CreditNoteNotFound

    def add(self, credit_note: CreditNote) -> CreditNote:
        values = {**field_values(credit_note, by=By), "total": credit_note.totals.total}
        rows = self._executor.write_returning(_NOUN, _ADD, values)
        new = with_values(credit_note, id=CreditNoteId(rows[0][0]))
        self._executor.note_event(Event.between(None, new, self._executor.actor))
        return self.get(new.id)

    def of(self, invoice_id: InvoiceId, page: PageRequest) -> Page[CreditNote]:
        return _LIST.fetch(self._executor, page, _read, {"record_id": invoice_id})

    def of_all(
        self, invoice_ids: Collection[InvoiceId]
    ) -> Mapping[InvoiceId, Sequence[CreditNote]]:
        rows = self._executor.all(_OF_ALL, {"ids": sorted(invoice_ids)})
        return group_by("invoice_id", _read(rows))


def read_credit_notes(executor: Executor, ids: Collection[int]) -> Iterable[CreditNote]:
    """Return those of *ids* that exist."""
    return _read(executor.all(_GET_ALL, {"ids": sorted(ids)}))


SUBJECTS: Final = {SubjectKind.CREDIT_NOTE: read_credit_notes}
