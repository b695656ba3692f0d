"""GET, change, PUT through the complete application, on both databases."""

import pytest

from tests.integration.apps import ADA, BOB, EVE, AppClient

TICKET = {"customer_id": 1, "description": "Grinds", "vin": "1HGCM82633A004352"}
ADDRESSES = ("/customers/1", "/vehicles/1", "/mechanics/2", "/service_tickets/1", "/inventory/1")


@pytest.fixture
def client(client: AppClient) -> AppClient:
    """A client of the application on each database, with a ticket that has lines."""
    bob = client.token(BOB)
    draft = TICKET | {"mechanic_ids": [2]}
    assert 201 == client.ask("POST", "/service_tickets", bob, draft).status_code
    part = {"part_id": 1, "quantity": 1.5}
    assert 201 == client.ask("POST", "/service_tickets/1/parts", bob, part).status_code
    return client


def test_put_of_what_get_gave_changes_nothing(client: AppClient) -> None:
    """
    Friction: PUT of exactly what GET gave is 200 and the version stays, for every noun and role.
    """
    for email, addresses in (
        (EVE, (*ADDRESSES, "/shop")),
        (BOB, ADDRESSES),
        (ADA, ADDRESSES[:2]),
    ):
        token = client.token(email)
        for address in addresses:
            shown = client.get(address, token)
            found = client.ask("PUT", address, token, shown.json, If_Match=shown.headers["ETag"])

            assert (address, 200, shown.json, shown.headers["ETag"]) == (
                address,
                found.status_code,
                found.json,
                found.headers["ETag"],
            )


def test_another_value_of_a_read_only_member_is_refused(client: AppClient) -> None:
    """
    Friction: a read-only member that is out of date is 422 with its pointer; nothing is changed.
    """
    token = client.token(EVE)
    for address in ADDRESSES:
        shown = client.get(address, token)
        wrong = shown.json | {"id": 2**62}
        found = client.ask("PUT", address, token, wrong)

        assert (422, [{"pointer": "#/id", "detail": "is read-only"}]) == (
            found.status_code,
            found.json["errors"],
        )
        assert shown.json == client.get(address, token).json


def test_moments_have_one_form(client: AppClient) -> None:
    """
    F21: what was just made and what was read again have the same moments, with six digits.
    """
    token = client.token(BOB)
    created = client.ask("POST", "/vehicles", token, {"customer_id": 1, "plate": "AB 1"})
    read = client.get(created.headers["Location"], token)

    assert created.json == read.json
    assert len("2026-03-02T09:30:00.000000Z") == len(read.json["created_at"])
