"""The CPU cost of a request with and without parts of the server and the database, in paired runs.

Run `python -m benchmarks.server_parts`; wrk must be installed. Each variant is a server of its own,
with one process, on the same database; they take turns, and ratios are taken within a round.
"""

# ruff: noqa: T201 - a command-line program prints

import argparse
import http.client
import os
import re
import socket
import subprocess
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from statistics import median
from typing import Any, Final

import psutil
import waitress
from attrs import frozen
from waitress import wasyncore
from waitress.parser import HTTPRequestParser
from waitress.server import TcpWSGIServer

from benchmarks.database_parts import WITHOUT_DATABASE_PARTS
from benchmarks.layers import discarded_log, settings_for
from mechanic_adapters.sql.migrations import runner
from mechanic_core.access import SYSTEM
from mechanic_core.inventory.part import PartForm
from mechanic_core.money import Money, Quantity
from mechanic_server import granian
from mechanic_server import waitress as guarded
from mechanic_server.channel import GuardedChannel
from mechanic_server.http_server import listen
from mechanic_server.waitress import GuardedServer
from mechanic_shop.settings.choices import CacheType
from mechanic_shop.wiring.application import open_application
from mechanic_shop.wiring.shop import open_shop

THREADS: Final = 8
IDLE_AT_MOST: Final = 200
HOST: Final = "127.0.0.1"
ROWS: Final = {
    "one part": ("/inventory/1", CacheType.NULL),
    "page of 20": ("/inventory", CacheType.NULL),
    "cached part": ("/inventory/1", CacheType.MEMORY),
    "page of 100": ("/inventory?per_page=100", CacheType.NULL),
}


class WaitressLoop(dict[int, Any]):
    """waitress' own event loop: it asks every connection at each event."""

    def poll(self, timeout: float) -> None:
        """Handle the events that are ready."""
        wasyncore.poll2(timeout, self)

    def rearm(self, _: int) -> None:
        """Do nothing: every poll asks all connections."""


class WaitressParser(HTTPRequestParser):
    """waitress' own parser, with the attributes that a channel reads."""

    began = float("inf")
    unread = last = False


def use_waitress_loop() -> None:
    """Replace the selector; each response then wakes the loop, as in waitress."""
    replace(guarded, "SocketMap", WaitressLoop)
    replace(GuardedServer, "_rearm", lambda server, _: TcpWSGIServer.pull_trigger(server))


def leave_threads_idle() -> None:
    """Return a connection to the event loop after each response."""
    replace(GuardedChannel, "_read_next_request", lambda _: None)


def use_waitress_loop_alone() -> None:
    """Replace the selector, and let no thread wait for the next request."""
    use_waitress_loop()
    leave_threads_idle()


def replace(owner: object, name: str, value: object) -> None:
    """Replace an attribute of a module or a class."""
    setattr(owner, name, value)


WITHOUT: Final[dict[str, Callable[[], None]]] = {
    "all parts": lambda: None,
    "without selector": use_waitress_loop,
    "without waiting thread": leave_threads_idle,
    "without both": use_waitress_loop_alone,
    "without strict parser": lambda: replace(GuardedChannel, "parser_class", WaitressParser),
}
VARIANTS: Final = (*WITHOUT, "waitress alone", "granian")


def serve_variant(variant: str, url: str, cache: CacheType, port: int) -> None:
    """Serve the shop until SIGTERM."""
    settings = settings_for(url, cache)
    if variant == "granian":
        names = ("database_url", "secret_key", "cache_type", "log_format")
        limits = (f"{one}_rate_limit" for one in ("global", "login", "write", "static"))
        os.environ |= {name.upper(): str(getattr(settings, name)) for name in (*names, *limits)}
        granian.run(HOST, port, THREADS, 1, "mechanic_shop.wsgi:application")
        return
    (WITHOUT | WITHOUT_DATABASE_PARTS).get(variant, WITHOUT["all parts"])()
    with (
        discarded_log(settings) as log,
        listen(HOST, port) as listener,
        open_application(settings, threads=THREADS, access_log=log) as application,
    ):
        if variant == "waitress alone":
            waitress.serve(
                application,
                sockets=[listener],
                threads=THREADS,
                connection_limit=IDLE_AT_MOST * 2,
                _quiet=True,
            )
        else:
            GuardedServer(application, listener, THREADS).run()


@frozen
class Variant:
    """A running server: its port and its processes."""

    name: str
    port: int
    process: psutil.Popen

    def cpu_seconds(self) -> float:
        """Return the CPU time of all processes of the server."""
        family = (self.process, *self.process.children(recursive=True))
        return sum(sum(one.cpu_times()[:2]) for one in family)

    def measure(self, path: str, options: argparse.Namespace) -> float:
        """Return the CPU microseconds of one request under load."""
        command = ["wrk", "-t1", f"-c{options.connections}", f"-d{options.seconds}"]
        command.append(f"http://{HOST}:{self.port}{path}")
        with ExitStack() as idle:
            for _ in range(options.idle):
                connection = idle.enter_context(socket.create_connection((HOST, self.port)))
                connection.sendall(b"GET /healthz HTTP/1.1\r\nHost: shop\r\n\r\n")
                connection.recv(65536)
            before = self.cpu_seconds()
            printed = subprocess.run(command, capture_output=True, text=True, check=True).stdout
        if "Non-2xx" in printed or "Socket errors" in printed:
            raise SystemExit(f"{self.name}: {printed}")
        requests = re.findall(r"(\d+) requests in", printed)
        return (self.cpu_seconds() - before) / int(requests[0]) * 1e6


@contextmanager
def running(variant: str, url: str, cache: CacheType) -> Iterator[Variant]:
    """Run a variant in a process of its own."""
    with socket.create_server((HOST, 0)) as listener:
        port: int = listener.getsockname()[1]
    arguments = [f"--serve={variant}", f"--port={port}", f"--database={url}", f"--cache={cache}"]
    with psutil.Popen(
        [sys.executable, "-m", "benchmarks.server_parts", *arguments], stderr=subprocess.DEVNULL
    ) as process:
        try:
            until_it_answers(process, port)
            yield Variant(variant, port, process)
        finally:
            process.terminate()


def until_it_answers(process: psutil.Popen, port: int) -> None:
    """Wait until a request is answered."""
    while True:
        connection = http.client.HTTPConnection(HOST, port, timeout=10)
        try:
            connection.request("GET", "/inventory")
            connection.getresponse().read()
        except OSError:
            if process.poll() is not None:
                raise SystemExit("a server has ended") from None
            time.sleep(0.05)
        else:
            return
        finally:
            connection.close()


def compare(path: str, cache: CacheType, url: str, options: argparse.Namespace) -> None:
    """Print a line for each variant: CPU time, and its ratio to that with all parts."""
    costs: dict[str, list[float]] = defaultdict(list)
    with ExitStack() as stack:
        servers = [stack.enter_context(running(name, url, cache)) for name in options.variants]
        for number in range(options.rounds + 1):
            for server in servers:
                cost = server.measure(path, options)
                if number:  # the first round warms up
                    costs[server.name].append(cost)
    whole = costs[options.variants[0]]
    for name, figures in costs.items():
        ratios = [one / all_parts for one, all_parts in zip(figures, whole, strict=True)]
        spread = f"{min(ratios):.2f} to {max(ratios):.2f}"
        print(f"| {name} | {median(figures):.0f} | {median(ratios):.2f} | {spread} |", flush=True)


def main() -> None:
    """Print a table for each row, or serve one variant."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--variants", type=lambda text: text.split(","), default=[*VARIANTS])
    parser.add_argument("--rows", type=lambda text: text.split(","), default=[*ROWS][:3])
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=int, default=2)
    parser.add_argument("--connections", type=int, default=16)
    parser.add_argument(
        "--idle", type=int, choices=range(IDLE_AT_MOST + 1), default=0, metavar="CONNECTIONS"
    )
    parser.add_argument("--postgres", metavar="URL", help="an empty database, instead of SQLite")
    for internal in ("--serve", "--port", "--database", "--cache"):
        parser.add_argument(internal, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.serve:
        serve_variant(options.serve, options.database, CacheType(options.cache), int(options.port))
        return
    with tempfile.TemporaryDirectory() as folder:
        url = options.postgres or f"sqlite:///{Path(folder) / 'shop.db'}"
        runner.upgrade(url)
        with open_shop(settings=settings_for(url, CacheType.NULL)) as shop:
            for n in range(100):
                form = PartForm(name=f"Part {n}", price=Money(199), quantity=Quantity(5000))
                shop.add_part(SYSTEM, form)
        for row in options.rows:
            print(f"| {row} | µs | × {options.variants[0]} | in the rounds |")
            print("|---|---:|---:|---:|")
            compare(*ROWS[row], url, options)


if __name__ == "__main__":
    main()
