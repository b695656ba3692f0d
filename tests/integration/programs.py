"""The command line in a process, a directory and an environment of its own."""

import http.client
import json
import os
import re
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

from attrs import frozen

from mechanic_shop.settings.settings import variables

PATIENCE_S: Final = 60.0

OURS: Final = {name for _, name, _, _ in variables()} | {"FLASK_ENV"}


def environment(given: Mapping[str, str] | None = None) -> dict[str, str]:
    """Return the environment without the shop's variables, except those *given*."""
    return {k: v for k, v in os.environ.items() if k not in OURS} | dict(given or {})


def run(
    folder: Path, *args: str, env: Mapping[str, str] | None = None, given: str = ""
) -> subprocess.CompletedProcess[str]:
    """Run `mechanic-shop` in *folder* to its end, with *given* on standard input."""
    return subprocess.run(
        [sys.executable, "-m", "mechanic_shop", *args],
        cwd=folder,
        env=environment(env),
        input=given,
        capture_output=True,
        text=True,
        check=False,
        timeout=PATIENCE_S,
    )


@frozen
class JsonResponse:
    """A response; *body* is parsed JSON."""

    status: int
    headers: http.client.HTTPMessage
    body: Any


def send(
    connection: http.client.HTTPConnection,
    method: str,
    path: str,
    body: object = None,
    token: str | None = None,
) -> None:
    """Send one request; *body* is sent as JSON unless it is bytes."""
    sent = body if isinstance(body, bytes | None) else json.dumps(body).encode()
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    if sent is not None:
        headers["Content-Type"] = "application/json"
    connection.request(method, path, sent, headers)


def receive(connection: http.client.HTTPConnection) -> JsonResponse:
    """Return the response to the request that was sent."""
    answer = connection.getresponse()
    text = answer.read()
    return JsonResponse(answer.status, answer.headers, json.loads(text) if text else None)


def ask(
    connection: http.client.HTTPConnection,
    method: str,
    path: str,
    body: object = None,
    token: str | None = None,
) -> JsonResponse:
    """Send one request and return the response."""
    send(connection, method, path, body, token)
    return receive(connection)


@frozen
class Program:
    """A running server process, its URL and its output so far."""

    process: "subprocess.Popen[str]"
    url: str
    printed: str
    seconds: float

    @property
    def port(self) -> int:
        """The port that it listens on."""
        return int(self.url.rpartition(":")[2])

    def connection(self) -> http.client.HTTPConnection:
        """Return a connection, which its first request opens."""
        return http.client.HTTPConnection("127.0.0.1", self.port, timeout=PATIENCE_S)


@contextmanager
def serving(folder: Path, *args: str, env: Mapping[str, str] | None = None) -> Iterator[Program]:
    """Run a serving command in *folder* within the block; kill it at the end."""
    started = time.monotonic()
    with (folder / "log").open("w") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "mechanic_shop", *args],
            cwd=folder,
            env=environment(env),
            stdout=subprocess.PIPE,
            stderr=log,
            text=True,
        )
    with process:
        try:
            printed = _until_it_serves(process, folder / "log")
            url = re.findall(r"Serving on (\S+)", printed)[0]
            yield Program(process, url, printed, time.monotonic() - started)
        finally:
            process.kill()


def _until_it_serves(process: "subprocess.Popen[str]", log: Path) -> str:
    printed = ""
    for line in process.stdout or ():
        printed += line
        if line.startswith("Serving on "):
            return printed
    raise RuntimeError(printed + log.read_text())
