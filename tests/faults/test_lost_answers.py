"""SIGKILL while a customer sends their answer: after a retry there is exactly one decision."""

import random
import time
from collections.abc import Callable
from contextlib import closing
from http.client import HTTPConnection
from urllib.parse import urlencode

from attrs import frozen

from tests.faults.shop_processes import Client, serving

ROUNDS = 5
FORM = {"Content-Type": "application/x-www-form-urlencoded"}
MOST_MS = 12
"""By then an answer has come; the shop is killed at any moment before."""


@frozen
class Link:
    """A link to an estimate, and the form that answers it."""

    ticket: str
    path: str
    form: str

    @classmethod
    def issued(cls, client: Client) -> "Link":
        """Return a new one."""
        customer = {"name": "Ada", "phone": "555-0100"}
        customer_id = client.ask("POST", "/customers", customer).body["id"]
        draft = {"customer_id": customer_id, "description": "Grinds"}
        ticket = f"/service_tickets/{client.ask('POST', '/service_tickets', draft).body['id']}"
        job = client.ask("POST", f"{ticket}/jobs", {"title": "Brakes"}).body["id"]
        client.ask("POST", f"{ticket}/estimates", {})
        path = client.ask("POST", f"{ticket}/estimates/1/links", {}).body["url"]
        return cls(ticket, path, urlencode({f"job-{job}": "yes", "name": "Ada Moore"}))

    def start(self, connection: HTTPConnection) -> None:
        """Send the form, and wait for nothing."""
        connection.request("POST", self.path, self.form, FORM)

    def send(self, port: int) -> int:
        """Send the form; return the status of the answer."""
        with closing(HTTPConnection("127.0.0.1", port, timeout=15)) as connection:
            self.start(connection)
            return connection.getresponse().status

    def open(self, port: int) -> tuple[int, str]:
        """Open the page; return its status and text."""
        with closing(HTTPConnection("127.0.0.1", port, timeout=15)) as connection:
            connection.request("GET", self.path)
            answer = connection.getresponse()
            return answer.status, answer.read().decode()


def test_an_answer_is_taken_once(url: str, report: Callable[[str], None]) -> None:
    """
    The retry is taken, or told that the answer was; the page is the receipt then.
    """
    retried = []
    for _ in range(ROUNDS):
        with serving(url) as server, Client(server.port).log_in() as client:
            link = Link.issued(client)
            link.open(server.port)
            with closing(HTTPConnection("127.0.0.1", server.port)) as connection:
                link.start(connection)
                time.sleep(random.uniform(0, MOST_MS / 1000))
                server.process.kill()
                server.process.wait()
        with serving(url) as server, Client(server.port).log_in() as client:
            retried.append(link.send(server.port))
            decisions = client.ask("GET", f"{link.ticket}/decisions").body["items"]
            status, receipt = link.open(server.port)

        assert ["Ada Moore"] == [one["person"] for one in decisions]
        assert 200 == status
        assert decisions[0]["digest"] in receipt

    report(f"shop killed {ROUNDS} times, {url.partition(':')[0]}: retries {sorted(retried)}")
    assert set(retried) <= {303, 410}
