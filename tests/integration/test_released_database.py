"""The database of the released version, upgraded to the newest schema.

Later migrations are tested too, without a change here: columns and members that are new are ignored.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing
from datetime import datetime
from decimal import ROUND_HALF_UP, Decimal
from typing import Any, Final

import pytest
from attrs import frozen
from sqlalchemy import create_engine, inspect, text

from mechanic_adapters.sql.engine.engines import database_url
from mechanic_adapters.sql.migrations import runner
from mechanic_adapters.sql.migrations.version import FORMER_TABLE
from mechanic_adapters.sql.store import SqlStore
from mechanic_core.access import SYSTEM, Role
from mechanic_core.customers.customer import Registration
from mechanic_core.inventory.part import PartForm
from mechanic_core.tickets.forms import TicketDraft
from mechanic_core.vehicles.vehicle import VehicleForm
from mechanic_shop.observability.agreement import disagreements
from mechanic_shop.wiring.shop import open_shop
from tests.integration.apps import open_client, settings_for
from tests.integration.released import (
    LAST_IDS,
    PASSWORD,
    VERSION,
    released_answers,
)
from tests.integration.schemas import schema_of
from tests.integration.servers import PostgresServer
from tests.strategies import sample

Rows = Mapping[str, Sequence[tuple[Any, ...]]]

CHANGED: Final = {FORMER_TABLE}
"""Tables whose rows the upgrade changes, as docs/how-to/upgrade.md says."""

OPAQUE: Final = {"next_cursor"}
"""Members that are signed with a key."""

CASTS: Final = re.compile(r"::(character varying|text)(\[\])?|[()]")
"""What PostgreSQL spells differently in a predicate that was loaded from a dump."""

MOMENT: Final = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9:]{8}(\.[0-9]+)?Z")

EMAILS: Final = {
    "/login": ("customer@example.com", Role.CUSTOMER),
    "/mechanics/login": ("manager@example.com", Role.MANAGER),
    "/mechanics/login ": ("mechanic@example.com", Role.MECHANIC),
}


@frozen
class Upgraded:
    """An upgraded database, and what was in it before."""

    url: str
    columns: Mapping[str, Sequence[str]]
    rows: Rows


def columns_of(url: str) -> dict[str, list[str]]:
    """Return the columns of every table."""
    engine = create_engine(database_url(url))
    tables = inspect(engine)
    found = {
        name: [column["name"] for column in tables.get_columns(name)]
        for name in tables.get_table_names()
    }
    engine.dispose()
    return found


def rows_of(url: str, columns: Mapping[str, Sequence[str]]) -> Rows:
    """Return the rows of every table, reduced to *columns*."""
    engine = create_engine(database_url(url))
    with engine.connect() as connection:
        found = {
            table: sorted(
                map(tuple, connection.execute(text(f'SELECT {listed} FROM "{table}"'))),  # noqa: S608 - our own names
                key=repr,
            )
            for table, names in columns.items()
            for listed in [", ".join(f'"{name}"' for name in names)]
        }
    engine.dispose()
    return found


@pytest.fixture(scope="module")
def upgraded(released_database: str) -> Upgraded:
    """The released database of each kind, upgraded."""
    columns = columns_of(released_database)
    rows = rows_of(released_database, columns)
    assert runner.current(released_database) == VERSION
    runner.upgrade(released_database)
    return Upgraded(released_database, columns, rows)


def with_moments(value: Any) -> Any:
    """Return a moment as such, because its fraction is written in six digits now."""
    is_moment = isinstance(value, str) and MOMENT.fullmatch(value)
    return datetime.fromisoformat(value) if is_moment else value


def differences(old: Any, new: Any, path: str = "") -> Iterator[str]:
    """Yield where *new* has not what *old* has; members that are only in *new* are ignored."""
    if isinstance(old, dict) and isinstance(new, dict):
        for name, value in old.items():
            if name not in OPAQUE:
                yield from differences(value, new.get(name), f"{path}/{name}")
    elif isinstance(old, list) and isinstance(new, list) and len(old) == len(new):
        for number, (value, other) in enumerate(zip(old, new, strict=True)):
            yield from differences(value, other, f"{path}/{number}")
    elif with_moments(old) != with_moments(new):
        yield f"{path}: {old!r} became {new!r}"


def test_has_the_schema_of_a_new_shop(upgraded: Upgraded, postgres: PostgresServer) -> None:
    """
    The upgraded schema equals that of a new database.
    """
    is_sqlite = upgraded.url.startswith("sqlite")
    new = f"{upgraded.url}.new" if is_sqlite else postgres.new_database()
    runner.upgrade(new)

    expected, found = (
        {name: CASTS.sub("", str(text)) for name, text in schema_of(url).items()}
        for url in (new, upgraded.url)
    )

    assert expected == {name: text for name, text in found.items() if FORMER_TABLE not in name}


def test_every_record_is_what_it_was(upgraded: Upgraded) -> None:
    """
    Every row of every table equals what it was, in the columns that it had.
    """
    found = rows_of(upgraded.url, upgraded.columns)

    assert {name for name in found if upgraded.rows[name] != found[name]} <= CHANGED
    assert sum(map(len, found.values())) > 3000


def rounded_half_away(answer: Any) -> Any:
    """Return *answer* with amounts that are rounded half away from zero, which was half-even."""
    if isinstance(answer, list):
        return [rounded_half_away(one) for one in answer]
    if not isinstance(answer, dict):
        return answer
    after = {name: rounded_half_away(value) for name, value in answer.items()}
    for quantity, price in (("quantity", "unit_price"), ("hours", "rate")):
        if "amount" in after and price in after:
            exact = Decimal(str(after[quantity])) * Decimal(str(after[price]))
            after["amount"] = float(exact.quantize(Decimal("0.01"), ROUND_HALF_UP))
    if "totals" in after:
        sums = {kind: sum(line["amount"] for line in after[kind]) for kind in ("parts", "labor")}
        totals = sums | {"total": sum(sums.values())}
        after["totals"] = {name: round(amount, 2) for name, amount in totals.items()}
    return after


def test_the_api_answers_what_it_did(upgraded: Upgraded) -> None:
    """
    The leaderboard, every record, history and movement is answered as by the released version.

    Only half a cent is rounded otherwise, away from zero.
    """
    answers = rounded_half_away(released_answers())
    with open_client(settings_for(upgraded.url)) as client:
        login = {"email": EMAILS["/mechanics/login"][0], "password": PASSWORD}
        token = client.ask("POST", "/mechanics/login", body=login).json["token"]
        found = {path: client.get(path, token).json for path in answers}

    assert [] == [*differences(answers, found)]
    assert len(answers) > 600


def test_the_laws_hold(upgraded: Upgraded) -> None:
    """
    The ledger agrees with the stock, counters with what they count, prices with lines; keys refer.
    """
    with closing(SqlStore.open(upgraded.url)) as store:
        wrong = list(disagreements(store))
    engine = create_engine(database_url(upgraded.url))
    unsound = (
        "PRAGMA foreign_key_check"
        if engine.dialect.name == "sqlite"
        else "SELECT conname FROM pg_constraint WHERE NOT convalidated"
        " UNION ALL SELECT indexrelid::regclass::name FROM pg_index WHERE NOT indisvalid"
    )
    with engine.connect() as connection:
        broken = connection.execute(text(unsound)).fetchall()
    engine.dispose()

    assert ([], []) == (wrong, broken)


@pytest.mark.parametrize("path", EMAILS)
def test_people_log_in(upgraded: Upgraded, path: str) -> None:
    """
    Customers and staff log in with the passwords that they had.
    """
    email, role = EMAILS[path]
    with open_client(settings_for(upgraded.url)) as client:
        login = {"email": email, "password": PASSWORD}
        token = client.ask("POST", path.strip(), body=login).json["token"]
        found = client.get("/me", token).json["role"]

    assert role == found


def test_ids_go_on(upgraded: Upgraded) -> None:
    """
    A new record gets the id after the last one that the released version gave.
    """
    with open_shop(settings=settings_for(upgraded.url)) as shop:
        customer = shop.register_customer(SYSTEM, sample(Registration, email="new@x.example"))
        vehicle = sample(VehicleForm, customer_id=customer.id, vin=None)
        ticket = sample(TicketDraft, customer_id=customer.id, vehicle_id=None, mechanic_ids=())
        found = {
            "customers": customer.id,
            "vehicles": shop.add_vehicle(SYSTEM, vehicle).id,
            "parts": shop.add_part(SYSTEM, sample(PartForm, sku="NEW")).id,
            "tickets": shop.open_ticket(SYSTEM, ticket).id,
        }

    assert {name: last + 1 for name, last in LAST_IDS.items()} == found
