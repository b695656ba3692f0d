"""Idempotency-Key: sent again is answered again, and done once."""

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any, get_args

import pytest
from attrs import define, field, fields, frozen, has
from falcon import testing

from mechanic_adapters.memory import MemoryStore
from mechanic_core.access import ANONYMOUS, Actor, Role
from mechanic_core.accounts.ports import Passwords
from mechanic_core.idempotency import EXPIRY
from mechanic_core.tickets.ticket import Ticket
from mechanic_core.unit_of_work import Listener, Work
from mechanic_core.vehicles.vehicle import Vehicle
from mechanic_http.app import HttpPorts, create_app
from mechanic_http.endpoint.idempotent_replay import IdempotentReplay, key_in
from mechanic_http.endpoint.operation import Operation
from mechanic_http.routes import ROUTES
from mechanic_shop.wiring.use_cases import build_shop
from tests.shops import MANAGER, MECHANIC, PlainTokens
from tests.unit.core.conftest import Premises
from tests.unit.http.shop import SETTINGS, Client, read_token

PART = {"name": "Wiper", "price": 9.5, "sku": "WIP-1", "quantity": 3}
PERSON = {"name": "Di", "email": "di@x.example", "password": "correct horse battery"}
KEY = {"Idempotency-Key": '"8e03978e-40d5-43e8-bc93-6894a57f9324"'}


@define
class Hand:
    """A clock that is turned by hand."""

    now: datetime = datetime(2026, 3, 2, 12, tzinfo=UTC)

    def __call__(self) -> datetime:
        """Return what it shows."""
        return self.now


def line(clock: Hand | None = None) -> Client:
    """Return a client of a shop that remembers what it has answered."""
    premises = Premises()
    repeats = IdempotentReplay(premises.store.begin, clock or Hand(), b"k" * 32)
    ports = HttpPorts(authenticate=read_token, intercept=repeats)
    return Client(premises, create_app(premises.shop, ports, SETTINGS))


def post(
    to: Client, body: Any = PART, actor: Actor = MECHANIC, path: str = "/inventory", **more: str
) -> testing.Result:
    """Send a POST under the key."""
    headers = KEY | {name.replace("_", "-"): value for name, value in more.items()}
    return to.ask("POST", path, body, actor, headers)


def test_answers_again_what_was_answered_first() -> None:
    """
    The same key and body get the first answer, headers and all, marked as a replay.
    """
    shop = line()
    first, second = post(shop), post(shop)

    assert 201 == first.status_code == second.status_code
    assert first.content == second.content
    assert first.headers["Location"] == second.headers["Location"]
    assert first.headers["ETag"] == second.headers["ETag"]
    assert "Idempotency-Replayed" not in first.headers
    assert "true" == second.headers["Idempotency-Replayed"]
    assert first.headers["X-Request-ID"] != second.headers["X-Request-ID"]


def test_does_it_once() -> None:
    """
    Stock that is received twice under one key has come once.
    """
    shop = line()
    part = shop.ask("POST", "/inventory", PART, MECHANIC).json["id"]
    form = {"kind": "receive", "quantity": 5}
    told = [post(shop, form, path=f"/inventory/{part}/movements").json for _ in range(3)]

    assert [8, 8, 8] == [movement["on_hand_after"] for movement in told]
    assert 8 == shop.get(f"/inventory/{part}").json["quantity"]


def test_bodies_are_the_same_whatever_their_spelling() -> None:
    """
    The order of members and the white space between them make no other body.
    """
    shop = line()
    post(shop)
    turned = b'{ "quantity": 3,\n"sku": "WIP-1", "price": 9.5, "name": "Wiper" }'
    again = shop.ask("POST", "/inventory", actor=MECHANIC, headers=KEY, raw=turned)

    assert "true" == again.headers["Idempotency-Replayed"]


def test_another_body_is_refused() -> None:
    """
    A key stands for one body: another one is 422 and does nothing.
    """
    shop = line()
    post(shop)
    other = post(shop, PART | {"sku": "WIP-2"})

    assert (422, "key-reused") == (other.status_code, other.json["code"])
    assert "#" == other.json["errors"][0]["pointer"]
    assert 404 != shop.get("/inventory/1").status_code
    assert [] == shop.get("/inventory?sku=WIP-2").json["items"]


def test_refusals_are_not_kept() -> None:
    """
    Where nothing was done nothing is remembered: the request may run again and succeed.
    """
    shop = line()
    assert 422 == post(shop, {"name": "Wiper"}).status_code
    assert 201 == post(shop).status_code


def test_each_caller_has_keys_of_their_own() -> None:
    """
    Two people who choose the same key do not meet, nor do two addresses.
    """
    shop = line()
    post(shop)
    other = post(shop, PART | {"sku": "WIP-2"}, MANAGER)
    elsewhere = post(shop, {"kind": "receive", "quantity": 1}, path="/inventory/1/movements")

    assert 201 == other.status_code == elsewhere.status_code
    assert not {"Idempotency-Replayed"} & {*other.headers, *elsewhere.headers}


def test_an_alias_is_the_same_place() -> None:
    """
    What was sent to an address is not done again by way of its alias.
    """
    shop = line()
    form = {"customer_id": 1, "description": "Noise"}
    first = post(shop, form, path="/service_tickets")
    again = post(shop, form, path="/service-tickets/")

    assert first.json == again.json


def test_forgets_after_a_day() -> None:
    """
    A key is good for twenty-four hours; after that it is new.
    """
    clock = Hand()
    shop = line(clock)
    post(shop)
    clock.now += EXPIRY
    assert "true" == post(shop).headers["Idempotency-Replayed"]

    clock.now += timedelta(microseconds=1)
    assert (409, "sku-taken") == ((late := post(shop)).status_code, late.json["code"])


def test_sweeps_what_is_old() -> None:
    """
    Old receipts go, and young ones stay.
    """
    clock = Hand()
    shop = line(clock)
    post(shop)
    with shop.premises.store.begin() as work:
        swept = work.stored_answers.sweep(clock.now), work.stored_answers.sweep(clock.now + EXPIRY)

    assert (0, 1) == swept


def test_an_erased_customer_is_told_to_nobody() -> None:
    """
    Registering again under the same key makes somebody new; the answer that told of them is gone.
    """
    shop = line()
    first = post(shop, PERSON, ANONYMOUS, "/customers")
    gone = f"/customers/{first.json['id']}"
    told = [
        post(
            shop, PERSON | {"email": "eli@x.example"}, ANONYMOUS, "/customers", Idempotency_Key="e"
        )
        for _ in range(2)
    ][-1]

    assert 204 == shop.ask("DELETE", gone, actor=MANAGER).status_code
    again = post(shop, PERSON, ANONYMOUS, "/customers")

    assert "true" == told.headers["Idempotency-Replayed"]
    assert 201 == again.status_code
    assert "Idempotency-Replayed" not in again.headers
    assert first.json["id"] < told.json["id"] < again.json["id"]


def test_no_receipt_holds_anything_of_the_erased() -> None:
    """
    What they sent and what staff were answered about them goes too: it tells their plates.
    """
    clock = Hand()
    shop = line(clock)
    ada = post(shop, PERSON, ANONYMOUS, "/customers").json["id"]
    herself = Actor(Role.CUSTOMER, ada)
    car = {"customer_id": ada, "plate": "7ABC123"}
    post(shop, car | {"plate": "8ABC123"}, herself, "/vehicles")
    vehicle = post(shop, car, MECHANIC, "/vehicles").json["id"]
    job = {"customer_id": ada, "vehicle_id": vehicle, "description": "Noise"}
    ticket = post(shop, job, MECHANIC, "/service_tickets").json["id"]
    post(shop, {"to": "cancelled"}, MECHANIC, f"/service_tickets/{ticket}/transitions")
    post(shop, PART)
    post(shop, {"customer_id": 1, "plate": "9ABC123"}, MECHANIC, "/vehicles", Idempotency_Key="o")

    shop.ask("DELETE", f"/customers/{ada}", actor=MANAGER)

    with shop.premises.store.begin() as work:
        assert 2 == work.stored_answers.sweep(clock.now + EXPIRY)


def test_answers_with_a_customer_id_are_about_that_customer() -> None:
    """
    Records with a customer's id among their members, however deep, have it as an attribute.
    """
    posts = [p for route in ROUTES for p in route.operations.values() if p.accepts_idempotency_key]
    records = {p.signature.response for p in posts}

    assert {Vehicle, Ticket} == {cls for cls in records if "customer_id" in members_of(cls)}
    assert {Vehicle, Ticket} == {cls for cls in records if hasattr(cls, "customer_id")}


def members_of(kind: Any) -> set[str]:
    """Return the names of all fields of a record class and of the records in it."""
    names = {field.name for field in fields(kind)} if has(kind) else set()
    inner = [field.type for field in fields(kind)] if has(kind) else get_args(kind)
    return names.union(*map(members_of, inner))


def test_permission_comes_first() -> None:
    """
    A replay is for those who may: whoever lost the role gets a refusal, not the answer.
    """
    shop = line()
    post(shop)
    demoted = Actor(Role.CUSTOMER, MECHANIC.id)

    assert 403 == post(shop, actor=demoted).status_code


@pytest.mark.parametrize("key", ['""', "", "a b", "k" * 256, '"a', "ümlaut", '"a"b'])
def test_a_malformed_key_is_refused(key: str) -> None:
    """
    A key that is none is 400, and nothing is done.
    """
    told = post(line(), Idempotency_Key=key.encode().decode("latin-1"))

    assert (400, "malformed-header") == (told.status_code, told.json["code"])


@pytest.mark.parametrize(("header", "key"), [('"a b"', "a b"), ("bare", "bare"), (" x ", "x")])
def test_keys_are_quoted_or_bare(header: str, key: str) -> None:
    """
    A key may come as a structured field's string or as it is.
    """
    assert key == key_in(header)


def test_every_post_but_those_that_issue_tokens_takes_a_key() -> None:
    """
    Tokens are never answered twice.
    """

    def told(operation: Operation) -> bool:
        return operation.accepts_idempotency_key and 409 in operation.statuses

    posts = [p for route in ROUTES for p in route.operations.values() if p.method == "POST"]

    assert {p.operation_id for p in posts if p.issues_tokens} == {
        p.operation_id for p in posts if not told(p)
    }


@define
class Counted:
    """A store that counts how many of its transactions are open."""

    store: MemoryStore = field(factory=MemoryStore)
    open: int = 0

    @contextmanager
    def begin(self) -> Iterator[Work]:
        """Open a transaction."""
        self.open += 1
        try:
            with self.store.begin() as work:
                yield work
        finally:
            self.open -= 1

    def read_only(self) -> AbstractContextManager[Work]:
        """Open a view."""
        return self.store.read_only()

    def subscribe(self, listener: Listener) -> None:
        """Add a listener."""
        self.store.subscribe(listener)

    def ping(self) -> None:
        """Do nothing."""

    def close(self) -> None:
        """Do nothing."""


@frozen
class Watching(Passwords):
    """Passwords that note how many transactions are open while they are hashed."""

    store: Counted
    open: list[int] = field(factory=list)

    def hash(self, password: str) -> str:
        """Return something that takes the place of a hash."""
        self.open.append(self.store.open)
        return password[::-1]

    def verify(self, password_hash: str | None, password: str) -> bool:
        """Return whether it is the password."""
        return password_hash == password[::-1]

    def outdated(self, password_hash: str) -> bool:
        """Return that it is good for ever."""
        return False


@pytest.mark.parametrize("path", ["/customers", "/mechanics"])
def test_hashes_outside_the_transaction(path: str) -> None:
    """
    A password is hashed before the transaction of effect and receipt begins; the effect is one.
    """
    clock, store = Hand(), Counted()
    passwords = Watching(store)
    shop = build_shop(store, clock, passwords, PlainTokens())
    repeats = IdempotentReplay(store.begin, clock, b"k" * 32)
    ports = HttpPorts(authenticate=read_token, intercept=repeats)
    line = Client(Premises(), create_app(shop, ports, SETTINGS))

    told = [post(line, PERSON, MANAGER, path) for _ in range(2)]
    taken = line.ask("POST", path, PERSON, MANAGER)

    assert [201, 201, 409] == [one.status_code for one in (*told, taken)]
    assert told[0].json == told[1].json
    assert "true" == told[1].headers["Idempotency-Replayed"]
    assert {0} == set(passwords.open)
