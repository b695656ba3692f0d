"""SQL statements per request for every route: a performance test without a clock."""

import json
import shutil
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any, Final

import pytest
from attrs import frozen
from falcon import testing

from mechanic_adapters.sql.store import SqlStore
from mechanic_core.access import Role
from mechanic_core.customers.customer import CustomerId, Registration
from mechanic_core.inventory.part import PartForm, PartId
from mechanic_core.mechanics.mechanic import Hiring
from mechanic_core.money import Quantity
from mechanic_core.payments.payment import PaymentForm
from mechanic_core.tickets.forms import TicketDraft
from mechanic_core.tickets.lines.part_line import PartLineForm
from mechanic_core.vehicles.vehicle import VehicleForm
from mechanic_http.app import App, HttpPorts, create_app
from tests.integration.databases import DATABASES, new_shop_url
from tests.integration.servers import PostgresServer
from tests.integration.statements import Statements, counted
from tests.shops import CUSTOMER, MANAGER, MECHANIC, ManualClock, shop_on
from tests.strategies import sample
from tests.unit.http.shop import SETTINGS, bearer, plain_pdf, read_token
from tests.unit.http.test_contract import (
    CONTRACT,
    INVOICED,
    ON_TICKET_2,
    RequestCase,
    template_of,
)

MOST_FOR_A_LIST: Final = 4
MOST_FOR_AN_ACCOUNT: Final = 3
LISTS: Final = (
    *("/inventory", "/mechanics", "/customers", "/vehicles", "/service_tickets", "/my-tickets"),
    *("/mechanics/2/worked", "/service_tickets/1/history", "/inventory/1/movements"),
    *("/service_tickets/2/estimates", "/service_tickets/2/decisions", "/recommendations"),
    *("/invoices", "/invoices/1/credit_notes", "/service_tickets/3/payments"),
)
TEAM: Final = 12

COSTS: Final[dict[str, dict[str, Any]]] = json.loads(
    Path(__file__).with_name("statement_counts.json").read_text()
)
"""The statements of each request, and those that only control its transaction.

A change that alters a count on purpose changes the file too.
"""

Copy = Callable[[], tuple[str, str]]


@frozen
class AppClient:
    """A client of a shop whose statements are counted."""

    kind: str
    store: SqlStore
    app: App

    @property
    def most_for_an_edit(self) -> int:
        """The maximum for an assignment; SQLite cannot write in a WITH clause."""
        return 3 if self.kind == "postgresql" else 7

    def known(self, asked: RequestCase) -> list[int]:
        """Return the recorded counts of a request, or of a search; zeros for a new route."""
        route = f"{asked.method} {template_of(asked.path)}"
        searched = "?q" if "?q=" in asked.path else ""
        counts: list[int] = COSTS[self.kind].get(f"{route}{searched}", [0, 0])
        return counts

    def ask(self, asked: RequestCase) -> Statements:
        """Send a request and return its statements."""
        address, _, query = asked.path.partition("?")
        sent = {} if asked.body is None else {"json": asked.body}
        with counted(self.store) as statements:
            answer = testing.simulate_request(
                self.app,
                asked.method,
                address,
                query_string=query,
                headers=bearer(asked.actor) | asked.headers,
                **sent,
            )
        assert asked.status == answer.status_code, answer.text
        return statements


@pytest.fixture(scope="module", params=DATABASES)
def copy(
    request: pytest.FixtureRequest,
    tmp_path_factory: pytest.TempPathFactory,
    postgres: PostgresServer,
) -> Iterator[Copy]:
    """Creates copies of a shop with an empty ticket, one with two lines, and spare records."""
    folder = tmp_path_factory.mktemp("shops")
    original = new_shop_url(request.param, folder, postgres)
    with open_client(request.param, original) as client:
        seed(client)
    made: list[str] = []

    def another() -> tuple[str, str]:
        if request.param == "sqlite":
            return "sqlite", f"sqlite:///{shutil.copy(folder / 'shop.db', folder / 'copy.db')}"
        made.append(postgres.new_database(template=original))
        return "postgresql", made[-1]

    yield another
    for url in made:
        postgres.drop_database(url)


@pytest.fixture
def client(copy: Copy) -> Iterator[AppClient]:
    """A client of a shop of its own."""
    with open_client(*copy()) as client:
        yield client


@contextmanager
def open_client(kind: str, url: str) -> Iterator[AppClient]:
    """Open the shop at *url*."""
    with closing(SqlStore.open(url)) as store:
        shop = shop_on(store, ManualClock())
        ports = HttpPorts(authenticate=read_token, pdf=plain_pdf)
        yield AppClient(kind, store, create_app(shop, ports, SETTINGS))


def seed(client: AppClient) -> None:
    """Create the records that the contract's requests refer to."""
    shop = shop_on(client.store, ManualClock())
    shop.hire_mechanic(
        MANAGER, sample(Hiring, name="Eve", email="eve@shop.example", role=Role.MANAGER)
    )
    shop.hire_mechanic(MANAGER, sample(Hiring, name="Bob", email="bob@shop.example"))
    shop.register_customer(CUSTOMER, sample(Registration, name="Ada"))
    shop.register_customer(CUSTOMER, sample(Registration, name="Cleo", email="cleo@x.example"))
    shop.add_vehicle(MECHANIC, VehicleForm(customer_id=1, vin="1HGCM82633A004352", plate="7A"))
    shop.add_vehicle(MECHANIC, VehicleForm(customer_id=1))
    for sku, quantity in (("PAD", 10_000), ("RAG", 0), ("OLD", 0)):
        shop.add_part(MECHANIC, sample(PartForm, sku=sku, quantity=Quantity(quantity)))
    shop.archive_part(MECHANIC, PartId(3))
    shop.issue_customer_reset(MECHANIC, CustomerId(1))
    for _ in range(4):
        shop.open_ticket(MECHANIC, sample(TicketDraft, customer_id=1, mechanic_ids=(2,)))
    for asked in (*ON_TICKET_2, *INVOICED):
        client.ask(asked)


@pytest.mark.parametrize("asked", CONTRACT, ids=lambda asked: f"{asked.method} {asked.path}")
def test_a_request_costs_no_more_than_it_did(client: AppClient, asked: RequestCase) -> None:
    """
    No request runs more statements or transaction controls than recorded.
    """
    found = client.ask(asked)

    statements, controls = client.known(asked)
    assert len(found) <= statements, found.proper
    assert len(found.controls) <= controls, found.controls


@pytest.mark.parametrize(
    "path", ["/inventory/1", "/service_tickets/2", "/customers/1", "/vehicles/1"]
)
def test_a_single_read_is_one_statement(client: AppClient, path: str) -> None:
    """
    Reading one record is one statement without BEGIN and ROLLBACK.
    """
    found = client.ask(RequestCase("GET", path, MANAGER, 200))

    assert (1, []) == (len(found), found.controls)


def test_an_edit_costs_the_same_whatever_the_number_of_mechanics(client: AppClient) -> None:
    """
    Assigning a dozen mechanics takes as many statements as assigning one.
    """
    staff = [hire_one(client, n) for n in range(2 * TEAM)]
    first, second = staff[:TEAM], staff[TEAM:]
    one = {"add_ids": staff[:1], "remove_ids": [2]}
    many = {"add_ids": second, "remove_ids": first}
    path = "/service_tickets/1/edit"

    small = client.ask(RequestCase("PUT", path, MECHANIC, 200, one))
    client.ask(RequestCase("PUT", path, MECHANIC, 200, {"add_ids": first}))
    large = client.ask(RequestCase("PUT", path, MECHANIC, 200, many))

    assert len(small) == len(large) <= client.most_for_an_edit


def test_correcting_the_customer_costs_eight_statements(client: AppClient) -> None:
    """
    M4: two locks; tickets, estimates, decisions, invoices and payments looked for; links ended.
    """
    path = "/service_tickets/1"

    other = client.ask(RequestCase("PATCH", path, MECHANIC, 200, {"description": "Squeals"}))
    found = client.ask(RequestCase("PATCH", path, MECHANIC, 200, {"customer_id": 2}))

    assert len(other) + 8 == len(found)


def test_a_merge_costs_the_same_whatever_the_customer_has(client: AppClient) -> None:
    """
    M3: a dozen vehicles and tickets move with as many statements as one of each.
    """
    shop = shop_on(client.store, ManualClock())
    costs = []
    for things in (1, TEAM):
        new = sample(Registration, email=f"{things}@x.example")
        other = shop.register_customer(CUSTOMER, new).id
        for _ in range(things):
            shop.add_vehicle(MECHANIC, VehicleForm(customer_id=other))
            shop.open_ticket(MECHANIC, sample(TicketDraft, customer_id=other))
        body = {"from_id": other}
        costs.append(len(client.ask(RequestCase("POST", "/customers/1/merge", MANAGER, 200, body))))

    assert costs[0] == costs[1]


def test_an_export_costs_fifteen_statements_whatever_the_customer_has(client: AppClient) -> None:
    """
    All that is stored about a customer is read with as many statements as next to nothing.
    """
    shop = shop_on(client.store, ManualClock())
    costs = []
    for _ in range(2):
        with counted(client.store) as statements:
            shop.export_customer(MANAGER, CustomerId(1))
        costs.append((len(statements), len(statements.controls)))
        for _ in range(TEAM):
            shop.add_vehicle(MECHANIC, VehicleForm(customer_id=1, odometer=5))
            shop.open_ticket(MECHANIC, sample(TicketDraft, customer_id=1, mechanic_ids=(2,)))

    assert [(15, 0), (15, 0)] == costs


@pytest.mark.parametrize("tickets", [1, TEAM])
def test_naming_the_tickets_costs_one_statement(client: AppClient, tickets: int) -> None:
    """
    A scrap of what is reserved takes a lock and a query, however many tickets reserve it.
    """
    shop = shop_on(client.store, ManualClock())
    for _ in range(tickets):
        one = shop.open_ticket(MECHANIC, sample(TicketDraft, customer_id=1)).id
        shop.add_part_line(MECHANIC, one, PartLineForm(part_id=1, quantity=Quantity(100)))

    scrap = {"kind": "scrap", "quantity": 9}
    found = client.ask(RequestCase("POST", "/inventory/1/movements", MECHANIC, 409, scrap))

    assert 2 == len(found)


@pytest.mark.parametrize("path", ["/customers/1/statement", "/receivables?as_of=2099-12-31"])
def test_accounts_cost_the_same_however_long(client: AppClient, path: str) -> None:
    """
    A statement, and what all customers owe, take at most three statements.
    """
    before = client.ask(RequestCase("GET", path, MANAGER, 200))
    shop = shop_on(client.store, ManualClock())
    for _ in range(TEAM):
        ticket = shop.open_ticket(MECHANIC, sample(TicketDraft, customer_id=2)).id
        form = sample(PaymentForm, received_on=None)
        shop.take_payment(MECHANIC, ticket, form)

    after = client.ask(RequestCase("GET", path, MANAGER, 200))

    assert len(before) == len(after) <= MOST_FOR_AN_ACCOUNT


@pytest.mark.parametrize("path", LISTS)
def test_a_list_costs_the_same_however_long(client: AppClient, path: str) -> None:
    """
    A long list takes as many statements as a short one, and its total none.
    """
    before = client.ask(
        RequestCase("GET", f"{path}?per_page=100&include_total=true", MECHANIC, 200)
    )
    shop = shop_on(client.store, ManualClock())
    for n in range(TEAM):
        hire_one(client, n)
        shop.add_part(MECHANIC, sample(PartForm, sku=f"N{n}"))
        shop.open_ticket(MECHANIC, sample(TicketDraft, customer_id=1, mechanic_ids=(1, 2)))

    after = client.ask(RequestCase("GET", f"{path}?per_page=100&include_total=true", MECHANIC, 200))

    assert len(before) == len(after) <= MOST_FOR_A_LIST


@pytest.mark.parametrize(("query", "most"), [("", 2), ("&include=subjects", 13)])
def test_events_cost_the_same_however_many(client: AppClient, query: str, most: int) -> None:
    """
    Numbered events take as many statements however many there are; each kind of subject adds one.

    Estimates need the shop's calendar day too, and that its profile.
    """
    path = f"/events?limit=500{query}"
    client.ask(RequestCase("GET", path, MANAGER, 200))
    before = client.ask(RequestCase("GET", path, MANAGER, 200))
    shop = shop_on(client.store, ManualClock())
    for n in range(TEAM):
        hire_one(client, n)
        shop.register_customer(MANAGER, sample(Registration, email=f"c{n}@x.example"))
        shop.add_vehicle(MANAGER, VehicleForm(customer_id=1))
        shop.add_part(MANAGER, sample(PartForm, sku=f"N{n}"))
        shop.open_ticket(MANAGER, sample(TicketDraft, customer_id=1))
    numbering = client.ask(RequestCase("GET", path, MANAGER, 200))
    after = client.ask(RequestCase("GET", path, MANAGER, 200))

    assert most == len(before) == len(after) == len(numbering) - 3
    assert [] == after.controls


def hire_one(client: AppClient, n: int) -> int:
    """Hire one more mechanic and return the id."""
    hiring = sample(Hiring, name=f"M{n}", email=f"m{n}@shop.example")
    return shop_on(client.store, ManualClock()).hire_mechanic(MANAGER, hiring).id
