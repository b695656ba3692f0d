"""Telling of a commit: what was kept stays kept, whatever those who are told make of it."""

import logging
from collections.abc import Callable, Iterable
from functools import partial
from typing import Final, TypeAlias

_log: Final = logging.getLogger(__name__)

Listener: TypeAlias = Callable[[frozenset[str]], None]
"""Is told the nouns that a transaction wrote."""


def tell(
    listeners: Iterable[Listener], written: frozenset[str], callbacks: Iterable[Callable[[], None]]
) -> None:
    """Tell *listeners* what was *written*, if anything was, and call the *callbacks*.

    Each is called, also after one that failed. A failure is logged and goes no further: whoever
    asked for the work must hear that it is kept, or they would ask again.
    """
    heard = (partial(listener, written) for listener in listeners) if written else ()
    for call in (*heard, *callbacks):
        try:
            call()
        except Exception:  # noqa: BLE001 - the work is kept, whatever comes of it
            _log.exception("what was to follow a commit failed")
