"""CPU microseconds of rate limits, authentication and plain reads.

Run `python -m benchmarks.identity`. It exits 1 if rate limits in memory and authentication
together cost more than the budget.
"""

# ruff: noqa: T201 - a command-line program prints

import sys
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

from mechanic_adapters.rate_limits.limiter import open_rate_limiter
from mechanic_adapters.security.access_tokens import JwtTokens, authenticator
from mechanic_adapters.security.revocations import RevocationList
from mechanic_adapters.security.signing_keys import KeyRing, new_rsa_key, rsa_keys, secret_keys
from mechanic_adapters.sql.migrations import runner
from mechanic_adapters.sql.store import SqlStore
from mechanic_core.access import Actor, Role, SessionId
from mechanic_core.accounts.account import RefreshToken, Session
from mechanic_core.customers.customer import Customer, CustomerId
from mechanic_core.inventory.part import Part, PartId
from mechanic_core.inventory.ports import PartFilter
from mechanic_core.money import Money
from mechanic_core.paging import PageRequest
from mechanic_core.profile.calendar import ALL_TIME
from mechanic_shop.wiring.clock import utc_now

BUDGET_US = 60.0
LIFE = timedelta(minutes=30)
SESSION = SessionId("s" * 43)
CALLER = ("customer:7", "192.0.2.1")
WRITE = ("default", "write")
POLICIES = {"default": "1000000/minute", "write": "1000000/minute", "login": "10/minute"}


def cost_of(call: Callable[[], object], times: int) -> float:
    """Return the CPU microseconds of one call: the minimum of five rounds."""
    call()
    rounds = []
    for _ in range(5):
        started = time.process_time_ns()
        for _ in range(times):
            call()
        rounds.append((time.process_time_ns() - started) / times / 1000)
    return min(rounds)


def report(name: str, call: Callable[[], object], times: int = 20_000) -> float:
    """Print the cost of *call*, and return it."""
    cost = cost_of(call, times)
    print(f"{name:<58}{cost:>9.1f} µs")
    return cost


def measure_tokens(name: str, ring: KeyRing, store: SqlStore, actor: Actor) -> float:
    """Print the costs of tokens of one algorithm; return that of a cached token."""
    tokens = JwtTokens(keys=ring, now=utc_now, life=LIFE)
    uncached = JwtTokens(keys=ring, now=utc_now, life=LIFE, cache_size=1)
    revocations = RevocationList(store.read_only, LIFE)
    authenticate = authenticator(tokens, revocations)
    token = tokens.issue(actor, utc_now())
    pair = [uncached.issue(actor, utc_now()) for _ in range(2)]

    def read_both() -> None:
        for other in pair:
            uncached.verify(other)

    cost = report(f"{name}: authenticate, token cached", lambda: authenticate(token))
    report(f"{name}: read two tokens for the first time", read_both, 200)
    report(f"{name}: issue a token", lambda: tokens.issue(actor, utc_now()), 200)
    return cost


def log_in(store: SqlStore) -> Actor:
    """Return a customer with a session."""
    at = utc_now()
    new = Customer(id=CustomerId(0), name="Ada", email="a@b.example", created_at=at, updated_at=at)
    with store.begin() as work:
        customer = work.customers.add(new)
        session = Session(id=SESSION, role=Role.CUSTOMER, holder_id=customer.id, started_at=at)
        work.sessions.start(session, RefreshToken.of("secret", SESSION, at, LIFE))
    return Actor(Role.CUSTOMER, customer.id, SESSION)


def measure_reads(store: SqlStore) -> None:
    """Print the costs of reads without a cache."""
    at = datetime.now(UTC)
    with store.begin() as work:
        for n in range(20):
            empty = Part(
                id=PartId(0), sku=f"{n}", name="x", price=Money(1), created_at=at, updated_at=at
            )
            work.parts.add(empty)

    def page() -> None:
        with store.read_only() as work:
            work.parts.find(PartFilter(), PageRequest())

    def leaderboard() -> None:
        with store.read_only() as work:
            work.standings.top(10, ALL_TIME)

    report("SQLite: a page of 20 parts", page, 300)
    report("SQLite: the leaderboard", leaderboard, 300)


def main() -> int:
    """Print every figure; return 1 when the budget is exceeded."""
    limits = open_rate_limiter(POLICIES)
    with tempfile.TemporaryDirectory() as folder:
        url = f"sqlite:///{Path(folder) / 'shop.db'}"
        runner.upgrade(url)
        store = SqlStore.open(url)
        actor = log_in(store)
        cached = max(
            measure_tokens("HS256", secret_keys("x" * 32), store, actor),
            measure_tokens("RS256", rsa_keys(new_rsa_key()), store, actor),
        )
        report("limits of a read, in memory", lambda: limits.hit(("default",), CALLER))
        both = report("limits of a write, in memory", lambda: limits.hit(WRITE, CALLER))
        measure_reads(store)
        store.close()
    total = cached + both
    verdict = "within" if total <= BUDGET_US else "OVER"
    print(
        f"{'limits of a write and authentication':<58}{total:>9.1f} µs, {verdict} {BUDGET_US:.0f}"
    )
    return int(total > BUDGET_US)


if __name__ == "__main__":
    sys.exit(main())
