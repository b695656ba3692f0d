"""The command line as people run it: in a process, a folder and an environment of its own."""

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
    """Return the environment without the shop's variables, save those *given*."""
    return {k: v for k, v in os.environ.items() if k not in OURS} | dict(given or {})


def run(
    folder: Path, *args: str, env: Mapping[str, str] | None = None, given: str = ""
) -> subprocess.CompletedProcess[str]:
    """Run `mechanic-shop` in *folder* to its end, with *given* as what is typed."""
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
class Told:
    """An answer; *said* is its body, read as JSON."""

    status: int
    headers: http.client.HTTPMessage
    said: Any


def send(
    connection: http.client.HTTPConnection,
    method: str,
    path: str,
    body: object = None,
    token: str | None = None,
) -> None:
    """Send one request; *body* goes as JSON, unless it is bytes already."""
    sent = body if isinstance(body, bytes | None) else json.dumps(body).encode()
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    if sent is not None:
        headers["Content-Type"] = "application/json"
    connection.request(method, path, sent, headers)


def receive(connection: http.client.HTTPConnection) -> Told:
    """Return the answer to what was sent."""
    answer = connection.getresponse()
    text = answer.read()
    return Told(answer.status, answer.headers, json.loads(text) if text else None)


def ask(
    connection: http.client.HTTPConnection,
    method: str,
    path: str,
    body: object = None,
    token: str | None = None,
) -> Told:
    """Send one request and return its answer."""
    send(connection, method, path, body, token)
    return receive(connection)


@frozen
class Program:
    """A server that runs, where it answers, and what it has printed until then."""

    process: "subprocess.Popen[str]"
    url: str
    printed: str
    seconds: float

    @property
    def port(self) -> int:
        """Where it listens."""
        return int(self.url.rpartition(":")[2])

    def connection(self) -> http.client.HTTPConnection:
        """Return a connection, opened by its first request."""
        return http.client.HTTPConnection("127.0.0.1", self.port, timeout=PATIENCE_S)


@contextmanager
def serving(folder: Path, *args: str, env: Mapping[str, str] | None = None) -> Iterator[Program]:
    """Run `mechanic-shop` in *folder* while it serves; it is killed if it does not end itself."""
    began = time.monotonic()
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
            yield Program(process, url, printed, time.monotonic() - began)
        finally:
            process.kill()


def _until_it_serves(process: "subprocess.Popen[str]", log: Path) -> str:
    printed = ""
    for line in process.stdout or ():
        printed += line
        if line.startswith("Serving on "):
            return printed
    raise RuntimeError(printed + log.read_text())
