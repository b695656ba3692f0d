"""`staff`: the first manager has to come from somewhere."""

import sys
from typing import Any, Final

import click
from attrs import fields

from mechanic_core.access import Role
from mechanic_core.mechanics.mechanic import Hiring
from mechanic_core.rules import first_violation, rules_of
from mechanic_shop.settings.settings import Settings
from mechanic_shop.wiring.shop import OPERATOR, open_shop

CALLED: Final = {"name": "--name", "email": "--email", "password": "the password"}
"""What the fields of a hiring are called here."""


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
    password = _password(from_stdin=password_stdin)
    _must_keep_the_rules(name=name, email=email, password=password)
    hiring = Hiring(name=name, email=email, role=Role(role), password=password)
    with open_shop(settings=settings) as shop:
        mechanic = shop.hire_mechanic(OPERATOR, hiring)
    click.echo(f"{mechanic.role} {mechanic.id}: {mechanic.name} <{mechanic.email}>")


def _password(*, from_stdin: bool) -> str:
    if from_stdin:
        return sys.stdin.readline().rstrip("\r\n")
    if not sys.stdin.isatty():
        raise click.UsageError("A password is asked for on a terminal: here, use --password-stdin.")
    typed: str = click.prompt("Password", hide_input=True, confirmation_prompt=True, err=True)
    return typed


def _must_keep_the_rules(**given: str) -> None:
    """Refuse with everything that is wrong, in the words of the command line."""
    types: dict[str, Any] = {field.name: field.type for field in fields(Hiring)}
    wrong = [
        f"{CALLED[name]} {said}"
        for name, text in given.items()
        if (said := first_violation(rules_of(types[name]), text))
    ]
    if wrong:
        raise click.UsageError(f"{'; '.join(wrong)}.")
