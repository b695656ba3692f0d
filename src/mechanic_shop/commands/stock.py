"""The `stock` command group."""

import click

from mechanic_core.access import SYSTEM
from mechanic_core.money import to_decimal
from mechanic_shop.settings.settings import Settings
from mechanic_shop.wiring.shop import open_existing_shop


@click.group()
def stock() -> None:
    """Verify the stock ledger."""


@stock.command()
def check() -> None:
    """Exit 1 if a part's balance differs from its ledger."""
    with open_existing_shop(Settings.read()) as shop:
        mismatches = shop.check_stock(SYSTEM)
    for one in mismatches:
        click.echo(
            f"{one.sku}: {to_decimal(one.on_hand)} on hand, {to_decimal(one.reserved)} reserved; "
            f"ledger: {to_decimal(one.ledger_on_hand)} and {to_decimal(one.ledger_reserved)}"
        )
    if mismatches:
        raise click.ClickException(f"{len(mismatches)} balances differ from the ledger")
    click.echo("all balances match the ledger")
