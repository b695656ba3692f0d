"""Idempotency-Key: a repeated request gets the first answer and has no second effect."""

import random
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any, get_args

import pytest
from attrs import define, evolve, field, fields, frozen, has
from falcon import testing

from mechanic_adapters.memory import MemoryStore
from mechanic_adapters.memory.repositories.stored_answers import STORED_ANSWERS, MemoryStoredAnswers
from mechanic_core.access import ANONYMOUS, Actor, Role
from mechanic_core.accounts.ports import Passwords
from mechanic_core.estimates.estimate import Estimate
from mechanic_core.idempotency import ERASED, EXPIRY
from mechanic_core.invoices.credit_note import CreditNote
from mechanic_core.invoices.invoice import Invoice
from mechanic_core.payments.payment import Payment
from mechanic_core.recommendations.recommendation import Recommendation
from mechanic_core.tickets.ticket import Ticket
from mechanic_core.unit_of_work import EventListener, Listener, Work
from mechanic_core.vehicles.vehicle import Vehicle
from mechanic_http.app import HttpPorts, create_app
from mechanic_http.endpoint.idempotent_replay import MAX_CONTENT, IdempotentReplay, parse_key
from mechanic_http.endpoint.operation import Operation
from mechanic_http.routes import ROUTES
from mechanic_http.settings import HttpSettings
from mechanic_shop.wiring.use_cases import build_shop
from tests.shops import MANAGER, MECHANIC, PlainLinks, PlainTokens
from tests.unit.core.conftest import Premises
from tests.unit.http.shop import SETTINGS, Client, CountingLimiter, read_token

PART = {"name": "Wiper", "price": 9.5, "sku": "WIP-1", "quantity": 3}
PERSON = {"name": "Di", "email": "di@x.example", "password": "correct horse battery"}
KEY = {"Idempotency-Key": '"8e03978e-40d5-43e8-bc93-6894a57f9324"'}


@define
class ManualClock:
    """A clock that a test sets."""

    now: datetime = datetime(2026, 3, 2, 12, tzinfo=UTC)

    def __call__(self) -> datetime:
        """Return the current time."""
        return self.now


def new_client(
    clock: ManualClock | None = None,
    settings: HttpSettings = SETTINGS,
    limiter: CountingLimiter | None = None,
) -> Client:
    """Return a client of a shop that stores answers."""
    premises = Premises()
    interceptor = IdempotentReplay(premises.store.begin, clock or ManualClock(), b"k" * 32)
    ports = HttpPorts(authenticate=read_token, intercept=interceptor, limiter=limiter)
    return Client(premises, create_app(premises.shop, ports, settings))


def post(
    to: Client, body: Any = PART, actor: Actor = MECHANIC, path: str = "/inventory", **more: str
) -> testing.Result:
    """Send a POST with the key."""
    headers = KEY | {name.replace("_", "-"): value for name, value in more.items()}
    return to.ask("POST", path, body, actor, headers)


def test_returns_the_stored_answer() -> None:
    """
    A second request with the same key and body returns the stored answer, marked as a replay.
    """
    shop = new_client()
    first, second = post(shop), post(shop)

    assert 201 == first.status_code == second.status_code
    assert first.content == second.content
    assert first.headers["Location"] == second.headers["Location"]
    assert first.headers["ETag"] == second.headers["ETag"]
    assert "Idempotency-Replayed" not in first.headers
    assert "true" == second.headers["Idempotency-Replayed"]
    assert first.headers["X-Request-ID"] != second.headers["X-Request-ID"]


def test_has_one_effect() -> None:
    """
    A repeated receipt of stock is booked once.
    """
    shop = new_client()
    part = shop.ask("POST", "/inventory", PART, MECHANIC).json["id"]
    form = {"kind": "receive", "quantity": 5}
    responses = [post(shop, form, path=f"/inventory/{part}/movements").json for _ in range(3)]

    assert [8, 8, 8] == [movement["on_hand_after"] for movement in responses]
    assert 8 == shop.get(f"/inventory/{part}").json["quantity"]


def test_ignores_order_and_white_space() -> None:
    """
    The order of members and white space do not change the fingerprint.
    """
    shop = new_client()
    post(shop)
    reordered = b'{ "quantity": 3,\n"sku": "WIP-1", "price": 9.5, "name": "Wiper" }'
    again = shop.ask("POST", "/inventory", actor=MECHANIC, headers=KEY, raw=reordered)

    assert "true" == again.headers["Idempotency-Replayed"]


def test_an_empty_object_is_the_same_as_no_body() -> None:
    """
    Where there is no form, a retry with `{}` in place of nothing gets the stored answer.
    """
    shop = new_client()
    part = shop.ask("POST", "/inventory", PART | {"quantity": 0}, MECHANIC).headers["Location"]
    shop.ask("DELETE", part, actor=MECHANIC)
    first = post(shop, None, path=f"{part}/restore")
    again = post(shop, {}, path=f"{part}/restore")

    assert (200, first.content) == (again.status_code, again.content)
    assert "true" == again.headers["Idempotency-Replayed"]


def test_another_body_is_refused() -> None:
    """
    The same key with another body is answered with 422 and has no effect.
    """
    shop = new_client()
    post(shop)
    other = post(shop, PART | {"sku": "WIP-2"})

    assert (422, "key-reused") == (other.status_code, other.json["code"])
    assert "#" == other.json["errors"][0]["pointer"]
    assert 404 != shop.get("/inventory/1").status_code
    assert [] == shop.get("/inventory?sku=WIP-2").json["items"]


def test_refusals_are_not_stored() -> None:
    """
    A refusal is not stored: the corrected request succeeds with the same key.
    """
    shop = new_client()
    assert 422 == post(shop, {"name": "Wiper"}).status_code
    assert 201 == post(shop).status_code


def test_keys_belong_to_a_caller_and_an_operation() -> None:
    """
    The same key of another caller or for another operation is another request.
    """
    shop = new_client()
    post(shop)
    other = post(shop, PART | {"sku": "WIP-2"}, MANAGER)
    elsewhere = post(shop, {"kind": "receive", "quantity": 1}, path="/inventory/1/movements")

    assert 201 == other.status_code == elsewhere.status_code
    assert not {"Idempotency-Replayed"} & {*other.headers, *elsewhere.headers}


def test_a_change_of_role_does_not_make_a_key_run_twice() -> None:
    """
    A mechanic who has become a manager, or the other way round, gets the stored answer.
    """
    shop = new_client()
    mechanic, manager = Actor(Role.MECHANIC, 2), Actor(Role.MANAGER, 2)
    for before, after, sku in ((mechanic, manager, "UP-1"), (manager, mechanic, "DOWN-1")):
        form, key = PART | {"sku": sku}, {"Idempotency_Key": sku}
        first, again = post(shop, form, before, **key), post(shop, form, after, **key)

        assert (201, first.json) == (again.status_code, again.json)
        assert "true" == again.headers["Idempotency-Replayed"]


def test_the_keys_of_strangers_belong_to_their_network() -> None:
    """
    A stranger in another network gets no stored answer; one of the same IPv6 /64 does.
    """
    limiter, settings = CountingLimiter({}), evolve(SETTINGS, trusted_proxies=("127.0.0.1",))
    shop = new_client(settings=settings, limiter=limiter)
    addresses = ("2001:db8::1", "2001:db8::2", "2001:db8:0:1::1", "192.0.2.1")

    answers = [
        post(shop, PERSON, ANONYMOUS, "/customers", X_Forwarded_For=address)
        for address in addresses
    ]

    assert [201, 201, 409, 409] == [answer.status_code for answer in answers]
    assert answers[0].json == answers[1].json


def test_an_alias_is_the_same_operation() -> None:
    """
    A request to the alias of a path gets the stored answer.
    """
    shop = new_client()
    form = {"customer_id": 1, "description": "Noise"}
    first = post(shop, form, path="/service_tickets")
    again = post(shop, form, path="/service-tickets/")

    assert first.json == again.json


def test_keys_expire_after_a_day() -> None:
    """
    A key expires after 24 hours.
    """
    clock = ManualClock()
    shop = new_client(clock)
    post(shop)
    clock.now += EXPIRY
    assert "true" == post(shop).headers["Idempotency-Replayed"]

    clock.now += timedelta(microseconds=1)
    assert (409, "sku-taken") == ((late := post(shop)).status_code, late.json["code"])


def test_sweeps_expired_answers() -> None:
    """
    Sweeping deletes expired answers only.
    """
    clock = ManualClock()
    shop = new_client(clock)
    post(shop)
    with shop.premises.store.begin() as work:
        swept = [work.stored_answers.sweep(at, 9) for at in (clock.now, clock.now + EXPIRY)]

    assert [0, 1] == swept


def test_an_erased_customer_can_register_again() -> None:
    """
    After a customer is erased, a registration with another key creates a new customer.
    """
    shop = new_client()
    first = post(shop, PERSON, ANONYMOUS, "/customers")
    path = f"/customers/{first.json['id']}"
    responses = [
        post(
            shop, PERSON | {"email": "eli@x.example"}, ANONYMOUS, "/customers", Idempotency_Key="e"
        )
        for _ in range(2)
    ][-1]

    assert 204 == shop.ask("DELETE", path, actor=MANAGER).status_code
    again = post(shop, PERSON, ANONYMOUS, "/customers", Idempotency_Key="again")

    assert "true" == responses.headers["Idempotency-Replayed"]
    assert 201 == again.status_code
    assert "Idempotency-Replayed" not in again.headers
    assert first.json["id"] < responses.json["id"] < again.json["id"]


def test_no_answer_about_an_erased_customer_is_left() -> None:
    """
    Erasing a customer erases every answer about them, whoever sent the request.
    """
    clock = ManualClock()
    shop = new_client(clock)
    ada = post(shop, PERSON, ANONYMOUS, "/customers").json["id"]
    herself = Actor(Role.CUSTOMER, ada)
    car = {"customer_id": ada, "plate": "7ABC123"}
    post(shop, car | {"plate": "8ABC123"}, herself, "/vehicles")
    vehicle = post(shop, car, MECHANIC, "/vehicles").json["id"]
    job = {"customer_id": ada, "vehicle_id": vehicle, "description": "Noise"}
    ticket = post(shop, job, MECHANIC, "/service_tickets").json["id"]
    path = f"/service_tickets/{ticket}"
    post(shop, {"amount": 50, "person": "Di", "channel": "in_person"}, path=f"{path}/decisions")
    paid = post(shop, {"amount": 5, "method": "cash"}, path=f"{path}/payments").json["id"]
    post(shop, {"amount": 5, "reason": "No work"}, MANAGER, f"/payments/{paid}/refunds")
    post(shop, {"to": "cancelled"}, MECHANIC, f"{path}/transitions")
    post(shop, PART)
    post(shop, {"customer_id": 1, "plate": "9ABC123"}, MECHANIC, "/vehicles", Idempotency_Key="o")

    shop.ask("DELETE", f"/customers/{ada}", actor=MANAGER)

    contents = stored_contents(shop)
    assert 2 == sum(content != ERASED for content in contents)
    assert len(contents) > 2 + 7


def test_what_was_erased_is_not_done_again() -> None:
    """
    After a customer is erased, a repeated request is 409 and has no effect, for a day.
    """
    clock = ManualClock()
    shop = new_client(clock)
    ada = shop.ask("POST", "/customers", PERSON).json["id"]
    job = {"customer_id": ada, "description": "Noise"}
    path = f"/service_tickets/{shop.ask('POST', '/service_tickets', job, MECHANIC).json['id']}"
    deposit = {"amount": 5, "method": "cash"}
    paid = post(shop, deposit, path=f"{path}/payments").json["id"]
    post(shop, {"amount": 5, "reason": "No work"}, MANAGER, f"/payments/{paid}/refunds")
    shop.ask("POST", f"{path}/transitions", {"to": "cancelled"}, MECHANIC)
    assert 204 == shop.ask("DELETE", f"/customers/{ada}", actor=MANAGER).status_code
    clock.now += EXPIRY

    again = post(shop, deposit, path=f"{path}/payments")
    assert (409, "answer-erased") == (again.status_code, again.json["code"])
    assert "Idempotency-Replayed" not in again.headers
    other = post(shop, deposit | {"amount": 6}, path=f"{path}/payments")
    assert (422, "key-reused") == (other.status_code, other.json["code"])
    assert 1 == len(shop.get(f"{path}/payments", MECHANIC).json["items"])

    with shop.premises.store.begin() as work:
        assert 2 == work.stored_answers.sweep(clock.now + timedelta(microseconds=1), 9)
    assert [] == stored_contents(shop)


def test_answers_with_a_customer_id_are_about_that_customer() -> None:
    """
    Records with a customer's id among their members, however deep, have it as an attribute.

    Answers about a ticket are about its customer, whatever is in them.
    """
    posts = [p for route in ROUTES for p in route.operations.values() if p.accepts_idempotency_key]
    records = {p.signature.response for p in posts}

    personal = {Vehicle, Ticket, Estimate, Recommendation, Invoice, CreditNote, Payment}
    assert personal == {cls for cls in records if "customer_id" in members_of(cls)}
    assert personal == {cls for cls in records if hasattr(cls, "customer_id")}


def members_of(kind: Any) -> set[str]:
    """Return the names of all fields of a record class and of the records in it."""
    names = {field.name for field in fields(kind)} if has(kind) else set()
    inner = [field.type for field in fields(kind)] if has(kind) else get_args(kind)
    return names.union(*map(members_of, inner))


def test_permission_comes_first() -> None:
    """
    A replay needs the permission of the request: without the role it is answered with 403.
    """
    shop = new_client()
    post(shop)
    demoted = Actor(Role.CUSTOMER, MECHANIC.id)

    assert 403 == post(shop, actor=demoted).status_code


@pytest.mark.parametrize("key", ['""', "", "a b", "k" * 256, '"a', "ümlaut", '"a"b'])
def test_a_malformed_key_is_refused(key: str) -> None:
    """
    A malformed key is answered with 400.
    """
    responses = post(new_client(), Idempotency_Key=key.encode().decode("latin-1"))

    assert (400, "malformed-header") == (responses.status_code, responses.json["code"])


@pytest.mark.parametrize(("header", "key"), [('"a b"', "a b"), ("bare", "bare"), (" x ", "x")])
def test_keys_are_quoted_or_bare(header: str, key: str) -> None:
    """
    A key is a quoted structured-field string or a bare one.
    """
    assert key == parse_key(header)


def test_every_post_but_those_that_issue_tokens_takes_a_key() -> None:
    """
    Every POST takes a key, except those that issue tokens or have another secret.
    """

    def responses(operation: Operation) -> bool:
        return operation.accepts_idempotency_key and 409 in operation.statuses

    posts = [p for route in ROUTES for p in route.operations.values() if p.method == "POST"]

    assert {p.operation_id for p in posts if p.has_secret} == {
        p.operation_id for p in posts if not responses(p)
    }


@define
class CountingStore:
    """A memory store that counts its open transactions."""

    store: MemoryStore = field(factory=MemoryStore)
    open: int = 0

    @contextmanager
    def begin(self, actor: Actor | None = None) -> Iterator[Work]:
        """Open a transaction."""
        self.open += 1
        try:
            with self.store.begin(actor) as work:
                yield work
        finally:
            self.open -= 1

    def read_only(self) -> AbstractContextManager[Work]:
        """Open a view."""
        return self.store.read_only()

    def subscribe(self, listener: Listener) -> None:
        """Add a listener."""
        self.store.subscribe(listener)

    def on_commit(self, listener: EventListener) -> None:
        """Add a listener."""
        self.store.on_commit(listener)

    def ping(self) -> None:
        """Do nothing."""

    def close(self) -> None:
        """Do nothing."""


@frozen
class WatchingPasswords(Passwords):
    """Passwords that record the number of open transactions while hashing."""

    store: CountingStore
    open: list[int] = field(factory=list)

    def hash(self, password: str) -> str:
        """Return a fake hash."""
        self.open.append(self.store.open)
        return password[::-1]

    def verify(self, password_hash: str | None, password: str) -> bool:
        """Return whether the password matches."""
        return password_hash == password[::-1]

    def outdated(self, password_hash: str) -> bool:
        """Return False."""
        return False


@pytest.mark.parametrize("path", ["/customers", "/mechanics"])
def test_hashes_outside_the_transaction(path: str) -> None:
    """
    A password is hashed before the transaction begins, and a replay has no second effect.
    """
    clock, store = ManualClock(), CountingStore()
    passwords = WatchingPasswords(store)
    shop = build_shop(store, clock, passwords, PlainTokens(), PlainLinks())
    interceptor = IdempotentReplay(store.begin, clock, b"k" * 32)
    ports = HttpPorts(authenticate=read_token, intercept=interceptor)
    new_client = Client(Premises(), create_app(shop, ports, SETTINGS))

    responses = [post(new_client, PERSON, MANAGER, path) for _ in range(2)]
    taken = new_client.ask("POST", path, PERSON, MANAGER)

    assert [201, 201, 409] == [one.status_code for one in (*responses, taken)]
    assert responses[0].json == responses[1].json
    assert "true" == responses[1].headers["Idempotency-Replayed"]
    assert {0} == set(passwords.open)


def stored_contents(shop: Client) -> list[bytes]:
    """Return the contents of all stored answers."""
    with shop.premises.store.read_only() as work:
        answers: MemoryStoredAnswers = work.stored_answers  # type: ignore[assignment] # of this store
        return [one.content for one in answers._tables[STORED_ANSWERS].all()]


def ticket_with_labor(shop: Client, descriptions: list[str]) -> str:
    """Add a ticket with labour lines, and return its address."""
    job = {"customer_id": 1, "description": "Restoration", "mechanic_ids": [2]}
    made = shop.ask("POST", "/service_tickets", job, MECHANIC)
    path = f"/service_tickets/{made.json['id']}"
    for description in descriptions:
        line = {"description": description, "hours": 1, "rate": 100}
        assert 201 == shop.ask("POST", f"{path}/labor", line, MECHANIC).status_code
    return path


def test_answers_are_stored_compressed() -> None:
    """
    The answer about a ticket with a hundred lines takes a tenth of its size.
    """
    shop = new_client()
    path = ticket_with_labor(shop, [f"Replace bearing {n} of the gearbox" for n in range(100)])
    first, second = (post(shop, {"to": "in_progress"}, path=f"{path}/transitions") for _ in "12")

    assert (200, first.content) == (second.status_code, second.content)
    (content,) = stored_contents(shop)
    assert len(content) < len(first.content) / 10


def test_an_answer_that_is_too_large_is_not_stored() -> None:
    """
    A repeated request whose answer was too large is 409, and still has its effect only once.
    """
    shop = new_client()
    chance = random.Random(1)
    noise = ["".join(chr(chance.randrange(0x4E00, 0x9FA5)) for _ in range(300)) for _ in range(50)]
    path = ticket_with_labor(shop, noise)
    first, second, third = (
        post(shop, {"to": "in_progress"}, path=f"{path}/transitions") for _ in "123"
    )

    assert len(first.content) > MAX_CONTENT
    assert [200, 409, 409] == [one.status_code for one in (first, second, third)]
    assert "answer-not-stored" == second.json["code"] == third.json["code"]
    assert 422 == post(shop, {"to": "on_hold"}, path=f"{path}/transitions").status_code
    assert max(map(len, stored_contents(shop))) < 100
    history = shop.ask("GET", f"{path}/history?per_page=100", actor=MECHANIC).json["items"]
    assert 1 == [entry["event"] for entry in history].count("transition")
