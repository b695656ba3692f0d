"""Nothing grows without bound: expired data are deleted while the shop runs, on both databases."""

from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from datetime import timedelta
from threading import Barrier
from threading import enumerate as enumerate_threads

from mechanic_adapters.conformance.samples.records import add_customer, add_session, new_session
from mechanic_adapters.sql.store import SqlStore
from mechanic_core.idempotency import EXPIRY, StoredAnswer
from mechanic_shop.wiring.application import open_application
from mechanic_shop.wiring.sweeper import Sweeper, Swept
from tests.integration.apps import settings_for
from tests.integration.databases import now
from tests.integration.sockets import wait_until

HOUR = timedelta(hours=1)
LIFE = timedelta(minutes=30)
MANY = 600
SWEEPERS = 4


def add_answers(store: SqlStore, age: timedelta, count: int = 1) -> list[str]:
    """Store answers that are *age* old; return their keys."""
    keys = [f"{age} {number}" for number in range(count)]
    with store.begin() as work:
        for key in keys:
            answer = StoredAnswer(
                key=key, fingerprint="f", content=b"{}", about=frozenset(), at=now() - age
            )
            work.stored_answers.add(answer)
    return keys


def is_stored(store: SqlStore, key: str) -> bool:
    """Return whether there is an answer under *key*, however old."""
    with store.begin() as work:
        return work.stored_answers.claim(key, now() - 100 * EXPIRY) is not None


def test_a_shop_sweeps_what_expires_while_it_serves(empty_url: str, store: SqlStore) -> None:
    """
    Answers, sessions and refresh tokens that expire after the start are deleted, others stay.
    """
    customer = add_customer(store)
    with open_application(settings_for(empty_url), sweep_period_s=0.2):
        (old,), (young,) = add_answers(store, EXPIRY + HOUR), add_answers(store, EXPIRY - HOUR)
        tokens = [
            add_session(store, new_session(customer.id, started_at=at), at)
            for at in (now(), now() - timedelta(days=30))
        ]

        wait_until(lambda: not is_stored(store, old))
        wait_until(lambda: [True, False] == [_exists(store, token.digest) for token in tokens])

        assert is_stored(store, young)


def test_the_threads_of_an_application_end_with_it(url: str) -> None:
    """
    While it is open an application sweeps in the background, and folds counters on PostgreSQL.
    """
    before = {thread.name for thread in enumerate_threads()}
    with open_application(settings_for(url)):
        meanwhile = {thread.name for thread in enumerate_threads()} - before
    after = {thread.name for thread in enumerate_threads()}

    expected = {"sweeper", "fold"} if url.startswith("postgresql") else {"sweeper"}
    assert (expected, before) == (meanwhile, after)


def _exists(store: SqlStore, digest: str) -> bool:
    with store.begin() as work:
        return work.sessions.lock(digest) is not None


def test_processes_share_the_sweeping(empty_url: str, store: SqlStore) -> None:
    """
    When several processes sweep at once, each row is deleted once, and none fails.
    """
    add_answers(store, EXPIRY + HOUR, MANY)
    add_answers(store, EXPIRY - HOUR, 2)
    together = Barrier(SWEEPERS)

    def sweep(_: int) -> Swept:
        with closing(SqlStore.open(empty_url)) as own:
            together.wait(60)
            return Sweeper(own, now, LIFE, batch=20).sweep()

    with ThreadPoolExecutor(SWEEPERS) as threads:
        swept = list(threads.map(sweep, range(SWEEPERS)))

    assert MANY == sum(one.answers for one in swept)
    assert Swept() == Sweeper(store, now, LIFE).sweep()


def test_a_reader_and_a_writer_wait_for_no_batch(empty_url: str, store: SqlStore) -> None:
    """
    Between two batches others read and write: a sweep holds no lock for longer than one batch.
    """
    add_answers(store, EXPIRY + HOUR, 60)
    written = []
    with closing(SqlStore.open(empty_url)) as other:

        def write(_: float) -> None:
            written.append(add_customer(other).id)

        Sweeper(store, now, LIFE, batch=20).sweep(write)

    assert 3 == len(written)
