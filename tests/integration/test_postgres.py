"""What is special about the store on PostgreSQL."""

import socket
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, suppress
from datetime import date, timedelta
from random import Random
from threading import Barrier

import psycopg
import pytest
from attrs import evolve
from psycopg import sql

from mechanic_adapters.conformance.samples import (
    AT,
    keep_customer,
    keep_mechanic,
    keep_part,
    keep_ticket,
    new_customer,
    new_entry,
    new_ticket,
)
from mechanic_adapters.sql import schema
from mechanic_adapters.sql.engines import CONNECT_S, located
from mechanic_adapters.sql.store import SqlStore
from mechanic_core.customers.customer import CustomerId, EmailTaken
from mechanic_core.errors import LostRace, Unavailable
from mechanic_core.mechanics.standing import Period
from mechanic_core.page import Window
from mechanic_core.tickets.ports import TicketFilter
from mechanic_core.tickets.ticket import AssignedMechanic, Ticket
from mechanic_core.tickets.workflow import Status
from mechanic_core.work import Work, one_transaction
from tests.integration.servers import PostgresServer
from tests.integration.statements import counted

SOON: float = 1 + 1.5 * CONNECT_S
"""When whoever asks must know that the server is away, in seconds, on a busy machine."""


@pytest.fixture(scope="module")
def template(postgres: PostgresServer) -> str:
    """An empty shop, to be copied."""
    url = postgres.new_database()
    schema.upgrade(url)
    return url


@pytest.fixture
def url(postgres: PostgresServer, template: str) -> Iterator[str]:
    """The address of an empty shop."""
    url = postgres.new_database(template=template)
    yield url
    postgres.drop_database(url)


@pytest.fixture
def store(url: str) -> Iterator[SqlStore]:
    """The store over it."""
    store = SqlStore.open(url)
    yield store
    store.close()


def cut_off(url: str) -> None:
    """End every connection to the database, as a restart of the server does."""
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(
            "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity "
            "WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )


@pytest.mark.parametrize("scheme", ["postgres", "postgresql", "postgresql+psycopg"])
def test_goes_by_any_name(scheme: str) -> None:
    """
    The address may begin as hosting companies write it.
    """
    assert "postgresql+psycopg://u:p@h/shop" == located(f"{scheme}://u:p@h/shop").render_as_string(
        hide_password=False
    )


def test_keeps_options_of_the_address(url: str) -> None:
    """
    What the address asks of the server goes beside what we ask.
    """
    store = SqlStore.open(f"{url}?options=-c%20work_mem%3D5MB")
    connection = store._database.to_read()
    try:
        said = [
            connection.cursor().execute(f"SHOW {name}").fetchone()[0]
            for name in ("work_mem", "default_transaction_read_only", "timezone")
        ]
    finally:
        connection.close()
        store.close()

    assert ["5MB", "on", "UTC"] == said


def test_reads_only(store: SqlStore) -> None:
    """
    Nothing can be written on a connection that is there to read.
    """
    connection = store._database.to_read()
    try:
        with pytest.raises(psycopg.errors.ReadOnlySqlTransaction):
            connection.cursor().execute("DELETE FROM customers")
    finally:
        connection.close()


def test_never_waits_for_good(store: SqlStore) -> None:
    """
    Every connection has its patience limited, for statements, locks and idle transactions.
    """
    connection = store._database.to_write()
    try:
        limits = [
            connection.cursor().execute(f"SHOW {name}").fetchone()[0]
            for name in (
                "statement_timeout",
                "lock_timeout",
                "idle_in_transaction_session_timeout",
                "transaction_isolation",
            )
        ]
        connection.rollback()
    finally:
        connection.close()

    assert ["15s", "2s", "30s", "read committed"] == limits


@pytest.fixture
def logged(postgres: PostgresServer, url: str) -> Callable[[], list[str]]:
    """Tells what the server was sent, in its own words."""
    name = sql.Identifier(url.rsplit("/", 1)[1])
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(sql.SQL("ALTER DATABASE {} SET log_statement = 'all'").format(name))
    start = postgres._log.stat().st_size

    def told() -> list[str]:
        with postgres._log.open() as log:
            log.seek(start)
            lines = [line for line in log if "LOG:  " in line]
        return [line.split("LOG:  ")[1].split(":", 1)[1].strip() for line in lines]

    return told


def test_reads_in_one_statement(store: SqlStore, logged: Callable[[], list[str]]) -> None:
    """
    A single read is one statement to the server, with no transaction around it.
    """
    part = keep_part(store)
    with store.look() as work:  # the first has the driver ask some things
        work.parts.get(part.id)
    before = len(logged())

    with counted(store) as statements:
        for _ in range(5):
            with store.look() as work:
                work.parts.get(part.id)

    sent = logged()[before:]
    assert 5 == len(sent) == len(statements)
    assert {"SELECT"} == {line.split()[0] for line in sent}
    assert [] == statements.controls


def test_counts_what_it_sends(store: SqlStore, logged: Callable[[], list[str]]) -> None:
    """
    What a transaction tells its watchers is what the server gets, after its BEGIN.
    """
    ticket = keep_ticket(store, keep_customer(store), keep_mechanic(store))
    joining = keep_mechanic(store)
    before = len(logged())

    with counted(store) as statements, store.begin() as work:
        swap(work, ticket, joining.id)

    verbs = [line.split()[0] for line in logged()[before:]]
    assert ["BEGIN", *(line.split()[0] for line in statements.proper), "COMMIT"] == verbs


def swap(work: Work, ticket: Ticket, joining: int) -> Ticket:
    """Put another mechanic on the ticket in place of those who are there."""
    held = work.tickets.hold(ticket.id)
    known = work.mechanics.share([joining])
    staff = [AssignedMechanic(id=known[joining].id, name=known[joining].name)]
    after = held.staffed(staff, [one.id for one in held.mechanics], AT)
    return work.tickets.save(after, new_entry())


def test_reads_through_a_restart(store: SqlStore, url: str) -> None:
    """
    Connections that died in the pool cost a reader nothing but time.
    """
    customer = keep_customer(store)
    with ThreadPoolExecutor(4) as readers:
        together = Barrier(4)

        def read(_: int) -> str:
            with store.look() as work:
                work.customers.get(customer.id)
                together.wait(10)  # so that each has a connection of its own
            with store.look() as work:
                return work.customers.get(customer.id).name

        list(readers.map(read, range(4)))
        cut_off(url)

        assert [customer.name] * 4 == list(readers.map(read, range(4)))


def test_is_cut_off_between_two_reads(store: SqlStore, url: str) -> None:
    """
    Also within one view the next statement finds a new connection.
    """
    customer = keep_customer(store)
    with store.look() as work:
        work.customers.get(customer.id)
        cut_off(url)

        assert customer == work.customers.get(customer.id)


def test_loses_at_the_first_statement(store: SqlStore, url: str) -> None:
    """
    A transaction that finds its connection dead may simply be done again.
    """
    keep_customer(store)
    cut_off(url)

    with pytest.raises(LostRace), store.begin() as work:
        work.customers.add(new_customer())
    keep_customer(store)


def test_does_not_repeat_what_was_begun(store: SqlStore, url: str) -> None:
    """
    A transaction that is cut off on its way is unavailable, and nothing of it is kept.
    """

    def add_two() -> None:
        with store.begin() as work:
            work.customers.add(new_customer())
            cut_off(url)
            work.customers.add(new_customer())

    with pytest.raises(Unavailable) as caught:
        add_two()

    assert Unavailable is caught.type
    with store.look() as work:
        assert () == work.customers.find(None, Window()).items


def test_does_not_repeat_a_commit_without_an_answer(store: SqlStore, url: str) -> None:
    """
    Who knows whether a commit without an answer was kept? It is not to be tried again.
    """

    def add_one() -> None:
        with store.begin() as work:
            work.customers.add(new_customer())
            cut_off(url)

    with pytest.raises(Unavailable) as caught:
        add_one()

    assert Unavailable is caught.type


@pytest.mark.parametrize("address", ["127.0.0.1:1", "silent"])
def test_says_soon_that_the_server_is_away(address: str) -> None:
    """
    A port that refuses and a host that says nothing are both known within seconds.
    """
    with closing(socket.create_server(("127.0.0.1", 0))) as listener:
        place = address.replace("silent", f"127.0.0.1:{listener.getsockname()[1]}")
        store = SqlStore.open(f"postgresql://nobody@{place}/none")
        began = time.monotonic()
        with pytest.raises(Unavailable):
            store.ping()
        with pytest.raises(Unavailable), store.begin():
            pass

    assert time.monotonic() - began < 2 * SOON


def test_waits_only_so_long_for_a_lock(store: SqlStore) -> None:
    """
    Whoever waits in vain for another's lock has lost a race.
    """
    customer = keep_customer(store)
    with store.begin() as work, ThreadPoolExecutor(1) as others:
        work.customers.hold(customer.id)

        def rename() -> None:
            with store.begin() as other:
                other.customers.save(evolve(customer, name="Other"))

        assert LostRace is type(others.submit(rename).exception(10))


def test_loses_a_deadlock(store: SqlStore) -> None:
    """
    Of two who wait for each other one loses, and the other goes on.
    """
    one, other = keep_customer(store), keep_customer(store)
    held = Barrier(2)

    def hold(first: CustomerId, second: CustomerId) -> str:
        try:
            with store.begin() as work:
                work.customers.hold(first)
                held.wait(10)
                work.customers.hold(second)
        except LostRace:
            return "lost"
        return "kept"

    with ThreadPoolExecutor(2) as pool:
        outcomes = pool.map(hold, [one.id, other.id], [other.id, one.id])

        assert ["kept", "lost"] == sorted(outcomes)


def test_reads_what_was_put_on_a_ticket_while_it_waited(store: SqlStore) -> None:
    """
    Whoever waited for a ticket gets it with all that the one before has put on it.
    """
    ticket = keep_ticket(store, keep_customer(store), keep_mechanic(store))
    joining = keep_mechanic(store)

    def hold() -> Ticket:
        with store.begin() as work:
            return work.tickets.hold(ticket.id)

    with ThreadPoolExecutor(1) as others:
        with store.begin() as work:
            after = swap(work, ticket, joining.id)
            waiting = others.submit(hold)
            wait_until_somebody_waits(store)

        assert after == waiting.result(10)


def wait_until_somebody_waits(store: SqlStore) -> None:
    """Return as soon as somebody waits for a lock."""
    connection = store._database.to_read()
    try:
        cursor = connection.cursor()
        deadline = time.monotonic() + 10
        while time.monotonic() < deadline:
            cursor.execute(
                "SELECT 1 FROM pg_stat_activity WHERE wait_event_type = 'Lock' "
                "AND datname = current_database()"
            )
            if cursor.fetchone():
                return
    finally:
        connection.close()
    raise TimeoutError


def test_tallies_without_deadlocks(store: SqlStore) -> None:
    """
    Tickets of the same mechanics change at once, in whatever order, and every one counts.
    """
    customer = keep_customer(store)
    staff = [keep_mechanic(store) for _ in range(4)]
    tickets = [keep_ticket(store, customer) for _ in range(4)]

    def restaff(place: int) -> None:
        order = staff[place:] + staff[:place]
        for turn in range(10):
            with store.begin() as work:
                held = work.tickets.hold(tickets[place].id)
                come, go = order[turn % 4], order[(turn + 2) % 4]
                joining = [AssignedMechanic(id=come.id, name=come.name)]
                work.tickets.save(held.staffed(joining, [go.id], AT), new_entry())

    with ThreadPoolExecutor(4) as pool:
        assert [None] * 4 == list(pool.map(restaff, range(4)))
    assert () == store.miscounts()


def test_counts_anew_while_tickets_change(store: SqlStore) -> None:
    """
    A recount in the middle of a busy day loses no ticket and counts none twice.
    """
    customer, mechanic = keep_customer(store), keep_mechanic(store)

    def open_many(_: int) -> None:
        for _ in range(10):
            keep_ticket(store, customer, mechanic)

    with ThreadPoolExecutor(3) as pool:
        opening = [pool.submit(open_many, n) for n in range(3)]
        while not all(done.done() for done in opening):
            store.recount()
        assert [None] * 3 == [done.result() for done in opening]

    assert () == store.miscounts()
    with store.look() as work:
        assert 30 == work.tickets.find(window=Window(counted=True), wanted=TicketFilter()).total


@pytest.mark.parametrize("newest_first", [False, True])
def test_finds_the_tickets_of_any_period(store: SqlStore, *, newest_first: bool) -> None:
    """
    Days and months found apart add up to the list of the period, whichever piece is asked for.
    """
    draw = Random(7)
    customer = keep_customer(store)
    with store.begin() as work:
        for _ in range(150):
            day = date(2024, 1, 1) + timedelta(draw.randrange(800))
            status = draw.choice([Status.OPEN, Status.CLOSED])
            removed = AT if draw.random() < 0.2 else None
            ticket = new_ticket(customer, service_date=day, status=status, removed_at=removed)
            work.tickets.add(ticket, new_entry())
    with store.look() as work:
        present = work.tickets.find(TicketFilter(newest_first=newest_first), Window(size=200))

    for _ in range(60):
        ends = sorted(date(2023, 12, 1) + timedelta(draw.randrange(900)) for _ in "ab")
        since, until = (draw.choice([end, end, None]) for end in ends)
        wanted = TicketFilter(
            status=draw.choice([None, Status.CLOSED]),
            period=Period(since=since, until=until),
            newest_first=newest_first,
        )
        agreeing = [one for one in present.items if agrees(one, wanted)]
        after = draw.choice([None, draw.randrange(200)])
        start = draw.randrange(30)
        window = Window(size=draw.randrange(1, 30), start=start, after=after, counted=True)
        with store.look() as work:
            found = work.tickets.find(wanted, window)

        behind = (
            agreeing[start:]
            if after is None
            else [one for one in agreeing if (one.id < after if newest_first else one.id > after)]
        )
        assert behind[: window.size] == list(found.items)
        assert (len(behind) > window.size) == found.has_more
        assert len(agreeing) == found.total


def agrees(ticket: Ticket, wanted: TicketFilter) -> bool:
    """Return whether a ticket is wanted."""
    return wanted.status in (None, ticket.status) and wanted.period.holds(ticket.service_date)


def test_retries_nothing_inside_a_lost_transaction(store: SqlStore) -> None:
    """
    A use case that loses inside another's transaction runs again only with the outermost one.
    """
    customer = keep_customer(store)
    tries: list[str] = []

    class Inner:
        @one_transaction
        def __call__(self) -> None:
            with store.begin() as work:
                tries.append("inner")
                work.customers.add(new_customer())
                if len(tries) < 4:
                    work.customers.save(evolve(customer, version=99))

    class Outer:
        @one_transaction
        def __call__(self) -> None:
            tries.append("outer")
            with store.begin():
                Inner()()

    Outer()()

    assert ["outer", "inner", "outer", "inner"] == tries
    with store.look() as work:
        assert 2 == work.customers.find(None, Window(counted=True)).total


def test_keeps_nothing_of_a_lost_transaction(store: SqlStore) -> None:
    """
    Whoever shrugs a lost race off can't keep what was done before it either.
    """
    customer = keep_customer(store)

    def shrug_it_off() -> None:
        with store.begin() as work:
            work.customers.add(new_customer())
            with suppress(LostRace), store.begin() as inner:
                inner.customers.save(evolve(customer, version=99))

    with pytest.raises(LostRace):
        shrug_it_off()
    with store.look() as work:
        assert 1 == work.customers.find(None, Window(counted=True)).total


def test_goes_on_after_a_refusal(store: SqlStore) -> None:
    """
    An address that is taken is refused without harm to the rest of the transaction.
    """
    customer, other = keep_customer(store), keep_customer(store)
    with store.begin() as work:
        with pytest.raises(EmailTaken):
            work.customers.add(new_customer(email=customer.email))
        with pytest.raises(EmailTaken):
            work.customers.save(evolve(other, email=customer.email.upper()))
        kept = work.customers.save(evolve(other, name="Changed"))

    with store.look() as work:
        assert kept == work.customers.get(other.id)
