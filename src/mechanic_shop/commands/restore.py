"""`restore`: the database as it was when a backup was made."""

from pathlib import Path

import click

from mechanic_shop.backups import backup as backups
from mechanic_shop.settings.settings import Settings


@click.command()
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--force", is_flag=True, help="Replace what the database holds.")
def restore(file: Path, *, force: bool) -> None:
    """Make the database what it was when FILE was written. Stop the shop first."""
    backups.restore(Settings.read().database_url, file, replace=force)
    click.echo(f"restored from {file}")
