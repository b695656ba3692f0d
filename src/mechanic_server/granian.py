"""granian, for those who installed the extra: its own processes, threads and HTTP parser."""

import os
import signal
import time
from importlib import import_module
from threading import Thread
from typing import Final
from wsgiref.types import WSGIApplication

from granian import Granian
from granian.constants import HTTPModes, Interfaces
from granian.http import HTTP1Settings
from granian.log import LogLevels

from mechanic_server import limits

_HEAD_MS: Final = int(limits.HEAD_S * 1000)
_LOOK_S: Final = 0.5


def run(host: str, port: int, threads: int, workers: int, factory: str | None = None) -> None:
    """Serve what *factory* makes until SIGTERM; granian calls it in each of its processes."""
    have_forks_heed_sigterm()
    Granian(
        factory or f"{__name__}:opened",
        factory=True,
        address=host,
        port=port,
        interface=Interfaces.WSGI,
        workers=workers,
        blocking_threads=threads,
        backlog=limits.BACKLOG,
        backpressure=limits.CONNECTIONS,
        http=HTTPModes.http1,
        http1_settings=HTTP1Settings(header_read_timeout=_HEAD_MS, max_buffer_size=limits.HEAD),
        websockets=False,
        log_level=LogLevels.warning,
        respawn_failed_workers=True,
        respawn_interval=0.1,
        workers_kill_timeout=int(limits.DRAIN_S),
    ).serve()


def opened() -> WSGIApplication:
    """Return the shop for one of granian's processes."""
    end_with_parent()
    application: WSGIApplication = import_module("mechanic_shop.wsgi").application
    return application


def have_forks_heed_sigterm() -> None:
    """Have a process that is asked to stop before it serves end at once.

    It is a fork of granian's main process, and until it has opened the application it has that
    one's handler for SIGTERM, which does nothing there: a stop would wait for it in vain.
    """
    asked = {signal.SIGTERM}

    def heed() -> None:
        signal.signal(signal.SIGTERM, signal.SIG_DFL)
        signal.pthread_sigmask(signal.SIG_UNBLOCK, asked)

    os.register_at_fork(
        before=lambda: signal.pthread_sigmask(signal.SIG_BLOCK, asked),
        after_in_parent=lambda: signal.pthread_sigmask(signal.SIG_UNBLOCK, asked),
        after_in_child=heed,
    )


def end_with_parent() -> None:
    """Have this process stop in order when granian's main process is gone, even if killed."""
    parent = os.getppid()

    def watch() -> None:
        while os.getppid() == parent:
            time.sleep(_LOOK_S)
        os.kill(os.getpid(), signal.SIGTERM)

    Thread(target=watch, daemon=True).start()
