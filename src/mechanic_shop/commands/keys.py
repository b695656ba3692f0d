"""The `keys` command group."""

from pathlib import Path

import click

from mechanic_adapters.security.signing_keys import new_rsa_key
from mechanic_shop.settings.trusted_files import write_private_file


@click.group()
def keys() -> None:
    """Generate keys that sign access tokens."""


@keys.command()
@click.option(
    "--alg",
    type=click.Choice(["RS256"]),
    required=True,
    help="The algorithm of the key; HS256 needs only SECRET_KEY.",
)
@click.option(
    "--out",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Write the key to this new file, readable by its owner only, instead of printing it.",
)
def new(alg: str, out: Path | None) -> None:  # noqa: ARG001 - there is only one choice
    """Generate a private key for JWT_PRIVATE_KEY_FILE in PEM format."""
    pem = new_rsa_key()
    if out is None:
        click.echo(pem, nl=False)
        return
    write_private_file(out, pem.encode("ascii"))
