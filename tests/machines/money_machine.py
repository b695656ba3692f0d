"""The state machine of money: invoices, credits, payments and refunds of some tickets, in any order.

After each step what customers owe by their statements is what is due on their invoices less their
deposits, and what the receivables say; numbers have no gap; what was issued is as it was.
"""

from collections import defaultdict
from collections.abc import Callable, Sequence
from datetime import timedelta
from functools import partial

from attrs import evolve
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from mechanic_core.customers.customer import CustomerMerge, Registration
from mechanic_core.invoices.credit_note import CreditNote, CreditNoteForm, CreditNoteId
from mechanic_core.invoices.invoice import Invoice, InvoiceId
from mechanic_core.invoices.ports import InvoiceFilter
from mechanic_core.mechanics.mechanic import Hiring
from mechanic_core.money import Money, Percent, Quantity
from mechanic_core.paging import PageRequest
from mechanic_core.payments.payment import PaymentForm, PaymentId, PaymentMethod, RefundForm
from mechanic_core.pricing.credits import LineCredit
from mechanic_core.pricing.line import LineKind
from mechanic_core.pricing.pricing_rules import TaxRate
from mechanic_core.profile.billing import Invoicing
from mechanic_core.tickets.forms import TicketDraft, TransitionForm
from mechanic_core.tickets.lines.charge import ChargeForm
from mechanic_core.tickets.ticket import TicketId
from mechanic_core.tickets.workflow import Status
from mechanic_core.unit_of_work import Store
from tests.machines.money_laws import (
    as_issued,
    require_balance_law,
    require_figures,
    require_whole_series,
)
from tests.machines.money_model import ModelInvoice, ModelLine, ModelTicket
from tests.machines.refusals import refusal_code
from tests.shops import MANAGER, MECHANIC, ManualClock, shop_on
from tests.strategies import sample

ALL = PageRequest(size=100)
MOST_TICKETS = 5
RATE = TaxRate(tax_class="fees", authority="State", percent=Percent(82_500))
lines = st.tuples(
    st.sampled_from([LineKind.FEE, LineKind.FEE, LineKind.FEE, LineKind.CORE]),
    st.sampled_from([1000, 3000, 333]),
    st.sampled_from([0, 1, 333, 999, 10_000]),
)
places = st.integers(0, 9)
WAYS = ("quantity", "amount")
Part = tuple[int, str, int]


class MoneyMachine(RuleBasedStateMachine):
    """A few tickets of three customers."""

    def __init__(self, store: Store) -> None:
        """Open a shop on *store*."""
        super().__init__()
        self.clock = ManualClock()
        self.shop = shop_on(store, self.clock)
        for name in ("eve", "bob"):
            self.shop.hire_mechanic(MANAGER, sample(Hiring, name=name, email=f"{name}@x.example"))
        self.customers = [
            self.shop.register_customer(
                MANAGER, sample(Registration, name=name, email=f"{name}@y.example")
            ).id
            for name in ("ada", "cleo", "dan")
        ]
        self.tickets: dict[TicketId, ModelTicket] = {}
        self.invoices: dict[InvoiceId, ModelInvoice] = {}
        self.notes: dict[CreditNoteId, str] = {}
        self.payments: dict[PaymentId, list[int]] = {}
        self.of_payment: dict[PaymentId, ModelTicket] = {}
        self.last: dict[str, int] = defaultdict(int)
        self.prefixes, self.invoicing, self.days = ("INV-", "CN-"), False, 0

    def attempt(self, act: Callable[[], object], code: str | None) -> bool:
        """Return whether *act* succeeds; it must be refused with *code* if there is one."""
        self.clock.advance(hours=7)
        refused = refusal_code(act)
        assert code == refused
        return refused is None

    def ticket_at(self, place: int) -> tuple[TicketId, ModelTicket]:
        """Return a ticket; the newer the likelier."""
        return list(self.tickets.items())[-1 - place % len(self.tickets)]

    @precondition(lambda self: len(self.tickets) < MOST_TICKETS)
    @rule(place=places, works=st.lists(lines, max_size=3))
    def open_ticket(self, place: int, works: Sequence[tuple[LineKind, int, int]]) -> None:
        """Open a ticket and write down the work; mostly it is done."""
        customer = self.customers[place % len(self.customers)]
        draft = sample(TicketDraft, customer_id=customer, mechanic_ids=(2,))
        ticket_id = self.shop.open_ticket(MECHANIC, draft).id
        for kind, number, price in works:
            form = ChargeForm(
                kind=kind,
                description="Work",
                quantity=Quantity(-number if kind is LineKind.CORE else number),
                unit_price=Money(price),
            )
            self.shop.add_charge(MECHANIC, ticket_id, form)
        self.tickets[ticket_id] = ModelTicket(customer)
        if place < 8:
            self.move(0, Status.IN_PROGRESS)
            self.move(0, Status.COMPLETED)
        if place < 4:
            self.issue(0)

    @precondition(lambda self: self.tickets)
    @rule(place=places, to=st.sampled_from([*Status, Status.IN_PROGRESS, Status.CANCELLED]))
    def move(self, place: int, to: Status) -> None:
        """Move a ticket; what blocks it is what its transitions show."""
        ticket_id, ticket = self.ticket_at(place)
        if to is ticket.status:
            return
        blockers = ticket.blockers(to, invoicing=self.invoicing)
        items = self.shop.read_transitions(MECHANIC, ticket_id).items
        assert [blockers] == [[b.code for b in one.blockers] for one in items if one.to is to]
        form = TransitionForm(to=to)
        code = "transition-blocked" if blockers else None
        if self.attempt(partial(self.shop.move_ticket, MECHANIC, ticket_id, form), code):
            ticket.status = to
            ticket.total = self.shop.read_ticket(MECHANIC, ticket_id).totals.total

    @precondition(lambda self: self.tickets)
    @rule(place=places)
    def issue(self, place: int) -> None:
        """Issue an invoice."""
        ticket_id, ticket = self.ticket_at(place)
        issued: list[Invoice] = []
        code = ticket.issue_refusal()
        if not self.attempt(
            lambda: issued.append(self.shop.issue_invoice(MECHANIC, ticket_id)), code
        ):
            return
        (invoice,) = issued
        today = self.clock().date()
        self.last[self.prefixes[0]] += 1
        series = (self.prefixes[0], self.last[self.prefixes[0]])
        assert f"{series[0]}{series[1]}" == invoice.number
        found = {one.line: ModelLine(one.quantity, one.net, one.tax) for one in invoice.lines}
        model = ModelInvoice(
            as_issued(invoice),
            ticket_id,
            series,
            ticket.total,
            today + timedelta(days=self.days),
            found,
        )
        assert (today, ticket.received, ticket.total) == (
            invoice.issued_on,
            invoice.deposit,
            sum(one.net + one.tax for one in invoice.lines),
        )
        ticket.invoices.append(model)
        self.invoices[invoice.id] = model

    @precondition(lambda self: self.tickets)
    @rule(
        place=places,
        amount=st.sampled_from(["due", "due", "more", "half", "cent", "much"]),
        late=st.integers(0, 100),
    )
    def pay(self, place: int, amount: str, late: int) -> None:
        """Pay something on a ticket, perhaps entered late."""
        ticket_id, ticket = self.ticket_at(place)
        due = ticket.due
        cents = {"due": due, "more": due + 1, "half": due // 2, "cent": 1, "much": 12_345}[amount]
        day = (self.clock() - timedelta(days=late)).date()
        form = PaymentForm(amount=Money(cents or 1), method=PaymentMethod.CASH, received_on=day)
        paid: list[PaymentId] = []
        code = ticket.payment_refusal(form.amount)
        act = partial(self.shop.take_payment, MECHANIC, ticket_id, form)
        if self.attempt(lambda: paid.append(act().id), code):
            ticket.received += form.amount
            self.payments[paid[0]] = [form.amount, 0]
            self.of_payment[paid[0]] = ticket

    @precondition(lambda self: self.payments)
    @rule(place=places, part=st.sampled_from([1, 2, 0]))
    def refund(self, place: int, part: int) -> None:
        """Give back what is left of a payment, half of it, or a cent more."""
        payment_id = list(self.payments)[-1 - place % len(self.payments)]
        amount, refunded = self.payments[payment_id]
        left = amount - refunded
        back = max(1, left // part) if part else left + 1
        form = RefundForm(amount=Money(back), reason="Came back")
        code = "more-than-paid" if back > left else None
        if self.attempt(partial(self.shop.refund_payment, MANAGER, payment_id, form), code):
            self.payments[payment_id][1] += back
            self.of_payment[payment_id].received -= back

    @precondition(lambda self: self.invoices)
    @rule(
        place=places,
        drawn=st.lists(
            st.tuples(places, st.sampled_from(WAYS), st.sampled_from([3, 2, 1, 1, 0])),
            max_size=3,
            unique_by=lambda one: one[0],
        ),
    )
    def credit(self, place: int, drawn: Sequence[tuple[int, str, int]]) -> None:
        """Give back parts of lines, or all that is left where none are drawn."""
        invoice_id = list(self.invoices)[-1 - place % len(self.invoices)]
        invoice = self.invoices[invoice_id]
        parts = _parts(invoice, drawn)
        if parts:
            wanted = [_wanted(*one) for one in parts]
            form = CreditNoteForm(lines=tuple(wanted), reason="Came back")
        else:
            rests = {number: line.rest() for number, line in invoice.lines.items()}
            parts = [(number, how, left) for number, (how, left) in rests.items() if left]
            form = CreditNoteForm(all_=True, reason="Came back")
        noted: list[CreditNote] = []
        act = partial(self.shop.credit_invoice, MANAGER, invoice_id, form)
        if not self.attempt(lambda: noted.append(act()), invoice.refusal(parts)):
            return
        (note,) = noted
        self.last[self.prefixes[1]] += 1
        assert f"{self.prefixes[1]}{self.last[self.prefixes[1]]}" == note.number
        assert invoice.credit(parts) == note.totals.total
        self.notes[note.id] = note.digest

    @precondition(lambda self: len(self.customers) > 1)
    @rule(places=st.tuples(places, places), merge=st.sampled_from([True, False, False]))
    def merge(self, places: tuple[int, int], merge: bool) -> None:  # noqa: FBT001 - drawn
        """Merge two customers, now and then."""
        into, former = (self.customers[one % len(self.customers)] for one in places)
        if into == former or not merge:
            return
        form = CustomerMerge(from_id=former)
        self.attempt(partial(self.shop.merge_customers, MANAGER, into, form), None)
        self.customers.remove(former)
        for ticket in self.tickets.values():
            ticket.customer = into if ticket.customer == former else ticket.customer

    @rule(
        prefixes=st.sampled_from([("INV-", "CN-"), ("INV-", "CN-"), ("R-", "CN-"), ("R-", "INV-")]),
        days=st.sampled_from([0, 14, 30]),
        invoicing=st.booleans(),
        taxed=st.booleans(),
    )
    def follow(
        self,
        prefixes: tuple[str, str],
        days: int,
        invoicing: bool,  # noqa: FBT001 - drawn
        taxed: bool,  # noqa: FBT001 - drawn
    ) -> None:
        """Change the profile; former prefixes come back."""
        change = partial(
            evolve,
            invoice_prefix=prefixes[0],
            credit_note_prefix=prefixes[1],
            payment_terms_days=days,
            invoicing=Invoicing.REQUIRED if invoicing else Invoicing.OFF,
            tax_rates=(RATE,) if taxed else (),
        )
        self.shop.change_profile(MANAGER, change)
        self.prefixes, self.days, self.invoicing = prefixes, days, invoicing

    @rule(days=st.sampled_from([1, 14, 31, 60]))
    def wait(self, days: int) -> None:
        """Let time pass."""
        self.clock.advance(days=days)

    @invariant()
    def all_agrees(self) -> None:
        """The balance law holds, figures follow from the model, and series are whole."""
        require_balance_law(self.shop, self.customers, self.tickets, self.clock().date())
        invoices = self.shop.list_invoices(MECHANIC, InvoiceFilter(), ALL).items
        require_figures(invoices, self.invoices, self.tickets)
        notes = [self.shop.read_credit_note(MANAGER, one) for one in self.notes]
        assert self.notes == {one.id: one.digest for one in notes}
        require_whole_series((*invoices, *notes), self.last)


def _wanted(number: int, how: str, part: int) -> LineCredit:
    if how == "quantity":
        return LineCredit(line=number, quantity=Quantity(abs(part)))
    return LineCredit(line=number, amount=Money(abs(part)))


def _parts(invoice: ModelInvoice, drawn: Sequence[tuple[int, str, int]]) -> list[Part]:
    """Return the parts of lines that are drawn: a third, a half, the whole, or more than that."""
    found: dict[int, Part] = {}
    for place, how, share in drawn:
        if not invoice.lines:
            break
        number = list(invoice.lines)[place % len(invoice.lines)]
        line = invoice.lines[number]
        whole = abs(line.quantity if how == "quantity" else line.net)
        part = max(1, whole // share) if share else whole + 1
        found[number] = (number, how, -part if line.quantity < 0 else part)
    return list(found.values())
