"""Which reads a replica gets; `tests/scale/test_replica.py` has a real standby."""

from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime, timedelta
from typing import Final

import psycopg
import pytest
from attrs import evolve

from mechanic_adapters.conformance.samples.records import add_customer, add_mechanic
from mechanic_adapters.sql.engine.outages import Outage, Phase
from mechanic_adapters.sql.replicas.lagging_reads import LaggingReads
from mechanic_adapters.sql.replicas.replica import ReplicaState
from mechanic_adapters.sql.store import SqlStore
from mechanic_core.access import ANONYMOUS, Actor, Role, SessionId
from mechanic_core.accounts.account import RefreshToken, Session
from mechanic_core.errors import Unavailable
from mechanic_core.paging import PageRequest
from tests.integration.servers import LOOPBACK, PostgresServer
from tests.integration.sockets import free_port

PAGE: Final = PageRequest()
LONG_AGO: Final = datetime(2026, 1, 1, tzinfo=UTC)


@contextmanager
def opened(url: str, replica_url: str) -> Iterator[tuple[SqlStore, LaggingReads, list[str]]]:
    """Open the store with a replica, and the outcomes of its reads."""
    with closing(SqlStore.open(url, replica_url=replica_url)) as store:
        reads, outcomes = store.lagging_reads, list[str]()
        assert reads is not None
        reads.on_read = outcomes.append
        reads.replica.probe()
        yield store, reads, outcomes


def start_session(store: SqlStore, started_at: datetime = LONG_AGO) -> Actor:
    """Return a mechanic with a session."""
    holder = add_mechanic(store, email="bo@x.example").id
    with store.begin() as work:
        session = Session(
            id=SessionId("s"), role=Role.MECHANIC, holder_id=holder, started_at=started_at
        )
        token = RefreshToken.of("secret", session.id, started_at, timedelta(days=1000))
        work.sessions.start(session, token)
    return Actor(Role.MECHANIC, holder, session.id)


def names(store: SqlStore, reader: Actor) -> list[str]:
    """Return the names of the customers that a reader sees."""
    with store.read_lagging(reader) as work:
        return [customer.name for customer in work.customers.find(None, PAGE).items]


def test_the_primary_itself_may_be_the_replica(url: str) -> None:
    """
    Before a standby is there, its address may be that of the primary.
    """
    with opened(url, url) as (store, reads, outcomes):
        actor = start_session(store)
        names(store, actor)

        assert ReplicaState.UP is reads.replica.state
        assert ["replica"] == outcomes


def test_a_session_that_wrote_reads_the_primary(url: str) -> None:
    """
    A session that wrote reads the primary, through every process; another one does not.
    """
    with opened(url, url) as (here, _, outcomes), opened(url, url) as (there, _, others):
        actor = start_session(here)
        with here.begin(actor):
            add_customer(here, name="Ann")
        seen = [names(store, actor) for store in (here, there)]
        stranger = evolve(actor, session=None)
        names(here, stranger)

    assert [["Ann"], ["Ann"]] == seen
    assert ["own-write", "own-write"] == outcomes
    assert ["own-write"] == others


def test_a_write_in_a_joined_transaction_counts(url: str) -> None:
    """
    A write inside the transaction of another, such as that of an `Idempotency-Key`, counts too.
    """
    with opened(url, url) as (store, _, outcomes), opened(url, url) as (there, _, others):
        actor = start_session(store)
        with store.begin(), store.begin(actor):
            add_customer(store, name="Ann")
        names(there, actor)
        names(store, actor)

    assert [["own-write"], ["own-write"]] == [outcomes, others]


@pytest.mark.parametrize("reader", [ANONYMOUS, Actor(Role.MECHANIC, 1, SessionId("unknown"))])
def test_an_unknown_session_reads_the_primary(url: str, reader: Actor) -> None:
    """
    Nobody knows what a caller without a session has written.
    """
    with opened(url, url) as (store, _, outcomes):
        names(store, reader)

    assert ["own-write"] == outcomes


def test_a_new_session_reads_the_primary(url: str) -> None:
    """
    A person may have written before they logged in.
    """
    with opened(url, url) as (store, _, outcomes):
        names(store, start_session(store, datetime.now(UTC)))

    assert ["own-write"] == outcomes


def test_reads_without_writes_note_nothing(url: str) -> None:
    """
    A transaction that wrote nothing does not count as a write.
    """
    with opened(url, url) as (store, _, outcomes):
        actor = start_session(store)
        with store.begin(actor) as work:
            work.customers.find(None, PAGE)
        names(store, actor)

    assert ["replica"] == outcomes


def test_a_transaction_reads_itself(url: str) -> None:
    """
    Inside a transaction a read that may lag sees what is not committed.
    """
    with opened(url, url) as (store, _, outcomes):
        actor = start_session(store)
        with store.begin(actor):
            add_customer(store, name="Ann")
            seen = names(store, actor)

    assert ["Ann"] == seen
    assert [] == outcomes


def nowhere(_: PostgresServer, url: str) -> str:
    """Return an address where no server is."""
    return f"postgresql://shop:x@{LOOPBACK}:{free_port()}/{url.rpartition('/')[2]}"


def another_database(postgres: PostgresServer, _: str) -> str:
    """Return the address of a database that has nothing to do with the shop."""
    return postgres.new_database()


@pytest.mark.parametrize(
    ("place", "state"), [(nowhere, ReplicaState.DOWN), (another_database, ReplicaState.OTHER)]
)
def test_a_wrong_replica_is_passed_by(
    postgres: PostgresServer,
    url: str,
    place: Callable[[PostgresServer, str], str],
    state: ReplicaState,
) -> None:
    """
    Where there is no replica, or something else, the primary is read.
    """
    with opened(url, place(postgres, url)) as (store, reads, outcomes):
        actor = start_session(store)
        add_customer(store, name="Ann")
        seen = names(store, actor)

        assert state is reads.replica.state
    assert ["Ann"] == seen
    assert ["away"] == outcomes


def test_the_primary_takes_over_within_a_view(postgres: PostgresServer, url: str) -> None:
    """
    When the replica breaks a connection the statement runs on the primary, as all that follow.
    """
    with opened(url, url) as (store, reads, outcomes):
        actor = start_session(store)
        names(store, actor)
        with store.read_lagging(actor) as work:
            work.customers.find(None, PAGE)
            terminate_others(postgres, url)
            again = work.customers.find(None, PAGE)
        state = reads.replica.state
        reads.replica.probe()

        assert () == again.items
        assert [ReplicaState.DOWN, ReplicaState.UP] == [state, reads.replica.state]
    assert ["replica", "replica"] == outcomes


def terminate_others(postgres: PostgresServer, url: str) -> None:
    """Terminate every connection to a database."""
    with psycopg.connect(postgres.url(), autocommit=True) as connection:
        connection.execute(
            "SELECT pg_terminate_backend(pid, 10000) FROM pg_stat_activity WHERE datname = %s",
            [url.rpartition("/")[2]],
        )


def test_an_outage_of_the_primary_is_noted() -> None:
    """
    A read that may go to the replica has the cause of an outage in the log, as any other has.
    """
    url = f"postgresql://{LOOPBACK}:{free_port()}/shop"
    heard: list[Outage] = []
    with closing(SqlStore.open(url, replica_url=url)) as store:
        store.database.outages.listen(heard.append)
        with pytest.raises(Unavailable):
            names(store, Actor(Role.MECHANIC, 1, SessionId("s")))

    assert [Phase.BEGUN] == [outage.phase for outage in heard]
