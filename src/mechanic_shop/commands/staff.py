"""`staff`: the first manager has to come from somewhere."""

import sys

import click

from mechanic_core.access import Role
from mechanic_core.mechanics.mechanic import Hiring
from mechanic_shop.opening import OPERATOR, open_shop
from mechanic_shop.settings import Settings


@click.group()
def staff() -> None:
    """Take on staff."""


@staff.command()
@click.option(
    "--role",
    type=click.Choice([Role.MECHANIC.value, Role.MANAGER.value]),
    required=True,
    help="What they are to the shop.",
)
@click.option("--email", required=True, help="What they log in with.")
@click.option("--name", required=True, help="What they are called.")
@click.option("--password-stdin", is_flag=True, help="Read the password from standard input.")
def add(role: str, email: str, name: str, *, password_stdin: bool) -> None:
    """Take somebody on; the password is asked for."""
    settings = Settings.read()
    if password_stdin:
        password = sys.stdin.readline().rstrip("\r\n")
    else:
        password = click.prompt("Password", hide_input=True, confirmation_prompt=True, err=True)
    hiring = Hiring(name=name, email=email, role=Role(role), password=password)
    with open_shop(settings=settings) as shop:
        mechanic = shop.hire_mechanic(OPERATOR, hiring)
    click.echo(f"{mechanic.role} {mechanic.id}: {mechanic.name} <{mechanic.email}>")
