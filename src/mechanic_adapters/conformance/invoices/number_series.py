"""The contract of `NumberSeries`."""

from typing import Final

from mechanic_adapters.conformance.samples.declarations import Lock, Write
from mechanic_adapters.conformance.samples.invoices import new_invoice
from mechanic_adapters.conformance.samples.records import ALL, ticket_of
from mechanic_adapters.conformance.samples.rollback import rolled_back
from mechanic_adapters.conformance.samples.seed import Seed
from mechanic_adapters.conformance.samples.threads import in_parallel
from mechanic_core.invoices.invoice import Invoice
from mechanic_core.invoices.number_series import Series
from mechanic_core.invoices.ports import InvoiceFilter
from mechanic_core.tickets.ticket import Ticket
from mechanic_core.unit_of_work import Store, Work

PREFIX: Final = "INV-"
ROUNDS: Final = 10


def issue(work: Work, ticket: Ticket, prefix: str = PREFIX) -> Invoice:
    """Add an invoice with the next number of a series."""
    series = work.number_series.lock(prefix)
    invoice = work.invoices.add(new_invoice(ticket).numbered(series))
    work.number_series.save(series.after(invoice.digest))
    return invoice


def _count(work: Work, seed: Seed) -> int:
    wanted = InvoiceFilter(ticket_id=seed.ticket.id)
    found = work.invoice_lists.find(wanted, ALL).items
    return sum(one.series == PREFIX for one in found)


def _save(work: Work, _: Seed) -> None:
    work.number_series.save(Series(prefix=PREFIX).after("0" * 64))


WRITES: Final = (Write("number of a series", _save, "invoices"),)
LOCKS: Final = (
    Lock(
        "number_series.lock",
        lambda work, _: work.number_series.lock(PREFIX),
        lambda work, seed: issue(work, seed.ticket),
        _count,
    ),
)


def lock(store: Store, prefix: str = PREFIX) -> Series:
    """Return a series as it is."""
    with store.begin() as work:
        return work.number_series.lock(prefix)


class TestNumberSeries:
    """Numbers without a gap, and the chain of digests."""

    def test_begins_at_1(self, store: Store) -> None:
        """A series that has no document is at 0, however often it was locked."""
        assert Series(prefix=PREFIX) == lock(store) == lock(store)

    def test_keeps_what_was_saved(self, store: Store) -> None:
        """The last number and digest come back, of each series by itself, told by case."""
        with store.begin() as work:
            for prefix in (PREFIX, PREFIX.lower(), "Größe-"):
                series = work.number_series.lock(prefix).after("1")
                work.number_series.save(series)
                work.number_series.save(series.after(prefix))

        for prefix in (PREFIX, PREFIX.lower(), "Größe-"):
            assert Series(prefix=prefix, last=2, digest=prefix) == lock(store, prefix)
        assert Series(prefix="inv-2") == lock(store, "inv-2")

    def test_has_no_gap_after_a_rollback(self, store: Store) -> None:
        """What is rolled back takes no number, also as the first of a series."""
        ticket = ticket_of(store)
        issued = []
        for _ in "abc":
            with rolled_back(store) as work:
                issue(work, ticket)
            with store.begin() as work:
                issued.append(issue(work, ticket))

        assert ["INV-1", "INV-2", "INV-3"] == [one.number for one in issued]
        assert [None, *(one.digest for one in issued[:-1])] == [one.previous for one in issued]

    def test_begins_a_series_once(self, store: Store) -> None:
        """Documents of a new series, issued in parallel, have the numbers 1, 2, 3 and so on."""
        tickets = [ticket_of(store) for _ in "abcd"]

        def issue_several(ticket: Ticket, prefix: str) -> None:
            with store.begin() as work:
                issue(work, ticket, prefix)

        for number in range(ROUNDS):
            prefix = f"{number}-"
            acts = [lambda one=one: issue_several(one, prefix) for one in tickets]  # noqa: B023 - called in this round
            assert [None] * len(tickets) == in_parallel(*acts)
            with store.read_only() as work:
                found = work.invoice_lists.find(InvoiceFilter(), ALL).items
            series = sorted((one for one in found if one.series == prefix), key=_sequence)
            assert [1, 2, 3, 4] == [one.sequence for one in series]
            assert [None, *(one.digest for one in series[:-1])] == [one.previous for one in series]


def _sequence(invoice: Invoice) -> int:
    return invoice.sequence
