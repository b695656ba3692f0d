"""Texts in every body: what cannot be seen, more than one line, blanks, phones and domains."""

from typing import Any, Final
from uuid import uuid4

import pytest
from falcon import testing

from tests.integration.apps import EVE, PASSWORD
from tests.integration.field_reports.desk import Desk, problem, refusal
from tests.integration.field_reports.documented import Member, texts

LONG: Final = frozenset({"address", "description", "note", "reason"})
"""The texts that may have line breaks."""

BARE: Final = frozenset({"phone", "vin"})
"""The texts from which what cannot be seen is dropped before anything looks."""

PHONES: Final = {
    "555-0100 ext. 12": "555-0100 ext. 12",
    "(555)\xa00100": "(555) 0100",
    "\u202a+1 (555) 010-0199\u202c": "+1 (555) 010-0199",
    "\u2068555\u20690100 x7": "5550100 x7",
    " 555\t0100\r\n": "555 0100",
    "555\u20110100 #12": "555\u20110100 #12",
}
PLACES: Final[tuple[tuple[str, str, dict[str, Any]], ...]] = (
    ("POST", "/customers", {"name": "Zelda"}),
    ("PATCH", "/customers/1", {}),
    ("POST", "/mechanics", {"name": "Carl", "password": PASSWORD}),
    ("PATCH", "/mechanics/2", {}),
    ("PATCH", "/shop", {}),
)


@pytest.fixture(scope="module", autouse=True)
def furnished(desk: Desk) -> None:
    """Let there be a first of everything that a path can name."""
    ticket = desk.ticket(vin="1HGCM82633A004352")
    desk.new(f"{ticket}/parts", {"part_id": 1, "quantity": 1})
    desk.new(f"{ticket}/labor", {"description": "Look", "hours": 1, "rate": 1})
    fee = {"kind": "fee", "description": "Disposal", "quantity": 1, "unit_price": 3.5}
    desk.new(f"{ticket}/charges", fee)


def send(desk: Desk, member: Member, text: str | None) -> testing.Result:
    """Return the response to a body that has one text and nothing else."""
    key = uuid4().hex
    return desk.ask(member.method, member.path, {member.name: text}, EVE, Idempotency_Key=key)


def names_problem(response: testing.Result, member: Member) -> bool:
    """Return whether a response refuses the member."""
    return response.status_code == 422 and f"#/{member.name}" in problem(response)[1]


@pytest.mark.parametrize(
    "text",
    ["\u200b", "\u2800\ufe0f", "\xad", "A\x00", "A\u202eB", "A\x1bB", "A\U000e0041"],
    ids=ascii,
)
def test_what_cannot_be_seen_is_refused(desk: Desk, text: str) -> None:
    """
    Field report F17: no text of any body takes control and format characters, or shows nothing.
    """
    dropped = BARE if text in {"\u200b", "\xad"} else frozenset[str]()

    taken = [
        one
        for one in texts()
        if one.name not in dropped and not names_problem(send(desk, one, text), one)
    ]

    assert [] == taken


@pytest.mark.parametrize("line_break", ["\r\n", "\n", "\r", "\u2028", "\x85", "\x0b"], ids=ascii)
def test_a_text_of_one_line_has_one(desk: Desk, line_break: str) -> None:
    """
    Field report F18: no name, address or code of any body takes a second line, such as a header.
    """
    sent = f"Ada{line_break}Bcc: x@example.com"

    taken = [
        one
        for one in texts()
        if one.name not in LONG and not names_problem(send(desk, one, sent), one)
    ]

    assert [] == taken


def test_a_long_text_has_lines(desk: Desk) -> None:
    """
    Field report F18: descriptions, addresses and notes have lines, each ended by a line feed.
    """
    refused = [
        one
        for one in texts()
        if one.name in LONG and names_problem(send(desk, one, "a\r\n\tb"), one)
    ]
    address = desk.ask("PATCH", "/customers/1", {"address": " 1 Mill\r\nLane\rX\n"}).json

    assert ([], "1 Mill\nLane\nX") == (refused, address["address"])


@pytest.mark.parametrize("blank", ["", " ", "\u3000\ufeff\n"], ids=ascii)
def test_a_blank_optional_text_is_as_null(desk: Desk, blank: str) -> None:
    """
    Field report, friction: forms send `""` for what was left empty; in every body it is null.
    """
    different = [
        one
        for one in texts()
        if one.optional and outcome(send(desk, one, None)) != outcome(send(desk, one, blank))
    ]

    assert [] == different


def outcome(response: testing.Result) -> tuple[int, list[str]]:
    """Return the status of a response and the pointers of its problems."""
    return problem(response) if response.status_code == 422 else (response.status_code, [])


@pytest.mark.parametrize(("method", "path", "base"), PLACES)
def test_phones_are_taken_as_they_are_copied(
    desk: Desk, method: str, path: str, base: dict[str, Any]
) -> None:
    """
    Field report F10: extensions, no-break spaces and direction marks, for everybody's phone.
    """
    for number, (sent, kept) in enumerate(PHONES.items()):
        who = {"email": f"f10-{number}@shop.example"} if path == "/mechanics" else {}
        answer = desk.ask(method, path, {**base, **who, "phone": sent}, by=EVE)

        assert (answer.status_code in {200, 201}, kept) == (True, answer.json["phone"])


@pytest.mark.parametrize(("method", "path", "base"), PLACES)
def test_domains_are_those_of_dns(desk: Desk, method: str, path: str, base: dict[str, Any]) -> None:
    """
    Field report F20: no e-mail address has a domain that DNS cannot have, whoever's it is.
    """
    domains = (
        "-x.com",
        "x-.com",
        "x..com",
        ".x.com",
        "x.com.",
        f"{'a' * 64}.com",
        "a_b.com",
        "[::1]",
    )

    for domain in domains:
        answer = desk.ask(method, path, {**base, "email": f"ada@{domain}"}, by=EVE)
        assert (422, ["#/email"]) == problem(answer)


@pytest.mark.parametrize(("method", "path", "base"), PLACES)
def test_international_domains_are_answered_in_ascii(
    desk: Desk, method: str, path: str, base: dict[str, Any]
) -> None:
    """
    Field report M9: an international domain is taken in any form, and is one domain.
    """
    name = f"ada-{PLACES.index((method, path, base))}"
    sent = [f"{name}@{domain}.example" for domain in ("Stra\xdfe", "xn--strae-oqa", "BU\u0308CHER")]

    answers = [desk.ask(method, path, {**base, "email": one}, by=EVE) for one in sent]

    expected = {"POST": [201, 409, 201], "PATCH": [200, 200, 200]}
    assert expected[method] == [one.status_code for one in answers]
    assert [f"{name}@xn--{domain}.example" for domain in ("strae-oqa", "bcher-kva")] == [
        answers[index].json["email"] for index in (0, 2)
    ]


def test_what_is_unique_is_unique_in_any_spelling(desk: Desk) -> None:
    """
    Field report F12: SKUs, VINs, and e-mail addresses of customers and mechanics, are one each.
    """
    hiring = {"name": "Luis", "password": PASSWORD}
    spellings: list[tuple[str, str, dict[str, Any], list[str]]] = [
        ("/inventory", "sku", {"name": "Pad", "price": 1}, ["Brk-1", "BRK-1", "b rk\xa0-1"]),
        ("/vehicles", "vin", {"customer_id": 1}, ["1M8GDM9AXKP042788", "*i1m8gdm9axkp 042788"]),
        ("/customers", "email", {"name": "Orla"}, ["Orla@X.example", " orla@x.EXAMPLE"]),
        ("/mechanics", "email", hiring, ["Luis@B\xfccher.example", "LUIS@bu\u0308cher.example"]),
    ]

    for path, member, base, (first, *others) in spellings:
        desk.new(path, {**base, member: first}, by=EVE)
        refused = [desk.ask("POST", path, {**base, member: one}, by=EVE) for one in others]
        assert {(409, f"{member}-taken")} == {refusal(one) for one in refused}
