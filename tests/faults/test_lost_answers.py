"""SIGKILL between a request and its answer: the same request again does nothing a second time."""

import json
import random
import select
import time
from collections.abc import Callable, Mapping
from contextlib import closing
from http.client import HTTPConnection, HTTPResponse
from typing import Any, Final
from urllib.parse import urlencode

from attrs import field, frozen

from tests.faults.shop_processes import Client, serving
from tests.integration.sockets import PATIENCE_S, Server

MOMENTS: Final = (0.0, 0.4, 0.7, 1.0, None)
"""When the shop is killed: after a part of the time of an answer, or once the answer is there."""

FORM: Final = {"Content-Type": "application/x-www-form-urlencoded"}


@frozen
class Request:
    """A POST whose answer is lost."""

    path: str
    body: str
    headers: Mapping[str, str] = field(repr=False)

    def start(self, connection: HTTPConnection) -> None:
        """Send it, and wait for nothing."""
        connection.request("POST", self.path, self.body, dict(self.headers))

    def send(self, server: Server) -> HTTPResponse:
        """Send it; return the answer."""
        with closing(HTTPConnection("127.0.0.1", server.port, timeout=PATIENCE_S)) as connection:
            self.start(connection)
            answer = connection.getresponse()
            answer.read()
            return answer

    def seconds(self, server: Server) -> float:
        """Send it; return how long the answer takes."""
        started = time.monotonic()
        assert self.send(server).status < 400
        return time.monotonic() - started

    def lose(self, server: Server, wait_s: float | None) -> None:
        """Send it, and kill the workers after *wait_s*; if that is None, once the answer came."""
        with closing(HTTPConnection("127.0.0.1", server.port, timeout=PATIENCE_S)) as connection:
            self.start(connection)
            if wait_s is None:
                assert select.select([connection.sock], [], [], PATIENCE_S)[0]
            else:
                time.sleep(wait_s)
            server.kill(*server.workers())


def lose_and_retry(server: Server, new: Callable[[], Request]) -> list[tuple[bool, HTTPResponse]]:
    """Lose the answers to *new* requests; return whether each had come, and that of its retry."""
    usual = new().seconds(server)
    retried = []
    for part in MOMENTS:
        request = new()
        request.lose(server, None if part is None else usual * part * random.uniform(0.8, 1.2))
        retried.append((part is None, request.send(server)))
    return retried


def new_ticket(client: Client) -> str:
    """Open a ticket; return its path."""
    customer = client.ask("POST", "/customers", {"name": "Ada", "phone": "555-0100"}).body["id"]
    draft = {"customer_id": customer, "description": "Grinds"}
    return f"/service_tickets/{client.ask('POST', '/service_tickets', draft).body['id']}"


@frozen
class Customers:
    """The customers of a shop, and what they do with their tickets."""

    server: Server
    client: Client
    tickets: list[str] = field(factory=list)

    def answer_by_link(self) -> Request:
        """Return the answer to the estimate of a new ticket."""
        with self.client.copy_for(self.server.port) as client:
            self.tickets.append(ticket := new_ticket(client))
            job = client.ask("POST", f"{ticket}/jobs", {"title": "Brakes"}).body["id"]
            client.ask("POST", f"{ticket}/estimates", {})
            path = client.ask("POST", f"{ticket}/estimates/1/links", {}).body["url"]
        return Request(path, urlencode({f"job-{job}": "yes", "name": "Ada Moore"}), FORM)

    def payment(self) -> Request:
        """Return a payment on a new ticket, with its key."""
        with self.client.copy_for(self.server.port) as client:
            self.tickets.append(ticket := new_ticket(client))
        key = {**client.headers, "Idempotency-Key": f"key-{ticket}"}
        return Request(f"{ticket}/payments", json.dumps({"amount": 5, "method": "cash"}), key)

    def see(self, path: str) -> list[list[dict[str, Any]]]:
        """Return what is at *path* of each ticket."""
        with self.client.copy_for(self.server.port) as client:
            return [client.ask("GET", f"{one}{path}").body["items"] for one in self.tickets]


def test_an_answer_is_taken_once(url: str, report: Callable[[str], None]) -> None:
    """
    The retry is taken, or told that the answer was; the page is the receipt then.
    """
    with serving(url, "--workers", "2") as server, Client(server.port).log_in() as client:
        customers, sent = Customers(server, client), []

        def answer() -> Request:
            sent.append(customers.answer_by_link())
            return sent[-1]

        retried = lose_and_retry(server, answer)
        decisions = customers.see("/decisions")
        receipts = [_page(server, one.path) for one in sent]

    report(f"answers lost, {url.partition(':')[0]}: retries {[one.status for _, one in retried]}")
    assert [["Ada Moore"]] * len(sent) == [[one["person"] for one in each] for each in decisions]
    for (decision,), receipt in zip(decisions, receipts, strict=True):
        assert decision["digest"] in receipt
    assert {410} == {one.status for had_come, one in retried if had_come}
    assert {one.status for _, one in retried} <= {303, 410}


def _page(server: Server, path: str) -> str:
    with closing(HTTPConnection("127.0.0.1", server.port, timeout=PATIENCE_S)) as connection:
        connection.request("GET", path)
        answer = connection.getresponse()
        assert answer.status == 200
        return answer.read().decode()


def test_a_payment_is_taken_once(url: str, report: Callable[[str], None]) -> None:
    """
    The retry with the same key pays, or gets the first answer: in the till is one payment.
    """
    with serving(url, "--workers", "2") as server, Client(server.port).log_in() as client:
        customers = Customers(server, client)
        retried = lose_and_retry(server, customers.payment)
        payments = customers.see("/payments")

    replayed = [one.headers["Idempotency-Replayed"] for _, one in retried]
    report(f"payments lost, {url.partition(':')[0]}: answers replayed {replayed}")
    assert [[5]] * len(payments) == [[one["amount"] for one in each] for each in payments]
    assert {201} == {one.status for _, one in retried}
    assert {"true"} == {
        one.headers["Idempotency-Replayed"] for had_come, one in retried if had_come
    }
