"""Clients that read and write the shop at once: lists, records, changes, tickets with parts."""

import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Final

from attrs import define, field

from tests.faults.shop_processes import Client, Response

CLIENTS: Final = 12


@define(eq=False)
class MixedLoad:
    """Sends requests of all kinds, and counts the answers.

    Attributes:
        counts: The requests that succeeded, by kind.
        failures: The others, by kind, status and problem.
    """

    client: Client
    counts: Counter[str] = field(factory=Counter)
    failures: Counter[tuple[str, int, str]] = field(factory=Counter)

    def run(self, seconds: float) -> None:
        """Let all clients send requests for some *seconds*."""
        until = time.monotonic() + seconds
        with ThreadPoolExecutor(CLIENTS) as threads:
            list(threads.map(lambda number: self._work(number, until), range(CLIENTS)))
        self.client.close()

    def _work(self, number: int, until: float) -> None:
        client = self.client.copy_for(self.client.port)
        customer = self._ask(
            client,
            "POST",
            "/customers",
            {
                "name": "Ada",
                "email": f"ada-{number}@x.example",
                "password": "correct horse battery",
            },
        )
        turn = 0
        while time.monotonic() < until:
            turn += 1
            sku = f"P-{number}-{turn}"
            part = self._ask(
                client, "POST", "/inventory", {"name": sku, "sku": sku, "price": 1, "quantity": 9}
            )
            place = f"/inventory/{part['id']}"
            self._ask(client, "GET", place)
            self._ask(client, "PATCH", place, {"price": turn})
            ticket = self._ask(
                client,
                "POST",
                "/service_tickets",
                {"customer_id": customer["id"], "description": "Brakes"},
            )
            line = {"part_id": part["id"], "quantity": 2}
            self._ask(client, "POST", f"/service_tickets/{ticket['id']}/parts", line)
            self._ask(client, "GET", f"/service_tickets/{ticket['id']}")
            for path in ("/inventory", "/customers", "/service_tickets", "/mechanics/leaderboard"):
                self._ask(client, "GET", path)

    def _ask(self, client: Client, method: str, path: str, body: Any = None) -> Any:
        """Send a request; return the body of the answer, which must be a success."""
        answer: Response = client.ask(method, path, body)
        kind = f"{method} {path.split('/')[1]}"
        if answer.status >= 300:
            self.failures[kind, answer.status, str(answer.body)] += 1
            raise AssertionError(f"{kind}: {answer.status} {answer.body}")
        self.counts[kind] += 1
        return answer.body
