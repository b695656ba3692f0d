"""Structured logs: one line for each request, and all other messages in the same format."""

import logging
import os
import sys
from contextlib import suppress
from typing import Any, Final, final

import orjson
import structlog
from attrs import frozen
from structlog.typing import EventDict, Processor

from mechanic_http.ports import AccessLog, AccessLogEntry
from mechanic_shop.settings.choices import LogFormat
from mechanic_shop.settings.settings import Settings
from mechanic_shop.settings.url_passwords import mask_urls

SERVER_ERROR: Final = 500

_SECRET_NAMES: Final = ("authorization", "cookie", "password", "secret", "token")


def configure_logging(settings: Settings) -> AccessLog:
    """Configure all logs to go to standard error, and return the access log."""
    level = logging.getLevelNamesMapping()[settings.log_level.upper()]
    processors: list[Processor] = [
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="%Y-%m-%dT%H:%M:%S.%fZ", key="at"),
    ]
    renderer: Processor = (
        structlog.processors.JSONRenderer(_as_json)
        if settings.log_format is LogFormat.JSON
        else structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty(), timestamp_key="at")
    )
    _format_stdlib(processors, renderer, level)
    logger = structlog.wrap_logger(
        _LineWriter(sys.stderr.fileno()),
        processors=[*processors, renderer],
        wrapper_class=structlog.make_filtering_bound_logger(level),
    ).bind()

    def log(line: AccessLogEntry) -> None:
        write = logger.error if line.status >= SERVER_ERROR else logger.info
        write(
            "request",
            request_id=line.request_id,
            method=line.method,
            route=line.route,
            status=line.status,
            ms=round(line.milliseconds, 2),
            sql=line.statements,
            role=line.role,
            actor_id=line.actor_id or None,
            problem=line.problem,
        )

    return log


@final
@frozen
class _LineWriter:
    """Writes each line with one system call.

    structlog's own loggers hold a lock while they write, for which all threads would queue. A
    failed write (full disk, closed pipe) does not fail the request.
    """

    _fd: int

    def info(self, line: str) -> None:
        """Write *line*."""
        with suppress(OSError):
            os.write(self._fd, f"{line}\n".encode(errors="backslashreplace"))

    error = info


def _format_stdlib(processors: list[Processor], renderer: Processor, level: int) -> None:
    """Format the records of the standard library's `logging` in the same way."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=[
                structlog.stdlib.add_logger_name,
                structlog.stdlib.ExtraAdder(),
                *processors,
                structlog.processors.format_exc_info,
                _hide_secrets,
            ],
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, renderer],
        )
    )
    logging.getLogger("alembic").setLevel(logging.WARNING)  # it logs every schema inspection
    logging.getLogger("opentelemetry.util.re").addFilter(_hide_arguments)
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level)


def _hide_arguments(record: logging.LogRecord) -> bool:
    """Hide what a message quotes: of OTEL_EXPORTER_OTLP_HEADERS, which may contain a key."""
    record.args = ("(hidden)",) * len(record.args or ())
    return True


def _hide_secrets(_: object, __: str, event: EventDict) -> EventDict:
    """Hide the value of every key that is named like a secret, and passwords in URLs."""
    for name, value in event.items():
        if any(word in name.lower() for word in _SECRET_NAMES):
            event[name] = "(hidden)"
        elif isinstance(value, str):
            event[name] = mask_urls(value)
    return event


def _as_json(event: Any, **_: Any) -> str:
    return orjson.dumps(event, default=repr).decode()
