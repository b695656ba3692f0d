"""Random operations in many threads and processes leave stock, prices and counters consistent."""

import os
from collections import Counter
from concurrent.futures import ProcessPoolExecutor
from contextlib import closing
from multiprocessing import get_context

from mechanic_adapters.sql.store import SqlStore
from mechanic_core.tickets.workflow import Status
from tests.integration.databases import deadlocks_of
from tests.machines import invariants
from tests.machines.differential_machine import PERIODS
from tests.machines.random_workers import now, run_workers, seed_shop
from tests.machines.shop_driver import ShopDriver
from tests.shops import shop_on

SECONDS = float(os.environ.get("INTERLEAVING_SECONDS", "30" if os.environ.get("CI") else "5"))
PROCESSES = 2
THREADS = 4


def test_invariants_hold_after_any_interleaving(empty_url: str) -> None:
    """
    After concurrent operations all invariants hold, without deadlocks and with few lost races.
    """
    with closing(SqlStore.open(empty_url)) as store:
        seed_shop(shop_on(store, now))

    asked = [(empty_url, seed, SECONDS, THREADS) for seed in range(PROCESSES)]
    with ProcessPoolExecutor(PROCESSES, mp_context=get_context("spawn")) as pool:
        outcomes = sum(pool.map(run_workers, *zip(*asked, strict=True)), Counter[str]())

    assert outcomes["done"] > SECONDS
    assert {"insufficient-stock", "ticket-frozen", "transition-blocked"} <= set(outcomes)
    assert outcomes["lost-race"] + outcomes["unavailable"] <= outcomes["done"] / 100
    assert 0 == deadlocks_of(empty_url)
    with closing(SqlStore.open(empty_url)) as store:
        _check_invariants(store)


def _check_invariants(store: SqlStore) -> None:
    driver = ShopDriver(store, now)
    tickets = driver.tickets()
    invariants.stock_agrees_with_the_ledger(driver)
    invariants.reserved_is_the_sum_of_open_lines(driver, tickets)
    invariants.totals_are_sums_of_lines(tickets)
    invariants.totals_are_those_of_the_price(driver, tickets)
    invariants.lines_are_on_jobs_of_their_ticket(tickets)
    invariants.leaderboard_matches_worked_tickets(driver)
    for period in PERIODS:
        invariants.leaderboard_is_a_recount(driver, tickets, period)
    for key, part in driver.parts().items():
        invariants.balances_are_sums_of_movements(driver, key, (part["on_hand"], part["reserved"]))
    for key, ticket in tickets.items():
        history = driver.history(key)
        moves = [entry for entry in history if entry.event == "transition"]
        assert ticket["version"] == len(history)
        assert [Status.OPEN, *(entry.to for entry in moves)][-1] == ticket["status"]
        assert [entry.to for entry in moves[:-1]] == [entry.from_ for entry in moves[1:]]
    assert () == store.miscounts()
    assert () == store.wrong_totals()
