"""Memory after many requests, and latency beside slow clients."""

import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from statistics import median
from threading import Event, Thread

from tests.faults.shop_processes import Client, serving
from tests.integration.sockets import Server

REQUESTS = 20_000
WARM_UP = 3_000
HANDS = 4
SLOW = 200
ROUNDS = 9
PATHS = ("/inventory", "/mechanics", "/mechanics/leaderboard", "/my-tickets", "/nowhere")


def test_memory_does_not_grow(file: Path, report: Callable[[str], None]) -> None:
    """
    After 20,000 requests the process uses at most a tenth more memory than after the first few.
    """
    with serving(f"sqlite:///{file}") as server, Client(server.port).log_in() as client:

        def ask(how_many: int) -> None:
            mine = client.copy_for(server.port)
            for number in range(how_many):
                mine.ask("GET", PATHS[number % len(PATHS)])

        def all_ask(how_many: int) -> None:
            threads = [Thread(target=ask, args=(how_many // HANDS,)) for _ in range(HANDS)]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()

        all_ask(WARM_UP)
        before = server.process.memory_info().rss
        started = time.monotonic()
        all_ask(REQUESTS)
        took = time.monotonic() - started
        after = server.process.memory_info().rss

    report(
        f"{REQUESTS} requests in {took:.1f} s: {before / 2**20:.1f} MiB before, "
        f"{after / 2**20:.1f} MiB after, {after / before - 1:+.1%}"
    )
    assert after < before * 1.1


@contextmanager
def slow_clients(server: Server) -> Iterator[None]:
    """Open connections whose requests never end."""
    enough = Event()
    with ExitStack() as stack:
        slow = [stack.enter_context(server.connect()) for _ in range(SLOW)]
        for connection in slow:
            connection.sendall(b"POST /login HTTP/1.1\r\nHost: shop\r\nContent-Length: 999\r\n")

        def drip() -> None:
            while not enough.wait(0.5):
                for connection in slow:
                    connection.sendall(b"X")

        dripping = Thread(target=drip)
        dripping.start()
        try:
            yield
        finally:
            enough.set()
            dripping.join()


def test_slow_clients_do_not_delay_others(file: Path, report: Callable[[str], None]) -> None:
    """
    With 200 slow clients the p99 latency of others is less than twice the idle one.
    """
    with serving(f"sqlite:///{file}") as server, Client(server.port).log_in() as client:

        def p99() -> float:
            times = sorted(client.ask("GET", "/inventory").seconds for _ in range(500))
            return times[495]

        p99()
        rounds = []
        for _ in range(ROUNDS):  # alternately, so that other load on the machine affects both
            idle = p99()
            with slow_clients(server):
                rounds.append((idle, p99()))

    idle, busy = map(median, zip(*rounds, strict=True))
    report(f"p99 of a normal client: {idle * 1000:.2f} ms alone, {busy * 1000:.2f} ms with {SLOW}")
    assert median(busy / idle for idle, busy in rounds) < 2
