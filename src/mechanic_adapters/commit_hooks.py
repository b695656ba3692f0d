"""Commit hooks: what runs after a transaction has committed."""

import logging
from collections.abc import Callable, Iterable
from functools import partial
from typing import Final

from mechanic_core.unit_of_work import Listener

_log: Final = logging.getLogger(__name__)


def run_commit_hooks(
    listeners: Iterable[Listener], written: frozenset[str], callbacks: Iterable[Callable[[], None]]
) -> None:
    """Call *listeners* with the nouns *written*, if any, and then the *callbacks*.

    An exception is logged and stops neither the others nor the caller: the work is committed, and
    a client that got an error would send it again.
    """
    notifications = (partial(listener, written) for listener in listeners) if written else ()
    for call in (*notifications, *callbacks):
        try:
            call()
        except Exception:  # noqa: BLE001 - the commit stands, whatever a hook raises
            _log.exception("a commit hook failed")
