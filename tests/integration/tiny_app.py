"""A small WSGI application that reports the requests it received; as a module it serves itself."""

import json
import os
import sys
import threading
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from wsgiref.types import StartResponse, WSGIApplication

from mechanic_http.ports import AccessLogEntry
from mechanic_server.http_server import Stopping, listen, serve
from mechanic_shop.observability.metrics import Metrics, shared_between_processes

SEEN: list[str] = []


def application(environ: dict[str, Any], start_response: StartResponse) -> Iterable[bytes]:
    """Record the path, read the body and return its length."""
    path: str = environ["PATH_INFO"]
    if path != "/seen":
        SEEN.append(path)
    declared = environ.get("CONTENT_LENGTH") or ""
    body: bytes = environ["wsgi.input"].read(int(declared)) if declared else b""
    report = {
        "length": len(body),
        "declared": declared,
        "seen": SEEN if path == "/seen" else [],
        "pid": os.getpid(),
    }
    answer = json.dumps(report).encode()
    head = [("Content-Type", "application/json"), ("Content-Length", str(len(answer)))]
    start_response("200 OK", head)
    return [answer]


def slow_application(environ: dict[str, Any], start_response: StartResponse) -> Iterable[bytes]:
    """Answer `/slow` after the number of seconds in the query, and everything else at once."""
    if environ["PATH_INFO"] == "/slow":
        time.sleep(float(environ["QUERY_STRING"]))
    return application(environ, start_response)


def observed_application(stopping: Stopping) -> WSGIApplication:
    """Return the application with routes for readiness and metrics."""
    metrics = Metrics()

    def wrapped(environ: dict[str, Any], start_response: StartResponse) -> Iterable[bytes]:
        metrics.count_request(
            AccessLogEntry(
                request_id="",
                method="GET",
                route=environ["PATH_INFO"],
                operation_id=None,
                status=200,
                role=None,
                actor_id=0,
                milliseconds=1.0,
            )
        )
        status, answer = "200 OK", b"done"
        match environ["PATH_INFO"]:
            case "/readyz":
                status = "503 Service Unavailable" if stopping() else "200 OK"
            case "/metrics":
                answer, _ = metrics.render()
            case _:
                return slow_application(environ, start_response)
        start_response(status, [("Content-Length", str(len(answer)))])
        return [answer]

    return wrapped


@contextmanager
def opened(stopping: Stopping) -> Iterator[WSGIApplication]:
    """Open the application with routes for readiness and metrics."""
    if os.environ.get("TINY_FAILS"):
        raise OSError(os.environ["TINY_FAILS"])
    yield observed_application(stopping)
    report = os.environ.get("TINY_CLOSED")
    if report:
        Path(report).write_text(f"{threading.current_thread().name}\n")


if __name__ == "__main__":
    with listen("127.0.0.1", 0) as listener, shared_between_processes() as on_exit:
        drain_s = float(os.environ.get("TINY_DRAIN", "0"))
        workers = int(sys.argv[1])
        code = serve(opened, listener, 8, workers, drain_s=drain_s, on_worker_exit=on_exit)
    sys.exit(code)
