"""The `openapi` command."""

from collections.abc import Callable
from typing import Final

import click

from mechanic_http.openapi.document import as_json
from mechanic_http.openapi.yaml_document import as_yaml

FORMATS: Final[dict[str, Callable[[], bytes]]] = {"yaml": as_yaml, "json": as_json}


@click.command()
@click.option(
    "--format",
    "output_format",
    type=click.Choice(sorted(FORMATS)),
    default="yaml",
    show_default=True,
    help="The output format.",
)
def openapi(output_format: str) -> None:
    """Print the OpenAPI document."""
    click.echo(FORMATS[output_format](), nl=False)
