"""What metrics make of each request."""

import threading
from collections.abc import Callable, Mapping
from typing import Final, TypeAlias, final

from mechanic_http.ports import AccessLog, AccessLogEntry
from mechanic_shop.observability.metrics import Metrics

ConnectionPool: TypeAlias = Callable[[], tuple[int, int]]
"""Tells how many connections to the database are in use, and how many are idle."""

DOORS: Final[Mapping[str, str]] = {"log_in_customer": "customer", "log_in_staff": "staff"}
"""Whose account a login is about."""

OUTCOMES: Final[Mapping[int, str]] = {200: "accepted", 401: "refused", 429: "limited"}
"""What came of a login; anything else is no attempt on anybody's account."""


@final
class StatementCount(threading.local):
    """Counts the statements of each thread by itself."""

    total = 0

    def add(self, _: str) -> None:
        """Count one."""
        self.total += 1

    def here(self) -> int:
        """Return how many this thread has run."""
        return self.total


def counted(metrics: Metrics, connections: ConnectionPool, log: AccessLog | None) -> AccessLog:
    """Return what counts each request, and then tells *log* of it."""

    def count(line: AccessLogEntry) -> None:
        metrics.answered(
            line.method,
            line.route or "none",
            line.status,
            line.role or "none",
            line.milliseconds / 1000,
        )
        if line.statements:
            metrics.pool(*connections())
        if line.problem:
            metrics.refused(line.problem)
        door, outcome = DOORS.get(line.operation_id or ""), OUTCOMES.get(line.status)
        if door and outcome:
            metrics.logged_in(door, outcome)
        if log:
            log(line)

    return count
