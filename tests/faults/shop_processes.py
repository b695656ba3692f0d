"""A shop in a process of its own, and clients that write to it."""

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from http.client import HTTPConnection, HTTPException
from itertools import count, pairwise
from pathlib import Path
from threading import Event, Thread
from types import MappingProxyType
from typing import Any, Final, Self

from attrs import Factory, define, field

from mechanic_adapters.sql.migrations import runner
from mechanic_adapters.sql.store import SqlStore
from mechanic_core.inventory.ports import PartFilter
from mechanic_core.paging import PageRequest
from tests.integration.programs import serving as serving_in
from tests.integration.sockets import ROOT, Server, running

EMAIL: Final = "grace@example.com"
PASSWORD: Final = "correct horse battery staple"
UNLIMITED: Final = {
    "GLOBAL_RATE_LIMIT": "",
    "LOGIN_RATE_LIMIT": "",
    "STATIC_RATE_LIMIT": "",
    "WRITE_RATE_LIMIT": "",
    "LOG_LEVEL": "error",
}


def environment(url: str) -> dict[str, str]:
    """Return the environment of a shop without rate limits."""
    return {**UNLIMITED, "DATABASE_URL": url, "SECRET_KEY": "s" * 48}


def command(
    url: str, *arguments: str, given: str = "", before: Sequence[str] = ()
) -> subprocess.CompletedProcess[str]:
    """Run a command of the shop to its end."""
    return subprocess.run(
        [*before, sys.executable, "-m", "mechanic_shop", *arguments],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": f"{ROOT / 'src'}", **environment(url)},
        input=given,
        capture_output=True,
        text=True,
        check=False,
    )


def create_shop(url: str) -> None:
    """Create the schema and a manager."""
    runner.upgrade(url)
    manager = ("--role", "manager", "--email", EMAIL, "--name", "Grace Okafor", "--password-stdin")
    result = command(url, "staff", "add", *manager, given=PASSWORD)
    assert result.returncode == 0, result.stderr


def stored_skus(url: str) -> set[str]:
    """Return the SKUs of all stored parts, after checking each balance against its ledger."""
    with closing(SqlStore.open(url)) as store, store.read_only() as work:
        assert () == work.ledger.disagreements()
        return {part.sku for part in work.parts.find(PartFilter(), PageRequest(size=100_000)).items}


@contextmanager
def serving(
    url: str,
    *options: str,
    before: Sequence[str] = (),
    extra: Mapping[str, str] = MappingProxyType({}),
) -> Iterator[Server]:
    """Serve the shop within the block, with *extra* settings."""
    arguments = ["-m", "mechanic_shop", "serve", "--port", "0", *options]
    with running(arguments, extra={**environment(url), **extra}, before=before) as server:
        yield server


@contextmanager
def serving_with_log(folder: Path, url: str) -> Iterator[int]:
    """Serve the shop within the block, its log in *folder*; yield the port."""
    settings = {**environment(url), "LOG_FORMAT": "json", "LOG_LEVEL": "info"}
    with serving_in(folder, "serve", "--port", "0", env=settings) as program:
        yield program.port


def outages_in(folder: Path) -> Sequence[Mapping[str, Any]]:
    """Return the lines about outages in the log of `serving_with_log`."""
    lines = map(json.loads, (folder / "log").read_text().splitlines())
    return [line for line in lines if line["event"].startswith("database outage")]


@define
class Response:
    """A response and its duration."""

    status: int
    headers: dict[str, str]
    body: Any
    seconds: float


@define(eq=False)
class Client:
    """A client with one persistent connection."""

    port: int
    patience: float = 15.0
    _token: str | None = None
    _connection: HTTPConnection = field(init=False)
    _others: "list[Client]" = field(factory=list, init=False)

    @_connection.default
    def _open(self) -> HTTPConnection:
        return HTTPConnection("127.0.0.1", self.port, timeout=self.patience)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Close every connection of this client and its copies."""
        self._connection.close()
        for other in self._others:
            other.close()

    @property
    def headers(self) -> dict[str, str]:
        """The headers of each request."""
        token = {"Authorization": f"Bearer {self._token}"} if self._token else {}
        return {"Content-Type": "application/json", **token}

    def ask(self, method: str, path: str, body: Any = None, **headers: str) -> Response:
        """Send a request. Raises `OSError` or `HTTPException` where there is no answer."""
        started = time.perf_counter()
        try:
            self._connection.request(
                method,
                path,
                body=None if body is None else json.dumps(body),
                headers={**self.headers, **headers},
            )
            response = self._connection.getresponse()
            read = response.read()
        except (OSError, HTTPException):
            self._connection.close()
            raise
        return Response(
            response.status,
            {name.lower(): value for name, value in response.getheaders()},
            json.loads(read) if read else None,
            time.perf_counter() - started,
        )

    def log_in(self) -> Self:
        """Log in as the manager."""
        answer = self.ask("POST", "/mechanics/login", {"email": EMAIL, "password": PASSWORD})
        assert answer.status == 200, answer
        self._token = answer.body["token"]
        return self

    def copy_for(self, port: int) -> "Client":
        """Return a client with the same token and a connection of its own."""
        other = Client(port, self.patience, self._token)
        self._others.append(other)
        return other

    def add_part(self, sku: str) -> Response:
        """Add a part with three pieces: a row and a movement in the ledger."""
        return self.ask("POST", "/inventory", {"name": sku, "sku": sku, "price": 1, "quantity": 3})

    def skus(self) -> set[str]:
        """Return the SKUs of all parts."""
        skus: set[str] = set()
        path: str | None = "/inventory?per_page=100"
        while path:
            page = self.ask("GET", path).body
            skus |= {item["sku"] for item in page["items"]}
            cursor = page["next_cursor"]
            path = f"/inventory?per_page=100&cursor={cursor}" if cursor else None
        return skus


@define(eq=False)
class Writers:
    """Concurrent clients that add parts and record which were acknowledged, and when."""

    sent: set[str] = Factory(set)
    acknowledged: set[str] = Factory(set)
    refused: list[Response] = Factory(list)
    broken: list[str] = Factory(list)
    moments: list[float] = Factory(list)
    _numbers: Iterator[int] = field(factory=lambda: count(1), init=False)
    _stopped: Event = field(factory=Event, init=False)

    @contextmanager
    def writing(self, client: Client, writers: int = 4) -> Iterator[None]:
        """Add parts as *client* within the block."""
        self._stopped.clear()
        threads = [
            Thread(target=self._write, args=(client.copy_for(client.port),)) for _ in range(writers)
        ]
        for thread in threads:
            thread.start()
        try:
            yield
        finally:
            self._stopped.set()
            for thread in threads:
                thread.join(30)

    @property
    def longest_gap(self) -> float:
        """The longest time in seconds without an acknowledgement."""
        moments = sorted(self.moments)
        return max((b - a for a, b in pairwise(moments)), default=0.0)

    def summary(self, found_again: set[str]) -> str:
        """Return the counts in one line."""
        lost = self.acknowledged - found_again
        return (
            f"sent {len(self.sent)}, acknowledged {len(self.acknowledged)}, "
            f"found {len(self.sent & found_again)}, lost {len(lost)}, "
            f"refused {len(self.refused)}, broken off {len(self.broken)}, "
            f"longest gap {self.longest_gap:.2f} s"
        )

    def _write(self, client: Client) -> None:
        while not self._stopped.is_set():
            sku = f"P-{next(self._numbers)}"
            self.sent.add(sku)
            try:
                answer = client.add_part(sku)
            except (OSError, HTTPException) as error:
                self.broken.append(repr(error))
                time.sleep(0.02)
                continue
            if answer.status == 201:
                self.acknowledged.add(sku)
                self.moments.append(time.monotonic())
            else:
                self.refused.append(answer)
                time.sleep(0.02)
