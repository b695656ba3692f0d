"""`config`: the settings in force."""

from typing import Final

import click

from mechanic_shop.settings.reference import in_force, reference, sample
from mechanic_shop.settings.settings import Settings

PAGES: Final = {"env": sample, "reference": reference}


@click.command()
@click.option(
    "--page",
    type=click.Choice([*PAGES]),
    help="Write `.env.sample` or docs/reference/settings.md instead.",
)
def config(page: str | None) -> None:
    """Show the settings in force, secrets hidden."""
    text = PAGES[page]() if page else in_force(Settings.read())
    click.echo(text, nl=False)
