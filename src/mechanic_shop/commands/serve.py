"""The `serve` command."""

import os
import traceback
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, nullcontext
from typing import Final, Literal
from wsgiref.types import WSGIApplication

import click

from mechanic_adapters.rate_limits.limiter import MEMORY
from mechanic_core.errors import Refused
from mechanic_http.ports import AccessLog
from mechanic_server.http_server import ApplicationFactory, Stopping, ignore_exit, listen
from mechanic_server.http_server import serve as serve_until_stopped
from mechanic_shop.extras import name_missing_extra
from mechanic_shop.garbage_collection import exempt_from_collection
from mechanic_shop.observability.logs import configure_logging
from mechanic_shop.observability.metrics import shared_between_processes
from mechanic_shop.observability.traces import require_exporter
from mechanic_shop.settings.choices import CacheType
from mechanic_shop.settings.database_url import require_folder
from mechanic_shop.settings.settings import Settings
from mechanic_shop.settings.url_passwords import mask_urls
from mechanic_shop.wiring.application import (
    THREADS,
    create_application,
    open_application,
)

GRANIAN_NEEDS_A_PROXY: Final = (
    "mechanic-shop: granian sets no time limit for request bodies: serve it only behind a proxy "
    "that buffers requests, or clients that send slowly occupy every thread"
)


@click.command()
@click.option("--host", default="127.0.0.1", show_default=True, help="The address to listen on.")
@click.option(
    "--port",
    type=click.IntRange(0, 65535),
    default=8000,
    show_default=True,
    help="The port to listen on; 0 picks a free one.",
)
@click.option(
    "--threads",
    type=click.IntRange(1, 256),
    default=THREADS,
    show_default=True,
    help="How many requests run at once in each process.",
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
    help="The HTTP server.",
)
def serve(
    host: str, port: int, threads: int, workers: int, server: Literal["waitress", "granian"]
) -> None:
    """Serve the shop over HTTP until SIGTERM or Ctrl-C."""
    if (workers > 1 or server == "granian") and not hasattr(os, "fork"):
        raise click.UsageError("--workers and granian need Linux or macOS")
    settings = Settings.read()
    require_folder(settings.database_url)  # before worker processes fail by it one after another
    require_exporter(os.environ)  # as above
    access_log = configure_logging(settings)
    if workers > 1 and (apart := _what_is_not_shared(settings, workers)):
        click.echo(f"mechanic-shop: {workers} workers without CACHE_REDIS_URL: {apart}", err=True)
    with shared_between_processes() if workers > 1 else nullcontext(ignore_exit) as on_exit:
        if server == "granian":
            with name_missing_extra("--server granian"):
                from mechanic_server import granian  # noqa: PLC0415 - an optional dependency
            behind_proxy = bool(settings.trusted_proxies)
            if not behind_proxy:
                click.echo(GRANIAN_NEEDS_A_PROXY, err=True)
            granian.run(
                *(host, port, threads, workers, _create_granian_application),
                behind_proxy=behind_proxy,
                drain_s=settings.drain_seconds,
            )
            return
        with listen(host, port) as listener:
            code = serve_until_stopped(
                _application_factory(settings, threads, access_log),
                listener,
                threads,
                workers,
                drain_s=settings.drain_seconds,
                proxies=settings.trusted_proxies,
                on_worker_exit=on_exit,
                report_error=_report_error,
            )
    raise SystemExit(code)


def _what_is_not_shared(settings: Settings, workers: int) -> str:
    """Return what becomes of limits and caches that each worker has for itself."""
    limits = (
        *(settings.global_rate_limit, settings.login_rate_limit),
        *(settings.static_rate_limit, settings.write_rate_limit),
    )
    effects = []
    if any(limits) and settings.rate_limit_storage_url == MEMORY:
        effects.append(f"rate limits multiply by up to {workers}")
    if settings.cache_type is CacheType.MEMORY:
        effects.append(f"cached answers may be stale for {settings.cache_ttl_s} s")
    return ", ".join(effects)


def _application_factory(
    settings: Settings, threads: int, access_log: AccessLog
) -> ApplicationFactory:
    @contextmanager
    def application_factory(stopping: Stopping) -> Iterator[WSGIApplication]:
        with ExitStack() as stack:
            with exempt_from_collection():
                application = stack.enter_context(
                    open_application(
                        settings, threads=threads, stopping=stopping, access_log=access_log
                    )
                )
            yield application

    return application_factory


def _create_granian_application(stopping: Stopping) -> WSGIApplication:
    """Return the application of one of granian's worker processes."""
    try:
        settings = Settings.read()
        return create_application(settings, configure_logging(settings), stopping=stopping)
    except (Refused, OSError) as error:
        raise SystemExit(f"mechanic-shop: {mask_urls(str(error))}") from None


def _report_error(error: BaseException) -> None:
    """Write the error that ended a worker process: one line if expected, else the traceback."""
    expected = isinstance(error, Refused | OSError)
    text = f"mechanic-shop: {error}\n" if expected else "".join(traceback.format_exception(error))
    click.echo(mask_urls(text), nl=False, err=True)
