"""The `backup` command."""

from pathlib import Path

import click

from mechanic_shop.backups.backup import back_up
from mechanic_shop.settings.settings import Settings


@click.command()
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
@click.option("--force", is_flag=True, help="Replace FILE if it exists.")
def backup(file: Path, *, force: bool) -> None:
    """Write a backup of the database to FILE; the shop may keep running."""
    size = back_up(Settings.read().database_url, file, replace=force)
    click.echo(f"{file}: {size} bytes")
