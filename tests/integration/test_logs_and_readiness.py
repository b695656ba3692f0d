"""Access log lines and readiness of a served shop."""

import http.client
import json
import socket
import sqlite3
import time
from collections.abc import Mapping, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any

from tests.integration.metrics_page import (
    ENV,
    PASSWORD,
    SECRET,
    TOKEN,
    log_in,
    request_once,
    send_known_requests,
    serve_shop,
)
from tests.integration.programs import ask, run
from tests.integration.servers import PostgresServer, RunningValkey
from tests.integration.sockets import is_refused, wait_until


def lines_of(folder: Path) -> Sequence[Mapping[str, Any]]:
    """Return every line of the log, each a JSON object."""
    return [json.loads(line) for line in (folder / "log").read_text().splitlines()]


def test_each_request_is_one_line(tmp_path: Path) -> None:
    """
    Each request is one log line with its caller, route, status and number of statements.
    """
    with serve_shop(tmp_path) as program:
        send_known_requests(program)
        headers = {"X-Request-ID": "morning-1", "Authorization": "Bearer nonsense"}
        with closing(program.connection()) as connection:
            connection.request("GET", "/customers?q=ada", headers=headers)
            connection.getresponse().read()
        program.process.terminate()
        program.process.wait(15)

    lines = [line for line in lines_of(tmp_path) if line["event"] == "request"]
    by_route = {(line["method"], line["route"], line["status"]): line for line in lines}
    first = {"event", "level", "at", "request_id", "method", "route", "status", "ms", "sql"}
    assert all(first | {"role", "actor_id", "problem"} == line.keys() for line in lines)
    assert 17 == len(lines)
    assert 17 == len({line["request_id"] for line in lines})
    assert all(0 < line["ms"] < 10_000 for line in lines)
    refused = by_route["POST", "/service_tickets/{ticket_id}/parts", 409]
    assert ("manager", 1) == (refused["role"], refused["actor_id"])
    assert "insufficient-stock" == refused["problem"]
    assert refused["sql"] > 1
    assert 0 == by_route["GET", None, 404]["sql"]
    customers = by_route["GET", "/customers", 401]
    assert ("morning-1", None, "token-refused") == (
        customers["request_id"],
        customers["role"],
        customers["problem"],
    )


def test_logs_contain_no_secrets(tmp_path: Path) -> None:
    """
    No password, token, key, name or query string is logged, whatever fails.
    """
    with serve_shop(tmp_path, LOG_LEVEL="debug") as program:
        send_known_requests(program)
        token = log_in(program).body["token"]
        request_once(program, "GET", "/customers?q=ada", token=token)
        request_once(program, "POST", "/mechanics/login", b'{"password": "correct horse')
        request_once(program, "GET", f"/{PASSWORD.replace(' ', '-')}")
        with sqlite3.connect(tmp_path / "mechanic_shop.db") as database:
            database.execute("ALTER TABLE vehicles RENAME TO gone")
        fault = request_once(program, "GET", "/vehicles/1", token=token)

    text = (tmp_path / "log").read_text()
    assert 500 == fault.status
    assert {"code", "detail", "instance", "request_id", "status", "title", "type"} == {*fault.body}
    assert "internal-server-error" in text
    for secret in (
        PASSWORD,
        "wrong horse",
        "correct-horse",
        token,
        TOKEN,
        SECRET,
        "ada@",
        "q=ada",
        "nowhere",
    ):
        assert secret not in text


def test_readiness_reports_the_schema(tmp_path: Path, postgres: PostgresServer) -> None:
    """
    A downgraded schema makes a running shop not ready until it is upgraded again.
    """
    url = postgres.new_database()
    with serve_shop(tmp_path, DATABASE_URL=url) as program:
        before = request_once(program, "GET", "/readyz")
        run(tmp_path, "db", "downgrade", env=ENV | {"DATABASE_URL": url})
        down = request_once(program, "GET", "/readyz")
        run(tmp_path, "db", "downgrade", "--to", "base", "--force", env=ENV | {"DATABASE_URL": url})
        empty = request_once(program, "GET", "/readyz")
        run(tmp_path, "db", "upgrade", env=ENV | {"DATABASE_URL": url})
        after = request_once(program, "GET", "/readyz")

    assert [200, 503, 503, 200] == [one.status for one in (before, down, empty, after)]
    assert before.body == after.body
    assert {
        "status": "ready",
        "server": "running",
        "database": "up",
        "schema": before.body["schema"],
        "writes": "up",
        "cache": "memory",
        "limits": "memory",
    } == before.body
    assert "not-ready" == down.body["status"]
    assert "0001" <= down.body["schema"] < before.body["schema"]
    assert "" == empty.body["schema"]


def test_is_not_ready_while_it_stops(tmp_path: Path) -> None:
    """
    During shutdown readiness answers that the server is stopping.
    """
    with serve_shop(tmp_path) as program, closing(program.connection()) as connection:
        before = ask(connection, "GET", "/readyz")
        with socket.create_connection(("127.0.0.1", program.port)) as slow:
            slow.sendall(b"POST /login HTTP/1.1\r\nHost: shop\r\nContent-Length: 2\r\n\r\n{")
            time.sleep(0.3)
            program.process.terminate()
            wait_until(lambda: is_refused(program.port))
            during = ask(connection, "GET", "/readyz")
            slow.sendall(b"}")
            answer = http.client.HTTPResponse(slow)
            answer.begin()
        code = program.process.wait(15)

    assert (200, "running") == (before.status, before.body["server"])
    assert (503, "stopping", "up") == (
        during.status,
        during.body["server"],
        during.body["database"],
    )
    assert 415 == answer.status
    assert 0 == code


def test_readiness_reports_valkey(tmp_path: Path, valkey: RunningValkey) -> None:
    """
    Readiness reports cache and rate limits on one Redis server.
    """
    with serve_shop(tmp_path, CACHE_REDIS_URL=valkey.patient_url) as program:
        readiness = request_once(program, "GET", "/readyz").body

    assert ("up", "up") == (readiness["cache"], readiness["limits"])
