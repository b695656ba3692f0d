"""The `events` command."""

from contextlib import nullcontext, suppress
from typing import Final

import click

from mechanic_core.access import SYSTEM
from mechanic_core.events.use_cases import MAX_EVENTS, EventFeed, EventsExpired
from mechanic_core.shop import Shop
from mechanic_http.json import codec
from mechanic_shop.settings.settings import Settings
from mechanic_shop.wiring.shop import open_existing_shop

WAIT_S: Final = 20
"""How long a read waits for events; Ctrl-C ends it at once."""


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
    wait_s = WAIT_S if follow else 0
    ends = suppress(KeyboardInterrupt) if follow else nullcontext()  # how a follower ends
    with ends, open_existing_shop(Settings.read()) as shop:
        while True:
            feed = _read(shop, after, wait_s)
            for event in feed.items:
                click.echo(codec.encode(event))
            after = feed.last if feed.items else after
            if not feed.has_more and not follow:
                return


def _read(shop: Shop, after: int, wait_s: int) -> EventFeed:
    """Return the events after a position; raise `ClickException` with the first if it is gone."""
    try:
        return shop.read_events(SYSTEM, after, MAX_EVENTS, wait_s=wait_s)
    except EventsExpired as expired:
        first = expired.facts["first"]
        raise click.ClickException(
            f"events after {after} are deleted or from before a restore; the first that is there is "
            f"{first}: go on with --after {int(str(first)) - 1}"
        ) from None
