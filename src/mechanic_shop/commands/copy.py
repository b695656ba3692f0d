"""The `copy` command."""

import logging

import click

from mechanic_shop.backups.copy import copy_shop
from mechanic_shop.observability.agreement import ALL_RIGHT
from mechanic_shop.settings.database_url import is_same_place, name_of_place
from mechanic_shop.settings.parsers import DATABASE_URL
from mechanic_shop.settings.settings import Settings
from mechanic_shop.settings.variables import name_as_set
from mechanic_shop.wiring import database


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
    source = Settings.read().database_url
    database.require_shop(source)
    if is_same_place(source, url):
        raise click.ClickException(
            f"--to is the same database as DATABASE_URL, {name_of_place(url)}: nothing is copied"
        )
    database.require_newest_schema(source)
    with name_as_set({"DATABASE_URL": "--to"}):
        if database.schema_version(url) is None:
            database.upgrade_schema(url)
        database.require_newest_schema(url)
        copied = copy_shop(source, url)
    click.echo(f"{copied.rows} rows of {copied.tables} tables copied")
    click.echo(ALL_RIGHT)
