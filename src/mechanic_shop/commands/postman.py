"""`postman`: the interface as a collection of requests, for Postman and newman."""

import click

from mechanic_http.openapi.postman import as_json
from mechanic_shop.demo.people import CUSTOMER, MANAGER, PASSWORD


@click.command()
def postman() -> None:
    """Print the Postman collection; it is ready for the demo."""
    click.echo(
        as_json(
            baseUrl="http://127.0.0.1:8000",
            email=MANAGER,
            customerEmail=CUSTOMER,
            password=PASSWORD,
        ),
        nl=False,
    )
