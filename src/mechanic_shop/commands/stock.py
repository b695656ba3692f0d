"""The `stock` command group."""

import click

from mechanic_core.access import SYSTEM
from mechanic_shop.observability.agreement import wrong_balances
from mechanic_shop.settings.settings import Settings
from mechanic_shop.wiring.shop import open_existing_shop


@click.group()
def stock() -> None:
    """Verify the stock ledger."""


@stock.command()
def check() -> None:
    """Exit 1 if a part's balance differs from its ledger: the first part of `check`."""
    with open_existing_shop(Settings.read()) as shop:
        lines = wrong_balances(shop.check_stock(SYSTEM))
    for line in lines:
        click.echo(line)
    if lines:
        raise click.ClickException(f"{len(lines)} balances differ from the ledger")
    click.echo("all balances match the ledger")
