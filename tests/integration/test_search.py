"""Search as a desk uses it, over HTTP on both databases."""

from typing import Any

import pytest

from tests.integration.apps import EVE, PASSWORD, AppClient


@pytest.fixture(scope="module")
def eve(shop: AppClient) -> str:
    """A manager's token."""
    return shop.token(EVE)


@pytest.fixture(scope="module")
def zelda(shop: AppClient) -> Any:
    """A customer, with others beside her."""
    body = {"name": "Zelda Quimby", "phone": "(555) 0142", "password": PASSWORD}
    for number, name in enumerate(("Zelda Other", "Other Quimby-Zeldin")):
        other = {**body, "name": name, "phone": f"555 99{number}", "email": f"o{number}@b.org"}
        assert 201 == shop.ask("POST", "/customers", body=other).status_code
    return shop.ask("POST", "/customers", body={**body, "email": "z@example.org"}).json


def found(shop: AppClient, token: str, path: str, member: str = "name") -> list[str]:
    """Return a member of each item of a list."""
    answer = shop.get(path, token)
    assert 200 == answer.status_code
    return [item[member] for item in answer.json["items"]]


@pytest.mark.parametrize(
    "q",
    [
        "Quimby zelda",
        "zelda%20QUIMBY",
        "5550142",
        "%28555%29%200142",
        "555-01",
        "Q%C3%BCimby zelda",
    ],
)
@pytest.mark.usefixtures("zelda")
def test_finds_a_customer(shop: AppClient, eve: str, q: str) -> None:
    """
    F1: a customer is found by any words in any order, without accents, and by the phone's digits.
    """
    answer = found(shop, eve, f"/customers?q={q.replace(' ', '%20')}")

    assert "Zelda Quimby" in answer
    assert "Zelda Other" not in answer


@pytest.mark.usefixtures("zelda")
def test_finds_a_customer_by_the_last_name(shop: AppClient, eve: str) -> None:
    """
    F1: the last name alone finds the customers who have it.
    """
    assert {"Zelda Quimby", "Other Quimby-Zeldin"} == {*found(shop, eve, "/customers?q=Quimby")}
    assert [] == found(shop, eve, "/customers?q=uimby")


def test_finds_a_part(shop: AppClient, eve: str) -> None:
    """
    F1: a part is found by any word of its name, and by its SKU in any spelling.
    """
    for name, sku in (("Brake pad, rear", "BP-77 R"), ("Brake pad, front", "BP-78 F")):
        body = {"name": name, "sku": sku, "price": 1}
        assert 201 == shop.ask("POST", "/inventory", eve, body).status_code

    for q in ("rear", "REAR%20bra", "pad%20re", "bp-77", "bp77r", "77"):
        assert ["Brake pad, rear"] == found(shop, eve, f"/inventory?q={q}")
    for q in ("ear", "rear%20front", "%25"):
        assert [] == found(shop, eve, f"/inventory?q={q}")


def test_finds_a_mechanic(shop: AppClient, eve: str) -> None:
    """
    F1: a mechanic is found by any word of the name, by strangers too; by staff data by nobody.
    """
    body = {"name": "José Ángel Quill", "email": "secret@example.org", "password": PASSWORD}
    assert 201 == shop.ask("POST", "/mechanics", eve, body).status_code

    for q in ("quill", "angel%20jose", "JOS%C3%89"):
        assert ["José Ángel Quill"] == found(shop, eve, f"/mechanics?q={q}")
    assert ["José Ángel Quill"] == [
        item["name"] for item in shop.get("/mechanics?q=quill").json["items"]
    ]
    assert [] == found(shop, eve, "/mechanics?q=secret")


def test_finds_a_vehicle(shop: AppClient, eve: str, zelda: Any) -> None:
    """
    F1: a vehicle is found by its own words and its owner's name, also after a change of name.
    """
    body = {"customer_id": zelda["id"], "plate": "B-MW 1", "make": "Škoda", "model": "Fabia"}
    assert 201 == shop.ask("POST", "/vehicles", eve, body).status_code

    for q in ("skoda", "fabia%20quimby", "bmw1", "b-mw", "zelda%20sk"):
        assert ["B-MW 1"] == found(shop, eve, f"/vehicles?q={q}", "plate")
    changed = {"name": "Zelda Marsh"}
    assert 200 == shop.ask("PATCH", f"/customers/{zelda['id']}", eve, changed).status_code
    assert ["B-MW 1"] == found(shop, eve, "/vehicles?q=marsh%20skoda", "plate")
    assert [] == found(shop, eve, "/vehicles?q=quimby%20skoda", "plate")
    shop.ask("PATCH", f"/customers/{zelda['id']}", eve, {"name": "Zelda Quimby"})


def test_customers_search_their_own_vehicles(shop: AppClient, eve: str, zelda: Any) -> None:
    """
    A customer's search finds none of others' vehicles.
    """
    body = {"customer_id": zelda["id"], "plate": "OWN 1", "make": "Lada"}
    assert 201 == shop.ask("POST", "/vehicles", eve, body).status_code
    hers = shop.ask("POST", "/login", body={"email": "z@example.org", "password": PASSWORD})
    other = shop.ask("POST", "/login", body={"email": "o0@b.org", "password": PASSWORD})

    assert ["OWN 1"] == found(shop, hers.json["token"], "/vehicles?q=lada", "plate")
    assert [] == found(shop, other.json["token"], "/vehicles?q=lada", "plate")


@pytest.mark.usefixtures("zelda")
def test_pages_and_totals_of_a_search(shop: AppClient, eve: str) -> None:
    """
    A search has pages, cursors and a total like any list.
    """
    first = shop.get("/customers?q=zeld&per_page=1&include_total=true", eve).json
    second = shop.get(f"/customers?q=zeld&per_page=1&cursor={first['next_cursor']}", eve).json

    assert (3, True) == (first["total"], first["has_more"])
    assert first["items"][0]["id"] < second["items"][0]["id"]
    assert 422 == shop.get(f"/customers?q=quimby&cursor={first['next_cursor']}", eve).status_code
