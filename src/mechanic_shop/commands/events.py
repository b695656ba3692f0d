"""The `events` command."""

import time
from typing import Final

import click

from mechanic_core.access import SYSTEM
from mechanic_core.events.use_cases import MAX_EVENTS
from mechanic_http.json import codec
from mechanic_shop.settings.settings import Settings
from mechanic_shop.wiring.shop import open_shop

POLL_S: Final = 1.0


@click.command()
@click.option(
    "--after",
    type=click.IntRange(0, 2**63 - 1),
    default=0,
    show_default=True,
    help="Print the events after this position.",
)
@click.option("--follow", is_flag=True, help="Wait for further events, until Ctrl-C.")
def events(after: int, *, follow: bool) -> None:
    """Print the events of the shop, a JSON object on each line."""
    with open_shop(settings=Settings.read()) as shop:
        while True:
            feed = shop.read_events(SYSTEM, after, MAX_EVENTS)
            for event in feed.items:
                click.echo(codec.encode(event))
            after = feed.last if feed.items else after
            if not feed.has_more:
                if not follow:
                    return
                time.sleep(POLL_S)
