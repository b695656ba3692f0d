"""Serving the shop: a guarded waitress, in one process or several, or granian.

`serve` is all that the command line calls.
"""

import signal
import socket
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from importlib import import_module
from threading import Event
from typing import Literal, TypeAlias
from wsgiref.types import WSGIApplication

import click

from mechanic_server.limits import BACKLOG
from mechanic_server.processes import Forks
from mechanic_server.supervisor import Supervisor
from mechanic_server.waitress import GuardedServer
from mechanic_shop.observability.metrics import shared_between_processes

Stopping: TypeAlias = Callable[[], bool]
"""Tells whether the server has been asked to stop; `/readyz` says so."""

ApplicationFactory: TypeAlias = Callable[[Stopping], AbstractContextManager[WSGIApplication]]
"""Opens the application, within the process that serves it, and closes it in the end."""


def serve(  # noqa: PLR0913 - what the command line takes
    application_factory: ApplicationFactory,
    host: str,
    port: int,
    threads: int,
    workers: int = 1,
    server: Literal["waitress", "granian"] = "waitress",
) -> int:
    """Serve until SIGTERM or SIGINT, finish what runs, and return the exit code.

    With several *workers* a supervisor starts each again that dies. granian takes no factory:
    it imports `mechanic_shop.wsgi` in processes of its own.

    Raises `OSError` where the address can't be listened on, and what *application_factory*
    raises where there is one worker.
    """
    if server == "granian":
        with shared_between_processes() if workers > 1 else nullcontext():
            import_module("mechanic_server.granian").run(host, port, threads, workers)
        return 0
    with _listening(host, port) as listener:

        def work(ready: Callable[[], object]) -> None:
            _serve_here(application_factory, listener, threads, ready)

        def announce() -> None:
            click.echo(f"Serving on {_address_of(listener)}")

        if workers == 1:
            work(announce)
            return 0
        with shared_between_processes() as forget:
            return Supervisor(Forks(work), workers, announce, listener.close, forget).run()


def _serve_here(
    application_factory: ApplicationFactory,
    listener: socket.socket,
    threads: int,
    ready: Callable[[], object],
) -> None:
    """Serve in this process, with SIGTERM and SIGINT handled meanwhile."""
    asked = Event()
    with application_factory(asked.is_set) as application:
        server = GuardedServer(application, listener, threads)

        def stop(*_: object) -> None:
            asked.set()
            server.stop()

        former = {one: signal.signal(one, stop) for one in (signal.SIGTERM, signal.SIGINT)}
        # A handler runs between two steps of Python only: a signal that comes as the loop is about
        # to wait would be heard after the wait.
        former_bell = signal.set_wakeup_fd(server.bell, warn_on_full_buffer=False)
        try:
            ready()
            server.run()
        finally:
            signal.set_wakeup_fd(former_bell)
            for one, handler in former.items():
                signal.signal(one, handler)


@contextmanager
def _listening(host: str, port: int) -> Iterator[socket.socket]:
    """Listen on one address. Raises `OSError`."""
    family, _, _, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
    with socket.create_server(address[:2], family=family, backlog=BACKLOG) as listener:
        yield listener


def _address_of(listener: socket.socket) -> str:
    """Return the URL under which *listener* is reached."""
    host, port = listener.getsockname()[:2]
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"
