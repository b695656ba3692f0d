"""Outages of the database in the log: why requests are 503, and when that ended."""

import logging
from typing import Final

from mechanic_adapters.sql.engine.outages import Outage, Phase

_log: Final = logging.getLogger(__name__)


def log_outage(outage: Outage) -> None:
    """Log that an outage has begun, that it is over, or that one statement failed."""
    cause: dict[str, object] = {
        "cause": outage.cause.reason,
        "code": outage.cause.code or None,
    }
    match outage.phase:
        case Phase.BEGUN:
            _log.error("database outage", extra=cause)
        case Phase.MOMENTARY:
            _log.error("database statement failed", extra=cause)
        case Phase.OVER:
            cause["seconds"] = round(outage.seconds, 1)
            _log.warning("database outage over", extra=cause)
