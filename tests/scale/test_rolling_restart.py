"""Two instances behind HAProxy are restarted in turn, and no request is lost."""

import os
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from functools import partial
from http.client import HTTPException
from pathlib import Path
from threading import Event, Lock, Thread
from typing import Final

import pytest
from attrs import Factory, define, field

from tests.faults.shop_processes import Client, Response, create_shop, environment, stored_skus
from tests.integration.servers import PostgresServer
from tests.integration.sockets import (
    LOOPBACK,
    Server,
    free_port,
    running,
    wait_until,
    wait_until_listening,
)
from tests.scale.balancers import Balancer, haproxy

REQUESTS: Final = int(os.environ.get("ROLLING_RESTART_REQUESTS", "2000"))
LONG: Final = REQUESTS > 2000
CHECK: Final = "check" if LONG else "check inter 200ms"
"""HAProxy's usual check takes 6 s to notice that an instance stops; the short run has less time."""

DRAIN_S: Final = 10 if LONG else 2
CLIENTS: Final = 4
PAUSE_S: Final = 0.03
"""Between the requests of a client, so that the restarts have some of the machine."""


@define(eq=False)
class Traffic:
    """Clients that read and write all the time, and the answers that they have got."""

    acknowledged: set[str] = Factory(set)
    answers: Counter[str] = Factory(Counter)
    _lock: Lock = field(factory=Lock, init=False)
    _stopped: Event = field(factory=Event, init=False)

    @property
    def lost(self) -> dict[str, int]:
        """The answers that are not what a shop without restarts gives."""
        return {what: n for what, n in self.answers.items() if what not in {"200", "201"}}

    @contextmanager
    def flowing(self, client: Client) -> Iterator[None]:
        """Send requests as *client* within the block."""
        threads = [
            Thread(target=self._flow, args=(client.copy_for(client.port), number))
            for number in range(CLIENTS)
        ]
        for thread in threads:
            thread.start()
        try:
            yield
        finally:
            self._stopped.set()
            for thread in threads:
                thread.join(60)

    def _flow(self, client: Client, number: int) -> None:
        written = 0
        while not self._stopped.is_set():
            sku = f"P-{number}-{written}"
            if self._count(partial(client.add_part, sku)) == "201":
                self.acknowledged.add(sku)
            written += 1
            for path in ("/inventory?per_page=5", "/shop", "/customers?per_page=5"):
                self._count(partial(client.ask, "GET", path))
            self._stopped.wait(PAUSE_S)

    def _count(self, send: Callable[[], Response]) -> str:
        """Send a request; return its status, or how it failed."""
        try:
            answer = str(send().status)
        except (OSError, HTTPException) as error:
            answer = repr(error)
        with self._lock:
            self.answers[answer] += 1
        return answer


@contextmanager
def instance(url: str, port: int, options: tuple[str, ...]) -> Iterator[Server]:
    """Serve the shop at *port*, behind a proxy on this machine."""
    arguments = ["-m", "mechanic_shop", "serve", "--port", str(port), *options]
    extra = environment(url) | {"TRUSTED_PROXIES": LOOPBACK, "DRAIN_SECONDS": str(DRAIN_S)}
    with running(arguments, port, extra) as server:
        wait_until_listening(server)
        yield server


def wait_until_up(balancer: Balancer) -> None:
    """Wait until HAProxy sends requests to both instances."""
    for name in ("one", "two"):
        wait_until(partial(balancer.is_up, name))


@pytest.mark.parametrize(
    "options",
    [
        pytest.param(("--workers", "1"), id="waitress 1"),
        pytest.param(("--workers", "2"), id="waitress 2"),
        pytest.param(("--workers", "2", "--server", "granian"), id="granian 2"),
    ],
)
def test_no_request_is_lost(
    postgres: PostgresServer,
    tmp_path: Path,
    options: tuple[str, ...],
    capfd: pytest.CaptureFixture[str],
) -> None:
    """
    While both instances are restarted every request has its answer, and every write is stored.
    """
    url = postgres.new_database()
    create_shop(url)
    ports, traffic, codes = (free_port(), free_port()), Traffic(), []
    with ExitStack() as stack, haproxy(tmp_path, ports, CHECK) as balancer:
        servers = [stack.enter_context(instance(url, port, options)) for port in ports]
        wait_until_up(balancer)
        with Client(balancer.port).log_in() as client, traffic.flowing(client):
            for name, port, server in zip(("one", "two"), ports, servers, strict=True):
                server.process.terminate()
                wait_until(partial(balancer.is_down, name))
                codes.append(server.process.wait(DRAIN_S + 15))
                stack.enter_context(instance(url, port, options))
                wait_until_up(balancer)
            wait_until(lambda: traffic.answers.total() >= REQUESTS)

    with capfd.disabled():
        print(f"\n{' '.join(options)}: {traffic.answers.total()} sent, lost {traffic.lost}")
    assert {} == traffic.lost
    assert [0, 0] == codes
    assert traffic.acknowledged <= stored_skus(url)
    postgres.drop_database(url)
