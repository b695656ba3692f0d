"""What events cost: writes with their events, as a multiple of the same writes without them.

Run `python -m benchmarks.events [--postgres URL]`; that database must be empty and its server on
this machine. Rounds with and without events alternate in one process, on one database; a ratio is
the median of those of the rounds. CPU is that of this process and of the database's.
"""

# ruff: noqa: T201 - a command-line program prints

import argparse
import multiprocessing
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from itertools import count, cycle
from multiprocessing.synchronize import Event as Signal
from pathlib import Path
from statistics import median
from typing import Any, Final

import psycopg
from attrs import evolve, frozen

from benchmarks.layers import client, settings_for
from benchmarks.sessions import with_session
from mechanic_adapters.sql import store
from mechanic_adapters.sql.engine.executor import Executor
from mechanic_adapters.sql.migrations import runner
from mechanic_core.access import SYSTEM, Actor, Role
from mechanic_core.customers.customer import Registration
from mechanic_core.events.event import Event, EventType, SubjectKind
from mechanic_core.inventory.part import PartForm, PartId
from mechanic_core.mechanics.mechanic import Hiring
from mechanic_core.money import Money, Price, Quantity
from mechanic_core.shop import Shop
from mechanic_core.tickets.forms import MechanicEdit, TicketDraft, TransitionForm
from mechanic_core.tickets.ticket import TicketId
from mechanic_core.tickets.workflow import Status
from mechanic_shop.settings.choices import CacheType
from mechanic_shop.wiring.access_tokens import create_tokens
from mechanic_shop.wiring.clock import utc_now
from mechanic_shop.wiring.shop import open_shop

ROUNDS: Final = 15
TIMES: Final = 100
TICKETS: Final = 20
"""Few enough to stay in memory; the history of each has an end."""

CONNECTIONS: Final = 16
SECONDS: Final = 1.5
BURST: Final = 10
MECHANIC: Final = Actor(Role.MECHANIC, 1)
STATUSES: Final = (Status.ON_HOLD, Status.IN_PROGRESS)
NO_EVENT: Final = Event.of(EventType.PART_CHANGED, SubjectKind.PART, 1, 1, utc_now(), SYSTEM)
OFF: Final = (
    (store, "write_events", lambda *_: None),
    (Executor, "stores_events", property(lambda _: False)),
    (Event, "between", lambda *_: NO_EVENT),
)
"""What a store without events has in the place of a function, a property and a class method."""

ON: Final = tuple((owner, name, vars(owner)[name]) for owner, name, _ in OFF)


@frozen
class Write:
    """A write, done again and again."""

    name: str
    call: Callable[[], object]


@frozen
class Cost:
    """The seconds of one round."""

    cpu: float
    wall: float


def switch_events(*, on: bool) -> None:
    """Make the stores of this process write events, or neither make nor write any."""
    for owner, name, member in ON if on else OFF:
        setattr(owner, name, member)


def library_writes(shop: Shop) -> Iterator[Write]:
    """Return the writes through use cases."""
    numbers, changes = count(1), count(1)
    edits = cycle([(ticket, n) for n in (0, 1) for ticket in range(1, TICKETS + 1)])
    moves = cycle([(ticket, to) for to in STATUSES for ticket in range(1, TICKETS + 1)])

    def add() -> object:
        return shop.add_part(SYSTEM, PartForm(name=f"Part {next(numbers)}", price=Price(199)))

    def change() -> object:
        return change_price(shop, PartId(1), next(changes) % 9999)

    def edit() -> object:
        ticket, n = next(edits)
        assigned = MechanicEdit(add_ids=(2 + n,), remove_ids=(3 - n,))
        return shop.assign_mechanics(SYSTEM, TicketId(ticket), assigned)

    def move() -> object:
        ticket, to = next(moves)
        return shop.move_ticket(SYSTEM, TicketId(ticket), TransitionForm(to=to))

    yield Write("POST part", add)
    yield Write("PUT part", change)
    yield Write("edit of a ticket", edit)
    yield Write("move of a ticket", move)


def http_writes(request: Callable[..., Callable[[], object]]) -> Iterator[Write]:
    """Return the same writes over WSGI."""
    numbers, changes = count(1), count(1)
    edits = cycle([(ticket, n) for n in (0, 1) for ticket in range(1, TICKETS + 1)])
    moves = cycle([(ticket, to) for to in STATUSES for ticket in range(1, TICKETS + 1)])

    def add() -> object:
        return request("POST", "/inventory", {"name": f"Part {next(numbers)}", "price": 2})()

    def change() -> object:
        return request("PUT", "/inventory/1", {"name": "Pad", "price": next(changes) % 9999})()

    def edit() -> object:
        ticket, n = next(edits)
        body = {"add_ids": [2 + n], "remove_ids": [3 - n]}
        return request("PUT", f"/service_tickets/{ticket}/edit", body)()

    def move() -> object:
        ticket, to = next(moves)
        return request("POST", f"/service_tickets/{ticket}/transitions", {"to": to.value})()

    yield Write("POST part", add)
    yield Write("PUT part", change)
    yield Write("edit of a ticket", edit)
    yield Write("move of a ticket", move)


def furnish(url: str) -> None:
    """Create parts, mechanics, a customer and tickets that are in progress."""
    runner.upgrade(url)
    with open_shop(settings=settings_for(url, CacheType.NULL)) as shop:
        for name in ("Bo", "Cy", "Di"):
            hiring = Hiring(name=name, email=f"{name}@x.example", password="bo " * 4)
            shop.hire_mechanic(SYSTEM, hiring)
        shop.register_customer(
            SYSTEM, Registration(name="Ada", email="ada@x.example", password="bo " * 4)
        )
        shop.add_part(SYSTEM, PartForm(name="Pad", price=Money(199), quantity=Quantity(5000)))
        for _ in range(TICKETS):
            draft = TicketDraft(customer_id=1, description="Grinds", mechanic_ids=(1,))
            ticket = shop.open_ticket(SYSTEM, draft)
            shop.move_ticket(SYSTEM, ticket.id, TransitionForm(to=Status.IN_PROGRESS))


def ratios(write: Write, database_cpu: Callable[[], float]) -> tuple[Cost, Cost]:
    """Return the ratios of CPU and wall time, and the costs of one write with events."""
    costs: dict[bool, list[Cost]] = {True: [], False: []}
    for n in range(2 * ROUNDS + 2):
        on = n % 4 in (0, 3)  # in the order on, off, off, on: a drift counts for neither
        switch_events(on=on)
        costs[on].append(cost_of(write, database_cpu))
    switch_events(on=True)
    with_events, without = (costs[on][1:] for on in (True, False))
    pairs = list(zip(with_events, without, strict=True))
    ratio = Cost(median(a.cpu / b.cpu for a, b in pairs), median(a.wall / b.wall for a, b in pairs))
    each = Cost(
        *(median(getattr(c, name) for c in with_events) / TIMES for name in ("cpu", "wall"))
    )
    return ratio, each


def cost_of(write: Write, database_cpu: Callable[[], float]) -> Cost:
    """Return the cost of one round."""
    cpu, wall = time.process_time() + database_cpu(), time.perf_counter()
    for _ in range(TIMES):
        write.call()
    wall = time.perf_counter() - wall
    return Cost(time.process_time() + database_cpu() - cpu, wall)


@contextmanager
def backends_cpu(url: str) -> Iterator[Callable[[], float]]:
    """Yield a function that returns the CPU seconds of PostgreSQL's processes for a database."""
    if url.startswith("sqlite"):
        yield lambda: 0.0
        return
    with psycopg.connect(url, autocommit=True) as connection:
        query = "SELECT pid FROM pg_stat_activity WHERE datname = current_database()"

        def seconds() -> float:
            pids = [pid for (pid,) in connection.execute(query).fetchall()]
            return sum(cpu_of(pid) for pid in pids if pid != connection.info.backend_pid)

        yield seconds


def cpu_of(pid: int) -> float:
    """Return the CPU seconds of a process of this machine."""
    return int(Path(f"/proc/{pid}/schedstat").read_text().split()[0]) / 1e9


def measure(url: str) -> Iterator[Sequence[str]]:
    """Yield a row of the table for each write."""
    furnish(url)
    settings = settings_for(url, CacheType.NULL)
    mechanic = with_session(url, MECHANIC)
    token = create_tokens(settings, settings.secret_key or "", utc_now).issue(mechanic, utc_now())
    with backends_cpu(url) as database_cpu:
        with open_shop(settings=settings) as shop:
            yield from (row("use case", one, database_cpu) for one in library_writes(shop))
        with client(settings, token) as request:
            yield from (row("HTTP", one, database_cpu) for one in http_writes(request))


def row(level: str, write: Write, database_cpu: Callable[[], float]) -> Sequence[str]:
    """Return the cells of one write."""
    ratio, each = ratios(write, database_cpu)
    return (
        *(level, write.name, f"{ratio.cpu:.2f}", f"{ratio.wall:.2f}"),
        *(f"{each.cpu * 1e6:.0f}", f"{each.wall * 1e6:.0f}"),
    )


def concurrent_speed(url: str) -> float:
    """Return the writes per second of 16 connections with events, as a multiple of without."""
    context = multiprocessing.get_context("spawn")
    on, stop = context.Event(), context.Event()
    written = context.Array("q", CONNECTIONS, lock=False)
    workers = [
        context.Process(target=write_parts, args=(url, on, stop, written, n))
        for n in range(CONNECTIONS)
    ]
    for worker in workers:
        worker.start()
    while not all(written):
        time.sleep(0.1)
    counts: dict[bool, list[int]] = {True: [], False: []}
    for n in range(2 * ROUNDS):
        (on.set if n % 4 in (0, 3) else on.clear)()
        time.sleep(0.1)
        before = sum(written)
        time.sleep(SECONDS)
        counts[n % 4 in (0, 3)].append(sum(written) - before)
    stop.set()
    for worker in workers:
        worker.join()
    return median(a / b for a, b in zip(counts[True], counts[False], strict=True))


def write_parts(url: str, on: Signal, stop: Signal, written: Any, n: int) -> None:
    """Change a part of one's own until the end."""
    with open_shop(settings=settings_for(url, CacheType.NULL)) as shop:
        part = shop.add_part(SYSTEM, PartForm(name="Pad", price=Price(1))).id
        while not stop.is_set():
            switch_events(on=on.is_set())
            for price in range(1, BURST):
                change_price(shop, part, price)
            written[n] += BURST


def change_price(shop: Shop, part: PartId, price: int) -> object:
    """Change the price of a part."""
    return shop.change_part(SYSTEM, part, lambda form: evolve(form, price=Price(price)))


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--postgres", help="the URL of an empty database")
    options = parser.parse_args()
    print("| database | level | write | CPU × | time × | CPU µs | µs |")
    print("|---|---|---|---:|---:|---:|---:|")
    with tempfile.TemporaryDirectory() as folder:
        urls = {"SQLite": f"sqlite:///{Path(folder) / 'shop.db'}"}
        if options.postgres:
            urls["PostgreSQL"] = options.postgres
        for name, url in urls.items():
            for cells in measure(url):
                print(f"| {name} | {' | '.join(cells)} |", flush=True)
    if options.postgres:
        speed = concurrent_speed(options.postgres)
        print(f"\n{CONNECTIONS} connections write {speed:.2f} × as fast with events as without.")


if __name__ == "__main__":
    main()
