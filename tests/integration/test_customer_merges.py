"""Two records of one customer are merged, over HTTP and in parallel, on both databases."""

from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import pytest
from attrs import evolve

from mechanic_adapters.conformance.samples.threads import in_parallel
from mechanic_adapters.sql.store import SqlStore
from mechanic_core.access import ANONYMOUS, Actor, Role, SessionId
from mechanic_core.accounts.account import Credentials, TokenPair
from mechanic_core.customers.customer import (
    CustomerId,
    CustomerMerge,
    CustomerNotFound,
    Registration,
)
from mechanic_core.errors import Refused, Unknown
from mechanic_core.tickets.forms import TicketForm
from mechanic_core.tickets.ports import TicketFilter
from mechanic_core.tickets.ticket import TicketId
from mechanic_core.tickets.workflow import Status
from mechanic_core.vehicles.ports import VehicleFilter
from mechanic_core.vehicles.vehicle import VehicleForm
from tests.integration.apps import ADA, BOB, CLEO, EVE, AppClient
from tests.integration.databases import ALL, DatabaseShop, deadlocks_of, now
from tests.shops import MANAGER, MECHANIC
from tests.strategies import sample

ROUNDS = 10
MERGE = "/customers/1/merge"


def test_a_customer_who_registered_twice_becomes_one(client: AppClient) -> None:
    """
    M3: vehicles, tickets and readings show under the customer who is left, and searches find them.
    """
    bob, eve = client.token(BOB), client.token(EVE)
    car = client.ask("POST", "/vehicles", bob, {"customer_id": 2, "plate": "8B"}).json["id"]
    draft = {"customer_id": 2, "vehicle_id": car, "description": "Grinds", "odometer": 9}
    ticket = client.ask("POST", "/service_tickets", bob, draft).json
    ada, cleo = client.token(ADA), client.token(CLEO)

    merged = client.ask("POST", MERGE, eve, {"from_id": 2})

    assert (200, 1, ADA) == (merged.status_code, merged.json["id"], merged.json["email"])
    shown = client.get("/customers/1", eve)
    assert (merged.json, merged.headers["ETag"]) == (shown.json, shown.headers["ETag"])
    assert 404 == client.get("/customers/2", eve).status_code
    assert [ticket["id"]] == [one["id"] for one in client.get("/my-tickets", ada).json["items"]]
    assert [car] == [one["id"] for one in client.get("/vehicles?q=ada", bob).json["items"]]
    log = client.get(f"/vehicles/{car}/odometer", ada).json["items"]
    assert [(9, ticket["id"])] == [(one["value"], one["ticket_id"]) for one in log]
    assert 401 == client.get("/me", cleo).status_code
    assert 401 == client.log_in(CLEO).status_code


def test_a_merge_is_replayed(client: AppClient) -> None:
    """
    M3: sent again with its Idempotency-Key a merge gets the first answer; without it 422.
    """
    eve = client.token(EVE)

    first, second = (
        client.ask("POST", MERGE, eve, {"from_id": 2}, Idempotency_Key="one") for _ in range(2)
    )
    third = client.ask("POST", MERGE, eve, {"from_id": 2})

    assert (200, 200, first.json) == (first.status_code, second.status_code, second.json)
    assert "true" == second.headers["Idempotency-Replayed"]
    assert (422, "#/from_id") == (third.status_code, third.json["errors"][0]["pointer"])


def test_answers_about_the_other_are_replayed_and_then_erased(client: AppClient) -> None:
    """
    M3: a line is not added twice because its ticket has changed hands, nor after an erasure.
    """
    bob, eve = client.token(BOB), client.token(EVE)
    draft = {"customer_id": 2, "description": "Grinds"}

    def open_ticket() -> Any:
        return client.ask("POST", "/service_tickets", bob, draft, Idempotency_Key="two")

    ticket = open_ticket().json
    client.ask("POST", MERGE, eve, {"from_id": 2})
    again = open_ticket()
    client.ask("POST", f"/service_tickets/{ticket['id']}/transitions", bob, {"to": "cancelled"})
    client.ask("DELETE", "/customers/1", eve)

    assert (201, ticket) == (again.status_code, again.json)
    erased = open_ticket()
    assert (409, "answer-erased") == (erased.status_code, erased.json["code"])


@pytest.mark.parametrize(
    ("path", "body", "etag", "status"),
    [
        (MERGE, {"from_id": 1}, None, 422),
        (MERGE, {"from_id": 9}, None, 422),
        (MERGE, {}, None, 422),
        (MERGE, {"from_id": 2}, '"0-x"', 412),
        ("/customers/9/merge", {"from_id": 1}, None, 404),
    ],
)
def test_what_is_refused_changes_nothing(
    client: AppClient, path: str, body: Any, etag: str | None, status: int
) -> None:
    """
    M3: itself, an unknown other, an old version, an unknown customer; each as elsewhere.
    """
    eve = client.token(EVE)
    headers = {"If_Match": etag} if etag else {}

    refused = client.ask("POST", path, eve, body, **headers)

    assert status == refused.status_code
    if status == 422:
        assert ["#/from_id"] == [one["pointer"] for one in refused.json["errors"]]
    assert 2 == len(client.get("/customers", eve).json["items"])


@pytest.fixture
def shop(database_shop: DatabaseShop) -> Iterator[DatabaseShop]:
    """A shop on each database, for calls in parallel."""
    yield database_shop
    check_owners(database_shop)


def check_owners(shop: DatabaseShop) -> None:
    """Check that every ticket and every vehicle has a customer who is there, without a deadlock."""
    present = {one.id for one in shop.shop.list_customers(MANAGER, None, ALL).items}
    tickets = shop.shop.list_tickets(MANAGER, TicketFilter(), ALL).items
    cars = shop.shop.list_vehicles(MANAGER, VehicleFilter(), ALL).items
    unfinished = {one.customer_id for one in tickets if one.status is not Status.CANCELLED}

    assert unfinished <= present
    assert {car.customer_id for car in cars} - {None} <= present
    assert 0 == deadlocks_of(shop.url)


def twins(shop: DatabaseShop) -> tuple[CustomerId, CustomerId]:
    """Return two new customers, each with two vehicles and a ticket."""
    found = [
        shop.shop.register_customer(
            MANAGER, sample(Registration, email=f"{now().timestamp()}@x.example")
        ).id
        for _ in "ab"
    ]
    for one in found:
        for plate in "AB":
            shop.shop.add_vehicle(MECHANIC, VehicleForm(customer_id=one, plate=plate))
        shop.open(customer_id=one)
    return found[0], found[1]


def merging(shop: DatabaseShop, customer: CustomerId, other: CustomerId) -> Callable[[], object]:
    """Return a call that merges *other* into *customer*."""
    return partial(shop.shop.merge_customers, MANAGER, customer, CustomerMerge(from_id=other))


def tickets_of(shop: DatabaseShop, customer: CustomerId) -> list[TicketId]:
    """Return the ids of a customer's tickets."""
    wanted = TicketFilter(customer_id=customer)
    return [one.id for one in shop.shop.list_tickets(MANAGER, wanted, ALL).items]


def test_of_two_crossed_merges_one_wins(shop: DatabaseShop) -> None:
    """
    M3: of A into B and B into A, one is done, and the other finds one of them gone.
    """
    for _ in range(ROUNDS):
        ada, bo = twins(shop)

        outcomes = in_parallel(merging(shop, ada, bo), merging(shop, bo, ada))

        (refused,) = [one for one in outcomes if isinstance(one, Refused)]
        assert isinstance(refused, CustomerNotFound | Unknown)
        winner = ada if outcomes[1] is refused else bo
        assert 2 == len(tickets_of(shop, winner))


def test_a_chain_of_merges_loses_nothing(shop: DatabaseShop) -> None:
    """
    M3: of C into B and B into A at once, whatever was done has moved everything.
    """
    for _ in range(ROUNDS):
        (ada, bo), (cy, _) = twins(shop), twins(shop)

        outcomes = in_parallel(merging(shop, ada, bo), merging(shop, bo, cy))

        assert not isinstance(outcomes[0], Refused)
        late = isinstance(outcomes[1], CustomerNotFound)
        assert (2 if late else 3, late) == (len(tickets_of(shop, ada)), bool(tickets_of(shop, cy)))


def test_a_merge_and_an_erasure_exclude_each_other(shop: DatabaseShop) -> None:
    """
    M3: the other customer is either merged or erased, and plates of the erased are gone.
    """
    for _ in range(ROUNDS):
        ada, bo = twins(shop)
        car = shop.shop.list_vehicles(MANAGER, VehicleFilter(customer_id=bo), ALL).items[0]
        for ticket in (*tickets_of(shop, bo), shop.open(customer_id=bo, vehicle_id=car.id)):
            shop.move(ticket, Status.CANCELLED)

        outcomes = in_parallel(
            merging(shop, ada, bo), partial(shop.shop.erase_customer, MANAGER, bo)
        )

        (refused,) = [one for one in outcomes if isinstance(one, Refused)]
        assert isinstance(refused, CustomerNotFound | Unknown)
        erased = outcomes[1] is None
        assert (1 if erased else 3) == len(tickets_of(shop, ada))
        assert erased is (shop.shop.read_vehicle(MANAGER, car.id).plate is None)


def test_no_ticket_is_left_with_who_is_gone(shop: DatabaseShop) -> None:
    """
    M3: a ticket opened for the other meanwhile moves too, or is refused as of an unknown customer.
    """
    for _ in range(ROUNDS):
        ada, bo = twins(shop)

        outcomes = in_parallel(
            merging(shop, ada, bo), *[partial(shop.open, customer_id=bo) for _ in range(3)]
        )

        refused = [one for one in outcomes if isinstance(one, Refused)]
        assert all(isinstance(one, Unknown) for one in refused)
        assert [] == tickets_of(shop, bo)
        assert 2 + 3 - len(refused) == len(tickets_of(shop, ada))


def test_no_edit_of_a_ticket_is_lost(shop: DatabaseShop) -> None:
    """
    M3: tickets are edited, moved along and given to and from the other while they are merged.
    """
    for _ in range(ROUNDS):
        ada, bo = twins(shop)
        (mine,), (first,), second = (
            tickets_of(shop, ada),
            tickets_of(shop, bo),
            shop.open(customer_id=bo),
        )

        def change(ticket: TicketId, **fields: Any) -> object:
            def changed(form: TicketForm) -> TicketForm:
                return evolve(form, **fields)

            return shop.shop.change_ticket(MECHANIC, ticket, changed)

        outcomes = in_parallel(
            merging(shop, ada, bo),
            partial(change, first, description="Squeals"),
            partial(change, first, customer_id=1),
            partial(change, mine, customer_id=bo),
            partial(shop.move, second, Status.IN_PROGRESS),
        )

        assert [True] * 4 == [
            not isinstance(one, Refused) for one in (*outcomes[:3], outcomes[4])
        ], outcomes
        assert not isinstance(outcomes[3], Refused) or isinstance(outcomes[3], Unknown)
        assert ("Squeals", 1) == (shop.read(first).description, shop.read(first).customer_id)
        assert {Status.IN_PROGRESS: ada} == {
            shop.read(second).status: shop.read(second).customer_id
        }
        assert {mine, second} == set(tickets_of(shop, ada))
        shop.move(first, Status.CANCELLED)


def test_nobody_stays_logged_in_as_who_is_gone(shop: DatabaseShop) -> None:
    """
    M3: a login of the other concurrent with the merge leaves no valid session.
    """
    for number in range(ROUNDS):
        ada, _ = twins(shop)
        new = sample(Registration, email=f"gone{number}@x.example")
        gone = shop.shop.register_customer(MANAGER, new).id
        credentials = Credentials(email=new.email, password=new.password)

        outcomes = in_parallel(
            *[partial(shop.shop.log_in_customer, ANONYMOUS, credentials) for _ in range(3)],
            merging(shop, ada, gone),
        )

        assert not isinstance(outcomes[-1], Refused)
        for tokens in outcomes[:-1]:
            if isinstance(tokens, TokenPair):
                session = SessionId(tokens.token.split(":")[2])
                assert not is_active(shop, Actor(Role.CUSTOMER, gone, session))


def is_active(shop: DatabaseShop, actor: Actor) -> bool:
    """Return whether the session of *actor* is."""
    assert isinstance(shop.shop.store, SqlStore)
    with shop.shop.store.read_only() as work:
        return work.revocations.is_active(actor)
