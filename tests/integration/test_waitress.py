"""The shop on a real port: requests of real clients, and graceful shutdown."""

import http.client
import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, closing
from pathlib import Path

import pytest

from mechanic_adapters.sql.migrations import version
from mechanic_shop.observability.metrics import MULTIPROCESS_FOLDER
from tests.integration.programs import Program, ask, environment, receive, run, send, serving

MEBIBYTE = 1024 * 1024
ADA = {"name": "Ada Moore", "email": "ada@example.com", "password": "correct horse"}
WRONG = {"email": "ada@example.com", "password": "wrong horse"}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The directory that the shop is served from."""
    return tmp_path_factory.mktemp("served")


@pytest.fixture(scope="module")
def shop(folder: Path) -> Iterator[Program]:
    """The shop, served from an empty SQLite file."""
    with serving(folder, "serve", "--port", "0", env={"LOG_FORMAT": "json"}) as program:
        yield program


@pytest.fixture
def connection(shop: Program) -> Iterator[http.client.HTTPConnection]:
    """A connection to the shop."""
    with closing(shop.connection()) as opened:
        yield opened


def test_one_connection_serves_many_requests(connection: http.client.HTTPConnection) -> None:
    """
    A connection is persistent, also after an error.
    """
    asked = {
        ("GET", "/healthz"): 200,
        ("GET", "/mechanics/leaderboard"): 200,
        ("HEAD", "/inventory/"): 200,
        ("GET", "/customers"): 401,
        ("GET", "/nowhere"): 404,
        ("DELETE", "/login"): 405,
        ("GET", "/readyz"): 200,
    }

    assert asked == {one: ask(connection, *one).status for one in asked}


@pytest.mark.parametrize(
    "method", ["M-SEARCH", "VERSION-CONTROL", "WEBSOCKET", "GET2", "!#$%&'*+-.^_`|~0A"]
)
def test_an_unknown_method_is_a_problem(
    connection: http.client.HTTPConnection, method: str
) -> None:
    """
    An unknown method gets 405 with `Allow`, and the connection stays open.
    """
    refused = ask(connection, method, "/inventory")
    after = ask(connection, "GET", "/inventory")

    assert (405, {"GET", "HEAD", "OPTIONS", "POST"}) == (
        refused.status,
        set(refused.headers["Allow"].split(", ")),
    )
    assert "application/problem+json" == refused.headers["Content-Type"]
    assert 200 == after.status


def test_a_customer_registers_and_logs_in(connection: http.client.HTTPConnection) -> None:
    """
    A customer can register and log in.
    """
    made = ask(connection, "POST", "/customers", ADA)
    login = ask(connection, "POST", "/login", {k: ADA[k] for k in ("email", "password")})
    mine = ask(connection, "GET", "/my-tickets", token=login.body["token"])

    assert (201, "/customers/1") == (made.status, made.headers["Location"])
    assert "password" not in made.body
    assert (200, []) == (mine.status, mine.body["items"])


@pytest.mark.parametrize("size", [MEBIBYTE + 1, 20 * MEBIBYTE])
def test_a_body_that_is_too_large_is_a_problem(shop: Program, size: int) -> None:
    """
    A body over 1 MiB gets 413 as a problem before it is completely received.
    """
    with closing(shop.connection()) as connection:
        connection.putrequest("POST", "/login")
        connection.putheader("Content-Type", "application/json")
        connection.putheader("Content-Length", str(size))
        connection.endheaders(b" " * 1024)
        response = receive(connection)

    assert (413, 413) == (response.status, response.body["status"])
    assert "application/problem+json" == response.headers["Content-Type"]


def test_the_server_does_not_name_itself(connection: http.client.HTTPConnection) -> None:
    """
    No response names the server software.
    """
    assert "Server" not in ask(connection, "GET", "/healthz").headers


def test_each_request_is_one_line_in_the_log(
    folder: Path, connection: http.client.HTTPConnection
) -> None:
    """
    The log line of a request has the expected fields and no client data.
    """
    response = ask(connection, "POST", "/login?q=typed", WRONG)

    lines = (folder / "log").read_text().splitlines()
    (line,) = (line for line in lines if response.headers["X-Request-ID"] in line)
    found = json.loads(line)
    assert {"POST", "/login", response.status} <= set(found.values())
    assert {"role": None, "actor_id": None}.items() <= found.items()
    assert found["ms"] > 0
    assert not any(word in line for word in ("typed", *WRONG.values()))


def test_shutdown_finishes_running_requests(tmp_path: Path) -> None:
    """
    Requests that were sent before SIGTERM are answered; then the process exits 0.
    """
    slow = {"PASSWORD_PROFILE": "rfc9106-low"}
    with (
        serving(tmp_path, "serve", "--port", "0", env=slow) as shop,
        ExitStack() as stack,
    ):
        connections = [stack.enter_context(closing(shop.connection())) for _ in range(4)]
        for connection in connections:
            send(connection, "POST", "/login", WRONG)
        shop.process.terminate()
        statuses = [receive(connection).status for connection in connections]
        code = shop.process.wait(30)

    assert [401] * 4 == statuses
    assert 0 == code


def test_readiness_reports_its_checks(connection: http.client.HTTPConnection) -> None:
    """
    Readiness reports each dependency that it checked.
    """
    response = ask(connection, "GET", "/readyz").body

    assert {
        "status": "ready",
        "server": "running",
        "database": "up",
        "writes": "up",
        "schema": version.newest(),
        "cache": "memory",
        "limits": "memory",
    } == response


def test_any_wsgi_server_can_import_it(tmp_path: Path) -> None:
    """
    `mechanic_shop.wsgi:application` works without our command line.
    """
    program = (
        "from wsgiref.util import setup_testing_defaults\n"
        "from mechanic_shop.wsgi import application\n"
        "environ = {'PATH_INFO': '/readyz'}\n"
        "setup_testing_defaults(environ)\n"
        "print(b''.join(application(environ, lambda *told: print(told[0]))).decode())\n"
    )

    right, wrong, lost = (
        subprocess.run(
            [sys.executable, "-W", "error", "-c", program],
            cwd=tmp_path,
            env=environment({"LOG_LEVEL": "error"} | given),
            capture_output=True,
            text=True,
            check=False,
        )
        for given in ({}, {"LOG_LEVEL": "loud"}, {MULTIPROCESS_FOLDER: str(tmp_path / "nowhere")})
    )

    assert (0, "") == (right.returncode, right.stderr)
    assert right.stdout.startswith('200 OK\n{"status":"ready"')
    for failed, why in ((wrong, "LOG_LEVEL must be"), (lost, "[Errno 2] No such file")):
        assert (1, "") == (failed.returncode, failed.stdout)
        assert failed.stderr.startswith(f"mechanic-shop: {why}")
        assert 1 == failed.stderr.count("\n")


@pytest.mark.parametrize("server", ["waitress", "granian"])
@pytest.mark.parametrize(
    ("host", "reason"),
    [
        ("127.0.0.1", "another program has this port"),
        ("nowhere.invalid", "no host has this name"),
        ("192.0.2.1", "this machine has no such address"),
    ],
)
def test_where_nobody_can_listen_is_reported(
    shop: Program, tmp_path: Path, server: str, host: str, reason: str
) -> None:
    """
    A port in use and a host that is none are named in one sentence, with the reason.
    """
    done = run(tmp_path, "serve", "--server", server, "--host", host, "--port", str(shop.port))

    *_, last = done.stderr.splitlines(keepends=True)
    assert 1 == done.returncode
    assert f"mechanic-shop: cannot listen on {host}, port {shop.port}: {reason}\n" == last
    assert "Errno" not in done.stderr
