"""`stock`: the ledger held against the balances."""

import click

from mechanic_core.money import in_units
from mechanic_shop.settings.settings import Settings
from mechanic_shop.wiring.shop import OPERATOR, open_shop


@click.group()
def stock() -> None:
    """Look after the stock's ledger."""


@stock.command()
def check() -> None:
    """Exit 1 when a part's balance is not the sum of its movements."""
    with open_shop(settings=Settings.read()) as shop:
        found = shop.check_stock(OPERATOR)
    for one in found:
        click.echo(
            f"{one.sku}: {in_units(one.on_hand)} on hand, {in_units(one.reserved)} reserved; "
            f"by the ledger {in_units(one.ledger_on_hand)} and {in_units(one.ledger_reserved)}"
        )
    if found:
        raise click.ClickException(f"{len(found)} balances disagree with the ledger")
    click.echo("every balance agrees with the ledger")
