"""Commit hooks: what runs after a commit, in every store alike."""

import logging
from collections.abc import Callable, Iterable
from functools import partial
from typing import Final

from mechanic_core.unit_of_work import Listener

_log: Final = logging.getLogger(__name__)


def run_commit_hooks(
    listeners: Iterable[Listener], written: frozenset[str], callbacks: Iterable[Callable[[], None]]
) -> None:
    """Call *listeners* with the nouns *written*, if there are any, and then the *callbacks*.

    A hook that raises is logged, and the others are called: the commit stands, and the client must
    get its response, or it would send the request again.
    """
    calls = (partial(listener, written) for listener in listeners) if written else ()
    for call in (*calls, *callbacks):
        try:
            call()
        except Exception:  # noqa: BLE001 - the commit stands whatever a hook raises
            _log.exception("a commit hook failed")
