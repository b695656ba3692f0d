"""The `check` command."""

import click

from mechanic_shop.observability.agreement import ALL_RIGHT, CHECKED, disagreements
from mechanic_shop.settings.settings import Settings
from mechanic_shop.wiring.database import open_existing_database


@click.command()
def check() -> None:
    """Exit 1 if a balance, counter, price, document or number is not what it must be."""
    wrong = 0
    with open_existing_database(Settings.read()) as store:
        for line in disagreements(store):
            click.echo(line)
            wrong += 1
    if wrong:
        raise click.ClickException(f"{wrong} {CHECKED} are wrong")
    click.echo(ALL_RIGHT)
