"""Serving: start, slow clients, graceful shutdown, and restarts of worker processes."""

import json
import signal
import socket
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

import psutil
import pytest

from mechanic_server.limits import DRAIN_TIMEOUT_S, ConnectionLimits
from tests.integration.sockets import (
    PATIENCE_S,
    Server,
    free_port,
    is_refused,
    read_to_end,
    running,
    wait_until,
    wait_until_listening,
)

TINY = ["-m", "tests.integration.tiny_app"]
ASK = b"GET %s HTTP/1.1\r\nHost: shop\r\n\r\n"
GRANIAN = "from mechanic_server.granian import run; run('127.0.0.1', {}, 4, {}, '{}')"
LIMITS = ConnectionLimits()
FACTORY = "tests.integration.tiny_app:slow_application"
RESTARTED = b"mechanic_shop_worker_restarts_total 1.0"
DRAIN_S = 3
DRAINING = (
    "from mechanic_server.granian import run; from tests.integration.tiny_app import *; "
    f"run('127.0.0.1', {{}}, 4, {{}}, observed_application, drain_s={DRAIN_S})"
)


def pid_of(server: Server) -> int:
    """Return the id of the process that answered."""
    answer = server.get("/pid").bytes
    return int(json.loads(answer.partition(b"\r\n\r\n")[2])["pid"])


def workers_of(server: Server) -> set[int]:
    """Return the ids of the worker processes."""
    return {worker.pid for worker in server.workers()}


def answers(server: Server) -> bool:
    """Return whether a plain request is answered."""
    try:
        return server.get("/x").statuses == [200]
    except OSError:
        return False


@pytest.mark.parametrize("workers", ["1", "2"])
@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGINT])
def test_stops_gracefully(tmp_path: Path, workers: str, how: signal.Signals) -> None:
    """
    On SIGTERM the server refuses connections, finishes requests, closes the shop and exits 0.
    """
    closed = tmp_path / "closed"
    with running([*TINY, workers], extra={"TINY_CLOSED": str(closed)}) as server:
        with server.connect() as slow, server.connect() as halfway:
            slow.sendall(ASK % b"/slow?2.5")
            halfway.sendall(b"POST /half HTTP/1.1\r\nHost: shop\r\nContent-Length: 3\r\n\r\na")
            time.sleep(1)

            server.process.send_signal(how)
            wait_until(lambda: is_refused(server.port))
            halfway.sendall(b"bc")
            answers = [read_to_end(connection) for connection in (slow, halfway)]

        code = server.process.wait(PATIENCE_S)

    assert [[200], [200]] == [answer.statuses for answer in answers]
    assert all(b"Connection: close" in answer.bytes for answer in answers)
    assert code == 0
    assert closed.read_text() == "MainThread\n"


def test_says_that_it_is_stopping() -> None:
    """
    During shutdown `/readyz` answers 503.
    """
    with running([*TINY, "1"]) as server, server.connect() as slow, server.connect() as persistent:
        persistent.sendall(ASK % b"/readyz")
        before = persistent.recv(65536)
        slow.sendall(ASK % b"/slow?3")
        time.sleep(1)

        server.process.terminate()
        wait_until(lambda: is_refused(server.port))
        persistent.sendall(ASK % b"/readyz")
        after = read_to_end(persistent)

    assert before.startswith(b"HTTP/1.1 200")
    assert after.statuses == [503]
    assert after.closed


@pytest.mark.parametrize("workers", ["1", "2"])
def test_idle_connections_do_not_delay_the_shutdown(workers: str) -> None:
    """
    Idle connections do not delay the shutdown.
    """
    with running([*TINY, workers]) as server, server.connect() as persistent:
        persistent.sendall(ASK % b"/x")
        persistent.recv(65536)
        started = time.monotonic()

        code = server.stop()

    assert code == 0
    assert time.monotonic() - started < DRAIN_TIMEOUT_S / 2


@contextmanager
def draining(server: str) -> Iterator[Server]:
    """Run a *server*, named by its kind and number of workers, that drains after SIGTERM."""
    kind, workers = server.split()
    port = free_port() if kind == "granian" else None
    command = ["-c", DRAINING.format(port, workers)] if port else [*TINY, workers]
    with running(command, port, extra={"TINY_DRAIN": str(DRAIN_S)}) as started:
        wait_until_listening(started)
        wait_until(lambda: answers(started))
        yield started


@pytest.mark.parametrize("server", ["waitress 1", "waitress 2", "granian 1", "granian 2"])
def test_drains_before_it_stops(server: str) -> None:
    """
    After SIGTERM `/readyz` is 503 while new connections are served; then the port is closed.
    """
    with draining(server) as started:
        ready = started.get("/readyz").statuses
        began = time.monotonic()
        started.process.terminate()
        wait_until(lambda: started.get("/readyz").statuses == [503])
        served = [started.get("/x").statuses for _ in range(10)]
        served_for = time.monotonic() - began
        code = started.process.wait(PATIENCE_S)
        took = time.monotonic() - began

    assert [200] == ready
    assert [[200]] * 10 == served
    assert served_for < DRAIN_S <= took
    assert code == 0


@pytest.mark.parametrize("server", ["waitress 1", "waitress 2", "granian 2"])
def test_an_interrupt_ends_draining(server: str) -> None:
    """
    SIGINT, as Ctrl-C sends it, does not wait for a load balancer.
    """
    with draining(server) as started:
        began = time.monotonic()
        started.process.terminate()
        wait_until(lambda: started.get("/readyz").statuses == [503])
        started.process.send_signal(signal.SIGINT)
        code = started.process.wait(PATIENCE_S)

    assert code == 0
    assert time.monotonic() - began < DRAIN_S


def test_slow_clients_do_not_delay_others() -> None:
    """
    Half-sent requests occupy no thread: others are answered at once.
    """
    with running([*TINY, "1"]) as server, ExitStack() as slow:
        for _ in range(200):
            connection = slow.enter_context(server.connect())
            connection.sendall(b"POST /slow HTTP/1.1\r\nHost: shop\r\nContent-Length: 9\r\n\r\nx")
        started = time.monotonic()

        answers = [server.get("/x") for _ in range(50)]

    assert all(answer.statuses == [200] for answer in answers)
    assert time.monotonic() - started < LIMITS.request_s / 2


def test_a_dead_worker_is_replaced() -> None:
    """
    When one of three processes is killed no request fails, and it is replaced.
    """
    with running([*TINY, "3"]) as server:
        wait_until(lambda: len(server.workers()) == 3)
        victim = pid_of(server)

        psutil.Process(victim).kill()
        answers = [server.get("/x") for _ in range(20)]
        wait_until(lambda: len(workers_of(server) - {victim}) == 3)
        pids = workers_of(server)

        assert all(answer.statuses == [200] for answer in answers)
        assert server.stop() == 0
        assert not any(psutil.pid_exists(pid) for pid in pids)


def test_no_orphans() -> None:
    """
    When the supervisor is killed its worker processes finish and exit.
    """
    with running([*TINY, "2"]) as server:
        wait_until(lambda: len(server.workers()) == 2)
        orphans = server.workers()

        server.process.kill()
        gone, alive = psutil.wait_procs(orphans, timeout=DRAIN_TIMEOUT_S)

    assert len(gone) == 2
    assert alive == []


def test_a_crashing_process_is_restarted_with_back_off() -> None:
    """
    A worker that keeps crashing is restarted with back-off.
    """
    with running([*TINY, "1"]) as lone, running([*TINY, "2"]) as server:
        deadline = time.monotonic() + 3
        killed: set[int] = set()
        while time.monotonic() < deadline:
            for child in server.process.children():
                with suppress(psutil.NoSuchProcess):
                    child.kill()
                killed.add(child.pid)
            time.sleep(0.01)
        wait_until(lambda: server.get("/x").statuses == [200])

        assert lone.get("/x").statuses == [200]
        assert 3 <= len(killed) <= 14


@pytest.mark.parametrize("workers", ["1", "2"])
def test_a_shop_that_cannot_start_ends_the_server(workers: str) -> None:
    """
    When no worker can start the server exits with 1.
    """
    with (
        pytest.raises(RuntimeError, match="the server ended with 1"),
        running([*TINY, workers], extra={"TINY_FAILS": "the database is away"}),
    ):
        pass


def test_metrics_are_shared() -> None:
    """
    Metrics include all processes, also those that have died, and how many were started again.
    """
    with running([*TINY, "2"]) as server:
        wait_until(lambda: len(server.workers()) == 2)
        pids = [pid_of(server) for _ in range(30)]
        psutil.Process(pids[-1]).kill()
        wait_until(lambda: RESTARTED in server.get("/metrics").bytes)

        figures = [server.get("/metrics").bytes for _ in range(5)]

    sample = (
        b'mechanic_shop_http_requests_total{method="GET",role="none",route="/pid",status="200"}'
    )
    assert all(sample + b" 30.0" in figure for figure in figures)
    assert all(RESTARTED in figure for figure in figures)


def test_an_address_taken() -> None:
    """
    A port in use is a plain error.
    """
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        command = (
            f"from tests.integration.tiny_app import *\nwith listen('127.0.0.1', {port}): pass"
        )
        with (
            pytest.raises(RuntimeError, match="the server ended with 1"),
            running(["-c", command]),
        ):
            pass


def test_limits_fit_together() -> None:
    """
    Timeouts are ordered: slow clients, idle connections, shutdown.
    """
    assert DRAIN_TIMEOUT_S < LIMITS.head_s < LIMITS.request_s < LIMITS.keep_alive_s


def test_granian_stops_gracefully() -> None:
    """
    Granian too replaces a dead process, finishes requests and exits 0.
    """
    port = free_port()
    with running(["-c", GRANIAN.format(port, 2, FACTORY)], port) as server:
        wait_until_listening(server)
        psutil.Process(pid_of(server)).kill()
        wait_until(lambda: all(answers(server) for _ in range(20)))
        with server.connect() as slow:
            slow.sendall(ASK % b"/slow?2")
            time.sleep(1)

            server.process.terminate()
            answer = read_to_end(slow)

        assert answer.statuses == [200]
        assert server.process.wait(PATIENCE_S) == 0


def test_granian_stops_before_it_serves() -> None:
    """
    Granian can be stopped while its processes still start.
    """
    port = free_port()
    with running(
        ["-c", GRANIAN.format(port, 2, "tests.integration.slow_import:application")], port
    ) as server:
        wait_until(lambda: len(server.workers()) == 2)

        server.process.terminate()

        assert server.process.wait(DRAIN_TIMEOUT_S / 2) == 0


def test_granian_ends_a_request_that_never_ends() -> None:
    """
    Granian cuts off a request that outlasts the shutdown timeout, and exits 0.
    """
    port = free_port()
    with running(["-c", GRANIAN.format(port, 1, FACTORY)], port) as server:
        wait_until_listening(server)
        wait_until(lambda: answers(server))
        with server.connect() as slow:
            slow.sendall(ASK % b"/slow?60")
            time.sleep(1)

            began = time.monotonic()
            server.process.terminate()

            assert server.process.wait(PATIENCE_S) == 0
            assert DRAIN_TIMEOUT_S - 1 < time.monotonic() - began


def test_granian_leaves_no_orphans() -> None:
    """
    When granian's main process is killed the others exit.
    """
    port = free_port()
    with running(["-c", GRANIAN.format(port, 2, FACTORY)], port) as server:
        wait_until_listening(server)
        wait_until(lambda: len(server.workers()) == 2)
        orphans = server.workers()

        server.process.kill()
        _, alive = psutil.wait_procs(orphans, timeout=DRAIN_TIMEOUT_S)

    assert alive == []
