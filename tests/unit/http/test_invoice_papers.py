"""Invoices, credit notes and statements on paper: what they say, and that they do not change."""

import json
from typing import Final

import pytest
from attrs import evolve

from mechanic_core.invoices.credit_note import CreditNoteId
from mechanic_core.invoices.invoice import InvoiceId
from mechanic_core.invoices.printout import InvoicePrintout
from mechanic_core.money import Money
from mechanic_http.documents.paper.credit_note_paper import credit_note_paper
from mechanic_http.documents.paper.invoice_paper import invoice_paper
from mechanic_http.documents.paper.paper import Fact, Paper
from mechanic_http.documents.rendering import shown_money
from tests.shops import CUSTOMER, MANAGER, MECHANIC
from tests.unit.http.shop import ANONYMOUS, OTHER, Client, client
from tests.unit.http.test_estimate_papers import MINUS, PROFILE, SCRIPT, put, text_of
from tests.unit.http.test_invoices import credit, pay

INVOICE: Final = "/invoices/1"
CREDIT_NOTE: Final = "/credit_notes/1"
STATEMENT: Final = "/customers/1/statement"
PAPERS: Final = [f"{path}.{end}" for path in (INVOICE, CREDIT_NOTE) for end in ("html", "pdf")]
STATEMENTS: Final = [f"{STATEMENT}.{end}" for end in ("html", "pdf")]
TICKET: Final = "/service_tickets/1"


def invoiced(**profile: object) -> Client:
    """Return a shop with an invoice: a repair, a warranty job, one declined, and a deposit."""
    shop = client()
    put(shop, "PATCH", "/shop", PROFILE | {"payment_terms_days": 14} | profile)
    shop.premises.open(vehicle_id=1, description="Brakes squeal")
    for title, kind in ((SCRIPT, "repair"), ("Belt", "warranty"), ("Wipers", "repair")):
        job = put(shop, "POST", f"{TICKET}/jobs", {"title": title, "kind": kind})["id"]
        labor = {"description": "Fit", "hours": 1.5, "rate": 80, "job_id": job}
        fee = {"kind": "fee", "description": "Test", "quantity": 1, "unit_price": 1234.5}
        put(shop, "POST", f"{TICKET}/labor", labor)
        put(shop, "POST", f"{TICKET}/charges", {**fee, "job_id": job})
    discount = {"scope": "labor", "percent": 10, "reason": "Fleet"}
    put(shop, "PUT", f"{TICKET}/discounts", {"items": [discount]})
    person = {"person": "Ada Moore", "channel": "phone", "contact": "+1-555-0123"}
    put(shop, "POST", f"{TICKET}/decisions", {"amount": 5000, **person, "channel": "text"})
    put(shop, "POST", f"{TICKET}/estimates", {})
    answers = [{"job_id": n, "answer": "declined" if n == 3 else "authorized"} for n in (1, 2, 3)]
    put(shop, "POST", f"{TICKET}/estimates/1/decisions", {"answers": answers, **person})
    assert 201 == pay(shop, TICKET, 50).status_code
    for status in ("in_progress", "completed"):
        put(shop, "POST", f"{TICKET}/transitions", {"to": status})
    put(shop, "POST", f"{TICKET}/invoice")
    return shop


@pytest.fixture
def shop() -> Client:
    """A shop with an invoice, a part of which is credited."""
    shop = invoiced()
    lines = [{"line": 1, "quantity": 0.5}, {"line": 3, "amount": 200}]
    assert 201 == credit(shop, 1, lines=lines, reason=f"Not needed {SCRIPT}").status_code
    return shop


def printed(shop: Client) -> InvoicePrintout:
    """Return the invoice as it is printed."""
    return shop.premises.shop.print_invoice(MECHANIC, InvoiceId(1))


def amounts(paper: Paper) -> dict[str, str]:
    """Return the totals of a paper by their labels."""
    return {one.label: one.amount for one in paper.sums}


def test_figures_are_those_of_the_invoice(shop: Client) -> None:
    """
    Each line, each job, each tax and the total are written as the invoice has them.
    """
    record = printed(shop)
    invoice = record.invoice
    paper = invoice_paper(record)
    of_jobs = [line for job in invoice.jobs for line in invoice.lines if line.job_id == job.id]

    assert [shown_money(job.totals.total) for job in invoice.jobs] == [
        section.sums[-1].amount for section in paper.sections
    ]
    assert [
        (one.description, shown_money(one.unit_price), shown_money(one.net)) for one in of_jobs
    ] == [
        (line.description, line.unit_price, line.net)
        for section in paper.sections
        for line in section.lines
    ]
    assert [(shown_money(tax.tax), f"of {shown_money(tax.base)}") for tax in invoice.tax] == [
        (one.amount, one.how[one.how.index("of") : one.how.index(" (")])
        for one in paper.sums
        if one.label in {"State", "County"}
    ]
    totals = invoice.totals
    assert amounts(paper) | {
        "Labor": shown_money(totals.labor),
        "Charges": shown_money(totals.charges),
        "Shop supplies": shown_money(totals.supplies),
        "Discount": shown_money(-totals.discount),
        "Net": shown_money(totals.net),
        "Total": shown_money(totals.total),
    } == amounts(paper)


@pytest.mark.parametrize("deposit", [0, 50, 5000])
def test_what_was_to_pay_is_the_total_less_the_deposit(deposit: int) -> None:
    """
    Never below 0: what is left of a deposit is said then.
    """
    shop = invoiced()
    record = printed(shop)
    total = record.invoice.totals.total
    left = deposit * 100 - total

    payments = {
        one.label: one.amount for one in invoice_paper(with_deposit(record, deposit)).payments
    }

    assert shown_money(max(0, -left)) == payments.pop("To pay by 2026-03-17")
    assert payments == {
        label: shown_money(amount)
        for label, amount in (
            ("Paid before this invoice", -deposit * 100),
            ("Left of what was paid before", max(0, left)),
        )
        if amount
    }


def test_the_invoice_says_all_of_it(shop: Client) -> None:
    """
    Days, seller, customer, vehicle, complaint, lines, decisions and digest; markup is text.
    """
    page = shop.get(f"{INVOICE}.html", CUSTOMER)
    text = text_of(page.text)

    assert 200 == page.status_code
    assert "<script" not in page.text
    for said in (
        *("Invoice INV-1", "Date 2026-03-03", "Due date 2026-03-17", "Service date"),
        *("Moore & Sons", "ARD00123456", "Tax number 12-34", "Ada", "1HGCM82633A004352"),
        *("Brakes squeal", SCRIPT, "warranty", "1,234.50", "Included: 10 % off labor: Fleet"),
        f"Paid before this invoice {MINUS}50.00",
        "(Pacific/Auckland) Ada Moore, by text message (+1-555-0123): no more than 5,000.00 USD",
        "Ada Moore, by phone (+1-555-0123): authorized",
        "declined Wipers (",
        "No <refund>.",
        printed(shop).invoice.digest,
    ):
        assert said in text


def test_the_credit_note_says_all_of_it(shop: Client) -> None:
    """
    Its invoice, reason, totals and lines: by quantity, or by amount without a quantity.
    """
    record = shop.premises.shop.read_credit_note(MECHANIC, CreditNoteId(1))
    paper = credit_note_paper(record)
    by_quantity, by_amount = paper.sections[0].lines
    text = text_of(shop.get(f"{CREDIT_NOTE}.html", CUSTOMER).text)

    assert ("0.5 h", "80.00") == (by_quantity.quantity, by_quantity.unit_price)
    assert ("", "", "200.00") == (by_amount.quantity, by_amount.unit_price, by_amount.net)
    assert shown_money(record.totals.total) == amounts(paper)["Total"]
    assert Fact("For invoice", "INV-1") in paper.facts
    for said in ("Credit note CN-1", f"Reason: Not needed {SCRIPT}", record.digest, "Tax number"):
        assert said in text
    assert "in your favor" in text
    below = evolve(record, totals=evolve(record.totals, total=Money(-1200)))
    assert not any("in your favor" in one for one in credit_note_paper(below).remarks)


def test_gross_prices_are_known_by_the_lines() -> None:
    """
    An invoice and its credit note both say that tax is included.
    """
    shop = invoiced(prices_include_tax=True)
    credit(shop, 1, all=True)

    for path in (INVOICE, CREDIT_NOTE):
        text = text_of(shop.get(f"{path}.html", MECHANIC).text)
        assert "Unit prices and discounts include tax" in text
        assert "Included: State" in text


def test_prices_are_those_under_which_the_ticket_was_finished() -> None:
    """
    A shop that changes to gross prices before the invoice is issued does not change the sums.
    """
    shop = client()
    put(shop, "PATCH", "/shop", PROFILE)
    shop.premises.open()
    fee = {"kind": "fee", "description": "Test", "quantity": 1, "unit_price": 100}
    put(shop, "POST", f"{TICKET}/charges", fee)
    for status in ("in_progress", "completed"):
        put(shop, "POST", f"{TICKET}/transitions", {"to": status})
    put(shop, "PATCH", "/shop", {"prices_include_tax": True})
    put(shop, "POST", f"{TICKET}/invoice")

    paper = invoice_paper(printed(shop))

    assert ["Net", "State", "County", "Total"] == [one.label for one in paper.sums][-4:]
    assert () == paper.remarks


def test_the_statement_shows_each_entry_with_its_balance(shop: Client) -> None:
    """
    From the opening to the closing balance, in the order of the statement.
    """
    statement = shop.get(f"{STATEMENT}?from=2026-01-01", CUSTOMER).json
    answer = shop.get(f"{STATEMENT}.pdf?from=2026-01-01", CUSTOMER)
    tree = json.loads(answer.content.removeprefix(b"%PDF-"))

    opening, *entries = tree["entries"]
    assert ("2026-01-01", "Opening balance", "0.00") == (
        opening["on"],
        opening["what"],
        opening["balance"],
    )
    assert ["Invoice INV-1", "Credit note CN-1", "Payment 1"] == [one["what"] for one in entries]
    assert [money(one["balance"]) for one in statement["entries"]] == [
        one["balance"] for one in entries
    ]
    assert money(statement["closing"]) == tree["sums"][0]["amount"]
    assert "2026-03-03" == tree["day"]


def test_a_statement_of_a_customer_who_has_paid_ahead() -> None:
    """
    A balance below 0 is in the favor of the customer; an account may be empty too.
    """
    shop = client()
    shop.premises.open()
    assert 201 == pay(shop, TICKET, 50).status_code

    ahead = text_of(shop.get(f"{STATEMENT}.html", CUSTOMER).text)
    empty = text_of(shop.get(f"{STATEMENT}.html?to=2026-03-01", CUSTOMER).text)

    assert f"Closing balance in your favor {MINUS}50.00 USD" in ahead
    assert "To 2026-03-02" in ahead
    assert "To 2026-03-01" in empty
    assert "Closing balance 0.00 USD" in empty


@pytest.mark.parametrize("path", [*PAPERS, f"{STATEMENT}.pdf?to=2026-03-03"])
def test_paper_does_not_follow_the_world(shop: Client, path: str) -> None:
    """
    A later profile, name, price, payment or credit changes no byte; a client that has it gets 304.
    """
    first = shop.get(path, CUSTOMER)
    if STATEMENT not in path:
        put(shop, "PATCH", "/shop", {"name": "Other", "tax_rates": [], "disclosures": []})
        put(shop, "PATCH", "/customers/1", {"name": "Other", "address": "2 Elm St"})
        put(shop, "PATCH", "/vehicles/1", {"plate": "OTHER"})
        put(shop, "PATCH", "/mechanics/2", {"name": "Other"})
        assert 201 == pay(shop, TICKET, 1).status_code
        assert 201 == credit(shop, 1, lines=[{"line": 1, "quantity": 0.25}]).status_code
    shop.premises.clock.advance(days=1)

    assert 200 == first.status_code
    assert first.content == shop.get(path, CUSTOMER).content
    assert 304 == shop.get(path, CUSTOMER, If_None_Match=first.headers["etag"]).status_code


@pytest.mark.parametrize("path", [*PAPERS, *STATEMENTS])
def test_strangers_find_nothing(shop: Client, path: str) -> None:
    """
    Another customer gets 404, a caller without a token 401, and what is not there is 404.
    """
    answers = [
        shop.get(path, OTHER),
        shop.get(path, ANONYMOUS),
        shop.get(path.replace("/1", "/99"), MANAGER),
    ]

    assert [404, 401, 404] == [one.status_code for one in answers]


def test_without_a_renderer_there_is_no_pdf() -> None:
    """
    It is 501, for who may see the document alone.
    """
    shop = client(pdf=None)

    answers = {who: shop.get(f"{STATEMENT}.pdf", who) for who in (CUSTOMER, OTHER)}

    assert (501, "pdf-not-installed") == (
        answers[CUSTOMER].status_code,
        answers[CUSTOMER].json["code"],
    )
    assert 404 == answers[OTHER].status_code
    assert 200 == shop.get(f"{STATEMENT}.html", CUSTOMER).status_code


@pytest.mark.parametrize(
    ("path", "name"),
    [(INVOICE, "invoice-inv-1"), (CREDIT_NOTE, "credit-note-cn-1"), (STATEMENT, "statement")],
)
def test_a_file_is_named_after_its_document(shop: Client, path: str, name: str) -> None:
    """
    The name is that under which a browser saves it.
    """
    answer = shop.get(f"{path}.pdf", MECHANIC)

    assert f'inline; filename="{name}.pdf"' == answer.headers["content-disposition"]


def money(amount: float) -> str:
    """Return an amount of JSON as papers write it."""
    return f"{amount:,.2f}".replace("-", MINUS)


def with_deposit(record: InvoicePrintout, deposit: int) -> InvoicePrintout:
    """Return *record* with another deposit."""
    return evolve(record, invoice=evolve(record.invoice, deposit=Money(deposit * 100)))
