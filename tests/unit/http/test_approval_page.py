"""The page of a link to an estimate: its form, what is missing, its receipt, and its end."""

import re
from html import unescape
from typing import Any
from urllib.parse import urlencode

import pytest
from attrs import frozen
from falcon import testing

from mechanic_adapters.security.link_tokens import HmacLinkTokens
from mechanic_http.app import HttpPorts, create_app
from mechanic_shop.wiring.use_cases import build_shop
from tests.shops import MANAGER, MECHANIC, PlainPasswords, PlainTokens
from tests.unit.core.conftest import Premises
from tests.unit.http.shop import SETTINGS, Client, CountingLimiter, client, read_token

FORM = "application/x-www-form-urlencoded"
BOTH = {"job-1": "yes", "job-2": "no", "name": "Ada Moore"}
FEE = {"kind": "fee", "description": "Inspection", "quantity": 1}
TOLD = {"person": "Ada", "channel": "phone", "contact": "+1-555-0100"}
MARKUP = '<b>Brakes & "discs"</b>'


@frozen(eq=False)
class Letter:
    """A link to an estimate of two jobs of ticket 1, and who opens it."""

    shop: Client
    path: str

    @classmethod
    def sent(cls, shop: Client, **estimate: object) -> "Letter":
        """Open a ticket with two jobs, and issue a link to an estimate of them."""
        shop.premises.open()
        for title, price in ((MARKUP, "10.00"), ("Oil service", "1234.50")):
            job = post(shop, "/jobs", {"title": title})["id"]
            post(shop, "/charges", {**FEE, "job_id": job, "unit_price": price})
        post(shop, "/estimates", estimate)
        return cls(shop, post(shop, "/estimates/1/links", {"expires_in_hours": 72})["url"])

    def open(self, method: str = "GET") -> testing.Result:
        """Open the page."""
        return self.shop.ask(method, self.path)

    def send(self, fields: Any = BOTH) -> testing.Result:
        """Send the form."""
        raw = urlencode(fields, doseq=True).encode()
        return self.shop.ask("POST", self.path, headers={"Content-Type": FORM}, raw=raw)

    def decisions(self) -> list[dict[str, Any]]:
        """Return what was decided."""
        found = self.shop.get("/service_tickets/1/decisions", MECHANIC).json["items"]
        return list(found)


def post(shop: Client, below: str, body: Any = None) -> Any:
    """Do something on ticket 1."""
    answer = shop.ask("POST", f"/service_tickets/1{below}", body, MECHANIC)
    assert answer.status_code in (200, 201), answer.text
    return answer.json


def client_with_real_links() -> Client:
    """Return a client of a shop whose links are signed, so that each has another token."""
    premises = Premises()
    store, clock = premises.store, premises.clock
    links = HmacLinkTokens(lambda: ("secret",))
    shop = build_shop(store, clock, PlainPasswords(), PlainTokens(), links)
    return Client(premises, create_app(shop, HttpPorts(authenticate=read_token), SETTINGS))


@pytest.fixture
def letter() -> Letter:
    """A link that is good."""
    return Letter.sent(
        client_with_real_links(), note="Ask for <i>Bob</i>", valid_until="2099-01-31"
    )


def text_of(page: testing.Result) -> str:
    """Return what a page says, without its markup."""
    return re.sub(r"\s+", " ", unescape(re.sub(r"<[^>]+>", " ", page.text)))


def test_opening_it_changes_nothing(letter: Letter) -> None:
    """
    However often a person, or a program that reads their mail, does so; then an answer counts.
    """
    known = letter.shop.get("/events?after=99999", MANAGER).json["last"]

    opened = [letter.open(method) for method in ("GET", "HEAD") * 50]

    assert {200} == {one.status_code for one in opened}
    assert 2 == len({one.text for one in opened})  # HEAD has none
    assert known == letter.shop.get("/events?after=99999", MANAGER).json["last"]
    assert (303, 1) == (letter.send().status_code, len(letter.decisions()))


def test_shows_jobs_and_prices(letter: Letter) -> None:
    """
    What is asked, by whom and until when; no answer is preset, and markup in texts is text.
    """
    profile = {
        "name": "Moore & Sons",
        "phone": "+1 (555) 0100 x12",
        "address": "1 Main St",
        "disclosures": ["No <refund>."],
        "tax_rates": [{"tax_class": "fees", "authority": "State", "percent": 8.25}],
        "supplies_fee": {"percent": 10, "of": ["labor"], "cap": 35},
    }
    shop = letter.shop
    assert 200 == shop.ask("PATCH", "/shop", profile, MANAGER).status_code
    labor = {"description": "Fit", "hours": 1.5, "rate": 80, "job_id": 1}
    post(shop, "/labor", labor)
    discount = {"scope": "labor", "percent": 10, "reason": "Fleet"}
    shop.ask("PUT", "/service_tickets/1/discounts", {"items": [discount]}, MECHANIC)
    post(shop, "/estimates", {"job_ids": [1]})
    page = shop.get(post(shop, "/estimates/2/links")["url"])

    shown = text_of(page)
    for wanted in (
        "Moore & Sons",
        "For Ada Estimate 2",
        "No <refund>.",
        MARKUP,
        "1.5 h × 80.00, less 12.00 discount 108.00",
        "This job, tax included 118.83",
        "10 % of labor, at most 35.00 10.80",
        "8.25 % of 10.00 (fees) 0.83",
        "129.63 USD",
        "Included: 10 % off labor: Fleet",
        "your bill comes to 1,465.97 USD",
    ):
        assert wanted in shown, wanted
    assert 'href="tel:+15550100"' in page.text
    assert "checked" not in page.text
    assert "<script" not in page.text
    assert "<b>" not in page.text
    assert 2 == page.text.count('type="radio"')


def test_prices_with_tax_are_shown_so() -> None:
    """
    The lines of a job then add up to what it costs, and a core that comes back is below 0.
    """
    shop = client()
    rates = [{"tax_class": "fees", "authority": "State", "percent": 20}]
    body = {"tax_rates": rates, "prices_include_tax": True}
    shop.ask("PATCH", "/shop", body, MANAGER)
    shop.premises.open()
    post(shop, "/jobs", {"title": "Alternator"})
    post(shop, "/charges", {**FEE, "unit_price": 12})
    core = {"kind": "core", "description": "Core", "quantity": -1, "unit_price": 45.5}
    post(shop, "/charges", core)
    post(shop, "/estimates")

    shown = text_of(shop.get(post(shop, "/estimates/1/links")["url"]))

    assert "1 × 12.00 12.00" in shown
    assert "\N{MINUS SIGN}1 × 45.50 \N{MINUS SIGN}45.50" in shown
    assert "This job, tax included \N{MINUS SIGN}33.50" in shown
    assert "Prices of parts and labor include tax." in shown


def test_takes_the_answers_once(letter: Letter) -> None:
    """
    The browser is led back to the page, which is a receipt then; a second form decides nothing.
    """
    taken = letter.send()
    receipt = letter.open()
    again = letter.send({**BOTH, "job-2": "yes", "name": ""})

    assert (303, letter.path) == (taken.status_code, taken.headers["Location"])
    assert (200, 410) == (receipt.status_code, again.status_code)
    (decision,) = letter.decisions()
    assert ("link", "Ada Moore", None) == tuple(
        decision[name] for name in ("channel", "person", "by")
    )
    assert ["authorized", "declined"] == [one["answer"] for one in decision["answers"]]
    shown = text_of(receipt)
    assert f"Answered by Ada Moore, on this page {'2026-03-02 12:00 (UTC)'}" in shown
    assert f"{MARKUP} Yes 10.00 Oil service No 1,234.50" in shown
    assert "Authorized on the ticket, in all 10.00 USD" in shown
    assert decision["digest"] in shown
    assert "<form" not in receipt.text
    assert "This estimate is answered already" in again.text


def test_notes_of_the_shop_are_not_shown(letter: Letter) -> None:
    """
    What staff note with a decision is not on the receipt behind the link.
    """
    answers = [{"job_id": number, "answer": "authorized"} for number in (1, 2)]
    told = {**TOLD, "note": "Haggles"}
    post(letter.shop, "/estimates/1/decisions", {"answers": answers, **told})

    shown = text_of(letter.open())

    assert "Answered by Ada, by phone" in shown
    assert "Haggles" not in shown


@pytest.mark.parametrize(
    ("fields", "missing"),
    [
        ({}, ["job-1", "job-2", "name"]),
        ({"job-1": "yes", "job-2": "no"}, ["name"]),
        ({"job-1": "yes", "job-2": "no", "name": " \t "}, ["name"]),
        ({"job-1": "yes", "name": "Ada"}, ["job-2"]),
        ({"job-1": ["yes", "no"], "job-2": "no", "name": "Ada"}, ["job-1"]),
        ({"job-1": "maybe", "job-2": "", "name": "Ada"}, ["job-1", "job-2"]),
        ({"job-9": "yes", "job-2": "yes", "name": "x" * 101}, ["job-1", "name"]),
        ({"job-1": "yes", "job-2": "no", "name": "A\x07da"}, ["name"]),
        ({f"job-{number}": "yes" for number in range(80)}, ["job-1", "job-2", "name"]),
    ],
    ids=str,
)
def test_says_what_is_missing(letter: Letter, fields: Any, missing: list[str]) -> None:
    """
    All of it at once, with links to the fields; nothing is decided, and the link is good.
    """
    refused = letter.send(fields)

    assert 422 == refused.status_code
    assert missing == re.findall(r'<a href="#([\w-]+)"', refused.text)
    assert all(f'id="{field}"' in refused.text for field in missing)
    assert re.search(r"<title>\s*Error: ", refused.text)
    assert [] == letter.decisions()
    assert 303 == letter.send().status_code


def test_says_what_was_answered_otherwise_meanwhile(letter: Letter) -> None:
    """
    A form from before the call that says otherwise is sent again, without the job; then it is taken.
    """
    answers = [{"job_id": 2, "answer": "authorized"}]
    post(letter.shop, "/estimates/1/decisions", {"answers": answers, **TOLD})

    page = letter.send()

    assert 422 == page.status_code
    assert "Oil service was answered otherwise after you opened this page" in page.text
    assert 'href="#job-2"' in page.text
    assert 'id="job-2"' in page.text
    assert 'name="job-2"' not in page.text
    assert 1 == len(letter.decisions())
    assert 303 == letter.send({"job-1": "yes", "name": "Ada Moore"}).status_code


def test_keeps_what_was_filled_in(letter: Letter) -> None:
    """
    Answers and name are there again, as text.
    """
    page = letter.send({"job-1": "no", "name": '"><script>'}).text

    assert re.search(r'id="job-1-no"[^>]+ checked>', page)
    assert 1 == page.count(" checked>")
    assert 'value="&#34;&gt;&lt;script&gt;"' in page


def test_malformed_forms_are_empty(letter: Letter) -> None:
    """
    What is no UTF-8, or has a broken escape, is missing.
    """
    for raw in (b"name=\xff", b"name=%ff&job-1=yes"):
        answer = letter.shop.ask("POST", letter.path, headers={"Content-Type": FORM}, raw=raw)
        assert 422 == answer.status_code


def test_takes_forms_only(letter: Letter) -> None:
    """
    JSON is 415, a long form 413; neither answer shows the token.
    """
    other = letter.shop.ask("POST", letter.path, BOTH)
    long = letter.send({"name": "x" * 20_000})

    assert [415, 413] == [other.status_code, long.status_code]
    assert {"/a/***"} == {one.json["instance"] for one in (other, long)}
    assert [] == letter.decisions()


def expire(letter: Letter) -> None:
    """Let the link expire."""
    letter.shop.premises.clock.advance(hours=72)


def replace(letter: Letter) -> None:
    """Issue a newer link."""
    post(letter.shop, "/estimates/1/links")


def supersede(letter: Letter) -> None:
    """Make a newer estimate."""
    post(letter.shop, "/estimates")


def cancel(letter: Letter) -> None:
    """Cancel the ticket."""
    post(letter.shop, "/transitions", {"to": "cancelled"})


@pytest.mark.parametrize(
    ("end", "title"),
    [
        (expire, "This link has expired"),
        (replace, "This link was replaced or withdrawn"),
        (supersede, "There is a newer estimate"),
        (cancel, "No more answers are needed"),
    ],
    ids=lambda one: getattr(one, "__name__", ""),
)
def test_says_why_it_is_over(letter: Letter, end: Any, title: str) -> None:
    """
    To who opens the page, and to who sends its form, filled in or not; nothing is decided.
    """
    end(letter)
    pages = [letter.open(), letter.send(), letter.send({}), letter.open("HEAD")]

    assert {410} == {page.status_code for page in pages}
    assert all(title in page.text for page in pages[:-1])
    assert "Mechanic Shop" in pages[0].text
    assert [] == letter.decisions()


def test_an_estimate_answered_elsewhere_is_a_receipt(letter: Letter) -> None:
    """
    What was decided by phone in the meantime is shown, and can't be decided again here.
    """
    answers = [{"job_id": job, "answer": "authorized"} for job in (1, 2)]
    post(letter.shop, "/estimates/1/decisions", {"answers": answers[:1], **TOLD})
    half = letter.open()
    post(letter.shop, "/estimates/1/decisions", {"answers": answers[1:], **TOLD})

    assert "You have answered this before" in half.text
    assert ["job-2"] * 2 == re.findall(r'name="(job-\d)"', half.text)
    receipt = letter.open()
    assert 2 == receipt.text.count("Answered by Ada, by phone")
    assert 410 == letter.send().status_code


def test_work_that_was_started_is_stopped_by_phone(letter: Letter) -> None:
    """
    A customer can't take back by a link what they have authorized: the page says so.
    """
    answers = [{"job_id": job, "answer": "authorized"} for job in (1, 2)]
    post(letter.shop, "/estimates/1/decisions", {"answers": answers, **TOLD})
    post(letter.shop, "/transitions", {"to": "in_progress"})
    post(letter.shop, "/charges", {**FEE, "job_id": 1, "unit_price": 5})
    post(letter.shop, "/estimates")
    later = Letter(letter.shop, post(letter.shop, "/estimates/2/links")["url"])

    refused = later.send({"job-1": "no", "name": "Ada"})

    assert 409 == refused.status_code
    assert "Please call us" in refused.text
    assert 303 == later.send({"job-1": "yes", "name": "Ada"}).status_code


def test_pages_tell_nobody_their_address(letter: Letter) -> None:
    """
    Of every status: no cache, index, referrer, script or frame gets it, and no text has it.
    """
    token = letter.path.rpartition("/")[2]
    answers = [letter.open(), letter.send({}), letter.send(), letter.open(), letter.send()]
    answers.append(letter.shop.get("/a/forged"))

    assert [200, 422, 303, 200, 410, 404] == [one.status_code for one in answers]
    for answer in answers:
        headers = ("Cache-Control", "Referrer-Policy", "X-Robots-Tag")
        assert ["no-store", "no-referrer", "noindex"] == [answer.headers[one] for one in headers]
        policy = answer.headers["Content-Security-Policy"]
        assert policy.startswith("default-src 'none'")
        assert "frame-ancestors 'none'" in policy
        assert token not in answer.text
    assert "Mechanic Shop" not in answers[-1].text


def test_guesses_count_as_failed_logins() -> None:
    """
    Unknown tokens are counted under the limit of logins; good ones are given back.
    """
    limiter = CountingLimiter({"login": 3})
    letter = Letter.sent(client(SETTINGS, limiter=limiter))
    assert [200] * 9 == [letter.open().status_code for _ in range(9)]

    guesses = [letter.shop.get(f"/a/{number}").status_code for number in range(4)]

    assert [404, 404, 404, 429] == guesses
    assert 429 == letter.send().status_code


def test_links_and_redirects_have_the_prefix(letter: Letter) -> None:
    """
    Below a mount the address of the link has it, and the form leads back to it.
    """
    extras = {"REMOTE_ADDR": "127.0.0.1", "SCRIPT_NAME": "/shop"}
    raw = urlencode(BOTH)

    taken = testing.simulate_post(
        letter.shop.app, letter.path, headers={"Content-Type": FORM}, body=raw, extras=extras
    )

    assert (303, f"/shop{letter.path}") == (taken.status_code, taken.headers["Location"])
    page = testing.simulate_get(letter.shop.app, letter.path, extras=extras)
    assert 'href="/shop/static/pages.css"' in page.text
