"""Counters on PostgreSQL: changes that writers insert, and the folds that add them up."""

from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from multiprocessing import get_context
from threading import Event

import psycopg

from mechanic_adapters.conformance.samples.records import (
    AT,
    add_customer,
    add_mechanic,
    add_ticket,
)
from mechanic_adapters.sql.migrations import runner
from mechanic_adapters.sql.store import SqlStore
from mechanic_core.paging import PageRequest
from mechanic_core.profile.calendar import ALL_TIME, Period
from tests.integration.postgres.actions import wait_for_a_blocked_lock
from tests.integration.sockets import wait_until
from tests.machines.random_workers import now, run_workers, seed_shop
from tests.shops import shop_on

LONG_S = 600.0
CUSTOMERS = "SELECT count(*) FROM list_totals WHERE list = 'customers'"
CHANGES = "SELECT count(*) FROM worked_ticket_changes"
FOLDED = "SELECT count(*) FROM mechanic_tallies"
MOVEMENTS = "SELECT count(*) FROM stock_movements"
FORMER_WRITE = """
    INSERT INTO mechanic_tallies (span, start, mechanic_id, tickets)
    VALUES ('ever', '0001-01-01', 1, 1), ('day', '2026-01-01', 1, 1),
        ('month', '2026-01-01', 1, 1), ('year', '2026-01-01', 1, 1)
    ON CONFLICT (span, start, mechanic_id)
    DO UPDATE SET tickets = mechanic_tallies.tickets + excluded.tickets
"""
"""What the previous release writes for a ticket."""

FORMER_CUSTOMER = """
    INSERT INTO customers (name, email, created_at, updated_at, version)
    VALUES ('Bo', 'bo@x.example', now(), now(), 1)
"""
APPEND_ONLY = (
    *("ticket_history", "stock_movements", "estimates", "decisions"),
    *("invoices", "credit_notes", "payments", "refunds"),
)
TRUNCATE = (
    *(f"ALTER TABLE {one} DISABLE TRIGGER {one}_refuses_truncate;" for one in APPEND_ONLY),
    "TRUNCATE customers CASCADE",
)
PARTITIONED = """
    CREATE TABLE visits (day date) PARTITION BY RANGE (day);
    CREATE TABLE visits_2026 PARTITION OF visits FOR VALUES FROM ('2026-01-01') TO ('2027-01-01');
    CREATE TRIGGER visits_total AFTER INSERT ON visits
    FOR EACH ROW EXECUTE FUNCTION change_total('visits', '1');
    INSERT INTO visits VALUES ('2026-05-05')
"""


def ask(url: str, sql: str) -> int:
    """Return the number that a query selects."""
    with psycopg.connect(url) as connection:
        row = connection.execute(sql.encode()).fetchone()
    return int(row[0]) if row else 0


def run(url: str, sql: str) -> None:
    """Run statements in a transaction of their own."""
    with psycopg.connect(url) as connection:
        connection.execute(sql.encode())


def read(store: SqlStore) -> tuple[int | None, list[int], list[int]]:
    """Return the total of customers, and the leaderboard of all time and of a day."""
    day = Period(since=AT.date(), until=AT.date())
    with store.read_only() as work:
        total = work.customers.find(None, PageRequest(with_total=True)).total
        ever, one_day = (work.standings.top(9, period) for period in (ALL_TIME, day))
    return total, [one.tickets for one in ever], [one.tickets for one in one_day]


def test_a_fold_changes_no_value(url: str, store: SqlStore) -> None:
    """
    Before and after a fold the same is read; after it each counter is one row.
    """
    customer, mechanic = add_customer(store), add_mechanic(store)
    for _ in range(5):
        add_customer(store)
        add_ticket(store, customer, mechanic)
    rows, before = (ask(url, CUSTOMERS), ask(url, CHANGES)), read(store)

    store.fold_counters()

    assert ((7, 5), (6, [5], [5])) == (rows, before)
    assert (1, 0) == (ask(url, CUSTOMERS), ask(url, CHANGES))
    assert before == read(store)
    assert ((), ()) == (store.miscounts(), store.wrong_totals())


def test_writers_and_folds_go_on_beside_an_open_snapshot(url: str, store: SqlStore) -> None:
    """
    A fold beside an old snapshot leaves one row for each counter, and the snapshot what it saw.
    """
    add_customer(store)
    with psycopg.connect(url) as old:
        old.isolation_level = psycopg.IsolationLevel.REPEATABLE_READ
        query = b"SELECT sum(total)::bigint FROM list_totals WHERE list = 'customers'"
        seen = old.execute(query).fetchone()
        for _ in range(3):
            add_customer(store)
            store.fold_counters()
            assert 1 == ask(url, CUSTOMERS)

        assert seen == old.execute(query).fetchone() == (1,)

    assert 4 == read(store)[0]


def test_a_fold_leaves_what_is_not_committed(url: str, store: SqlStore) -> None:
    """
    A fold neither waits for a writer nor takes its change, which counts when it commits.
    """
    customer, mechanic = add_customer(store), add_mechanic(store)
    with store.begin(), ThreadPoolExecutor(1) as others:
        add_ticket(store, customer, mechanic)
        others.submit(store.fold_counters).result(10)

    assert 1 == ask(url, CHANGES)
    assert [1] == read(store)[1]
    assert () == store.miscounts()


def test_one_fold_runs_at_a_time(url: str, store: SqlStore) -> None:
    """
    While one process folds, another leaves it to it and does not wait.
    """
    add_customer(store)
    with psycopg.connect(url) as other:
        other.execute(f"SELECT pg_advisory_xact_lock({0x6D656368666F6C64})".encode())
        store.fold_counters()
        during = ask(url, CUSTOMERS)

    store.fold_counters()

    assert (2, 1) == (during, ask(url, CUSTOMERS))


def fold_until(store: SqlStore, done: Event) -> int:
    """Fold again and again until *done*; return how often."""
    folds = 0
    while not done.wait(0.005):
        store.fold_counters()
        folds += 1
    return folds


def test_recounts_between_folds(store: SqlStore) -> None:
    """
    Recounts beside writers and two processes that fold leave every counter right.
    """
    customer, mechanic = add_customer(store), add_mechanic(store)
    done = Event()

    def write(_: int) -> None:
        for _ in range(15):
            add_customer(store)
            add_ticket(store, customer, mechanic)

    with ThreadPoolExecutor(5) as threads:
        folding = [threads.submit(fold_until, store, done) for _ in range(2)]
        writing = [threads.submit(write, n) for n in range(3)]
        while not all(one.done() for one in writing):
            store.recount()
        done.set()
        assert [None] * 3 == [one.result() for one in writing]
        assert all(one.result() for one in folding)

    assert ((), ()) == (store.miscounts(), store.wrong_totals())
    assert (46, [45]) == read(store)[:2]


def test_a_recount_waits_for_a_fold_without_what_it_needs(url: str, store: SqlStore) -> None:
    """
    A recount that waits for the changes has not locked the counters: a fold may still write them.
    """
    with ThreadPoolExecutor(1) as threads, psycopg.connect(url) as fold:
        fold.execute("LOCK TABLE worked_ticket_changes IN ROW EXCLUSIVE MODE")
        recount = threads.submit(store.recount)
        wait_for_a_blocked_lock(store)
        fold.execute("LOCK TABLE mechanic_tallies IN ROW EXCLUSIVE MODE NOWAIT")
        fold.commit()
        assert None is recount.result(10)


def fold_forever(url: str) -> None:
    """Fold until the process is killed."""
    with closing(SqlStore.open(url)) as store:
        fold_until(store, Event())


def test_counters_are_right_after_a_kill(url: str, store: SqlStore) -> None:
    """
    Processes that are killed while they write and fold leave every counter right.
    """
    seed_shop(shop_on(store, now))
    spawn = get_context("spawn").Process
    processes = [
        spawn(target=run_workers, args=(url, 1, LONG_S, 4)),
        spawn(target=fold_forever, args=(url,)),
    ]
    before = ask(url, MOVEMENTS)
    for process in processes:
        process.start()
    wait_until(lambda: ask(url, MOVEMENTS) > before + 30 and ask(url, FOLDED) > 0)
    for process in processes:
        process.kill()
        process.join()

    unfolded = (store.miscounts(), store.wrong_totals())
    store.fold_counters()

    assert (((), ()), ((), ())) == (unfolded, (store.miscounts(), store.wrong_totals()))


def test_a_total_goes_by_the_name_of_its_list(url: str) -> None:
    """
    A row in a partition counts for the list, not for the partition.
    """
    run(url, PARTITIONED)

    with psycopg.connect(url) as connection:
        found = connection.execute("SELECT list, total FROM list_totals WHERE list LIKE 'visits%'")
        assert [("visits", 1)] == found.fetchall()


def test_truncating_a_table_empties_its_total(url: str, store: SqlStore) -> None:
    """
    TRUNCATE leaves a total of 0, folded before or not.
    """
    add_customer(store)
    store.fold_counters()
    add_customer(store)
    run(url, " ".join(TRUNCATE))

    assert 0 == read(store)[0]
    assert () == store.wrong_totals()


def test_the_previous_release_folds_what_is_left(url: str, store: SqlStore) -> None:
    """
    A write of the previous release, started again, adds the changes that it does not read.
    """
    customer, mechanic = add_customer(store), add_mechanic(store)
    for _ in range(3):
        add_ticket(store, customer, mechanic)
    run(url, FORMER_WRITE)

    assert 0 == ask(url, CHANGES)
    assert 4 == ask(url, "SELECT tickets FROM mechanic_tallies WHERE span = 'ever'")


def test_the_previous_release_leaves_a_fold_to_others(url: str, store: SqlStore) -> None:
    """
    Beside another transaction that has written counters it folds nothing, and does not wait.
    """
    customer, mechanic, other = add_customer(store), add_mechanic(store), add_mechanic(store)
    with psycopg.connect(url) as first, psycopg.connect(url) as second:
        first.execute(FORMER_WRITE.encode())
        add_ticket(store, customer, mechanic)
        second.execute("SET statement_timeout = '10s'")
        second.execute(FORMER_WRITE.replace("1, 1)", f"{other.id}, 1)").encode())

    assert 1 == ask(url, CHANGES)


def test_a_downgrade_keeps_every_count(url: str, store: SqlStore) -> None:
    """
    The schema before gets the changes folded, so that its release reads what was counted.
    """
    customer, mechanic = add_customer(store), add_mechanic(store)
    add_ticket(store, customer, mechanic)
    runner.downgrade(url, "0021")
    totals = "SELECT sum(total) FROM list_totals WHERE list = 'customers'"
    found = (ask(url, "SELECT tickets FROM mechanic_tallies WHERE span = 'day'"), ask(url, totals))
    run(url, FORMER_CUSTOMER)

    assert ((1, 1), 2) == (found, ask(url, totals))
