"""Reads from a standby: none is older than the reader's own writes, whichever process took them."""

import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from functools import partial
from http.client import HTTPConnection
from typing import Final

import pytest
from attrs import frozen

from tests.faults.shop_processes import Client, Writers, create_shop, environment
from tests.integration.servers import PostgresServer
from tests.integration.sockets import Server, running, wait_until
from tests.scale.standbys import (
    configure,
    pause_replay,
    resume_replay,
    run_sql,
    standby_of,
)

STAFF: Final = {"email": "bo@example.com", "password": "correct horse battery staple"}
MAX_BEHIND_S: Final = 5.0
QUIET_S: Final = 7.5
"""After how long a session counts as one that has not written lately, and somewhat more."""

BUDGET_S: Final = 0.1


@frozen
class Pair:
    """A shop on a primary, and its standby."""

    url: str
    standby: PostgresServer
    primary: PostgresServer

    @property
    def standby_url(self) -> str:
        """The URL of the shop's database on the standby."""
        return self.standby.url(self.url.rpartition("/")[2])

    @contextmanager
    def serving(self, *options: str) -> Iterator[Server]:
        """Serve the shop in a process that reads from the standby."""
        arguments = ["-m", "mechanic_shop", "serve", "--port", "0", *options]
        extra = environment(self.url) | {"DATABASE_REPLICA_URL": self.standby_url}
        with running(arguments, extra=extra) as server:
            yield server


@pytest.fixture(scope="module")
def pair(postgres: PostgresServer) -> Iterator[Pair]:
    """A shop with a manager, a mechanic and a part, on a primary with a standby."""
    url = postgres.new_database()
    create_shop(url)
    with standby_of(postgres) as standby:
        yield Pair(url, standby, postgres)


@frozen
class Desk:
    """Two processes of the shop that read from the standby, and a list to look at.

    *here* and *there* are clients of one session, that of a mechanic, of either process.
    """

    pair: Pair
    servers: tuple[Server, Server]
    manager: Client
    movements: str
    here: Client
    there: Client

    def settle(self, *clients: Client) -> None:
        """Wait until the lists of *clients* come from the standby."""
        for client in clients:
            wait_until(partial(self._reads_standby, client))

    def _reads_standby(self, client: Client) -> bool:
        before = outcomes(client.port)["replica"]
        assert client.ask("GET", self.movements).status == 200
        return outcomes(client.port)["replica"] > before


@pytest.fixture(scope="module")
def desk(pair: Pair) -> Iterator[Desk]:
    """Two processes of the shop, each with its own knowledge of the standby."""
    with ExitStack() as stack:
        servers = (stack.enter_context(pair.serving()), stack.enter_context(pair.serving()))
        manager = stack.enter_context(Client(servers[0].port).log_in())
        part = manager.ask("POST", "/inventory", {"name": "Oil", "price": 1, "quantity": 1}).body
        assert manager.ask("POST", "/mechanics", {"name": "Bo Berg", **STAFF}).status == 201
        for server in servers:
            wait_until(partial(is_up, server))
        here, there = (stack.enter_context(client) for client in log_in(servers))
        yield Desk(pair, servers, manager, f"/inventory/{part['id']}/movements", here, there)


def log_in(servers: tuple[Server, Server]) -> tuple[Client, Client]:
    """Log the mechanic in; return the clients of the session, of each process."""
    one, other = (Client(server.port) for server in servers)
    answer = one.ask("POST", "/mechanics/login", STAFF)
    assert answer.status == 200, answer
    one._token = answer.body["token"]
    return one, one.copy_for(other.port)


def is_up(server: Server) -> bool:
    """Return whether a process reads from the standby."""
    return readiness(server) == "up"


def readiness(server: Server) -> str:
    """Return what `/readyz` says of the replica; the process is ready whatever that is."""
    with Client(server.port) as client:
        answer = client.ask("GET", "/readyz")
    assert answer.status == 200
    return str(answer.body["replica"])


def outcomes(port: int) -> dict[str, float]:
    """Return how many reads that may lag went where."""
    connection = HTTPConnection("127.0.0.1", port, timeout=30)
    connection.request("GET", "/metrics")
    lines = connection.getresponse().read().decode().splitlines()
    connection.close()
    found = [line for line in lines if line.startswith("mechanic_shop_replica_reads_total{")]
    return {line.split('"')[1]: float(line.rpartition(" ")[2]) for line in found}


def receive(client: Client, path: str) -> int:
    """Receive one piece of a part, and return the id of the movement."""
    answer = client.ask("POST", path, {"kind": "receive", "quantity": 1})
    assert answer.status == 201, answer
    return int(answer.body["id"])


def listed(client: Client, path: str) -> list[int]:
    """Return the ids of the movements that the list shows."""
    answer = client.ask("GET", f"{path}?per_page=100")
    assert answer.status == 200, answer
    return [item["id"] for item in answer.body["items"]]


def test_lists_come_from_the_standby(desk: Desk) -> None:
    """
    A mechanic who has not written lately sees the standby; a manager misses nothing there.
    """
    desk.settle(desk.here, desk.there)
    with paused(desk):
        movement = receive(desk.manager, desk.movements)
        seen = [movement in listed(one, desk.movements) for one in (desk.here, desk.there)]
        of_manager = listed(desk.manager, desk.movements)
    wait_until(lambda: movement in listed(desk.here, desk.movements))

    assert [False, False] == seen
    assert movement in of_manager


def test_own_writes_are_seen_while_the_standby_stands_still(desk: Desk) -> None:
    """
    What a session writes through one process it reads through each, however long replay pauses.
    """
    desk.settle(desk.here, desk.there)
    with paused(desk):
        movement = receive(desk.here, desk.movements)
        missed = watch(desk, {movement}, QUIET_S)
        states = [readiness(server) for server in desk.servers]

    assert missed == 0
    assert ["behind", "behind"] == states


def test_own_writes_are_seen_on_a_standby_that_is_always_late(
    desk: Desk, report: Callable[[str], None]
) -> None:
    """
    A standby three seconds late is read from, and never shows a session less than it has written.
    """
    with delayed(desk), Writers().writing(desk.manager, writers=1):
        before = outcomes(desk.there.port)
        written, missed = set(), 0
        for pause_s in (0.3, 1.5, 4.0, QUIET_S + 1):
            written.add(receive(desk.here, desk.movements))
            missed += watch(desk, written, pause_s)
        after = outcomes(desk.there.port)

    report(
        f"replica three seconds late: {after['replica'] - before['replica']:.0f} reads from it, "
        f"{after['own-write'] - before['own-write']:.0f} from the primary after own writes, "
        f"{missed} without an own write"
    )
    assert missed == 0
    assert after["replica"] > before["replica"]
    assert after["own-write"] > before["own-write"]


def test_an_ended_session_ends_at_once(desk: Desk) -> None:
    """
    A session that was ended is refused, although the standby does not know of it.
    """
    here, there = log_in(desk.servers)
    with here, there, paused(desk):
        assert there.ask("GET", desk.movements).status == 200
        ended = here.ask("POST", "/logout")
        at_once = here.ask("GET", desk.movements)
        began = time.monotonic()
        wait_until(lambda: there.ask("GET", desk.movements).status == 401)
        seconds = time.monotonic() - began

    assert ended.status == 204
    assert at_once.status == 401
    assert seconds < MAX_BEHIND_S


def test_a_dead_standby_is_passed_by(desk: Desk, report: Callable[[str], None]) -> None:
    """
    When the standby is killed every read succeeds, on the primary, and without a delay.
    """
    standby = desk.pair.standby
    desk.settle(desk.here)
    usual = [desk.here.ask("GET", desk.movements) for _ in range(50)]
    standby.kill()
    try:
        answers = [desk.here.ask("GET", desk.movements) for _ in range(200)]
        state = readiness(desk.servers[0])
    finally:
        standby.start()
    desk.settle(desk.here)

    usually, slowest = (max(one.seconds for one in some) for some in (usual, answers))
    report(
        f"replica: the slowest of {len(usual)} lists from the standby {1000 * usually:.0f} ms, "
        f"of {len(answers)} after it was killed {1000 * slowest:.0f} ms"
    )
    assert {200} == {answer.status for answer in usual + answers}
    assert slowest < BUDGET_S + usually
    assert "down" == state


def test_a_silent_standby_is_passed_by(desk: Desk) -> None:
    """
    A standby that answers nothing any more is passed by after a second.
    """
    standby = desk.pair.standby
    desk.settle(desk.here)
    standby.suspend()
    try:
        began = time.monotonic()
        wait_until(lambda: readiness(desk.servers[0]) == "down")
        seconds = time.monotonic() - began
        answers = [desk.here.ask("GET", desk.movements) for _ in range(50)]
    finally:
        standby.resume()
    desk.settle(desk.here)

    assert seconds < 1 + BUDGET_S
    assert {200} == {answer.status for answer in answers}
    assert max(answer.seconds for answer in answers) < 1


def test_an_idle_primary_makes_no_standby_late(desk: Desk) -> None:
    """
    Without writes, and after a switch to a new file of the log, the standby stays in use.
    """
    run_sql(desk.pair.primary, "SELECT pg_switch_wal()")
    until = time.monotonic() + MAX_BEHIND_S + 1
    states = set()
    while time.monotonic() < until:
        states.add(readiness(desk.servers[0]))
        time.sleep(0.1)

    assert {"up"} == states


@contextmanager
def paused(desk: Desk) -> Iterator[None]:
    """Let the standby replay nothing within the block."""
    pause_replay(desk.pair.standby)
    try:
        yield
    finally:
        resume_replay(desk.pair.standby)
        for server in desk.servers:
            wait_until(partial(is_up, server))


@contextmanager
def delayed(desk: Desk) -> Iterator[None]:
    """Let the standby replay each commit three seconds late within the block."""
    delay = "recovery_min_apply_delay"
    configure(desk.pair.standby, f"SET {delay} = '3s'")
    try:
        yield
    finally:
        configure(desk.pair.standby, f"RESET {delay}")


def watch(desk: Desk, written: set[int], seconds: float) -> int:
    """Read the list through both processes for some time; return how often it lacked *written*."""
    missed, until = 0, time.monotonic() + seconds
    while time.monotonic() < until:
        lists = [listed(client, desk.movements) for client in (desk.there, desk.here)]
        missed += sum(not written <= {*ids} for ids in lists)
        time.sleep(0.02)
    return missed
