"""A connection of psycopg that does not wait for an answer for longer than a deadline.

The server's own time-outs do not end every wait: not a COMMIT that waits for a standby, nothing on
a server that hangs, and nothing behind a pooler that has swallowed them.
"""

import time
from collections.abc import Generator
from typing import Any, Final, TypeVar, final

import psycopg
from sqlalchemy import Engine, event

_TARGET: Final = "target_session_attrs"
_READ_ONLY: Final = "session is read-only"
"""What libpq says of a server that takes no writes."""

T = TypeVar("T")


@final
class NoAnswer(psycopg.OperationalError):
    """No answer came within the deadline; the connection is closed."""


@final
class BoundedConnection(psycopg.Connection[Any]):
    """A connection whose statements, COMMIT included, are given up after a deadline.

    Attributes:
        deadline_s: The seconds after which it is closed; None for no deadline.
    """

    deadline_s: float | None = None

    def wait(self, gen: Generator[Any, Any, T], *args: Any, **kwargs: Any) -> T:
        """Return what *gen*, which talks to the server, returns. Raises `NoAnswer`."""
        if self.deadline_s is None:
            return super().wait(gen, *args, **kwargs)
        try:
            return super().wait(_bounded(gen, self.deadline_s), *args, **kwargs)
        except NoAnswer:
            self.pgconn.finish()
            raise


def connect_with_deadline(engine: Engine, seconds: float) -> None:
    """Make every new connection of *engine* a `BoundedConnection` with a deadline of *seconds*.

    If it should lead to a server that takes writes, and none does, it leads to a primary.
    """

    def connect(_: object, __: object, arguments: Any, options: Any) -> BoundedConnection:
        try:
            connection = BoundedConnection.connect(*arguments, **options)
        except psycopg.OperationalError as error:
            if options.get(_TARGET) != "read-write" or _READ_ONLY not in str(error):
                raise
            # A primary that is read-only by default, as when its disk is nearly full, can be read.
            connection = BoundedConnection.connect(*arguments, **{**options, _TARGET: "primary"})
        connection.deadline_s = seconds
        return connection

    event.listen(engine, "do_connect", connect)


def gave_up(error: Exception) -> bool:
    """Return whether *error* is the deadline's."""
    return isinstance(error, NoAnswer)


def _bounded(gen: Generator[Any, Any, T], seconds: float) -> Generator[Any, Any, T]:
    """Yield what *gen* yields, and give up after some *seconds* without what it waits for."""
    until = time.monotonic() + seconds
    try:
        wanted = next(gen)
        while True:
            ready = yield wanted
            if not ready and time.monotonic() > until:
                raise NoAnswer(f"no answer within {seconds:g} s")
            wanted = gen.send(ready)
    except StopIteration as end:
        result: T = end.value
        return result
