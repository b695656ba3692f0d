"""The `copy` command."""

import logging

import click

from mechanic_shop.backups.copy import copy_shop
from mechanic_shop.settings.parsers import DATABASE_URL
from mechanic_shop.settings.settings import Settings


@click.command()
@click.option(
    "--to",
    "target",
    required=True,
    envvar="COPY_TO",
    show_envvar=True,
    help="The URL of an empty database, as DATABASE_URL takes it.",
)
def copy(target: str) -> None:
    """Copy all data to another database, also from SQLite to PostgreSQL. Stop the shop first."""
    try:
        url = DATABASE_URL.parse(target)
    except ValueError:
        accepts = DATABASE_URL.accepts.replace("`", "")
        raise click.BadParameter(f"must be {accepts}", param_hint="--to") from None
    logging.getLogger("psycopg").setLevel(logging.ERROR)  # it warns of what follows an error
    copied = copy_shop(Settings.read().database_url, url)
    click.echo(f"{copied.rows} rows of {copied.tables} tables copied")
    click.echo("all balances match the ledger, all counters are right")
