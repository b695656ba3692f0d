"""A shop whose database fails: each 503 has its cause in the log, and `/readyz` says it."""

import json
import secrets
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

import psycopg
import pytest
from attrs import define, frozen
from psycopg import sql

from tests.integration.metrics_page import log_in, request_once, serve_shop
from tests.integration.programs import JsonResponse, Program
from tests.integration.servers import PostgresServer
from tests.integration.sockets import wait_until

TERMINATE: Final = (
    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
    " WHERE datname = {database} AND pid <> pg_backend_pid()"
)


@frozen
class Fault:
    """What an administrator does to a database, and undoes; what the log and `/readyz` then say."""

    breaks: str
    mends: str
    cause: str
    code: str
    shown: tuple[str, str]


FAULTS: Final = [
    Fault(
        "ALTER ROLE {role} PASSWORD {other}",
        "ALTER ROLE {role} PASSWORD {password}",
        *("wrong password", "28P01", ("database", "down")),
    ),
    Fault(
        "ALTER ROLE {role} CONNECTION LIMIT 0",
        "ALTER ROLE {role} CONNECTION LIMIT -1",
        *("slots full", "53300", ("database", "down")),
    ),
    Fault(
        "ALTER ROLE {role} SET default_transaction_read_only = on",
        "ALTER ROLE {role} RESET default_transaction_read_only",
        *("read only", "25006", ("writes", "read only")),
    ),
]


@define
class Administrator:
    """The owner of the server, who has made a role for the shop and a database of its own."""

    server: PostgresServer
    url: str
    names: dict[str, sql.Composable]

    def run(self, statement: str) -> None:
        """Run *statement*, and end all other connections to the database."""
        with psycopg.connect(self.url, autocommit=True) as connection:
            for text in (statement, TERMINATE):
                connection.execute(sql.SQL(text).format(**self.names))

    @property
    def shop_url(self) -> str:
        """The URL for the role of the shop."""
        place = self.url.rpartition("@")[2]
        role, password = (
            self.names[name].as_string().strip("\"'") for name in ("role", "password")
        )
        return f"postgresql://{role}:{password}@{place}"


@pytest.fixture
def administrator(postgres: PostgresServer) -> Iterator[Administrator]:
    """A new database that belongs to a new role."""
    url = postgres.new_database()
    name = url.rpartition("/")[2]
    words: dict[str, sql.Composable] = {
        "database": sql.Literal(name),
        "role": sql.Identifier(f"role_{name}"),
        "password": sql.Literal(secrets.token_hex(8)),
        "other": sql.Literal("another"),
    }
    made = Administrator(postgres, url, words)
    made.run("CREATE ROLE {role} LOGIN PASSWORD {password}")
    made.run("GRANT ALL ON SCHEMA public TO {role}")
    yield made
    postgres.drop_database(url)
    with psycopg.connect(postgres.url(), autocommit=True) as connection:
        connection.execute(sql.SQL("DROP ROLE {role}").format(**words))


def outages_in(folder: Path) -> Sequence[Mapping[str, Any]]:
    """Return the lines about outages in the log."""
    lines = map(json.loads, (folder / "log").read_text().splitlines())
    return [line for line in lines if line["event"].startswith("database outage")]


def add_part(program: Program, token: str, sku: str) -> JsonResponse:
    """Add a part."""
    part = {"name": sku, "sku": sku, "price": 1, "quantity": 3}
    return request_once(program, "POST", "/inventory", part, token)


@contextmanager
def failing_writes(
    program: Program, token: str, breaks: Callable[[], None]
) -> Iterator[JsonResponse]:
    """Break the database, and write until writes fail; yield what `/readyz` then says."""
    assert add_part(program, token, "BEFORE").status == 201
    breaks()
    wait_until(lambda: add_part(program, token, "BROKEN").status == 503)
    for number in range(5):
        assert add_part(program, token, f"BROKEN-{number}").status == 503
    yield request_once(program, "GET", "/readyz")


def mended(program: Program, token: str) -> None:
    """Wait until writes succeed and the outage is over."""
    wait_until(lambda: add_part(program, token, secrets.token_hex(8)).status == 201)
    wait_until(lambda: request_once(program, "GET", "/readyz").status == 200)


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.cause)
def test_an_outage_is_logged_once_with_its_cause(
    tmp_path: Path, administrator: Administrator, fault: Fault
) -> None:
    """
    An outage is one line when it begins, with SQLSTATE, and one when it is over.
    """
    with serve_shop(tmp_path, DATABASE_URL=administrator.shop_url) as program:
        token = log_in(program).body["token"]
        with failing_writes(program, token, lambda: administrator.run(fault.breaks)) as ready:
            begun = outages_in(tmp_path)
        administrator.run(fault.mends)
        mended(program, token)
        wait_until(lambda: len(outages_in(tmp_path)) > 1)
        all_told = outages_in(tmp_path)
        healthy = request_once(program, "GET", "/readyz")

    assert [("database outage", fault.cause, fault.code)] == [
        (line["event"], line["cause"], line["code"]) for line in begun
    ]
    over = {"event": "database outage over", "cause": fault.cause, "code": fault.code}
    assert 2 == len(all_told)
    assert over.items() <= all_told[1].items()
    assert all_told[1]["seconds"] > 0
    name, shown = fault.shown
    assert shown == ready.body[name]
    assert ("up", "up") == (healthy.body["database"], healthy.body["writes"])


def test_missing_rights_are_logged(tmp_path: Path, administrator: Administrator) -> None:
    """
    A statement that the shop's role may not run is 503, and a line with its SQLSTATE.
    """
    with serve_shop(tmp_path, DATABASE_URL=administrator.shop_url) as program:
        token = log_in(program).body["token"]
        administrator.run("REVOKE INSERT ON parts FROM {role}")
        refused = add_part(program, token, "REFUSED")
        administrator.run("GRANT INSERT ON parts TO {role}")
        after = add_part(program, token, "AFTER")

    lines = map(json.loads, (tmp_path / "log").read_text().splitlines())
    failed = [line for line in lines if line["event"] == "database statement failed"]
    assert (503, 201) == (refused.status, after.status)
    assert [("missing rights", "42501")] == [(line["cause"], line["code"]) for line in failed]


@pytest.mark.parametrize(("kind", "most"), [("sqlite", 6), ("postgresql", 4)])
def test_readiness_costs_a_few_statements(
    tmp_path: Path, postgres: PostgresServer, kind: str, most: int
) -> None:
    """
    After a write `/readyz` is one statement; else it tries one, once a second however often asked.
    """
    url = "sqlite:///shop.db" if kind == "sqlite" else postgres.new_database()
    with serve_shop(tmp_path, DATABASE_URL=url) as program:
        token = log_in(program).body["token"]
        for number in range(3):
            assert add_part(program, token, f"P-{number}").status == 201
            assert request_once(program, "GET", "/readyz").status == 200
        wait_until(lambda: statements_of_readiness(tmp_path, program) > 1)
        asked = [statements_of_readiness(tmp_path, program) for _ in range(20)]
        found = all_statements_of_readiness(tmp_path)

    assert [1, 1, 1] == found[:3]
    assert {1, most} == {*found}
    assert asked.count(most) <= 2


def all_statements_of_readiness(folder: Path) -> list[int]:
    """Return the number of statements of each request for `/readyz`, from the log."""
    lines = map(json.loads, (folder / "log").read_text().splitlines())
    return [line["sql"] for line in lines if line.get("route") == "/readyz"]


def statements_of_readiness(folder: Path, program: Program) -> int:
    """Return the number of statements of one more request for `/readyz`."""
    before = len(all_statements_of_readiness(folder))
    assert request_once(program, "GET", "/readyz").status == 200
    wait_until(lambda: len(all_statements_of_readiness(folder)) > before)
    return all_statements_of_readiness(folder)[-1]
