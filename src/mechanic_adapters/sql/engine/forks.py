"""What a fork does to connection pools: the child forgets its parent's connections.

Two processes that send on one connection mix their statements, and a child that closed its copy
would end the parent's session. Of an SQLite file the child may not even have an open copy: SQLite
would believe that the child holds the parent's locks. So its connections are closed before a fork.
"""

import os
from collections.abc import Callable
from typing import Any, Final, NoReturn, Protocol, final
from weakref import WeakSet

_abandoned: Final[list[object]] = []
"""Connections of a parent process, which the garbage collector must not close."""


class ForkedError(RuntimeError):
    """A use of a connection that was open in the parent process: a programming error."""


class ForkAware(Protocol):
    """A pool that is notified of forks of the process."""

    def before_fork(self) -> None:
        """Prepare for a fork, in the parent."""
        ...

    def after_fork_in_parent(self) -> None:
        """Go on in the parent."""
        ...

    def after_fork_in_child(self) -> None:
        """Begin anew in the child."""
        ...


_pools: Final[WeakSet[ForkAware]] = WeakSet()


@final
class Inherited:
    """Stands in a child process for a connection or a cursor of the parent."""

    def __getattr__(self, name: str) -> NoReturn:
        """Refuse every use."""
        raise ForkedError(
            "this transaction was begun before the process was forked, and belongs to the parent"
        )


INHERITED: Final[Any] = Inherited()


def abandon(*connections: object) -> None:
    """Let *connections* stay open as long as this process lasts, unused."""
    _abandoned.extend(connections)


def notify_of_forks(pool: ForkAware) -> None:
    """Notify *pool* of each fork, as long as it exists."""
    _pools.add(pool)


def _notify_all(notification: Callable[[ForkAware], None]) -> None:
    for pool in list(_pools):
        notification(pool)


if hasattr(os, "register_at_fork"):  # not on Windows, which has no fork
    os.register_at_fork(
        before=lambda: _notify_all(lambda pool: pool.before_fork()),
        after_in_parent=lambda: _notify_all(lambda pool: pool.after_fork_in_parent()),
        after_in_child=lambda: _notify_all(lambda pool: pool.after_fork_in_child()),
    )
