"""`serve`: the shop over HTTP."""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import Literal
from wsgiref.types import WSGIApplication

import click

from mechanic_server import Stopping
from mechanic_server import serve as serve_until_stopped
from mechanic_shop.garbage_collection import kept_for_good
from mechanic_shop.observability.logs import set_up
from mechanic_shop.settings.settings import Settings
from mechanic_shop.wiring.application import THREADS, open_application


@click.command()
@click.option("--host", default="127.0.0.1", show_default=True, help="The address to listen on.")
@click.option(
    "--port",
    type=click.IntRange(0, 65535),
    default=8000,
    show_default=True,
    help="The port to listen on; 0 for any that is free.",
)
@click.option(
    "--threads",
    type=click.IntRange(1, 256),
    default=THREADS,
    show_default=True,
    help="How many requests run at once.",
)
@click.option(
    "--workers",
    type=click.IntRange(1, 64),
    default=1,
    show_default=True,
    help="How many processes share the port.",
)
@click.option(
    "--server",
    type=click.Choice(["waitress", "granian"]),
    default="waitress",
    show_default=True,
    help="What speaks HTTP; granian is an extra: mechanic-shop[granian].",
)
def serve(
    host: str, port: int, threads: int, workers: int, server: Literal["waitress", "granian"]
) -> None:
    """Serve the shop over HTTP until SIGTERM or Ctrl-C."""
    settings = Settings.read()
    access_log = set_up(settings)

    @contextmanager
    def opened(stopping: Stopping) -> Iterator[WSGIApplication]:
        with ExitStack() as closing:
            with kept_for_good():
                application = closing.enter_context(
                    open_application(
                        settings, threads=threads, stopping=stopping, access_log=access_log
                    )
                )
            yield application

    raise SystemExit(serve_until_stopped(opened, host, port, threads, workers, server))
