"""Stored answers in both databases: the migration of older ones, and the plan that erases them."""

import json
import re
from collections.abc import Iterator
from contextlib import closing
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import Connection, create_engine, text

from mechanic_adapters.sql.engine.engines import database_url
from mechanic_adapters.sql.migrations import runner
from mechanic_adapters.sql.repositories.stored_answers import FORGET
from mechanic_adapters.sql.store import SqlStore
from mechanic_core.customers.customer import CustomerId
from mechanic_core.idempotency import ERASED, EXPIRY, StoredAnswer
from tests.integration.apps import ADA, BOB, EVE, AppClient, open_client, settings_for
from tests.integration.databases import now

BEFORE = "0006"
MANY = 2_000

REGISTRATION = {
    "key": "-:0 POST register_customer() k1",
    "headers": '{"ETag":"\\"1-e8b0e83c\\"","Location":"/customers/7"}',
    "body": '{"id":7,"name":"Dí","email":"di@x.example"}'.encode(),
}
SENT = {"key": "customer:7 POST add_vehicle() k1", "headers": "{}", "body": b"{}"}
VEHICLE = {
    "key": "mechanic:2 POST add_vehicle() k1",
    "headers": '{"Location":"/vehicles/1"}',
    "body": b'{"id":1,"customer_id":7,"plate":"8ABC123"}',
}
SPACED = VEHICLE | {"body": b'{ "id" : 1, "plate" : "8ABC123", "customer_id" : 7 }'}
PART = {"key": "mechanic:2 POST add_part() k1", "headers": "{}", "body": b'{"id":7}'}
EMPTY = PART | {"body": None}

INSERT = text(
    "INSERT INTO receipts (key, fingerprint, status, headers, body, at)"
    " VALUES (:key, 'f', 201, :headers, :body, :at)"
)


@pytest.fixture
def connection(empty_url: str) -> Iterator[Connection]:
    """A connection to it."""
    engine = create_engine(database_url(empty_url))
    with engine.connect() as connection:
        yield connection
    engine.dispose()


def migrated(connection: Connection, url: str, age: timedelta, **receipt: Any) -> None:
    """Insert a row as the version before stored it, and upgrade."""
    runner.downgrade(url, BEFORE)
    at = now() - age
    is_text = connection.dialect.name == "sqlite"
    connection.execute(INSERT, receipt | {"at": at.isoformat(" ") if is_text else at})
    connection.commit()
    runner.upgrade(url)


def claim(store: SqlStore, key: str) -> StoredAnswer | None:
    """Return the answer stored under *key*."""
    with store.begin() as work:
        return work.stored_answers.claim(key, now() - EXPIRY)


@pytest.mark.parametrize(
    ("receipt", "about"),
    [
        (REGISTRATION, {7}),
        (SENT, {7}),
        (VEHICLE, {7}),
        (SPACED, {7}),
        (PART, set()),
        (EMPTY, set()),
    ],
    ids=["registration", "sent", "vehicle", "spaced", "part", "empty"],
)
def test_older_answers_are_migrated(
    connection: Connection, empty_url: str, receipt: dict[str, Any], about: set[int]
) -> None:
    """
    An answer of the version before comes with its status, headers and body, and its customers.
    """
    migrated(connection, empty_url, timedelta(hours=1), **receipt)

    with closing(SqlStore.open(empty_url)) as store:
        answer = claim(store, receipt["key"])
    assert answer is not None
    assert about == answer.about
    body = receipt["body"] and receipt["body"].decode()
    expected = {"status": 201, "headers": json.loads(receipt["headers"]), "body": body}
    assert expected == json.loads(answer.content)


def test_expired_answers_are_not_migrated(connection: Connection, empty_url: str) -> None:
    """
    An answer older than a day is dropped.
    """
    migrated(connection, empty_url, timedelta(hours=25), **PART)

    assert 0 == connection.scalar(text("SELECT count(*) FROM stored_answers"))


def test_replays_through_the_version_before(url: str) -> None:
    """
    After a downgrade and an upgrade a repeated request still gets the first answer.
    """
    with open_client(settings_for(url)) as client:
        first = add_vehicle(client)
    runner.downgrade(url, BEFORE)
    runner.upgrade(url)

    with open_client(settings_for(url)) as client:
        second = add_vehicle(client)
    assert (first.status_code, first.content) == (second.status_code, second.content)
    assert {"idempotency-replayed"} == second.headers.keys() - first.headers.keys()


def test_erased_answers_do_not_stop_a_downgrade(url: str) -> None:
    """
    The version before has no form for an erased answer: a downgrade deletes it.
    """
    with open_client(settings_for(url)) as client:
        assert 201 == add_vehicle(client, EVE).status_code
        client.ask("DELETE", "/customers/1", client.token(EVE))
        assert "answer-erased" == add_vehicle(client, EVE).json["code"]
    runner.downgrade(url, BEFORE)
    runner.upgrade(url)

    with open_client(settings_for(url)) as client:
        assert "unknown" == add_vehicle(client, EVE).json["code"]


@pytest.mark.parametrize("who", [ADA, BOB])
def test_a_key_costs_three_statements(url: str, who: str) -> None:
    """
    A key costs one look, the answer and its customers, and on PostgreSQL a lock.
    """
    with open_client(settings_for(url)) as client:
        add_vehicle(client, who, key=None)  # the first request of a process reads more
        add_vehicle(client, who, key=None)
        plain = client.access_log[-1].statements
        add_vehicle(client, who)
        keyed = client.access_log[-1].statements

    assert (3 if url.startswith("sqlite") else 4) == keyed - plain


def add_vehicle(client: AppClient, who: str = ADA, key: str | None = "k1") -> Any:
    """Add a vehicle of Ada's, under *key* if there is one."""
    body = {"customer_id": 1, "plate": "8ABC123"}
    headers = {"Idempotency_Key": key} if key else {}
    return client.ask("POST", "/vehicles", client.token(who), body, **headers)


def test_a_customer_is_forgotten_by_an_index(connection: Connection, empty_url: str) -> None:
    """
    Erasing the answers about a customer reads no whole table.
    """
    with closing(SqlStore.open(empty_url)) as store, store.begin() as work:
        for n in range(MANY):
            about = frozenset({CustomerId(n)})
            answer = StoredAnswer(
                key=f"k{n}", fingerprint="f", content=b"{}", about=about, at=now()
            )
            work.stored_answers.add(answer)
    connection.exec_driver_sql("ANALYZE")
    explain = "EXPLAIN" if connection.dialect.name == "postgresql" else "EXPLAIN QUERY PLAN"
    rows = connection.execute(
        text(f"{explain} {FORGET}"), {"the_customer": 7, "erased": ERASED}
    ).all()
    plan = "\n".join(map(str, rows))

    assert re.search(r"customer_id=\?|Index Cond: \(customer_id = ", plan)
    assert "Seq Scan" not in plan
    assert "SCAN" not in plan
