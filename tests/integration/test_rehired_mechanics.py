"""A mechanic who has left and is hired again, over HTTP, on both databases."""

import pytest

from tests.integration.apps import BOB, EVE, PASSWORD, AppClient

AGAIN = {"name": "Bob", "email": BOB.upper(), "password": PASSWORD}


@pytest.fixture
def client(client: AppClient) -> AppClient:
    """A client of the application on each database, where Bob has left."""
    assert 204 == client.ask("DELETE", "/mechanics/2", client.token(EVE)).status_code
    return client


def test_who_has_left_is_named_and_taken_back(client: AppClient) -> None:
    """
    Friction: the 409 says that they are there, inactive; PATCH takes them back, with an event.
    """
    eve = client.token(EVE)

    refused = client.ask("POST", "/mechanics", eve, AGAIN)
    back = client.ask("PATCH", f"/mechanics/{refused.json['mechanic_id']}", eve, {"active": True})

    assert (409, "email-taken", 2) == (
        refused.status_code,
        refused.json["code"],
        refused.json["mechanic_id"],
    )
    assert "inactive" in refused.json["detail"]
    assert (200, True) == (back.status_code, back.json["active"])
    assert 200 == client.log_in(BOB).status_code
    last = client.get("/events?type=mechanic.reactivated", eve).json["items"][-1]
    assert ("/mechanics/2", ["active"]) == (last["subject"], last["changes"])


def test_who_has_left_is_named_when_somebody_else_gets_the_address(client: AppClient) -> None:
    """
    Friction: a change of e-mail address to that of who has left is refused in the same words.
    """
    refused = client.ask("PATCH", "/mechanics/1", client.token(EVE), {"email": BOB})

    assert (409, 2) == (refused.status_code, refused.json["mechanic_id"])


def test_who_works_here_is_not_named(client: AppClient) -> None:
    """
    Friction: the address of somebody active is taken as before.
    """
    refused = client.ask("POST", "/mechanics", client.token(EVE), {**AGAIN, "email": EVE})

    assert (409, "email-taken") == (refused.status_code, refused.json["code"])
    assert "mechanic_id" not in refused.json
