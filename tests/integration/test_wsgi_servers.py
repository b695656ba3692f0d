"""`mechanic_shop.wsgi:application` under other WSGI servers."""

import http.client
import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any, Final

import pytest
from prometheus_client.parser import text_string_to_metric_families

from tests.integration.metrics_page import EMAIL, ENV, PASSWORD
from tests.integration.programs import environment, run
from tests.integration.sockets import ROOT, free_port

APPLICATION: Final = "mechanic_shop.wsgi:application"
PROXY: Final = "192.0.2.1"
SERVERS: Final = {
    "gunicorn": ["gunicorn", "--workers=2", "--threads=4", "--bind=127.0.0.1:{port}", APPLICATION],
    # Until one of granian's forks has loaded the application, SIGTERM is lost on it: it still has
    # the main process's handler, which wakes the main process only. No supervisor restarts the second
    # fork here, so a stop may find it loading; by itself granian would wait for it for ever.
    "granian": [
        *("granian", "--interface=wsgi", "--workers-kill-timeout=5", "--workers=2"),
        *("--port={port}", APPLICATION),
    ],
    "granian behind a proxy": [
        *("mechanic_shop", "serve", "--server=granian", "--workers=2", "--port={port}"),
    ],
}


@pytest.fixture(params=sorted(SERVERS))
def port(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[int]:
    """The port of the shop under each server; the server is stopped at the end and exits 0."""
    who = ("--role", "manager", "--email", EMAIL, "--name", "Grace", "--password-stdin")
    assert run(tmp_path, "staff", "add", *who, env=ENV, given=PASSWORD).returncode == 0
    figures = tmp_path / "figures"
    figures.mkdir()
    number = free_port()
    options = [option.format(port=number) for option in SERVERS[request.param]]
    with (tmp_path / "log").open("w") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", *options],
            cwd=tmp_path,
            env={
                **environment(ENV),
                "PROMETHEUS_MULTIPROC_DIR": str(figures),
                "TRUSTED_PROXIES": PROXY if "proxy" in request.param else "",
                "PYTHONPATH": f"{ROOT / 'src'}{os.pathsep}{os.environ.get('PYTHONPATH', '')}",
            },
            stdout=log,
            stderr=log,
        )
    try:
        _until_it_answers(process, number, tmp_path / "log")
        yield number
        process.terminate()
        assert 0 == process.wait(30), (tmp_path / "log").read_text()
    finally:
        process.kill()
        process.wait()


def _until_it_answers(process: "subprocess.Popen[bytes]", port: int, log: Path) -> None:
    deadline = time.monotonic() + 60
    while True:
        try:
            assert 200 == ask(port, "GET", "/readyz")[0]
        except OSError:
            assert process.poll() is None, log.read_text()
            assert time.monotonic() < deadline
            time.sleep(0.1)
        else:
            return


def ask(
    port: int, method: str, path: str, body: object = None, **headers: str
) -> tuple[int, http.client.HTTPMessage, bytes]:
    """Send a request on a new connection."""
    with closing(http.client.HTTPConnection("127.0.0.1", port, timeout=30)) as connection:
        sent = None if body is None else json.dumps(body)
        kind = {} if body is None else {"Content-Type": "application/json"}
        connection.request(method, path, sent, kind | headers)
        answer = connection.getresponse()
        return answer.status, answer.headers, answer.read()


def test_serves_the_shop(port: int) -> None:
    """
    Login, writes, reads, conditional requests, errors, HEAD and metrics work as with our server.
    """

    def request(method: str, path: str, body: object = None, **headers: str) -> tuple[int, Any]:
        status, _, text = ask(port, method, path, body, **headers)
        return status, json.loads(text) if text else None

    credentials = {"email": EMAIL, "password": PASSWORD}
    token = request("POST", "/mechanics/login", credentials)[1]["token"]
    bearer = {"Authorization": f"Bearer {token}"}
    part = {"name": "Brake pad", "sku": "PAD", "price": 19.99, "quantity": 5.5}
    status, headers, _ = ask(port, "POST", "/inventory", part, **bearer)
    etag = ask(port, "GET", "/inventory/1")[1]["ETag"]
    head, head_headers, head_body = ask(port, "HEAD", "/inventory/1")

    assert (201, "/inventory/1") == (status, headers["Location"])
    assert headers["X-Request-ID"]
    assert 19.99 == request("GET", "/inventory/1")[1]["price"]
    assert (200, b"", etag) == (head, head_body, head_headers["ETag"])
    assert 304 == ask(port, "GET", "/inventory/1", **{"If-None-Match": etag})[0]
    assert 412 == request("PATCH", "/inventory/1", {"price": 1}, **bearer, **{"If-Match": '"x"'})[0]
    assert (409, "sku-taken") == _code(request("POST", "/inventory", part, **bearer))
    assert (401, "login-needed") == _code(request("GET", "/customers"))
    assert (404, "not-found") == _code(request("GET", "/nowhere"))
    assert (405, "method-not-allowed") == _code(request("PUT", "/inventory", {}))
    assert (415, "unsupported-media-type") == _code(
        request("POST", "/login", credentials, **{"Content-Type": "text/plain"})
    )
    assert 201 == request("POST", "/inventory", {"name": "Rare", "price": 1}, **bearer)[0]
    assert 204 == ask(port, "DELETE", "/inventory/2", **bearer)[0]
    assert {"rank", "id", "name", "tickets"} == {
        *request("GET", "/mechanics/leaderboard")[1]["items"][0]
    }
    _, _, page = ask(port, "GET", "/metrics")
    counted = {
        sample.labels["status"]: sample.value
        for family in text_string_to_metric_families(page.decode())
        for sample in family.samples
        if sample.name == "mechanic_shop_http_requests_total"
        and (sample.labels["method"], sample.labels["route"]) == ("POST", "/inventory")
    }
    assert {"201": 2, "409": 1} == counted


def _code(answer: tuple[int, Any]) -> tuple[int, str]:
    return answer[0], answer[1]["code"]
