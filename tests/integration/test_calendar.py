"""Calendar days are the shop's, on both databases."""

from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, date, datetime
from typing import Any, Final

import pytest
from attrs import frozen
from falcon import testing

from mechanic_adapters.conformance.samples.records import new_entry, new_ticket
from mechanic_adapters.sql.store import SqlStore
from mechanic_core.access import Actor, Role
from mechanic_core.customers.customer import CustomerId, Registration
from mechanic_core.mechanics.mechanic import Hiring
from mechanic_http.app import App, HttpPorts, create_app
from tests.shops import CUSTOMER, MANAGER, MECHANIC, ManualClock, shop_on
from tests.strategies import sample
from tests.unit.http.shop import SETTINGS, bearer, read_token

SATURDAY_EVENING: Final = datetime(2026, 3, 8, 5, 30, tzinfo=UTC)
"""It is 19:30 on Saturday, 7 March, in Honolulu, and Sunday in UTC."""

HONOLULU: Final = "Pacific/Honolulu"
TICKET: Final = {"customer_id": 1, "description": "Grinds"}
FORM: Final = {"description": "Squeals"}


@frozen
class Desk:
    """The application of one process on a database, with the shop's clock."""

    app: App
    store: SqlStore
    clock: ManualClock

    def ask(self, method: str, path: str, body: Any = None, by: Actor = MANAGER) -> testing.Result:
        """Return the response to a request."""
        sent = {} if body is None else {"json": body}
        return testing.simulate_request(self.app, method, path, headers=bearer(by), **sent)

    def open(self, by: Actor = MECHANIC, **members: object) -> testing.Result:
        """Return the response to a request that opens a ticket."""
        return self.ask("POST", "/service_tickets", TICKET | members, by)

    def move_to(self, time_zone: str) -> None:
        """Change the shop's time zone."""
        assert 200 == self.ask("PATCH", "/shop", {"time_zone": time_zone}).status_code

    def add_ticket_of(self, day: date) -> int:
        """Store a ticket of a day that is refused today, and return its id."""
        with self.store.begin() as work:
            customer = work.customers.get(CustomerId(CUSTOMER.id))
            return work.tickets.add(new_ticket(customer, service_date=day), new_entry()).id


def open_desk(store: SqlStore) -> Desk:
    """Return the application of a process that uses *store*."""
    clock = ManualClock(SATURDAY_EVENING)
    ports = HttpPorts(authenticate=read_token)
    return Desk(create_app(shop_on(store, clock), ports, SETTINGS), store, clock)


@pytest.fixture
def url(empty_url: str, store: SqlStore) -> str:
    """The URL of a shop with a manager, a mechanic and a customer."""
    shop = shop_on(store, ManualClock())
    shop.hire_mechanic(MANAGER, sample(Hiring, email="eve@x.example", role=Role.MANAGER))
    shop.hire_mechanic(MANAGER, sample(Hiring, email="bob@x.example"))
    shop.register_customer(CUSTOMER, sample(Registration))
    return empty_url


@pytest.fixture
def desk(url: str) -> Iterator[Desk]:
    """The application on each database."""
    with closing(SqlStore.open(url)) as store:
        yield open_desk(store)


@pytest.mark.parametrize("by", [MECHANIC, CUSTOMER], ids=lambda by: str(by.role))
@pytest.mark.parametrize(
    ("time_zone", "today"),
    [
        (HONOLULU, "2026-03-07"),
        ("UTC", "2026-03-08"),
        ("America/New_York", "2026-03-08"),
        ("Pacific/Kiritimati", "2026-03-08"),
    ],
)
def test_a_ticket_without_a_date_is_of_today(
    desk: Desk, by: Actor, time_zone: str, today: str
) -> None:
    """
    F5: in Honolulu a ticket without a date gets Saturday on Saturday evening.
    """
    desk.move_to(time_zone)

    assert today == desk.open(by).json["service_date"]


@pytest.mark.parametrize(
    ("time_zone", "today"), [(HONOLULU, "2026-03-07"), ("Pacific/Kiritimati", "2026-03-08")]
)
def test_an_odometer_is_read_on_the_shops_day(desk: Desk, time_zone: str, today: str) -> None:
    """
    Field report F5: a reading of Saturday evening is of Saturday, with the vehicle or a ticket.
    """
    desk.move_to(time_zone)
    car = {"customer_id": 1, "vin": "1HGCM82633A004352", "odometer": 5}
    path = desk.ask("POST", "/vehicles", car).headers["Location"]
    ticket = desk.open(vin=car["vin"], odometer=6).headers["Location"]
    for address, value in ((ticket, 7), (path, 8)):
        assert 200 == desk.ask("PATCH", address, {"odometer": value}).status_code

    fell = desk.ask("PATCH", path, {"odometer": 1})

    log = desk.ask("GET", f"{path}/odometer").json["items"]
    assert [(value, today) for value in (5, 6, 7, 8)] == [(one["value"], one["on"]) for one in log]
    assert (409, today) == (fell.status_code, fell.json["last_on"])


def test_a_day_begins_at_midnight_in_the_shop(desk: Desk) -> None:
    """
    F5: the day changes at midnight in the shop, in winter and in summer time.
    """
    desk.move_to("America/New_York")
    found = []
    for month, hour in ((3, 4), (3, 5), (7, 3), (7, 4)):  # midnight is 5:00 UTC, then 4:00
        desk.clock.at = datetime(2026, month, 7, hour, tzinfo=UTC)
        found.append(desk.open().json["service_date"])

    assert ["2026-03-06", "2026-03-07", "2026-07-06", "2026-07-07"] == found


def test_another_process_knows_the_new_zone_at_once(url: str) -> None:
    """
    F5: a time zone that one process changes holds in another one for its next ticket.
    """
    with closing(SqlStore.open(url)) as one, closing(SqlStore.open(url)) as other:
        desk, elsewhere = open_desk(one), open_desk(other)
        before = elsewhere.open().json["service_date"]
        desk.move_to(HONOLULU)

        assert ("2026-03-08", "2026-03-07") == (before, elsewhere.open().json["service_date"])


@pytest.mark.parametrize(
    ("day", "status"),
    [
        ("0024-04-01", 422),
        ("1949-12-31", 422),
        ("1950-01-01", 201),
        ("2027-03-07", 201),
        ("2027-03-08", 422),
        ("2206-11-29", 422),
    ],
)
def test_a_service_date_is_in_bounds(desk: Desk, day: str, status: int) -> None:
    """
    F16: service dates are from 1950 to a year after the shop's today, here 7 March 2026.
    """
    desk.move_to(HONOLULU)
    refused = [{"pointer": "#/service_date", "detail": "must be from 1950-01-01 to 2027-03-07"}]

    opened = desk.open(service_date=day)
    by_customer = desk.open(CUSTOMER, service_date=day)
    known = desk.add_ticket_of(date(2026, 3, 7))
    patched = desk.ask("PATCH", f"/service_tickets/{known}", {"service_date": day})
    replaced = desk.ask("PUT", f"/service_tickets/{known}", {**FORM, "service_date": day})

    assert [status, status] == [opened.status_code, by_customer.status_code]
    assert [200 if status == 201 else 422] * 2 == [patched.status_code, replaced.status_code]
    if status == 422:
        assert [refused] * 4 == [
            one.json["errors"] for one in (opened, by_customer, patched, replaced)
        ]


def test_a_year_ahead_of_a_leap_day_is_its_eve(desk: Desk) -> None:
    """
    F16: a year after 29 February ends on 28 February.
    """
    desk.clock.at = datetime(2028, 2, 29, 12, tzinfo=UTC)

    found = [desk.open(service_date=day).status_code for day in ("2029-02-28", "2029-03-01")]

    assert [201, 422] == found


def test_all_problems_are_reported_at_once(desk: Desk) -> None:
    """
    F16: the date is reported together with ids that do not exist.
    """
    known = desk.add_ticket_of(date(2026, 3, 7))
    wrong: dict[str, Any] = {"service_date": "2206-11-29", "vehicle_id": 99}

    opened = desk.open(**wrong, mechanic_ids=[77]).json["errors"]
    nobodys = desk.open(**wrong, customer_id=88).json["errors"]
    changed = desk.ask("PATCH", f"/service_tickets/{known}", wrong).json["errors"]

    assert ["#/vehicle_id", "#/mechanic_ids/0", "#/service_date"] == [
        error["pointer"] for error in opened
    ]
    assert ["#/vehicle_id", "#/customer_id", "#/service_date"] == [
        error["pointer"] for error in nobodys
    ]
    assert ["#/vehicle_id", "#/service_date"] == [error["pointer"] for error in changed]


def test_an_old_date_may_stay(desk: Desk) -> None:
    """
    F16: a ticket whose date was taken before there were bounds can be changed otherwise.
    """
    ticket = f"/service_tickets/{desk.add_ticket_of(date(24, 4, 1))}"

    patched = desk.ask("PATCH", ticket, FORM)
    replaced = desk.ask("PUT", ticket, {"description": "Rattles", "service_date": "0024-04-01"})

    assert (200, "0024-04-01") == (patched.status_code, patched.json["service_date"])
    assert (200, "0024-04-01") == (replaced.status_code, replaced.json["service_date"])
