"""Many hands at random, in threads and processes, leave books that agree."""

import os
from collections import Counter
from concurrent.futures import ProcessPoolExecutor
from contextlib import closing
from multiprocessing import get_context
from pathlib import Path

import pytest

from mechanic_adapters.sql.store import SqlStore
from mechanic_core.tickets.workflow import Status
from tests.integration.databases import DATABASES, deadlocks_of, new_shop_url
from tests.integration.servers import PostgresServer
from tests.machines import invariants
from tests.machines.differential_machine import PERIODS
from tests.machines.random_workers import furnish, now, work_for
from tests.machines.shop_driver import ShopDriver
from tests.shops import shop_on

SECONDS = float(os.environ.get("INTERLEAVING_SECONDS", "30" if os.environ.get("CI") else "5"))
PROCESSES = 2
THREADS = 4


@pytest.mark.parametrize("kind", DATABASES)
def test_books_agree_after_any_interleaving(
    kind: str, tmp_path: Path, postgres: PostgresServer
) -> None:
    """
    Balances are sums, figures are recounts, nobody waited in a ring, and few had to come back.
    """
    url = new_shop_url(kind, tmp_path, postgres)
    with closing(SqlStore.open(url)) as store:
        furnish(shop_on(store, now))

    with ProcessPoolExecutor(PROCESSES, mp_context=get_context("spawn")) as pool:
        told = sum(
            pool.map(
                work_for,
                *zip(*[(url, seed, SECONDS, THREADS) for seed in range(PROCESSES)], strict=True),
            ),
            Counter[str](),
        )

    assert told["done"] > SECONDS
    assert {"insufficient-stock", "ticket-frozen", "transition-blocked"} <= set(told)
    assert told["lost-race"] + told["unavailable"] <= told["done"] / 100
    assert 0 == deadlocks_of(url)
    with closing(SqlStore.open(url)) as store:
        _books_must_agree(store)


def _books_must_agree(store: SqlStore) -> None:
    desk = ShopDriver(store, now)
    tickets = desk.tickets()
    invariants.nothing_disagrees(desk)
    invariants.reserved_is_what_open_lines_ask(desk, tickets)
    invariants.totals_are_sums_of_lines(tickets)
    invariants.figures_explain_themselves(desk)
    for period in PERIODS:
        invariants.leaderboard_is_a_recount(desk, tickets, period)
    for key, part in desk.parts().items():
        invariants.balances_are_sums_of_movements(desk, key, (part["on_hand"], part["reserved"]))
    for key, ticket in tickets.items():
        history = desk.history(key)
        moves = [entry for entry in history if entry.event == "transition"]
        assert ticket["version"] == len(history)
        assert [Status.OPEN, *(entry.to for entry in moves)][-1] == ticket["status"]
        assert [entry.to for entry in moves[:-1]] == [entry.from_ for entry in moves[1:]]
    assert () == store.miscounts()
    assert () == store.wrong_totals()
