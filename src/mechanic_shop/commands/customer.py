"""The `customer` command group."""

from pathlib import Path

import click

from mechanic_core.access import SYSTEM
from mechanic_core.customers.customer import CustomerId
from mechanic_core.texts import clean_email
from mechanic_http.json import codec
from mechanic_shop.settings.settings import Settings
from mechanic_shop.settings.trusted_files import write_private_file
from mechanic_shop.wiring.shop import open_existing_shop


@click.group()
def customer() -> None:
    """Export what the shop has stored about a customer."""


@customer.command()
@click.option("--email", help="The customer's email address.")
@click.option("--id", "customer_id", type=click.IntRange(1, 2**63 - 1), help="The customer's id.")
@click.option(
    "--out",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Write to this new file, readable by its owner only, instead of printing.",
)
def export(email: str | None, customer_id: int | None, out: Path | None) -> None:
    """Print the data of the customer with that email address or id, as one JSON document."""
    if (email is None) == (customer_id is None):
        raise click.UsageError("Give either --email or --id.")
    with open_existing_shop(Settings.read()) as shop:
        if email is not None:
            customer_id = shop.find_customer(SYSTEM, clean_email(email)).id
        exported = shop.export_customer(SYSTEM, CustomerId(customer_id or 0))
    document = codec.encode(exported, indented=True) + b"\n"
    if out is None:
        click.echo(document, nl=False)
        return
    write_private_file(out, document)
    click.echo(f"{out}: {len(document)} bytes")
