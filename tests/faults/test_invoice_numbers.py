"""SIGKILL, lost connections and rollbacks while invoices are issued: no number is missing."""

import random
import runpy
import time
from collections.abc import Callable
from functools import partial
from typing import Any, Final

from mechanic_shop import open_shop
from tests.faults.invoice_writers import REFUSED, InvoiceWriters, Tickets
from tests.faults.shop_processes import Client, command, serving
from tests.integration.sockets import ROOT, Server, wait_until

INVOICES: Final = 200
REFUSED_TICKETS: Final = 10
CLIENTS: Final = 8
WORKERS: Final = 2
KILLS: Final = 8
SEED: Final = 1789
CHECK: Final = ROOT / "docs/reference/check_invoices.py"


def test_invoices_are_numbered_without_a_gap(url: str, report: Callable[[str], None]) -> None:
    """
    Two clients want each ticket invoiced, eight work at once, and workers are killed meanwhile.

    Numbers 1 to 200 are there once each, one for each ticket, in a chain that is intact.
    """
    writers = InvoiceWriters()
    with open_shop(url, secret_key="s" * 48) as shop:
        tickets = Tickets.written(shop, INVOICES, REFUSED_TICKETS)
        wanted = [*tickets.completed, *tickets.completed, *tickets.unfinished, *tickets.negative]
        random.Random(SEED).shuffle(wanted)
        for ticket_id in wanted:
            writers.waiting.put(ticket_id)
        with (
            serving(url, "--workers", f"{WORKERS}") as server,
            Client(server.port).log_in() as client,
        ):
            started = time.monotonic()
            with writers.rolling_back(shop, tickets.undone), writers.writing(client, CLIENTS):
                kill_while(server, writers, len(wanted))
            took = time.monotonic() - started
            invoices = every_invoice(client.copy_for(server.port))
    checked = command(url, "check")

    report(
        f"{len(invoices)} invoices in {took:.1f} s, {url.partition(':')[0]}: {KILLS} times killed, "
        f"{writers.rolled_back} rolled back, {dict(sorted(writers.seen.items()))}"
    )
    numbers = {one["number"]: one["ticket_id"] for one in invoices}
    assert [f"INV-{number}" for number in range(1, INVOICES + 1)] == [*numbers]
    assert sorted(tickets.completed) == sorted(one["ticket_id"] for one in invoices)
    assert writers.issued.items() <= numbers.items()
    assert [] == runpy.run_path(str(CHECK))["wrong"](invoices)
    assert (0, "") == (checked.returncode, checked.stderr), checked.stdout
    assert [] == writers.unexpected
    assert [REFUSED_TICKETS] * 2 == [writers.seen[code] for code in sorted(REFUSED)]
    assert writers.rolled_back
    assert writers.seen["hung up"]


def kill_while(server: Server, writers: InvoiceWriters, wanted: int) -> None:
    """Kill a worker, or all, at moments that are spread over the work."""
    chance = random.Random(SEED)
    for kill in range(1, KILLS + 1):
        goal = wanted * kill // (KILLS + 1)
        wait_until(partial(writers.have_done, goal))
        wait_until(lambda: len(server.workers()) == WORKERS)
        time.sleep(chance.uniform(0, 0.02))
        workers = server.workers()
        server.kill(*(workers if kill % 4 == 0 else [chance.choice(workers)]))


def every_invoice(client: Client) -> list[dict[str, Any]]:
    """Return all invoices, in the order in which they were issued."""
    found: list[dict[str, Any]] = []
    path = "/invoices?per_page=100"
    while path:
        page = client.ask("GET", path).body
        found += page["items"]
        cursor = page["next_cursor"]
        path = f"/invoices?per_page=100&cursor={cursor}" if cursor else ""
    return sorted(found, key=lambda one: int(one["id"]))
