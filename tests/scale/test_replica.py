"""Reads from a standby: none is older than the reader's own writes, whichever process took them."""

import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from http.client import HTTPConnection
from typing import Final

import pytest
from attrs import frozen

from tests.faults.shop_processes import Client, create_shop, environment
from tests.integration.servers import PostgresServer
from tests.integration.sockets import Server, running, wait_until
from tests.scale.standbys import pause_replay, resume_replay, run_sql, standby_of

STAFF: Final = {"email": "bo@example.com", "password": "correct horse battery staple"}
MAX_BEHIND_S: Final = 5.0
QUIET_S: Final = 7.5
"""After how long a session counts as one that has not written lately."""

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
    """Two processes of the shop that read from the standby, and what to look at."""

    pair: Pair
    servers: tuple[Server, Server]
    movements: str

    def log_in(self, path: str = "/mechanics/login") -> tuple[Client, Client]:
        """Log the mechanic in; return the session's clients, of each process."""
        one, other = (Client(server.port) for server in self.servers)
        answer = one.ask("POST", path, STAFF)
        assert answer.status == 200, answer
        one._token = answer.body["token"]
        return one, one.copy_for(other.port)

    def settle(self, *clients: Client) -> None:
        """Wait until lists that *clients* ask for come from the standby."""
        for client in clients:
            wait_until(lambda client=client: self._reads_replica(client))  # type: ignore[misc]

    def _reads_replica(self, client: Client) -> bool:
        before = outcomes(client.port)["replica"]
        assert client.ask("GET", self.movements).status == 200
        return outcomes(client.port)["replica"] > before


@pytest.fixture
def desk(pair: Pair) -> Iterator[Desk]:
    """Two processes of the shop, each with its own knowledge of the standby."""
    with ExitStack() as stack:
        servers = (stack.enter_context(pair.serving()), stack.enter_context(pair.serving()))
        manager = stack.enter_context(Client(servers[0].port).log_in())
        part = manager.ask("POST", "/inventory", {"name": "Oil", "price": 1, "quantity": 1}).body
        hired = manager.ask("POST", "/mechanics", {"name": "Bo Berg", **STAFF})
        assert hired.status in {201, 409}, hired
        for server in servers:
            wait_until(lambda server=server: readiness(server) == "up")  # type: ignore[misc]
        yield Desk(pair, servers, f"/inventory/{part['id']}/movements")


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
    here, there = desk.log_in()
    with here, there, Client(desk.servers[0].port).log_in() as manager:
        desk.settle(here, there)
        pause_replay(desk.pair.standby)
        movement = receive(manager, desk.movements)
        seen = [listed(client, desk.movements) for client in (here, there)]
        of_manager = listed(manager, desk.movements)
        resume_replay(desk.pair.standby)
        wait_until(lambda: movement in listed(here, desk.movements))

    assert [False, False] == [movement in ids for ids in seen]
    assert movement in of_manager


def test_own_writes_are_seen_while_the_standby_stands_still(desk: Desk) -> None:
    """
    What a session writes through one process it reads through each, however long replay pauses.
    """
    here, there = desk.log_in()
    with here, there:
        desk.settle(here, there)
        pause_replay(desk.pair.standby)
        movement = receive(here, desk.movements)
        until = time.monotonic() + QUIET_S
        missed = 0
        while time.monotonic() < until:
            missed += sum(movement not in listed(one, desk.movements) for one in (there, here))
            time.sleep(0.05)
        states = [readiness(server) for server in desk.servers]
        resume_replay(desk.pair.standby)
        wait_until(lambda: readiness(desk.servers[0]) == "up")

    assert missed == 0
    assert ["behind", "behind"] == states


def test_own_writes_are_seen_on_a_standby_that_is_always_late(desk: Desk) -> None:
    """
    A standby four seconds late is read from, and never shows a session less than it has written.
    """
    here, there = desk.log_in()
    standby = desk.pair.standby
    run_sql(standby, "ALTER SYSTEM SET recovery_min_apply_delay = '4s'")
    run_sql(standby, "SELECT pg_reload_conf()")
    try:
        with here, there:
            before = outcomes(there.port)
            missed, written = 0, []
            until = time.monotonic() + 3 * QUIET_S
            while time.monotonic() < until:
                written.append(receive(here, desk.movements))
                pause = time.monotonic() + len(written) * 0.75
                while time.monotonic() < pause:
                    missed += not {*written} <= {*listed(there, desk.movements)}
                    missed += not {*written} <= {*listed(here, desk.movements)}
                    time.sleep(0.02)
            after = outcomes(there.port)
    finally:
        run_sql(standby, "ALTER SYSTEM RESET recovery_min_apply_delay")
        run_sql(standby, "SELECT pg_reload_conf()")

    assert missed == 0
    assert after["replica"] > before["replica"]
    assert after["own-write"] > before["own-write"]


def test_an_ended_session_ends_at_once(desk: Desk) -> None:
    """
    A session that was ended is refused although the standby does not know it.
    """
    here, there = desk.log_in()
    with here, there:
        desk.settle(here, there)
        pause_replay(desk.pair.standby)
        ended = here.ask("POST", "/logout")
        at_once = here.ask("GET", desk.movements)
        began = time.monotonic()
        wait_until(lambda: there.ask("GET", desk.movements).status == 401)
        seconds = time.monotonic() - began
        resume_replay(desk.pair.standby)

    assert ended.status in {200, 204}
    assert at_once.status == 401
    assert seconds < MAX_BEHIND_S


def test_a_dead_standby_is_passed_by(desk: Desk) -> None:
    """
    When the standby is killed every read succeeds, on the primary, and without a delay.
    """
    here, there = desk.log_in()
    standby = desk.pair.standby
    with here, there:
        desk.settle(here, there)
        usual = [here.ask("GET", desk.movements) for _ in range(20)]
        standby.kill()
        try:
            answers = [here.ask("GET", desk.movements) for _ in range(100)]
            state = readiness(desk.servers[0])
        finally:
            standby.start()
        desk.settle(here)

    slowest = max(answer.seconds for answer in answers)
    assert {200} == {answer.status for answer in usual + answers}
    assert slowest < BUDGET_S + max(answer.seconds for answer in usual)
    assert "down" == state


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
