"""The `config` command."""

from typing import Final

import click

from mechanic_shop.settings.reference import env_sample, reference_page, settings_in_force
from mechanic_shop.settings.settings import Settings

PAGES: Final = {"env": env_sample, "reference": reference_page}


@click.command()
@click.option(
    "--page",
    type=click.Choice([*PAGES]),
    help="Print the text of `.env.sample` or docs/reference/settings.md instead.",
)
def config(page: str | None) -> None:
    """Show the settings in force, without secrets."""
    text = PAGES[page]() if page else settings_in_force(Settings.read())
    click.echo(text, nl=False)
