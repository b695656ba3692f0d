"""The `demo` command."""

import click

from mechanic_server.http_server import listen, serve, url_of
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
from mechanic_shop.demo.throwaway_shop import DEMO_SETTINGS, open_demo
from mechanic_shop.demo.year import TICKETS
from mechanic_shop.observability.logs import configure_logging
from mechanic_shop.wiring.application import THREADS, open_application

WELCOME = f"""\
A throw-away shop: {len(CUSTOMERS)} customers, {VEHICLES} vehicles, {len(STAFF)} mechanics, \
{TICKETS} tickets, {len(SHELVES)} parts.

  API       {{address}}
  browse    {{address}}/docs
            {{address}}/mechanics/leaderboard
            {{address}}/inventory
  estimate  {{estimate}}

  customer  {CUSTOMER}   POST /login
  mechanic  {MECHANIC}   POST /mechanics/login
  manager   {MANAGER}    POST /mechanics/login
  password  {PASSWORD}

Press Ctrl-C to stop and delete it.
"""

_IGNORED = ", ".join(name.upper() for name in ("database_url", "secret_key", *DEMO_SETTINGS))


@click.command(epilog=f"Uses the settings of `serve` except {_IGNORED}.")
@click.option("--host", default="127.0.0.1", show_default=True, help="The address to listen on.")
@click.option(
    "--port",
    type=click.IntRange(0, 65535),
    default=8000,
    show_default=True,
    help="The port to listen on; 0 picks a free one.",
)
def demo(host: str, port: int) -> None:
    """Serve a throw-away shop with sample data."""
    with listen(host, port) as listener, open_demo() as (settings, link):
        access_log = configure_logging(settings)
        address = url_of(listener)
        click.echo(WELCOME.format(address=address, estimate=link.under(address).url))
        code = serve(
            lambda stopping: open_application(settings, stopping=stopping, access_log=access_log),
            listener,
            THREADS,
            proxies=settings.trusted_proxies,
        )
    raise SystemExit(code)
