"""`demo`: a throw-away shop with sample data."""

import socket

import click

from mechanic_server.http_server import serve
from mechanic_shop.demo.opening import OWN, open_demo
from mechanic_shop.demo.people import (
    CUSTOMER,
    CUSTOMERS,
    MANAGER,
    MECHANIC,
    PASSWORD,
    STAFF,
    VEHICLES,
)
from mechanic_shop.demo.shelves import SHELVES
from mechanic_shop.demo.year import TICKETS
from mechanic_shop.observability.logs import configure_logging
from mechanic_shop.wiring.application import THREADS, open_application

WELCOME = f"""\
A throw-away shop: {len(CUSTOMERS)} customers, {VEHICLES} vehicles, {len(STAFF)} mechanics, \
{TICKETS} tickets, {len(SHELVES)} parts.

  API       {{address}}
  look at   {{address}}/docs
            {{address}}/mechanics/leaderboard
            {{address}}/inventory

  customer  {CUSTOMER}   POST /login
  mechanic  {MECHANIC}   POST /mechanics/login
  manager   {MANAGER}    POST /mechanics/login
  password  {PASSWORD}

Ctrl-C stops it and throws it away.
"""


_OWN = ", ".join(name.upper() for name in ("database_url", "secret_key", *OWN))


@click.command(epilog=f"Settings hold as for serve, but for {_OWN}.")
@click.option("--host", default="127.0.0.1", show_default=True, help="The address to listen on.")
@click.option(
    "--port",
    type=click.IntRange(0, 65535),
    default=8000,
    show_default=True,
    help="The port to listen on; 0 for any that is free.",
)
def demo(host: str, port: int) -> None:
    """Serve a throw-away shop with sample data."""
    port = _free(host, port)
    with open_demo() as settings:
        access_log = configure_logging(settings)
        click.echo(WELCOME.format(address=f"http://{f'[{host}]' if ':' in host else host}:{port}"))
        code = serve(
            lambda stopping: open_application(settings, stopping=stopping, access_log=access_log),
            host,
            port,
            THREADS,
        )
    raise SystemExit(code)


def _free(host: str, port: int) -> int:
    """Return the port, or for 0 a free one; raise `OSError` before any work where it is taken."""
    family, _, _, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
    with socket.create_server(address[:2], family=family) as listener:
        found: int = listener.getsockname()[1]
    return found
