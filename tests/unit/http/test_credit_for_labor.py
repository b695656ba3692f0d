"""Credit for labour over HTTP: who did the work is on the ticket, and stays."""

from tests.shops import MECHANIC
from tests.unit.http.shop import client


def test_labour_of_who_is_not_on_the_ticket_is_refused() -> None:
    """
    F13: the mechanic of a labour line is 422 with its pointer; one with labour stays, 409.
    """
    shop = client()
    path = shop.ask(
        "POST",
        "/service_tickets",
        {"customer_id": 1, "description": "Grinds", "mechanic_ids": [2]},
        MECHANIC,
    ).headers["location"]
    labor = {"description": "Brakes", "hours": 1, "rate": 80}

    refused = shop.ask("POST", f"{path}/labor", {**labor, "mechanic_id": 1}, MECHANIC)
    added = shop.ask("POST", f"{path}/labor", {**labor, "mechanic_id": 2}, MECHANIC)
    kept = shop.ask("DELETE", f"{path}/mechanics/2", None, MECHANIC)

    assert (422, ["#/mechanic_id"]) == (
        refused.status_code,
        [error["pointer"] for error in refused.json["errors"]],
    )
    assert (201, 409, "mechanic-has-labor", [2]) == (
        *(added.status_code, kept.status_code),
        *(kept.json["code"], kept.json["mechanic_ids"]),
    )
