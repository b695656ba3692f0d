"""Invoices, credit notes, series and balances that somebody has changed in the database are found."""

from typing import Final

import pytest
import sqlalchemy as sa
from attrs import evolve

from mechanic_adapters.sql.engine.engines import database_url
from mechanic_adapters.sql.store import SqlStore
from mechanic_core.customers.customer import Registration
from mechanic_core.invoices.credit_note import CreditNoteForm
from mechanic_core.invoices.invoice import InvoiceId
from mechanic_core.mechanics.mechanic import Hiring
from mechanic_core.money import money, quantity
from mechanic_core.payments.payment import PaymentForm, PaymentId, PaymentMethod, RefundForm
from mechanic_core.pricing.credits import LineCredit
from mechanic_core.pricing.line import LineKind
from mechanic_core.shop import Shop
from mechanic_core.tickets.forms import TicketDraft, TransitionForm
from mechanic_core.tickets.lines.charge import ChargeForm
from mechanic_core.tickets.ticket import TicketId
from mechanic_core.tickets.workflow import Status
from mechanic_shop.observability.agreement import disagreements
from tests.integration.statements import counted
from tests.shops import MANAGER, MECHANIC, ManualClock, shop_on
from tests.strategies import sample

CHANGED: Final = "{}: was changed since it was issued"
LACKS: Final = "{}: lacks the one before it"
STATE: Final = "INV-1: its state is not what documents and payments say: {}"
UNREADABLE: Final = "ticket {}: its invoices or their states cannot be read"
OPEN: Final = "ticket {}: invoice {} stored as open; it is {}"
BALANCE: Final = (
    "ticket {}: {} invoiced, {} received stored; documents and payments: {} invoiced, {} received"
)

ALTERED: Final = [
    *(
        (f"UPDATE invoices SET {change} WHERE id = 2", [CHANGED.format("INV-2")])  # noqa: S608 - our own texts
        for change in (
            "description = 'Other work'",
            "customer = replace(customer, 'Ada', 'Bob')",
            "seller = replace(seller, 'Mechanic Shop', 'Other Shop')",
            "lines = replace(lines, 'Work', 'Word')",
            "deposit = deposit + 1",
            "by_id = by_id + 1",
            "odometer = 7",
            "previous = NULL",
        )
    ),
    (
        "UPDATE invoices SET digest = 'none' WHERE id = 2",
        [CHANGED.format("INV-2"), LACKS.format("INV-3")],
    ),
    ("UPDATE invoices SET number = 'INV-9' WHERE id = 2", [CHANGED.format("INV-9")]),
    (
        "UPDATE invoices SET sequence = 4 WHERE id = 3",
        [
            "series INV-: lacks 3",
            CHANGED.format("INV-3"),
            "series INV-: number 3 stored as the last, 4 issued",
        ],
    ),
    ("UPDATE credit_notes SET reason = 'None' WHERE id = 1", [CHANGED.format("CN-1")]),
    (
        "UPDATE invoices SET lines = '{' WHERE id = 2",
        [CHANGED.format("INV-2"), UNREADABLE.format(2)],
    ),
    (
        "UPDATE credit_notes SET lines = '[7]' WHERE id = 1",
        [CHANGED.format("CN-1"), UNREADABLE.format(1)],
    ),
    (
        "UPDATE credit_notes SET total = 1 WHERE id = 1",
        ["CN-1: its total is not that of its lines"],
    ),
    (
        "UPDATE number_series SET last = 7 WHERE prefix = 'INV-'",
        ["series INV-: number 7 stored as the last, 3 issued"],
    ),
    (
        "UPDATE number_series SET digest = 'none' WHERE prefix = 'CN-'",
        ["series CN-: another digest stored than that of the last"],
    ),
    (
        "DELETE FROM number_series WHERE prefix = 'CN-'",
        ["series CN-: number 0 stored as the last, 1 issued"],
    ),
    (
        "INSERT INTO number_series (prefix, last) VALUES ('R-', 1)",
        ["series R-: number 1 stored as the last, 0 issued"],
    ),
    *(
        (f"UPDATE invoice_states SET {change} WHERE invoice_id = 1", [STATE.format(names)])  # noqa: S608 - as above
        for change, names in (
            ("paid = 5000", "paid"),
            ("credited = 2000", "credited"),
            ("payment_status = 'paid'", "payment_status"),
            ("customer_id = 2", "customer_id"),
            ("total = 10001", "total"),
            ("ticket_id = 2", "ticket_id"),
            ("due_date = '2026-01-01'", "due_date"),
            ("fully_credited = TRUE", "fully_credited"),
        )
    ),
    (
        "DELETE FROM invoice_states WHERE invoice_id = 3",
        [CHANGED.format("INV-3"), "INV-3: has no state", OPEN.format(3, 3, None)],
    ),
    (
        "UPDATE ticket_balances SET received = 6001 WHERE ticket_id = 1",
        [BALANCE.format(1, "75.00", "60.01", "75.00", "60.00")],
    ),
    (
        "UPDATE ticket_balances SET invoiced = 1 WHERE ticket_id = 1",
        [BALANCE.format(1, "0.01", "60.00", "75.00", "60.00")],
    ),
    (
        "DELETE FROM ticket_balances WHERE ticket_id = 1",
        [BALANCE.format(1, "0.00", "0.00", "75.00", "60.00")],
    ),
    (
        "UPDATE ticket_balances SET invoice_id = NULL WHERE ticket_id = 1",
        [OPEN.format(1, None, 1)],
    ),
    (
        "UPDATE refunds SET amount = amount + 500",
        [
            STATE.format("paid"),
            BALANCE.format(1, "75.00", "60.00", "75.00", "55.00"),
        ],
    ),
    (
        "UPDATE payments SET amount = 400 WHERE ticket_id = 4",
        [BALANCE.format(4, "0.00", "5.00", "0.00", "4.00")],
    ),
]


def finished(shop: Shop, price: str) -> TicketId:
    """Return a new ticket with one line, of which the work is done."""
    ticket_id = shop.open_ticket(MECHANIC, sample(TicketDraft, customer_id=1, mechanic_ids=(2,))).id
    form = ChargeForm(
        kind=LineKind.FEE, description="Work", quantity=quantity(1), unit_price=money(price)
    )
    shop.add_charge(MECHANIC, ticket_id, form)
    for to in (Status.IN_PROGRESS, Status.COMPLETED):
        shop.move_ticket(MECHANIC, ticket_id, TransitionForm(to=to))
    return ticket_id


def pay(shop: Shop, ticket_id: TicketId, amount: str) -> PaymentId:
    """Take a payment."""
    form = PaymentForm(amount=money(amount), method=PaymentMethod.CASH)
    return shop.take_payment(MECHANIC, ticket_id, form).id


@pytest.fixture
def shop(store: SqlStore) -> Shop:
    """Invoices 1 to 3 of tickets 1 to 3, the first credited and paid in part; a deposit on 4."""
    shop = shop_on(store, ManualClock())
    for name in ("eve", "bob"):
        shop.hire_mechanic(MANAGER, sample(Hiring, name=name, email=f"{name}@shop.example"))
    for name in ("Ada", "Cleo"):
        shop.register_customer(MANAGER, sample(Registration, name=name, email=f"{name}@x.example"))
    for ticket_id in [finished(shop, price) for price in ("100", "20", "0")]:
        shop.issue_invoice(MECHANIC, ticket_id)
    refund = RefundForm(amount=money(10), reason="Too much")
    shop.refund_payment(MANAGER, pay(shop, TicketId(1), "70"), refund)
    credit = CreditNoteForm(lines=(LineCredit(line=1, amount=money(25)),), reason="Came back")
    shop.credit_invoice(MANAGER, InvoiceId(1), credit)
    pay(shop, finished(shop, "30"), "5")
    return shop


def alter(url: str, *statements: str) -> None:
    """Run statements on the database without its triggers, as its owner can."""
    engine = sa.create_engine(database_url(url))
    triggers = (
        "SELECT tgname, relname FROM pg_trigger JOIN pg_class ON tgrelid = pg_class.oid"
        " WHERE NOT tgisinternal"
        if engine.name == "postgresql"
        else "SELECT name, tbl_name FROM sqlite_master WHERE type = 'trigger'"
    )
    with engine.begin() as connection:
        for name, table in connection.execute(sa.text(triggers)).all():
            if table in {"invoices", "credit_notes", "payments", "refunds", "invoice_states"}:
                of = f" ON {table}" if engine.name == "postgresql" else ""
                connection.execute(sa.text(f"DROP TRIGGER {name}{of}"))
        for sql in statements:
            connection.execute(sa.text(sql))
    engine.dispose()


@pytest.mark.usefixtures("shop")
@pytest.mark.parametrize(("sql", "expected"), ALTERED)
def test_what_was_changed_is_named(
    empty_url: str, store: SqlStore, sql: str, expected: list[str]
) -> None:
    """
    Whatever is changed of documents, numbers, states and balances, the check names it.
    """
    assert [] == list(disagreements(store))

    alter(empty_url, sql)

    assert expected == list(disagreements(store))


@pytest.mark.usefixtures("shop")
@pytest.mark.parametrize("empty_url", ["sqlite"], indirect=True)
def test_a_month_that_is_none_is_named(empty_url: str, store: SqlStore) -> None:
    """
    SQLite stores any text as a date: the ticket is named, and the check goes on.
    """
    alter(empty_url, "UPDATE invoice_states SET issued_month = 'May' WHERE invoice_id = 1")

    assert [UNREADABLE.format(1)] == list(disagreements(store))


def test_a_series_may_number_both_kinds(store: SqlStore, shop: Shop) -> None:
    """
    Credit notes that go on in the former series of invoices are right.
    """
    shop.change_profile(
        MANAGER, lambda form: evolve(form, invoice_prefix="R-", credit_note_prefix="INV-")
    )

    credit = CreditNoteForm(all_=True, reason="Came back")

    assert "INV-4" == shop.credit_invoice(MANAGER, InvoiceId(2), credit).number
    assert [] == list(disagreements(store))


@pytest.mark.usefixtures("shop")
def test_all_are_read_in_batches(store: SqlStore) -> None:
    """
    Statements are run for each batch, none for a document or a ticket.
    """
    with counted(store) as statements:
        assert [] == list(store.altered_records())

    consent, documents, money = 2 + 2, 4 + 1, 10
    assert consent + documents + money == len(statements)
