"""Log lines: one for each request, and what the adapters have to say, in one form."""

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
from mechanic_shop.settings.settings import LogFormat, Settings

SERVER_ERROR: Final = 500

_SECRET: Final = ("authorization", "cookie", "password", "secret", "token")


def configure_logging(settings: Settings) -> AccessLog:
    """Have all logs written to standard error, and return what writes a request's line."""
    level = logging.getLevelNamesMapping()[settings.log_level.upper()]
    first: list[Processor] = [
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", key="at"),
    ]
    last: Processor = (
        structlog.processors.JSONRenderer(_as_json)
        if settings.log_format is LogFormat.JSON
        else structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty(), timestamp_key="at")
    )
    _format_others(first, last, level)
    logger = structlog.wrap_logger(
        _Lines(sys.stderr.fileno()),
        processors=[*first, last],
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
class _Lines:
    """Writes each line in one call of the system.

    structlog's own loggers hold a lock meanwhile, for which all other threads would queue. A
    line that can't be written, because the disk is full or nobody listens, harms no request.
    """

    _fd: int

    def info(self, line: str) -> None:
        """Write *line*."""
        with suppress(OSError):
            os.write(self._fd, f"{line}\n".encode(errors="backslashreplace"))

    error = info


def _format_others(first: list[Processor], last: Processor, level: int) -> None:
    """Give the same form to what is logged in the standard library's way."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=[
                structlog.stdlib.add_logger_name,
                structlog.stdlib.ExtraAdder(),
                *first,
                _without_secrets,
                structlog.processors.format_exc_info,
            ],
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, last],
        )
    )
    logging.getLogger("alembic").setLevel(logging.WARNING)  # it tells of every look at a schema
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level)


def _without_secrets(_: object, __: str, event: EventDict) -> EventDict:
    """Hide what goes by the name of a secret: nobody means to log one."""
    for name in event:
        if any(word in name.lower() for word in _SECRET):
            event[name] = "(hidden)"
    return event


def _as_json(event: Any, **_: Any) -> str:
    return orjson.dumps(event, default=repr).decode()
