"""`stock`: the ledger held against the balances."""

import click

from mechanic_core.money import to_decimal
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
            f"{one.sku}: {to_decimal(one.on_hand)} on hand, {to_decimal(one.reserved)} reserved; "
            f"by the ledger {to_decimal(one.ledger_on_hand)} and {to_decimal(one.ledger_reserved)}"
        )
    if found:
        raise click.ClickException(f"{len(found)} balances disagree with the ledger")
    click.echo("every balance agrees with the ledger")
