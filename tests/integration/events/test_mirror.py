"""A mirror of the shop that starts among writers, rollbacks, kills and erasures is exact."""

import json
import random
import re
import subprocess
import sys
import time
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from threading import Thread
from typing import Any, Final

import psutil
import pytest

from mechanic_core.events.event import EventType
from tests.faults.shop_processes import Client, create_shop, serving
from tests.integration.databases import DATABASES
from tests.integration.events.mirror import LISTS, SHOP, Mirror
from tests.integration.events.writers import MARK, HttpWriters
from tests.integration.servers import PostgresServer
from tests.integration.sockets import ROOT, wait_until

SECONDS: Final = 10.0
HTTP_WRITERS: Final = 10
LIBRARY_PROCESSES: Final = 2
LIBRARY_THREADS: Final = 3
KILL_EVERY_S: Final = 2.0
LEAST_KILLS: Final = 2
NOUNS: Final = {type_.value.partition(".")[0] for type_ in EventType}


@pytest.fixture(params=DATABASES)
def url(request: pytest.FixtureRequest, tmp_path: Path, postgres: PostgresServer) -> str:
    """The URL of a shop with a manager, on each database."""
    url = f"sqlite:///{tmp_path}/shop.db" if request.param == "sqlite" else postgres.new_database()
    create_shop(url)
    return url


def test_a_mirror_equals_the_shop(url: str) -> None:
    """
    After 16 writers, rollbacks, kills and erasures a mirror equals what GET answers.

    Positions have no gap, versions of a subject ascend, and events hold no personal data.
    """
    with serving(url, "--workers", "2") as server, Client(server.port, 30).log_in() as client:
        wait_until(lambda: len(server.workers()) == 2)
        writers = HttpWriters(client)
        writers.start(HTTP_WRITERS, SECONDS)
        mirror = Mirror(client.copy_for(server.port))
        with library_writers(url) as processes:
            follower = Thread(target=start_mirror, args=(mirror, writers, processes))
            follower.start()
            kills = kill_at_random(server.process, processes, url, writers)
        follower.join(60)
        assert not follower.is_alive()
        found = everything(mirror)

        assert [] == writers.failures
        assert found == mirror.joined()
        check_events(mirror)
        check_erasures(mirror, writers.merged)
        assert kills >= LEAST_KILLS


def start_mirror(
    mirror: Mirror, writers: HttpWriters, processes: list["subprocess.Popen[bytes]"]
) -> None:
    """Take a snapshot while the writers write, and follow them until they rest."""
    time.sleep(SECONDS / 5)
    mirror.read_snapshot()
    mirror.follow(lambda: writers.resting and not processes)


@contextmanager
def library_writers(url: str) -> Iterator[list["subprocess.Popen[bytes]"]]:
    """Run processes that write through the library within the block."""
    processes = [start_library_writer(url, n) for n in range(LIBRARY_PROCESSES)]
    try:
        yield processes
    finally:
        while processes:
            kill(processes[0])
            processes.pop(0)


def start_library_writer(url: str, seed: int) -> "subprocess.Popen[bytes]":
    """Start a process that writes."""
    program = "tests.integration.events.library_writers"
    return subprocess.Popen(
        [sys.executable, "-m", program, url, str(LIBRARY_THREADS), str(seed)],
        cwd=ROOT,
        stdin=subprocess.PIPE,
    )


def kill(process: "subprocess.Popen[bytes]") -> None:
    """Kill a process with SIGKILL, wherever its transactions are."""
    process.kill()
    process.communicate()


def kill_at_random(
    server: psutil.Popen,
    processes: list["subprocess.Popen[bytes]"],
    url: str,
    writers: HttpWriters,
) -> int:
    """Kill a worker of the server and a writing process by turns until the writers rest."""
    kills = 0
    while not writers.resting:
        time.sleep(KILL_EVERY_S)
        if kills % 2:
            with suppress(IndexError, psutil.NoSuchProcess):  # the one before is not replaced yet
                random.choice(server.children()).kill()
        else:
            kill(processes[0])
            processes.append(start_library_writer(url, 100 + kills))
            processes.pop(0)
        kills += 1
    return kills


def everything(mirror: Mirror) -> dict[str, Any]:
    """Return what GET answers for each thing, those that no list has left out too."""
    found = {SHOP: mirror.get(SHOP)}
    for path in LISTS:
        newest = max((id_of(subject) for subject in known(mirror, path)), default=0)
        for number in range(1, newest + 1):
            answer = mirror.client.ask("GET", f"{path}/{number}")
            assert answer.status in (200, 404), answer
            if answer.status == 200:
                found[f"{path}/{number}"] = answer.body
                found |= dict(mirror.below(path, number))
    return found


def known(mirror: Mirror, path: str) -> Iterator[str]:
    """Yield the paths of all things of a list that the mirror has ever heard of."""
    subjects = (event["subject"] for event in mirror.events)
    ids = re.compile(rf"{path}/\d+")
    return (one for one in (*mirror.things, *subjects) if ids.fullmatch(one))


def id_of(subject: str) -> int:
    """Return the id at the end of a path."""
    return int(subject.rpartition("/")[2])


def check_events(mirror: Mirror) -> None:
    """Check the positions, the versions and the members of all events."""
    events: list[Any] = []
    while page := mirror.get(f"/events?after={len(events)}&limit=500")["items"]:
        events += page
    versions = defaultdict(list)
    for event in events:
        versions[event["subject"]].append(event["version"])

    assert list(range(1, len(events) + 1)) == [event["position"] for event in events]
    assert events[mirror.first :] == mirror.events
    assert len(events) == len({event["id"] for event in events})
    assert {path: sorted(set(found)) for path, found in versions.items()} == versions
    assert NOUNS == {event["type"].partition(".")[0] for event in events}
    assert MARK not in json.dumps(events).lower()


def check_erasures(mirror: Mirror, merged: set[str]) -> None:
    """Check that nothing is left of erased customers, but for what others got when they *merged*."""
    erased = {e["subject"] for e in mirror.events if e["type"] == EventType.CUSTOMER_ERASED}
    kept = ("/invoices/", "/credit_notes/")  # as the law asks
    text = json.dumps([one for path, one in mirror.things.items() if not path.startswith(kept)])
    left = {
        word for path in erased - merged for word in mirror.contacts.get(path, ()) if word in text
    }

    assert erased - merged
    assert erased & merged
    assert set() == left
    assert set() == erased & mirror.things.keys()
