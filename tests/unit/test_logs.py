"""Log lines: what is written, and what happens when nothing can be written."""

import logging
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager

import orjson
import pytest

from mechanic_http.ports import AccessLogEntry
from mechanic_shop.observability.logs import configure_logging
from mechanic_shop.settings.choices import LogFormat
from mechanic_shop.settings.settings import Settings

ENTRY = AccessLogEntry(
    request_id="1",
    method="GET",
    route="/inventory",
    operation_id="list_parts",
    status=200,
    role=None,
    actor_id=0,
    milliseconds=1.234,
    problem=None,
)


@contextmanager
def stderr_as_pipe(monkeypatch: pytest.MonkeyPatch) -> Iterator[int]:
    """Make standard error a pipe, and yield the end to read from."""
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    reader, writer = os.pipe()
    with os.fdopen(writer, "w") as stderr, monkeypatch.context() as patch:
        patch.setattr(sys, "stderr", stderr)
        yield reader
    root.handlers[:], root.level = handlers, level


def test_a_request_is_one_line_of_json(monkeypatch: pytest.MonkeyPatch) -> None:
    """
    The access log writes each request as one JSON object on standard error.
    """
    with stderr_as_pipe(monkeypatch) as reader:
        configure_logging(Settings(log_format=LogFormat.JSON))(ENTRY)

        line = os.read(reader, 4096)
        os.close(reader)

    assert 1 == line.count(b"\n")
    fields = orjson.loads(line)
    assert ("request", "GET", "/inventory", 200, 1.23) == tuple(
        fields[name] for name in ("event", "method", "route", "status", "ms")
    )


def test_a_log_that_cannot_be_written_fails_no_request(monkeypatch: pytest.MonkeyPatch) -> None:
    """
    When nobody reads standard error any more, requests go on without their log line.
    """
    with stderr_as_pipe(monkeypatch) as reader:
        log = configure_logging(Settings(log_format=LogFormat.JSON))
        os.close(reader)

        log(ENTRY)


def test_a_logged_error_shows_no_password_of_a_url(monkeypatch: pytest.MonkeyPatch) -> None:
    """
    Neither a message, nor an extra field, nor the text of an exception shows a URL's password.
    """
    url = "postgresql://shop:w0rd@host/shop?sslpassword=w0rd"
    with stderr_as_pipe(monkeypatch) as reader:
        configure_logging(Settings(log_format=LogFormat.JSON))
        try:
            _connect(url)
        except RuntimeError:
            logging.getLogger("driver").exception("no answer of %s", url, extra={"server": url})

        line = os.read(reader, 65_536).decode()
        os.close(reader)

    assert "RuntimeError: cannot reach postgresql://shop:***@host/shop?" in line
    assert 3 == line.count("postgresql://shop:***@host/shop?sslpassword=***")
    assert "w0rd" not in line


def _connect(url: str) -> None:
    """Raise an error as a careless driver would."""
    raise RuntimeError(f"cannot reach {url}")
