"""Serve with granian (an optional extra), which has its own processes and HTTP parser."""

import os
import pkgutil
import signal
import time
from functools import partial
from threading import Thread
from typing import Final
from wsgiref.types import WSGIApplication

from granian import Granian
from granian.constants import HTTPModes, Interfaces
from granian.http import HTTP1Settings
from granian.log import LogLevels

from mechanic_server import limits
from mechanic_server.rsgi import RsgiApplication

_LIMITS: Final = limits.ConnectionLimits()
_PARENT_CHECK_S: Final = 0.5


def run(  # noqa: PLR0913 - options of the command line
    host: str, port: int, threads: int, workers: int, target: str, *, behind_proxy: bool = False
) -> None:
    """Serve *target*, named as `module:attribute`, until SIGTERM.

    Each worker process imports the target itself. *behind_proxy* says that headers of a proxy are
    trusted: then requests are taken as they were sent, see `RsgiApplication`, at about twice the CPU.
    """
    _reset_sigterm_in_forks()
    Granian(
        target,
        address=host,
        port=port,
        interface=Interfaces.RSGI if behind_proxy else Interfaces.WSGI,
        workers=workers,
        blocking_threads=None if behind_proxy else threads,
        backlog=limits.BACKLOG,
        backpressure=_LIMITS.connections,
        http=HTTPModes.http1,
        http1_settings=HTTP1Settings(
            header_read_timeout=int(_LIMITS.head_s * 1000),
            max_buffer_size=limits.MAX_HEAD_BYTES,
        ),
        websockets=False,
        log_level=LogLevels.warning,
        respawn_failed_workers=True,
        respawn_interval=0.1,
        workers_kill_timeout=int(limits.DRAIN_TIMEOUT_S),
    ).serve(target_loader=partial(_load_rsgi, threads) if behind_proxy else _load)


def _load(target: str) -> WSGIApplication:
    """Import the application in a worker process."""
    _stop_with_parent()
    application: WSGIApplication = pkgutil.resolve_name(target)
    return application


def _load_rsgi(threads: int, target: str) -> RsgiApplication:
    return RsgiApplication(_load(target), threads, _LIMITS.request_s)


def _reset_sigterm_in_forks() -> None:
    """Let SIGTERM end a worker process that is still importing the application.

    A fork inherits the SIGTERM handler of granian's main process, which does nothing in the
    worker: without this, a shutdown during start-up would wait for the import to finish.
    """
    sigterm = {signal.SIGTERM}

    def reset() -> None:
        signal.signal(signal.SIGTERM, signal.SIG_DFL)
        signal.pthread_sigmask(signal.SIG_UNBLOCK, sigterm)

    os.register_at_fork(
        before=lambda: signal.pthread_sigmask(signal.SIG_BLOCK, sigterm),
        after_in_parent=lambda: signal.pthread_sigmask(signal.SIG_UNBLOCK, sigterm),
        after_in_child=reset,
    )


def _stop_with_parent() -> None:
    """Stop this worker gracefully when granian's main process is gone, even if killed."""
    parent = os.getppid()

    def watch() -> None:
        while os.getppid() == parent:
            time.sleep(_PARENT_CHECK_S)
        os.kill(os.getpid(), signal.SIGTERM)

    Thread(target=watch, daemon=True).start()
