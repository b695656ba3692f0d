"""Waits end: for answers, for connections of a full server, for a database that is away."""

import os
import time
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path
from threading import Barrier

import psycopg
import pytest

from mechanic_adapters.conformance.samples.records import add_customer, new_customer
from mechanic_adapters.sql.engine import engines
from mechanic_adapters.sql.migrations import runner
from mechanic_adapters.sql.store import SqlStore
from mechanic_core.errors import OutcomeUnknown, Unavailable
from tests.faults.shop_processes import (
    Client,
    create_shop,
    outages_in,
    serving,
    serving_with_log,
)
from tests.integration.servers import PostgresServer, postgres_server
from tests.integration.sockets import wait_until
from tests.scale.mixed_load import CLIENTS, MixedLoad

DEADLINE_S = 1.0
"""Instead of the 20 seconds of production."""

LOAD_S = float(os.environ.get("LOAD_SECONDS", "5"))
SLOTS = 8
"""How many connections the server gives: two for a worker, with a pool of eight each."""


@pytest.fixture
def short_deadline(monkeypatch: pytest.MonkeyPatch) -> None:
    """Makes the deadline of answers a second."""
    monkeypatch.setattr(engines, "DEADLINE_S", DEADLINE_S)


@pytest.fixture(scope="module")
def own_postgres() -> Iterator[PostgresServer]:
    """A server that these tests stop, suspend and configure; each leaves it as it was."""
    with postgres_server(durable=False) as server:
        yield server


@pytest.mark.usefixtures("short_deadline")
def test_a_commit_that_waits_for_a_lost_standby_is_given_up(own_postgres: PostgresServer) -> None:
    """
    Its outcome is unknown, and readers do not notice.
    """
    url = own_postgres.new_database()
    runner.upgrade(url)
    with closing(SqlStore.open(url)) as store, psycopg.connect(url, autocommit=True) as admin:
        customer = add_customer(store)
        admin.execute("ALTER SYSTEM SET synchronous_standby_names = 'lost'")
        admin.execute("ALTER SYSTEM SET synchronous_commit = 'on'")
        admin.execute("SELECT pg_reload_conf()")
        wait_until(lambda: waits_for_standbys(admin))
        store.close()  # the sessions of before do not wait
        began = time.monotonic()

        with pytest.raises(OutcomeUnknown), store.begin() as work:
            work.customers.add(new_customer())
        waited = time.monotonic() - began
        with store.read_only() as work:
            assert customer == work.customers.get(customer.id)
        admin.execute("ALTER SYSTEM RESET ALL")
        admin.execute("SELECT pg_reload_conf()")

    assert DEADLINE_S <= waited < 10 * DEADLINE_S


def waits_for_standbys(admin: "psycopg.Connection[tuple[str]]") -> bool:
    """Return whether the server has read its new settings."""
    found = admin.execute("SHOW synchronous_standby_names").fetchone()
    return found == ("lost",)


@pytest.mark.usefixtures("short_deadline")
def test_a_server_that_hangs_is_given_up(own_postgres: PostgresServer) -> None:
    """
    A statement without an answer raises `Unavailable` once, in a read and in a transaction.
    """
    url = own_postgres.new_database()
    runner.upgrade(url)
    with closing(SqlStore.open(url)) as store:
        customer = add_customer(store)
        began = time.monotonic()
        own_postgres.suspend()
        try:
            with pytest.raises(Unavailable), store.read_only() as work:
                work.customers.get(customer.id)
            read = time.monotonic() - began
            with pytest.raises(Unavailable), store.begin() as work:
                work.customers.add(new_customer())
        finally:
            own_postgres.resume()
        with store.read_only() as work:
            assert customer == work.customers.get(customer.id)

    assert DEADLINE_S <= read < 10 * DEADLINE_S


def narrow_url(server: PostgresServer, url: str, slots: int) -> str:
    """Return *url* for a new role that the server gives no more than *slots* connections."""
    role = f"narrow_{slots}"
    with psycopg.connect(url, autocommit=True) as admin:
        admin.execute(f"CREATE ROLE {role} LOGIN PASSWORD 'w0rd' CONNECTION LIMIT {slots}")
        admin.execute(f"GRANT pg_read_all_data, pg_write_all_data TO {role}")
    return url.replace("postgres:", f"{role}:", 1).replace(server._password, "w0rd")


def test_a_full_server_is_waited_for(own_postgres: PostgresServer) -> None:
    """
    Threads share the two connections that a full server has given, and none is refused.
    """
    url = own_postgres.new_database()
    runner.upgrade(url)
    narrow = narrow_url(own_postgres, url, slots=2)
    together = Barrier(8)
    with closing(SqlStore.open(narrow, pool_size=8)) as store, ThreadPoolExecutor(8) as threads:
        customer = add_customer(store)

        def read(_: int) -> set[str]:
            together.wait(30)
            names = set()
            for _ in range(50):
                with store.read_only() as work:
                    names.add(work.customers.get(customer.id).name)
            return names

        assert [{customer.name}] * 8 == list(threads.map(read, range(8)))
        in_use, idle = store.database.readers.count()

    assert (0, True) == (in_use, 1 <= idle <= 2)


def test_workers_share_the_slots_of_a_full_server(
    own_postgres: PostgresServer, report: Callable[[str], None]
) -> None:
    """
    Four workers that want more connections than the server has refuse nobody.
    """
    url = own_postgres.new_database()
    create_shop(url)
    with serving(narrow_url(own_postgres, url, SLOTS), "--workers", "4") as server:
        load = MixedLoad(Client(server.port).log_in())
        load.run(LOAD_S)
    report(
        f"{load.counts.total()} requests in {LOAD_S:g} s by {CLIENTS} clients and 4 workers over "
        f"{SLOTS} slots, {load.failures.total()} failed"
    )

    assert {} == load.failures
    assert min(load.counts.values()) > 5


def test_a_small_pool_serves_many_threads(own_postgres: PostgresServer) -> None:
    """
    A process with one connection answers reads and writes, and opens no second one.
    """
    url = own_postgres.new_database()
    create_shop(url)
    with serving(url, extra={"DATABASE_POOL_SIZE": "1"}) as server:
        client = Client(server.port).log_in()

        def work(number: int) -> list[int]:
            mine = client.copy_for(server.port)
            added = mine.ask(
                "POST",
                "/inventory",
                {"name": "Pad", "sku": f"P-{number}", "price": 1},
                **{"Idempotency-Key": f"key-{number}"},
            )
            return [added.status, mine.ask("GET", f"/inventory/{added.body['id']}").status]

        with ThreadPoolExecutor(8) as threads, psycopg.connect(url, autocommit=True) as admin:
            statuses = Counter(one for found in threads.map(work, range(40)) for one in found)
            sessions = admin.execute(
                "SELECT count(*) FROM pg_stat_activity"
                " WHERE application_name = 'mechanic-shop' AND datname = current_database()"
            ).fetchone()
        client.close()

    assert Counter({201: 40, 200: 40}) == statuses
    assert (1,) == sessions


def test_a_shop_starts_before_its_database(own_postgres: PostgresServer) -> None:
    """
    Workers start, answer 503 while the database is away, and serve once it is there.
    """
    url = own_postgres.new_database()
    create_shop(url)
    own_postgres.stop()
    with serving(url, "--workers", "2") as server, Client(server.port) as client:
        away = [
            client.ask("GET", path).status for path in ("/healthz", "/readyz", "/inventory", "/me")
        ]
        own_postgres.start()
        wait_until(lambda: client.ask("GET", "/readyz").status == 200)
        client.log_in()
        # Authentication tries again half a second after it has failed.
        wait_until(lambda: client.ask("GET", "/inventory").status == 200)

    assert [200, 503, 503, 401] == away


def test_a_database_that_comes_without_its_schema_is_not_used(
    own_postgres: PostgresServer, tmp_path: Path
) -> None:
    """
    A database that was away at the start is used once its schema is upgraded, and not before.

    The log says so once, however many requests come meanwhile, and once that it is over.
    """
    url = own_postgres.new_database()
    own_postgres.stop()
    with serving_with_log(tmp_path, url) as port, Client(port) as client:
        own_postgres.start()
        ready = client.ask("GET", "/readyz").status
        empty = [client.ask("GET", "/inventory").status for _ in range(10)]
        begun = schema_outages(tmp_path)
        runner.upgrade(url)
        wait_until(lambda: client.ask("GET", "/readyz").status == 200)
        upgraded = [client.ask("GET", "/inventory").status for _ in range(3)]
        told = schema_outages(tmp_path)

    assert [503] * 11 == [ready, *empty]
    assert ["database outage"] == begun
    assert ([200] * 3, ["database outage", "database outage over"]) == (upgraded, told)


def schema_outages(folder: Path) -> list[str]:
    """Return the events in the log that tell of the schema."""
    return [line["event"] for line in outages_in(folder) if "run mechanic-shop" in line["cause"]]
