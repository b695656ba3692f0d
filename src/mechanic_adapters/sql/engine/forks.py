"""What a fork does to what a process has open: the child forgets its parent's connections.

Two processes that send on one connection mix their statements, and a child that closed its copy
would end the parent's session. Of an SQLite file the child may not even have an open copy: SQLite
would believe that the child holds the parent's locks. So its connections are closed before a fork.
"""

import os
from collections.abc import Callable
from typing import Any, Final, NoReturn, final
from weakref import WeakKeyDictionary

_abandoned: Final[list[object]] = []
"""Connections of a parent process, which the garbage collector must not close."""


class ForkedError(RuntimeError):
    """A use of a connection that was open in the parent process: a programming error."""


class ForkAware:
    """What is notified of forks of the process."""

    def before_fork(self) -> None:
        """Prepare for a fork, in the parent."""

    def after_fork_in_parent(self) -> None:
        """Go on in the parent."""

    def after_fork_in_child(self) -> None:
        """Begin anew in the child."""


_notified: Final[WeakKeyDictionary[ForkAware, None]] = WeakKeyDictionary()
"""The oldest ones first: what a younger one uses has begun anew before it."""


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


def notify_of_forks(what: ForkAware) -> None:
    """Notify *what* of each fork, as long as it exists."""
    _notified[what] = None


def _notify_all(notification: Callable[[ForkAware], None]) -> None:
    for what in list(_notified):
        notification(what)


if hasattr(os, "register_at_fork"):  # not on Windows, which has no fork
    os.register_at_fork(
        before=lambda: _notify_all(lambda what: what.before_fork()),
        after_in_parent=lambda: _notify_all(lambda what: what.after_fork_in_parent()),
        after_in_child=lambda: _notify_all(lambda what: what.after_fork_in_child()),
    )
