"""`GET /events`: what has changed, in order, for managers."""

from datetime import timedelta
from typing import Any

import pytest

from mechanic_adapters.memory import MemoryStore
from mechanic_core.customers.customer import CustomerId
from mechanic_core.events.event import EventType
from tests.shops import CUSTOMER, MANAGER, MECHANIC
from tests.strategies import NOON
from tests.unit.http.shop import ANONYMOUS, PROBLEM, Client, client

NEWEST = 2**63 - 1


def feed(shop: Client, query: str = "") -> Any:
    """Return the response to a manager."""
    response = shop.get(f"/events{query}", MANAGER)
    assert response.status_code == 200, response.text
    return response.json


def newest(shop: Client) -> int:
    """Return the position of the newest event."""
    last: int = feed(shop, f"?after={NEWEST}")["last"]
    return last


def test_names_who_changed_what() -> None:
    """
    An event has the members of the contract; the change of a status has a type of its own.
    """
    shop = client()
    draft = {"customer_id": 1, "description": "Grinds"}
    path = shop.ask("POST", "/service_tickets", draft, MECHANIC).headers["location"]
    known = newest(shop)

    shop.ask("POST", f"{path}/transitions", {"to": "cancelled"}, MECHANIC)

    (event,) = feed(shop, f"?after={known}&type=ticket.cancelled")["items"]
    assert event.pop("id").startswith("evt_")
    assert event.pop("at").endswith("Z")
    assert {
        "position": known + 1,
        "type": "ticket.cancelled",
        "subject": path,
        "version": 2,
        "by": {"role": "mechanic", "id": 2},
        "changes": ["status"],
    } == event


def test_strangers_have_no_id() -> None:
    """
    Somebody who registers is anonymous.
    """
    shop = client()
    known = newest(shop)
    form = {"name": "Zoe", "email": "zoe@example.com", "password": "correct horse"}

    shop.ask("POST", "/customers", form)

    (event,) = feed(shop, f"?after={known}")["items"]
    assert {"role": "anonymous", "id": None} == event["by"]
    assert "Zoe" not in str(event)


def test_reads_on_from_the_last() -> None:
    """
    Following `last` reads each event once; the newest is the answer behind all of them.
    """
    shop = client()
    every, after, pages = [], 0, 0
    while (page := feed(shop, f"?after={after}&limit=2"))["items"]:
        every += page["items"]
        after, pages = page["last"], pages + 1
        assert page["has_more"] is (after < newest(shop))

    assert [*range(1, newest(shop) + 1)] == [event["position"] for event in every]
    assert len(every) / 2 <= pages
    assert {"items": [], "last": after, "has_more": False} == feed(shop, f"?after={after}")


def test_includes_each_subject_once() -> None:
    """
    Subjects are as GET answers a manager now; what is gone is deleted.
    """
    shop = client()
    known = newest(shop)
    for name in ("Ann", "Anna"):
        shop.ask("PATCH", "/mechanics/2", {"name": name}, MANAGER)
    shop.ask("PATCH", "/inventory/1", {"price": 5}, MECHANIC)
    archived = shop.ask("POST", "/inventory", {"name": "Wiper", "price": 9}, MECHANIC)
    shop.ask("DELETE", f"/inventory/{archived.json['id']}", None, MECHANIC)
    vehicle = shop.ask("POST", "/vehicles", {"customer_id": 1}, MECHANIC)
    shop.ask("DELETE", f"/vehicles/{vehicle.json['id']}", None, MANAGER)

    page = feed(shop, f"?after={known}&include=subjects")

    assert {
        "/mechanics/2": shop.get("/mechanics/2", MANAGER).json,
        "/inventory/1": shop.get("/inventory/1", MANAGER).json,
        f"/inventory/{archived.json['id']}": archived.json | {"archived": True},
        f"/vehicles/{vehicle.json['id']}": {"deleted": True},
    } == page["subjects"]
    assert "subjects" not in feed(shop, f"?after={known}")


def test_expired_events_are_gone() -> None:
    """
    A position behind which events were deleted is 410 and names the first that is there.
    """
    shop = client()
    store = shop.premises.store
    with store.begin() as work:
        work.events.sweep(NOON + timedelta(days=365), 2)

    responses = [shop.get(f"/events?after={after}", MANAGER) for after in (0, 1, 2)]

    assert [410, 410, 200] == [response.status_code for response in responses]
    assert (PROBLEM, "events-expired", 3) == (
        responses[0].headers["content-type"],
        responses[0].json["code"],
        responses[0].json["first"],
    )


@pytest.mark.parametrize(
    ("query", "parameter"),
    [
        ("after=-1", "after"),
        ("after=x", "after"),
        (f"after={2**63}", "after"),
        ("limit=0", "limit"),
        ("limit=501", "limit"),
        ("type=ticket.eaten", "type"),
        ("include=everything", "include"),
        ("wait=21", "wait"),
        ("page=1", "page"),
    ],
)
def test_refuses_wrong_parameters(query: str, parameter: str) -> None:
    """
    A wrong parameter is 422 and named.
    """
    response = client().get(f"/events?{query}", MANAGER)

    assert 422 == response.status_code
    assert [parameter] == [error["parameter"] for error in response.json["errors"]]


@pytest.mark.parametrize(
    ("actor", "status"), [(ANONYMOUS, 401), (CUSTOMER, 403), (MECHANIC, 403), (MANAGER, 200)]
)
def test_is_for_managers(actor: Any, status: int) -> None:
    """
    Only managers read events.
    """
    assert status == client().get("/events", actor).status_code


def test_every_type_is_documented_by_its_name() -> None:
    """
    A type is the word for its subject, a full stop, and what happened.
    """
    assert all(len(parts := type_.value.split(".")) == 2 and all(parts) for type_ in EventType)


def test_erasing_a_customer_leaves_nothing_of_them() -> None:
    """
    After an erasure neither events nor their subjects have anything of the person.
    """
    shop = client()
    person = {"name": "Zelda Q", "email": "zelda@example.com", "phone": "555-0142"}
    created = shop.ask("POST", "/customers", {**person, "password": "correct horse"}).json
    shop.ask("POST", "/vehicles", {"customer_id": created["id"], "plate": "ZELDA1"}, MECHANIC)
    shop.ask("DELETE", f"/customers/{CustomerId(created['id'])}", None, MANAGER)

    text = str(feed(shop, "?limit=500&include=subjects"))
    assert [] == [one for one in (*person.values(), "ZELDA1") if one in text]


def test_a_store_in_memory_has_events() -> None:
    """
    A new store has none, and the first position is 1.
    """
    with MemoryStore().read_only() as work:
        batch = work.events.after(0, 10)
    assert ((), 1, 0) == (tuple(batch.events), batch.first, batch.last)
