"""What many simultaneous logins cost other requests: memory, and the time to read a part.

Run `python -m benchmarks.login_storm`. It starts a real server on a SQLite file and reads a part,
first alone and then while sixteen clients log in. It exits 1 if the process grew by more than its
budget, or if a read became too slow.
"""

# ruff: noqa: S101, T201 - a command-line program prints

import http.client
import json
import os
import re
import statistics
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from pathlib import Path
from threading import Event

import psutil

from mechanic_core.access import Actor, Role
from mechanic_core.customers.customer import Registration
from mechanic_core.inventory.part import PartForm
from mechanic_core.money import Money
from mechanic_shop.settings.settings import Settings
from mechanic_shop.wiring.shop import open_shop

CLIENTS = 16
SECONDS = 8.0
BUDGET_MIB = 60
BUDGET_TIMES = 5.0

EMAIL = "ada@example.com"
PASSWORD = "correct horse battery"  # noqa: S105 - of a temporary shop
LOGIN = json.dumps({"email": EMAIL, "password": PASSWORD}).encode()
OFF = {f"{name}_RATE_LIMIT": "" for name in ("GLOBAL", "LOGIN", "STATIC", "WRITE")}


@contextmanager
def served(folder: Path) -> Iterator[tuple[int, int]]:
    """Serve a shop with a customer and a part; yield the process id and the port."""
    url = f"sqlite:///{folder / 'shop.db'}"
    with open_shop(settings=Settings(database_url=url)) as shop:
        form = PartForm(name="Brake pad", sku="PAD", price=Money(1999))
        shop.add_part(Actor(Role.MANAGER), form)
        shop.register_customer(Actor(), Registration(name="Ada", email=EMAIL, password=PASSWORD))
    with subprocess.Popen(
        [sys.executable, "-m", "mechanic_shop", "serve", "--port", "0"],
        cwd=folder,
        env={**os.environ, **OFF, "DATABASE_URL": url, "LOG_LEVEL": "warning"},
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        try:
            assert process.stdout
            for line in process.stdout:
                if found := re.match(r"Serving on \S+:(\d+)", line):
                    yield process.pid, int(found[1])
                    break
        finally:
            process.terminate()


def log_in_until(stop: Event, port: int) -> Counter[int]:
    """Log in repeatedly; count the responses by status."""
    seen: Counter[int] = Counter()
    with closing(http.client.HTTPConnection("127.0.0.1", port, timeout=60)) as connection:
        while not stop.is_set():
            connection.request("POST", "/login", LOGIN, {"Content-Type": "application/json"})
            answer = connection.getresponse()
            answer.read()
            seen[answer.status] += 1
    return seen


def read_for(seconds: float, port: int) -> list[float]:
    """Read a part repeatedly; return the milliseconds of each read."""
    took = []
    with closing(http.client.HTTPConnection("127.0.0.1", port, timeout=60)) as connection:
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            started = time.perf_counter()
            connection.request("GET", "/inventory/1")
            answer = connection.getresponse()
            answer.read()
            took.append((time.perf_counter() - started) * 1000)
            if answer.status != http.client.OK:
                raise RuntimeError(f"a read was answered with {answer.status}")
            time.sleep(0.005)
    return took


def main() -> int:
    """Print every figure; return 1 if a budget is exceeded."""
    stop = Event()
    with tempfile.TemporaryDirectory() as folder, served(Path(folder)) as (pid, port):
        process = psutil.Process(pid)
        idle = read_for(SECONDS, port)
        before = process.memory_info().rss
        with ThreadPoolExecutor(CLIENTS) as clients:
            storm = [clients.submit(log_in_until, stop, port) for _ in range(CLIENTS)]
            time.sleep(1.0)
            busy = read_for(SECONDS, port)
            added = (process.memory_info().rss - before) / 2**20
            stop.set()
            answers = sum((one.result() for one in storm), Counter[int]())
    times = statistics.median(busy) / statistics.median(idle)
    for name, took in (("idle", idle), ("during logins", busy)):
        p99 = statistics.quantiles(took, n=100)[98]
        print(f"part read {name:<14} p50 {statistics.median(took):7.2f} ms  p99 {p99:7.2f} ms")
    print(f"slower by a factor of {times:.1f}; at most {BUDGET_TIMES:.0f}")
    print(
        f"logins by status: {dict(answers)}, {sum(answers.values()) / (SECONDS + 1):.0f} a second"
    )
    print(f"memory added: {added:.0f} MiB; at most {BUDGET_MIB}")
    return int(times > BUDGET_TIMES or added > BUDGET_MIB)


if __name__ == "__main__":
    sys.exit(main())
