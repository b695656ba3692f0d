"""Serve with granian (an optional extra), which has its own processes and HTTP parser."""

import os
import pkgutil
import re
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from ctypes import c_bool
from functools import partial
from multiprocessing.sharedctypes import RawValue
from threading import Thread, Timer
from typing import Any, Final, TypeAlias
from wsgiref.types import WSGIApplication

from granian import Granian
from granian.constants import HTTPModes, Interfaces
from granian.http import HTTP1Settings
from granian.log import LogLevels

from mechanic_server import addresses, limits
from mechanic_server.rsgi import RsgiApplication

_LIMITS: Final = limits.ConnectionLimits()
_HTTP1: Final = HTTP1Settings(
    header_read_timeout=int(_LIMITS.head_s * 1000), max_buffer_size=limits.MAX_HEAD_BYTES
)
_PARENT_CHECK_S: Final = 0.5
_SYSTEM_ERROR: Final = re.compile(r"\(os error (\d+)\)")

Target: TypeAlias = str | Callable[[Callable[[], bool]], WSGIApplication]
"""An application by its name, as `module:attribute`, or a function of a module that returns one.

The function is called with one that returns whether a graceful shutdown has begun.
"""


def run(  # noqa: PLR0913 - options of the command line
    host: str,
    port: int,
    threads: int,
    workers: int,
    target: Target,
    *,
    behind_proxy: bool = False,
    drain_s: float = 0.0,
) -> None:
    """Serve *target* until SIGINT, or until *drain_s* seconds after SIGTERM.

    Each worker process loads the target itself. *behind_proxy* says that headers of a proxy are
    trusted: then requests are taken as they were sent, see `RsgiApplication`, at about twice the CPU.
    Raises `CannotListen`.
    """
    _, address = addresses.resolve(host, port)
    _reset_sigterm_in_forks()
    stopping: Any = RawValue(c_bool, False)
    load = partial(_load, target, stopping)
    server = Granian(
        str(target),
        address=address,
        port=port,
        interface=Interfaces.RSGI if behind_proxy else Interfaces.WSGI,
        workers=workers,
        blocking_threads=None if behind_proxy else threads,
        backlog=limits.BACKLOG,
        backpressure=_LIMITS.connections,
        http=HTTPModes.http1,
        http1_settings=_HTTP1,
        websockets=False,
        log_level=LogLevels.warning,
        respawn_failed_workers=True,
        respawn_interval=0.1,
        workers_kill_timeout=int(limits.DRAIN_TIMEOUT_S),
    )
    server.on_startup(partial(_announce_stop, stopping, drain_s))
    with addresses.naming(host, port), _system_errors():
        server.serve(target_loader=partial(_load_rsgi, load, threads) if behind_proxy else load)


@contextmanager
def _system_errors() -> Iterator[None]:
    """Raise an `OSError` for a system error in this block, which granian raises as `RuntimeError`."""
    try:
        yield
    except RuntimeError as error:
        if found := _SYSTEM_ERROR.search(str(error)):
            raise OSError(int(found[1]), os.strerror(int(found[1]))) from None
        raise


def _load(target: Target, stopping: Any, _: str) -> WSGIApplication:
    """Load the application in a worker process."""
    _stop_with_parent()
    if callable(target):
        return target(lambda: bool(stopping.value))
    application: WSGIApplication = pkgutil.resolve_name(target)
    return application


def _load_rsgi(load: Callable[[str], WSGIApplication], threads: int, name: str) -> RsgiApplication:
    return RsgiApplication(load(name), threads, _LIMITS.request_s)


def _announce_stop(stopping: Any, drain_s: float) -> None:
    """Set *stopping*, which the workers share, before granian's own handlers stop them.

    After SIGTERM they are stopped *drain_s* seconds later.
    """
    for one in (signal.SIGTERM, signal.SIGINT):
        interrupt: Any = signal.getsignal(one)

        def stop(number: int, frame: object, interrupt: Any = interrupt) -> None:
            stopping.value = True
            if drain_s and number == signal.SIGTERM:
                timer = Timer(drain_s, interrupt, (number, frame))
                timer.daemon = True  # of two signals the first counts
                timer.start()
            else:
                interrupt(number, frame)

        signal.signal(one, stop)


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
