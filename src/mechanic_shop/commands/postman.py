"""The `postman` command."""

import click

from mechanic_http.openapi.postman import as_json
from mechanic_shop.demo.people import CUSTOMER, MANAGER, PASSWORD


@click.command()
def postman() -> None:
    """Print a Postman collection that works with the demo shop."""
    click.echo(
        as_json(
            baseUrl="http://127.0.0.1:8000",
            email=MANAGER,
            customerEmail=CUSTOMER,
            password=PASSWORD,
        ),
        nl=False,
    )
