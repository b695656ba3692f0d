"""Estimates on paper: what they say, as HTML and for a renderer of PDF."""

import json
import re
from html import unescape
from typing import Any

import pytest
from attrs import evolve

from mechanic_core.estimates.estimate import EstimateNumber
from mechanic_core.estimates.printout import EstimatePrintout
from mechanic_core.tickets.ticket import TicketId
from mechanic_http.documents.paper.estimate_paper import estimate_paper
from mechanic_http.documents.paper.paper import (
    Authorization,
    Buyer,
    Entry,
    Fact,
    Paper,
    PaperLine,
    Section,
    Sum,
)
from mechanic_http.documents.paper.printers import page_of
from mechanic_http.documents.rendering import shown_money
from tests.shops import CUSTOMER, MANAGER, MECHANIC
from tests.unit.http.shop import ANONYMOUS, OTHER, Client, client

PROFILE = {
    "name": "Moore & Sons",
    "address": "1 Main St\nSpringfield",
    "phone": "555-0100",
    "registration": "ARD00123456",
    "tax_number": "12-34",
    "time_zone": "Pacific/Auckland",
    "disclosures": ["No <refund>."],
    "tax_rates": [
        {"tax_class": "fees", "authority": "State", "percent": 7.25},
        {"tax_class": "fees", "authority": "County", "percent": 1},
    ],
    "supplies_fee": {"percent": 10, "of": ["labor"], "cap": 35},
}
SCRIPT = "<script>alert('1')</script>"
MINUS = "\N{MINUS SIGN}"
WORLD = (
    ("/customers/1", {"name": "Ada Lovelace", "address": "2 Oak St", "phone": "555-0111"}),
    ("/vehicles/1", {"plate": "OTHER"}),
    ("/service_tickets/1", {"odometer": 150_000, "description": "Squeals"}),
    ("/service_tickets/1", {"service_date": "2026-03-01"}),
    ("/shop", {"name": "Other", "time_zone": "Asia/Tokyo", "currency": "USD", "disclosures": []}),
)
HTML, PDF = "/service_tickets/1/estimates/1.html", "/service_tickets/1/estimates/1.pdf"


def put(shop: Client, method: str, path: str, body: Any = None) -> Any:
    """Do something that succeeds."""
    answer = shop.ask(method, path, body, MANAGER)
    assert answer.status_code in (200, 201), answer.text
    return answer.json


def estimated(shop: Client, **profile: object) -> Client:
    """Return *shop* with an estimate of a repair and a warranty job on ticket 1."""
    put(shop, "PATCH", "/shop", PROFILE | profile)
    shop.premises.open(vehicle_id=1)
    for title, kind in ((SCRIPT, "repair"), ("Belt", "warranty")):
        job = put(shop, "POST", "/service_tickets/1/jobs", {"title": title, "kind": kind})["id"]
        labor = {"description": "Fit", "hours": 1.5, "rate": 80, "job_id": job}
        fee = {"kind": "fee", "description": "Test", "quantity": 1, "unit_price": 1234.5}
        put(shop, "POST", "/service_tickets/1/labor", labor)
        put(shop, "POST", "/service_tickets/1/charges", {**fee, "job_id": job})
    discount = {"scope": "labor", "percent": 10, "reason": "Fleet"}
    put(shop, "PUT", "/service_tickets/1/discounts", {"items": [discount]})
    put(shop, "POST", "/service_tickets/1/estimates", {"note": "Ask for Bob"})
    return shop


@pytest.fixture
def shop() -> Client:
    """A shop with an estimate."""
    return estimated(client())


def printed(shop: Client) -> EstimatePrintout:
    """Return the estimate as it is printed."""
    return shop.premises.shop.print_estimate(MECHANIC, TicketId(1), EstimateNumber(1))


def text_of(page: str) -> str:
    """Return what a page says, without its style and markup."""
    body = page.partition("</style>")[2]
    return re.sub(r"\s+", " ", unescape(re.sub(r"<[^>]+>", " ", body)))


def test_figures_are_those_of_the_estimate(shop: Client) -> None:
    """
    Each line, each job, each tax and the total are written as the estimate has them.
    """
    record = printed(shop)
    estimate = record.estimate
    paper = estimate_paper(record)

    assert [shown_money(job.totals.total) for job in estimate.jobs] == [
        section.sums[-1].amount for section in paper.sections
    ]
    assert [shown_money(line.net) for job in estimate.jobs for line in job.lines] == [
        line.net for section in paper.sections for line in section.lines
    ]
    assert [shown_money(tax.tax) for tax in estimate.tax] == [
        one.amount for one in paper.sums if one.label in {"State", "County"}
    ]
    by_label = {one.label: one.amount for one in paper.sums}
    totals = estimate.totals
    assert by_label["Labor"] == shown_money(totals.labor)
    assert by_label["Charges"] == shown_money(totals.charges)
    assert by_label["Shop supplies"] == shown_money(totals.supplies)
    assert by_label["Discount"] == shown_money(-totals.discount)
    assert by_label["Net"] == shown_money(totals.net)
    assert by_label["Total"] == shown_money(totals.total)


def test_the_day_is_that_of_the_shop(shop: Client) -> None:
    """
    An estimate of noon in Greenwich is of the next day in Auckland.
    """
    assert Fact("Date", "2026-03-03") in estimate_paper(printed(shop)).facts


def test_gross_prices_have_their_tax_after_the_total() -> None:
    """
    With gross prices the sums come to the total, and the tax in it follows.
    """
    shop = estimated(client(), prices_include_tax=True)

    labels = [one.label for one in estimate_paper(printed(shop)).sums]

    assert labels[-4:] == ["Total", "Net", "Included: State", "Included: County"]


def test_only_jobs_to_be_answered_ask(shop: Client) -> None:
    """
    A warranty job needs no authorization.
    """
    assert [True, False] == [one.asks for one in estimate_paper(printed(shop)).sections]


def test_an_erased_customer_is_left_out(shop: Client) -> None:
    """
    The paper that was made for a customer who was erased before has nobody on it.
    """
    estimate = evolve(printed(shop).estimate, customer=None)

    assert Buyer() == estimate_paper(EstimatePrintout(estimate=estimate)).buyer


def test_the_page_says_all_of_it(shop: Client) -> None:
    """
    Seller, customer, vehicle, note, lines, totals and disclosures; markup in texts is text.
    """
    page = shop.get(HTML, CUSTOMER)
    text = text_of(page.text)

    assert 200 == page.status_code
    assert "text/html; charset=utf-8" == page.headers["content-type"]
    assert "<script" not in page.text
    for said in (
        *("Moore & Sons", "1 Main St Springfield", "ARD00123456", "Tax number 12-34"),
        *("Estimate 1-1", "Ada", "1HGCM82633A004352", "Ask for Bob", "Signature"),
        "at the prices above and their shop supplies, and decline those marked No",
        *(SCRIPT, "warranty", "1,234.50", f"{MINUS}1,234.50", "No <refund>."),
        *("10 % of labor, at most 35.00", "Included: 10 % off labor: Fleet"),
        printed(shop).estimate.digest,
    ):
        assert said in text


def test_the_page_needs_nothing_else(shop: Client) -> None:
    """
    Its style sheet is in it, and its policy allows that one alone.
    """
    page = shop.get(HTML, MECHANIC)
    policy = page.headers["content-security-policy"]

    assert not re.search(r"\b(src|href|style)=", page.text)
    assert re.match(r"default-src 'none'; style-src 'sha256-[^']{44}'; form-action 'none'", policy)


@pytest.mark.parametrize("path", [HTML, PDF])
def test_the_same_estimate_is_the_same_bytes(shop: Client, path: str) -> None:
    """
    Also after changes of all that it shows, an answer, and a day; a client that has it gets 304.
    """
    first = shop.get(path, CUSTOMER)
    for changed, body in WORLD:
        put(shop, "PATCH", changed, body)
    answers = {"answers": [{"job_id": 1, "answer": "authorized"}]}
    put(
        shop,
        "POST",
        "/service_tickets/1/estimates/1/decisions",
        answers | {"person": "Ada", "channel": "in_person"},
    )
    shop.premises.clock.advance(days=1)

    again = shop.get(path, CUSTOMER)

    assert first.content == again.content
    assert 304 == shop.get(path, CUSTOMER, If_None_Match=first.headers["etag"]).status_code


@pytest.mark.parametrize("path", [HTML, PDF])
def test_strangers_find_nothing(shop: Client, path: str) -> None:
    """
    Another customer gets 404, a caller without a token 401, and what is not there is 404.
    """
    unknown = path.replace("estimates/1", "estimates/2")

    answers = [
        shop.get(path, OTHER),
        shop.get(path, ANONYMOUS),
        shop.get(unknown, MECHANIC),
        shop.get(path.replace("estimates/1", "estimates/0"), MECHANIC),
    ]

    assert [404, 401, 404, 404] == [one.status_code for one in answers]


@pytest.mark.parametrize("path", [HTML, PDF])
def test_a_paper_is_of_whom_it_was_made_for(shop: Client, path: str) -> None:
    """
    Of a ticket that was corrected the papers with the former customer on them are for staff alone.
    """
    first = shop.get(path, MECHANIC).content

    put(shop, "PATCH", "/service_tickets/1", {"customer_id": 2})

    assert [404, 404] == [shop.get(path, one).status_code for one in (OTHER, CUSTOMER)]
    assert first == shop.get(path, MECHANIC).content
    shown = shop.get("/service_tickets/1/estimates/1", OTHER)
    assert (200, "superseded") == (shown.status_code, shown.json["status"])
    put(shop, "POST", "/service_tickets/1/estimates", {})
    newer = shop.get(path.replace("estimates/1", "estimates/2"), OTHER)
    assert 200 == newer.status_code


@pytest.mark.parametrize("path", [HTML, PDF])
def test_a_merged_customer_keeps_their_papers(shop: Client, path: str) -> None:
    """
    The papers of the record that is gone are those of the one that is left, as they were.
    """
    first = shop.get(path, CUSTOMER).content

    put(shop, "POST", "/customers/2/merge", {"from_id": 1})

    assert first == shop.get(path, OTHER).content


def test_pdf_gets_the_whole_paper(shop: Client) -> None:
    """
    The renderer gets each text as it was typed; the response has a name for the file.
    """
    answer = shop.get(PDF, CUSTOMER, Accept_Encoding="gzip")
    tree = json.loads(answer.content.removeprefix(b"%PDF-"))

    assert "application/pdf" == answer.headers["content-type"]
    assert 'inline; filename="estimate-1-1.pdf"' == answer.headers["content-disposition"]
    assert "content-encoding" not in answer.headers
    assert SCRIPT == tree["sections"][0]["title"]
    assert ("Estimate 1-1", True) == (tree["name"], tree["has_discounts"])


def test_without_a_renderer_there_is_no_pdf() -> None:
    """
    It is 501, for who may see the estimate alone; HTML is there.
    """
    shop = estimated(client(pdf=None))

    refused = shop.get(PDF, MECHANIC)

    assert (501, "pdf-not-installed") == (refused.status_code, refused.json["code"])
    assert 404 == shop.get(PDF, OTHER).status_code
    assert 200 == shop.get(HTML, MECHANIC).status_code


@pytest.mark.parametrize("path", [HTML, PDF])
def test_head_and_accept(shop: Client, path: str) -> None:
    """
    HEAD has the headers alone; who accepts only JSON gets 406.
    """
    head = shop.ask("HEAD", path, actor=CUSTOMER)

    assert (200, b"") == (head.status_code, head.content)
    assert 406 == shop.get(path, CUSTOMER, Accept="application/json").status_code
    assert 200 == shop.get(path, CUSTOMER, Accept="*/*").status_code


def test_the_family_has_room_for_other_papers(shop: Client) -> None:
    """
    Payments, authorizations and the entries of an account are shown where there are any.
    """
    line = PaperLine(description="Pad", note="rear", quantity="1", unit_price="9.00", net="9.00")
    paper = evolve(
        estimate_paper(printed(shop)),
        title="Invoice",
        number="INV-7",
        consent="",
        sections=(Section(title="Brakes", lines=(line,)), Section(title="Empty", lines=())),
        entries=(Entry(on="2026-03-02", what="Payment", amount=f"{MINUS}5.00", balance="4.00"),),
        payments=(Sum(label="Due", amount="4.00", is_total=True),),
        authorizations=(
            Authorization(at="2026-03-02 09:15", who="Ada, by phone", what="Brakes", total="9.00"),
        ),
    )

    text = text_of(page_of(paper))

    assert "Signature" not in text
    for said in (
        *("Invoice INV-7", "Pad rear", "No parts or labor", f"Payment {MINUS}5.00 4.00"),
        *("Due 4.00 USD", "Ada, by phone: Brakes. Authorized in all: 9.00 USD"),
    ):
        assert said in text


def test_a_paper_has_a_name_without_a_number() -> None:
    """
    A statement has no number.
    """
    assert "Statement" == _statement().name


def _statement() -> Paper:
    seller = estimate_paper(printed(estimated(client()))).seller
    return Paper(
        title="Statement",
        number="",
        day="2026-03-02",
        currency="USD",
        facts=(),
        seller=seller,
        buyer=Buyer(),
    )
