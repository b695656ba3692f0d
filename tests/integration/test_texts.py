"""Texts as people really send them, over HTTP on both databases."""

from typing import Any

import pytest

from tests.integration.apps import ADA, EVE, PASSWORD, AppClient

DECOMPOSED = "Zoe\u0308 Quimby"
COMPOSED = "Zo\xeb Quimby"
CUSTOMER = {"name": "Orla Blank", "email": "orla@example.com", "password": PASSWORD}


@pytest.fixture(scope="module")
def eve(shop: AppClient) -> str:
    """A manager's token."""
    return shop.token(EVE)


def registered(shop: AppClient, email: str, **given: Any) -> Any:
    """Return the answer to the registration of a customer."""
    return shop.ask("POST", "/customers", body={**CUSTOMER, "email": email, **given})


def names(shop: AppClient, token: str, path: str, member: str) -> list[str]:
    """Return a member of each item of a list."""
    return [item[member] for item in shop.get(path, token).json["items"]]


def test_a_name_is_stored_trimmed_and_composed(shop: AppClient, eve: str) -> None:
    """
    F2: a name is trimmed and in form C, and found by either form.
    """
    blank = registered(shop, "f2@example.com", name="\ufeff Orla Blank ").json
    zoe = registered(shop, "zoe@example.com", name=DECOMPOSED).json

    assert ("Orla Blank", COMPOSED) == (blank["name"], zoe["name"])
    for asked in ("Zo%C3%AB%20Q", "Zoe%CC%88%20Q", "%20Zo%C3%AB"):
        assert [COMPOSED] == names(shop, eve, f"/customers?q={asked}", "name")


@pytest.mark.parametrize(
    ("sent", "kept"),
    [
        ("555-0100 ext. 12", "555-0100 ext. 12"),
        ("+1\xa0555\xa00100", "+1 555 0100"),
        ("\u202a+1 555 0100\u202c", "+1 555 0100"),
    ],
    ids=["extension", "no-break space", "direction marks"],
)
def test_a_phone_is_cleaned(shop: AppClient, sent: str, kept: str) -> None:
    """
    F10: a phone number is taken as it is copied, without what cannot be seen.
    """
    token = shop.token(ADA)
    answer = shop.ask(
        "PATCH", f"/customers/{shop.get('/me', token).json['id']}", token, {"phone": sent}
    )

    assert (200, kept) == (answer.status_code, answer.json["phone"])


def test_a_password_is_the_same_composed_and_decomposed(shop: AppClient) -> None:
    """
    F11: a password that was set composed is right when it is typed decomposed.
    """
    registered(shop, "f11@example.com", password="\xd6pen the door")

    for typed in ("\xd6pen the door", "O\u0308pen the door"):
        login = {"email": "f11@example.com", "password": typed}
        assert 200 == shop.ask("POST", "/login", body=login).status_code


def test_a_sku_is_unique_and_found_in_any_spelling(shop: AppClient, eve: str) -> None:
    """
    F12: SKUs that differ in case or white space are one; it is answered as it was written.
    """
    made = shop.ask("POST", "/inventory", eve, {"name": "Pad", "price": 1, "sku": "Brk-1"})
    second = [
        shop.ask("POST", "/inventory", eve, {"name": "Pad", "price": 1, "sku": sku})
        for sku in ("BRK-1", "brk -1", "Brk-1 ")
    ]
    other = shop.ask("POST", "/inventory", eve, {"name": "Pad", "price": 1, "sku": "Brk-2"}).json
    renamed = shop.ask("PATCH", f"/inventory/{other['id']}", eve, {"sku": "bRK-1"})
    respelt = shop.ask("PATCH", f"/inventory/{made.json['id']}", eve, {"sku": "BRK-1"})

    assert 201 == made.status_code
    assert ["sku-taken"] * 4 == [one.json["code"] for one in (*second, renamed)]
    assert "BRK-1" == respelt.json["sku"]
    for asked in ("brk-1", "Brk-%201", "BRK-1"):
        assert ["BRK-1"] == names(shop, eve, f"/inventory?sku={asked}", "sku")


def test_a_plate_is_found_by_its_letters_and_digits(shop: AppClient, eve: str) -> None:
    """
    F14: a plate is found in any spelling, and answered as it was written.
    """
    shop.ask("POST", "/vehicles", eve, {"customer_id": 1, "plate": "B-MW 1"})

    for asked in ("bmw1", "B-MW%201", "b%C2%B7mw%201"):
        for parameter in ("plate", "q"):
            assert ["B-MW 1"] == names(shop, eve, f"/vehicles?{parameter}={asked}", "plate")


@pytest.mark.parametrize(
    ("member", "sent"),
    [
        ("name", "\u200b"),
        ("name", "Ada\r\nBcc: x@example.com"),
        ("email", "ada@-example.com"),
        ("email", "ada@example..com"),
        ("email", f"ada@{'a' * 64}.com"),
        ("email", "ada@\ufb01rst.example"),
    ],
    ids=range(6),
)
def test_odd_texts_are_refused(shop: AppClient, member: str, sent: str) -> None:
    """
    F17, F18, F20: invisible names, more than one line, and domains that DNS cannot have are 422.
    """
    answer = shop.ask("POST", "/customers", body={**CUSTOMER, member: sent})

    assert 422 == answer.status_code
    assert [f"#/{member}"] == [one["pointer"] for one in answer.json["errors"]]


def test_an_international_domain_is_taken(shop: AppClient) -> None:
    """
    M9: an international domain is answered in ASCII, and either form logs in.
    """
    made = registered(shop, "jos\u00e9@b\xfccher.example".replace("\u00e9", "e"))

    assert (201, "jose@xn--bcher-kva.example") == (made.status_code, made.json["email"])
    assert 409 == registered(shop, "JOSE@B\xdcCHER.example").status_code
    for email in ("jose@b\xfccher.example", "jose@xn--bcher-kva.example"):
        assert 200 == shop.log_in(email).status_code


def test_a_blank_optional_text_is_null(shop: AppClient, eve: str) -> None:
    """
    Friction: forms send empty texts: in POST, PUT and PATCH they are null.
    """
    customer = registered(shop, "blank@example.com", phone="", address=" ").json
    body = {
        "name": "Rag",
        "price": 1,
        "sku": "",
        "description": "",
        "unit": " ",
        "reorder_point": None,
    }
    part = shop.ask("POST", "/inventory", eve, body)
    path = f"/inventory/{part.json['id']}"
    put = shop.ask("PUT", path, eve, {**body, "sku": "RAG-2", "description": ""})
    shop.ask("PATCH", path, eve, {"description": "Cotton"})
    patched = shop.ask("PATCH", path, eve, {"description": " \n"})

    assert (None, None) == (customer["phone"], customer["address"])
    assert (201, 200, 200) == (part.status_code, put.status_code, patched.status_code)
    assert [(None, "each", 0)] * 3 == [
        (one.json["description"], one.json["unit"], one.json["reorder_point"])
        for one in (part, put, patched)
    ]
    assert 422 == shop.ask("PATCH", path, eve, {"name": " "}).status_code


def test_line_breaks_of_a_long_text_are_line_feeds(shop: AppClient, eve: str) -> None:
    """
    A description has line breaks and tabs; a carriage return is no part of them.
    """
    body = {"customer_id": 1, "description": "Brakes:\r\n\t- grinding\r\n"}

    answer = shop.ask("POST", "/service_tickets", eve, body)

    assert "Brakes:\n\t- grinding" == answer.json["description"]
