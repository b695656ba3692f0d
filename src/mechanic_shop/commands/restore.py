"""The `restore` command."""

from pathlib import Path

import click

from mechanic_shop.backups import backup as backups
from mechanic_shop.settings.settings import Settings


@click.command()
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
@click.option("--force", is_flag=True, help="Replace the data in the database.")
def restore(file: Path, *, force: bool) -> None:
    """Restore the database from the backup FILE. Stop the shop first."""
    backups.restore(Settings.read().database_url, file, replace=force)
    click.echo(f"restored from {file}")
