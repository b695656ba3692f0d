"""The `db` command group."""

from functools import partial
from typing import Final

import click
from alembic.util import CommandError
from sqlalchemy import Connection

from mechanic_adapters.sql.migrations import runner
from mechanic_adapters.sql.migrations.lock_retries import LockRetries
from mechanic_adapters.sql.migrations.losses import losses
from mechanic_shop.observability.agreement import wrong_counters
from mechanic_shop.settings.database_url import translate_errors
from mechanic_shop.settings.settings import Settings
from mechanic_shop.wiring import database
from mechanic_shop.wiring.sweeper import create_sweeper

_UNSAFE: Final = "{name} is off on the database server: a crash of its machine damages the data"


def _report(text: str) -> None:
    click.echo(f"mechanic-shop: {text}", err=True)


_RETRIES: Final = LockRetries(report=_report)


@click.group()
def db() -> None:
    """Upgrade, check and maintain the database."""


@db.command()
def upgrade() -> None:
    """Upgrade the schema to the newest version; leave a newer one as it is."""
    url = Settings.read().database_url
    try:
        database.known_schema_version(url)
    except database.SchemaNewer as newer:  # a former version starts on it, after this command
        _report(f"{newer}: nothing to upgrade")
    else:
        database.upgrade_schema(url, _RETRIES)
    click.echo(database.schema_version(url))


@db.command()
@click.option(
    "--to", default="-1", show_default=True, help="A version, `base`, or a number of steps."
)
@click.option("--force", is_flag=True, help="Delete the data that are in the way.")
def downgrade(to: str, *, force: bool) -> None:
    """Downgrade the schema, by default one step: DELETES the data of what it drops.

    Drops each table and column that the older version does not have, such as all invoices and
    payments. Without --force it refuses if they have data, and names them. Make a backup first.
    """
    url = Settings.read().database_url
    if database.known_schema_version(url) is None:
        raise click.ClickException("nothing to downgrade: the database has no schema")
    try:
        with translate_errors(url):
            runner.downgrade(url, to, _RETRIES, None if force else partial(_refuse_losses, to=to))
    except CommandError as error:
        raise click.BadParameter(str(error), param_hint="--to") from None
    click.echo(database.schema_version(url) or "empty")


def _refuse_losses(connection: Connection, to: str) -> None:
    """Raise `ClickException` if a downgrade to *to* would delete data."""
    lost = ", ".join(f"{name} ({number})" for name, number in losses(connection, to).items())
    if lost:
        raise click.ClickException(
            f"the downgrade would delete {lost}: make a backup, then give --force to delete them"
        )


@db.command()
def current() -> None:
    """Print the version of the database schema."""
    click.echo(database.schema_version(Settings.read().database_url) or "empty")


@db.command()
def check() -> None:
    """Exit 1 unless the schema is the newest version; warn of unsafe server settings."""
    url = Settings.read().database_url
    click.echo(database.require_newest_schema(url))
    for name in database.unsafe_server_settings(url):
        click.echo(f"mechanic-shop: {_UNSAFE.format(name=name)}", err=True)


@db.command()
@click.option("--mend", is_flag=True, help="Recount and store the wrong counters.")
def recount(*, mend: bool) -> None:
    """Exit 1 if a stored counter is wrong, unless --mend corrects it."""
    with database.open_existing_database(Settings.read()) as store:
        lines = wrong_counters(store)
        if mend and lines:
            store.recount()
    for line in lines:
        click.echo(line)
    if not lines:
        click.echo("all counters are right")
    elif mend:
        click.echo("counters corrected")
    else:
        raise click.ClickException(f"{len(lines)} counters are wrong")


@db.command()
def sweep() -> None:
    """Delete expired answers, sessions, old events and mails; add up the changes of counters."""
    settings = Settings.read()
    with database.open_existing_database(settings) as store:
        swept = create_sweeper(settings, store).sweep()
    click.echo(f"{swept.answers} stored answers deleted")
    click.echo(f"{swept.sessions} sessions and refresh tokens deleted")
    click.echo(f"{swept.events} events deleted")
    click.echo(f"{swept.mails} mails deleted")
