"""`db`: the schema of the database."""

import click
from alembic.util import CommandError

from mechanic_adapters.clock import utc_now
from mechanic_adapters.sql.migrations import runner
from mechanic_shop.settings.database_address import reached
from mechanic_shop.settings.settings import Settings
from mechanic_shop.wiring import database


@click.group()
def db() -> None:
    """Bring the database's schema up to date, or back."""


@db.command()
def upgrade() -> None:
    """Bring the schema to the newest."""
    url = Settings.read().database_url
    database.known(url)
    database.upgrade(url)
    click.echo(database.current(url))


@db.command()
@click.option("--to", default="-1", show_default=True, help="A revision, `base`, or steps back.")
def downgrade(to: str) -> None:
    """Take the schema back, one step unless told otherwise."""
    url = Settings.read().database_url
    if database.known(url) is None:
        raise click.ClickException("nothing to take back: the database has no schema")
    try:
        with reached(url):
            runner.downgrade(url, to)
    except CommandError as error:
        raise click.BadParameter(str(error), param_hint="--to") from None
    click.echo(database.current(url) or "empty")


@db.command()
def current() -> None:
    """Tell which schema the database has."""
    click.echo(database.current(Settings.read().database_url) or "empty")


@db.command()
def check() -> None:
    """Exit 1 unless the schema is the newest."""
    click.echo(database.must_be_newest(Settings.read().database_url))


@db.command()
@click.option("--mend", is_flag=True, help="Count anew what is wrong.")
def recount(*, mend: bool) -> None:
    """Exit 1 when a figure that is kept for speed is not what it counts, unless told to mend it."""
    with database.open_sql(Settings.read(), 1) as sql:
        tallies, totals = sql.miscounts(), sql.wrong_totals()
        if mend and (tallies or totals):
            sql.recount()
    for tally in tallies:
        click.echo(
            f"mechanic {tally.mechanic_id}, {tally.span} of {tally.start}: "
            f"{tally.kept} tickets kept, {tally.counted} counted"
        )
    for total in totals:
        click.echo(f"{total.list}: {total.kept} kept, {total.counted} counted")
    if not (tallies or totals):
        click.echo("every figure agrees with what it counts")
    elif mend:
        click.echo("counted anew")
    else:
        raise click.ClickException(f"{len(tallies) + len(totals)} figures are wrong")


@db.command()
def sweep() -> None:
    """Delete the stored answers to requests whose Idempotency-Key has expired."""
    with database.open_sql(Settings.read(), 1) as sql:
        click.echo(f"{database.swept(sql, utc_now())} stored answers deleted")
