"""`keys`: what signs access tokens."""

import os
from pathlib import Path

import click

from mechanic_adapters.security.signing_keys import new_rsa_key


@click.group()
def keys() -> None:
    """Make keys that sign access tokens."""


@keys.command()
@click.option(
    "--alg",
    type=click.Choice(["RS256"]),
    required=True,
    help="The algorithm that the key is for; HS256 needs only SECRET_KEY.",
)
@click.option(
    "--out",
    type=click.Path(dir_okay=False, path_type=Path),
    help="A new file, readable by its owner only; else the key is printed.",
)
def new(alg: str, out: Path | None) -> None:  # noqa: ARG001 - there is one choice as yet
    """Make a private key for JWT_PRIVATE_KEY_FILE, as PEM."""
    pem = new_rsa_key()
    if out is None:
        click.echo(pem, nl=False)
        return
    handle = os.open(out, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with open(handle, "w", encoding="ascii") as file:  # noqa: PTH123 - of a descriptor
        file.write(pem)
