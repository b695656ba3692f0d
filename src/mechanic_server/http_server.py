"""Serve a WSGI application with waitress, in this process or in pre-fork workers."""

import signal
import socket
import sys
import traceback
from collections.abc import Callable, Collection, Iterator
from contextlib import AbstractContextManager, contextmanager
from functools import partial
from threading import Event
from typing import TypeAlias
from wsgiref.types import WSGIApplication

from mechanic_server import addresses
from mechanic_server.client_networks import Network
from mechanic_server.limits import BACKLOG, MAX_OPEN_FILES
from mechanic_server.prefork_workers import PreforkWorkers
from mechanic_server.supervisor import Supervisor
from mechanic_server.waitress import GuardedServer

Stopping: TypeAlias = Callable[[], bool]
"""Returns whether a graceful shutdown has begun."""

ApplicationFactory: TypeAlias = Callable[[Stopping], AbstractContextManager[WSGIApplication]]
"""Opens the application in the process that serves it, and closes it on exit."""


def ignore_exit(_: int) -> None:
    """Do nothing when a worker process exits."""


@contextmanager
def listen(host: str, port: int) -> Iterator[socket.socket]:
    """Open a listening socket; port 0 picks a free one. Raises `CannotListen`."""
    family, address = addresses.resolve(host, port)
    with addresses.naming(host, port):
        opened = socket.create_server((address, port), family=family, backlog=BACKLOG)
    with opened as listener:
        yield listener


def url_of(listener: socket.socket) -> str:
    """Return the URL of a listening socket."""
    host, port = listener.getsockname()[:2]
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


def serve(  # noqa: PLR0913 - the options of a server
    application_factory: ApplicationFactory,
    listener: socket.socket,
    threads: int,
    workers: int = 1,
    *,
    drain_s: float = 0.0,
    proxies: Collection[Network] = (),
    on_worker_exit: Callable[[int], None] = ignore_exit,
    report_error: Callable[[BaseException], None] = traceback.print_exception,
) -> int:
    """Serve until SIGTERM or SIGINT, shut down gracefully, and return the exit code.

    Args:
        application_factory: Opens the application, once in each process.
        listener: The listening socket, see `listen`.
        threads: How many requests each process runs at once.
        workers: How many processes share the port; a supervisor restarts those that die.
        drain_s: How long requests are still served after SIGTERM, when `Stopping` is true already.
        proxies: Clients whose number of connections has no bound of its own.
        on_worker_exit: Called with the process id of each worker that has exited.
        report_error: Called in a worker that ends with an error.

    With one worker, raises any error of *application_factory*.
    """
    _allow_open_files()

    def open_server(application: WSGIApplication) -> GuardedServer:
        return GuardedServer(application, listener, threads, proxies=proxies)

    def work(on_ready: Callable[[], object]) -> None:
        _serve_in_process(application_factory, open_server, on_ready, drain_s)

    if workers == 1:
        work(partial(_announce, listener))
        return 0
    forks = PreforkWorkers(work, report_error)
    return Supervisor(
        forks, workers, partial(_announce, listener), listener.close, on_worker_exit, drain_s
    ).run()


def _announce(listener: socket.socket) -> None:
    sys.stdout.write(f"Serving on {url_of(listener)}\n")
    sys.stdout.flush()


def _allow_open_files() -> None:
    """Raise the soft limit of open files, which is often too low for all connections."""
    try:
        import resource  # noqa: PLC0415 - Windows has neither it nor the limit
    except ImportError:
        return
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = MAX_OPEN_FILES if hard == resource.RLIM_INFINITY else min(MAX_OPEN_FILES, hard)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))


def _serve_in_process(
    application_factory: ApplicationFactory,
    open_server: Callable[[WSGIApplication], GuardedServer],
    on_ready: Callable[[], object],
    drain_s: float,
) -> None:
    """Serve in this process until SIGINT, or until *drain_s* seconds after SIGTERM."""
    stopping = Event()
    with application_factory(stopping.is_set) as application:
        server = open_server(application)

        def stop(number: int, _: object) -> None:
            stopping.set()
            server.stop(drain_s if number == signal.SIGTERM else 0.0)

        previous = {one: signal.signal(one, stop) for one in (signal.SIGTERM, signal.SIGINT)}
        # Python runs a handler between two bytecodes only. Without the wake-up descriptor a
        # signal that arrives just before the loop's select() would be handled after it.
        previous_fd = signal.set_wakeup_fd(server.wakeup_fd, warn_on_full_buffer=False)
        try:
            on_ready()
            server.run()
        finally:
            signal.set_wakeup_fd(previous_fd)
            for one, handler in previous.items():
                signal.signal(one, handler)
