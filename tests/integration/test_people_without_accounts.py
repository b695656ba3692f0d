"""Customers without a login, over HTTP, on both databases."""

from typing import Any

import pytest

from tests.integration.apps import ADA, BOB, EVE, PASSWORD, AppClient


def problems(answer: Any) -> list[str]:
    """Return the pointers of the problems in a response."""
    return [one["pointer"] for one in answer.json["errors"]]


def test_the_desk_writes_down_a_walk_in(client: AppClient) -> None:
    """
    M2: staff add a customer who has a phone and nothing else, and find them by it.
    """
    bob = client.token(BOB)

    added = client.ask("POST", "/customers", bob, {"name": "Zelda Quimby", "phone": "555-0142"})

    assert (201, False, None) == (added.status_code, added.json["has_login"], added.json["email"])
    assert added.json == client.get("/customers/3", bob).json
    assert [added.json] == client.get("/customers?q=555-0142", bob).json["items"]
    assert client.get("/customers/1", bob).json["has_login"]
    taken_off = client.ask("PATCH", "/customers/3", bob, {"phone": None, "address": "12 Mill Lane"})
    assert (422, ["#/phone"]) == (taken_off.status_code, problems(taken_off))


def test_a_walk_in_leaves_an_email_or_a_phone(client: AppClient) -> None:
    """
    M2: the desk can't write down somebody who can't be reached.
    """
    refused = client.ask("POST", "/customers", client.token(BOB), {"name": "Zelda", "phone": None})

    assert (422, ["#/phone"]) == (refused.status_code, problems(refused))


def test_the_desk_gives_a_login_with_a_password(client: AppClient) -> None:
    """
    M2: who gets a password at the desk needs an e-mail address and can log in.
    """
    bob, form = client.token(BOB), {"name": "Zelda", "phone": "555-0142", "password": PASSWORD}

    refused = client.ask("POST", "/customers", bob, form)
    added = client.ask("POST", "/customers", bob, {**form, "email": "zelda@example.com"})

    assert (422, ["#/email"]) == (refused.status_code, problems(refused))
    assert (201, True) == (added.status_code, added.json["has_login"])
    assert 200 == client.log_in("zelda@example.com").status_code


@pytest.mark.parametrize("email", [None, ADA])
def test_others_register_with_a_password(client: AppClient, email: str | None) -> None:
    """
    M2: strangers and customers are asked for e-mail and password, all missing members at once.
    """
    refused = client.ask("POST", "/customers", client.token(email) if email else "", {})

    assert 422 == refused.status_code
    assert ["#/name", "#/email", "#/password"] == sorted(
        problems(refused), key=["#/name", "#/email", "#/password"].index
    )


def test_a_stranger_does_not_take_over_a_walk_in(client: AppClient) -> None:
    """
    M2: the e-mail address of a walk-in is taken, in any case: the way to a login is an invitation.
    """
    walk_in = {"name": "Zelda", "email": "zelda@example.com"}
    client.ask("POST", "/customers", client.token(BOB), walk_in)

    form = {"name": "Mallory", "email": "ZELDA@example.com", "password": PASSWORD}
    refused = client.ask("POST", "/customers", body=form)

    assert (409, "email-taken") == (refused.status_code, refused.json["code"])
    assert 401 == client.log_in("zelda@example.com").status_code


def test_a_customer_with_a_login_keeps_an_email(client: AppClient) -> None:
    """
    M2: the e-mail address of who logs in with it can be changed and not removed.
    """
    ada = client.token(ADA)

    removed = client.ask("PATCH", "/customers/1", ada, {"email": None, "phone": "555-0100"})
    replaced = client.ask("PUT", "/customers/1", ada, {"name": "Ada", "phone": "555-0100"})

    assert [["#/email"], ["#/email"]] == [problems(removed), problems(replaced)]
    assert ADA == client.get("/me", ada).json["email"]


def test_walk_ins_are_erased(client: AppClient) -> None:
    """
    M2: the data of walk-ins are erased as others' are, and their numbers are in no list.
    """
    bob, eve = client.token(BOB), client.token(EVE)
    for _ in range(2):
        client.ask("POST", "/customers", bob, {"name": "Zelda", "phone": "555-0142"})

    assert [204, 204] == [
        client.ask("DELETE", f"/customers/{one}", eve).status_code for one in (3, 4)
    ]
    assert [] == client.get("/customers?q=zelda", bob).json["items"]
    assert 404 == client.get("/customers/3", bob).status_code
