"""The `check` command."""

import click

from mechanic_shop.observability.agreement import disagreements
from mechanic_shop.settings.settings import Settings
from mechanic_shop.wiring.database import open_existing_database


@click.command()
def check() -> None:
    """Exit 1 if anything disagrees: a balance with its ledger, a counter with its rows."""
    with open_existing_database(Settings.read()) as store:
        lines = disagreements(store)
    for line in lines:
        click.echo(line)
    if lines:
        raise click.ClickException(f"{len(lines)} balances or counters are wrong")
    click.echo("all balances match the ledger, all counters are right")
