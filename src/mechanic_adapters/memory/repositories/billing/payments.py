"""Payments in memory."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Final, final

from attrs import evolve, frozen

from mechanic_adapters.memory.paging import paginate
from mechanic_adapters.memory.repositories.person_names import with_name
from mechanic_adapters.memory.repositories.tickets import TICKETS
from mechanic_adapters.memory.tables import TableName, Tables, add_record, note_change
from mechanic_core.events.event import SubjectKind
from mechanic_core.money import Money
from mechanic_core.paging import WHOLE_LIST, Page, PageRequest
from mechanic_core.payments.payment import (
    Payment,
    PaymentId,
    PaymentMethod,
    PaymentNotFound,
    Refund,
    RefundId,
    Takings,
)
from mechanic_core.payments.ports import PaymentFilter, PaymentLists, Payments
from mechanic_core.tickets.ticket import TicketId

PAYMENTS: Final = TableName[int, Payment]("payments", "payments")
_REFUNDS: Final = TableName[int, Refund]("refunds", "payments")


@final
@frozen
class MemoryPayments(Payments, PaymentLists):
    """The payments, each with its refunds."""

    _tables: Tables

    def get(self, payment_id: PaymentId) -> Payment:
        found = self._tables[PAYMENTS].get(payment_id)
        if found is None:
            raise PaymentNotFound
        return self._read(found)

    def add(self, payment: Payment) -> Payment:
        return self._read(add_record(self._tables, PAYMENTS, payment))

    def add_refund(self, payment: Payment) -> Payment:
        *former, last = payment.refunds
        refund = evolve(last, id=RefundId(self._tables[_REFUNDS].next_id()))
        self._tables[_REFUNDS].put(refund.id, refund)
        before = evolve(payment, refunds=tuple(former))
        after = evolve(payment, refunds=(*former, refund))
        note_change(self._tables, before, after)
        return self._read(self._tables[PAYMENTS].put(after.id, after))

    def of(self, ticket_id: TicketId, page: PageRequest) -> Page[Payment]:
        return paginate(self._of(ticket_id), page, lambda one: one.id).map(self._read)

    def of_all(self, ticket_ids: Collection[TicketId]) -> Mapping[TicketId, Sequence[Payment]]:
        found = {one: self.of(one, WHOLE_LIST).items for one in ticket_ids}
        return {one: payments for one, payments in found.items() if payments}

    def count(self, ticket_id: TicketId) -> int:
        return sum(1 for _ in self._of(ticket_id))

    def find(self, wanted: PaymentFilter, page: PageRequest) -> Page[Payment]:
        found = (
            one
            for one in self._tables[PAYMENTS].all()
            if wanted.method in (None, one.method) and wanted.period.contains(one.received_on)
        )
        return paginate(found, page, lambda one: one.id).map(self._read)

    def takings(self, wanted: PaymentFilter) -> Takings:
        sums: dict[PaymentMethod, Money] = {}
        for payment in self._tables[PAYMENTS].all():
            moved = [(payment.method, payment.received_on, payment.amount)]
            moved += [(one.method, one.received_on, Money(-one.amount)) for one in payment.refunds]
            for method, day, amount in moved:
                if wanted.method in (None, method) and wanted.period.contains(day):
                    sums[method] = Money(sums.get(method, 0) + amount)
        return sums

    def _of(self, ticket_id: TicketId) -> Iterator[Payment]:
        return (one for one in self._tables[PAYMENTS].all() if one.ticket_id == ticket_id)

    def _read(self, payment: Payment) -> Payment:
        """Return *payment* as one of the customer who has the ticket now, with present names."""
        ticket = self._tables[TICKETS].get(payment.ticket_id)
        refunds = [evolve(one, by=with_name(self._tables, one.by)) for one in payment.refunds]
        return evolve(
            payment,
            by=with_name(self._tables, payment.by),
            customer_id=ticket.customer_id if ticket else payment.customer_id,
            refunds=tuple(refunds),
        )


SUBJECTS: Final = {SubjectKind.PAYMENT: lambda tables: MemoryPayments(tables).get}
