"""Trace which files of src a warm request enters, and how often it returns into one already left.

Run `python -m benchmarks.request_trace` for the figures of three requests, and with `--path` for
every step. The shop is served through its WSGI application on a new SQLite file without a response
cache, and traced with `sys.setprofile`. A test holds the figures to their limits, and `docs/tour.md`
to the files.
"""

# ruff: noqa: T201 - a program of its own, that prints

import argparse
import io
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from importlib.util import find_spec
from itertools import cycle
from pathlib import Path
from types import FrameType
from typing import Any, Final, TypeAlias

from attrs import asdict, frozen

Application: TypeAlias = Callable[..., Any]

MANAGER: Final = {"email": "manager@example.com", "password": "demo-password"}
UNLIMITED: Final = "100000/second"
SETTINGS: Final = {
    "CACHE_TYPE": "null",
    "GLOBAL_RATE_LIMIT": UNLIMITED,
    "LOGIN_RATE_LIMIT": UNLIMITED,
    "LOG_LEVEL": "ERROR",
    "SECRET_KEY": "x" * 40,
    "STATIC_RATE_LIMIT": UNLIMITED,
    "WRITE_RATE_LIMIT": UNLIMITED,
}


@frozen
class Trace:
    """The files that one request entered, in order; a file that is entered again is repeated."""

    request: str
    status: int
    path: tuple[str, ...]

    @property
    def files(self) -> tuple[str, ...]:
        """The files in the order in which they were first entered."""
        return tuple(dict.fromkeys(self.path))

    @property
    def returns(self) -> int:
        """How often the request came back into a file that it had left."""
        return len(self.path) - len(self.files)


def main() -> None:
    """Print the figures of each request, or JSON for the test."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--path", action="store_true", help="print every step")
    parser.add_argument("--json", action="store_true", help="print JSON")
    options = parser.parse_args()
    traces = list(traced_requests())
    if options.json:
        print(json.dumps([asdict(trace) for trace in traces]))
        return
    for trace in traces:
        print(f"{trace.request}: {len(trace.files)} files, {trace.returns} returns")
        if options.path:
            print("  " + "\n  ".join(trace.path))


def traced_requests() -> Iterator[Trace]:
    """Yield the traces of an edit of a ticket's mechanics, a list of tickets, and a login."""
    application = shop()
    token = call(application, "POST", "/mechanics/login", MANAGER)[1]["token"]
    ada = {"name": "Ada", "email": "ada@example.com", "password": "demo-password"}
    customer = call(application, "POST", "/customers", ada)[1]["id"]
    draft = {"customer_id": customer, "description": "Brakes squeal"}
    for _ in range(3):
        call(application, "POST", "/service_tickets", draft, token)
    edits = cycle([{"add_ids": [1]}, {"remove_ids": [1]}])
    yield shortest(lambda: trace(application, "PUT", "/service_tickets/2/edit", next(edits), token))
    page = "/service_tickets?status=open"
    yield shortest(lambda: trace(application, "GET", page, None, token))
    yield shortest(lambda: trace(application, "POST", "/mechanics/login", MANAGER))


def shortest(traced: Callable[[], Trace]) -> Trace:
    """Return the shortest trace of some: the first fills caches, any may renew an expired one."""
    return min((traced() for _ in range(6)), key=lambda one: len(one.path))


def shop() -> Application:
    """Return the WSGI application on a new database with one manager."""
    os.chdir(tempfile.mkdtemp())
    os.environ |= SETTINGS | {"DATABASE_URL": "sqlite:///trace.db"}
    add = ("staff", "add", "--role", "manager", "--name", "Manager", "--password-stdin")
    command = [sys.executable, "-m", "mechanic_shop", *add, "--email", MANAGER["email"]]
    subprocess.run(command, input=MANAGER["password"], text=True, check=True, capture_output=True)
    from mechanic_shop.wsgi import application  # noqa: PLC0415 - it reads the environment

    return application


def source_folder() -> Path:
    """Return the folder that the packages of the shop are imported from."""
    spec = find_spec("mechanic_core")
    if spec is None or spec.origin is None:
        raise ModuleNotFoundError("mechanic_core")
    return Path(spec.origin).parents[1]


def trace(application: Application, method: str, *request: Any) -> Trace:
    """Return the trace of one request."""
    path: list[str] = []
    folder = f"{source_folder()}/"

    def enter(frame: FrameType, event: str, _: object) -> None:
        name = frame.f_code.co_filename
        if event == "call" and name.startswith(f"{folder}mechanic_"):
            file = name.removeprefix(folder)
            if path[-1:] != [file]:
                path.append(file)

    sys.setprofile(enter)
    status, _ = call(application, method, *request)
    sys.setprofile(None)
    return Trace(f"{method} {request[0]}", status, tuple(path))


def call(
    application: Application, method: str, target: str, body: object = None, token: str = ""
) -> tuple[int, Any]:
    """Send one request to the WSGI application; return its status and JSON."""
    data = json.dumps(body).encode() if body is not None else b""
    path, _, query = target.partition("?")
    environ = {
        "REQUEST_METHOD": method,
        "SCRIPT_NAME": "",
        "PATH_INFO": path,
        "QUERY_STRING": query,
        "SERVER_NAME": "localhost",
        "SERVER_PORT": "80",
        "SERVER_PROTOCOL": "HTTP/1.1",
        "HTTP_HOST": "localhost",
        "REMOTE_ADDR": "127.0.0.1",
        "CONTENT_LENGTH": str(len(data)),
        "wsgi.version": (1, 0),
        "wsgi.url_scheme": "http",
        "wsgi.input": io.BytesIO(data),
        "wsgi.errors": sys.stderr,
        "wsgi.multithread": True,
        "wsgi.multiprocess": False,
        "wsgi.run_once": False,
    }
    environ |= {"CONTENT_TYPE": "application/json"} if data else {}
    environ |= {"HTTP_AUTHORIZATION": f"Bearer {token}"} if token else {}
    statuses: list[int] = []
    answer = application(environ, lambda status, *_: statuses.append(int(status[:3])))
    try:
        text = b"".join(answer)
    finally:
        getattr(answer, "close", lambda: None)()
    return statuses[0], json.loads(text) if text else None


if __name__ == "__main__":
    main()
    sys.stdout.flush()
    os._exit(0)  # the application is still open; nothing waits for it
