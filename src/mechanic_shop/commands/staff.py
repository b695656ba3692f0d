"""The `staff` command group."""

import sys
from typing import Any, Final

import click
from attrs import fields

from mechanic_core.access import SYSTEM, Role
from mechanic_core.accounts.password_resets import NewPassword
from mechanic_core.mechanics.mechanic import Hiring, Mechanic
from mechanic_core.paging import MAX_PAGE_SIZE, PageRequest
from mechanic_core.rules import first_violation, normalizer_of, rules_of
from mechanic_shop.settings.database_url import translate_errors
from mechanic_shop.settings.settings import Settings
from mechanic_shop.wiring.shop import open_existing_shop, open_shop

OPTIONS: Final = {"name": "--name", "email": "--email", "password": "the password"}
"""The fields of a `Hiring` by their names on the command line."""


@click.group()
def staff() -> None:
    """Add and list staff accounts, and set their passwords."""


@staff.command()
@click.option(
    "--role",
    type=click.Choice([Role.MECHANIC.value, Role.MANAGER.value]),
    required=True,
    help="The role of the account.",
)
@click.option("--email", required=True, help="The email address to log in with.")
@click.option("--name", required=True, help="The full name.")
@click.option("--password-stdin", is_flag=True, help="Read the password from standard input.")
def add(role: str, email: str, name: str, *, password_stdin: bool) -> None:
    """Add a mechanic or manager; prompts for the password."""
    settings = Settings.read()
    password = _read_password(from_stdin=password_stdin)
    _validate(name=name, email=email, password=password)
    hiring = Hiring(name=name, email=email, role=Role(role), password=password)
    with translate_errors(settings.database_url), open_shop(settings=settings) as shop:
        mechanic = shop.hire_mechanic(SYSTEM, hiring)
    click.echo(f"{mechanic.role} {mechanic.id}: {mechanic.name} <{mechanic.email}>")


@staff.command()
@click.option("--email", required=True, help="The email address to log in with.")
@click.option("--password-stdin", is_flag=True, help="Read the password from standard input.")
def reset(email: str, *, password_stdin: bool) -> None:
    """Set a new password and end all sessions; prompts for the password."""
    settings = Settings.read()
    password = _read_password(from_stdin=password_stdin)
    _validate(email=email, password=password)
    with open_existing_shop(settings) as shop:
        mechanic_id = shop.set_staff_password(SYSTEM, email, NewPassword(new_password=password))
    click.echo(f"mechanic {mechanic_id}: new password, all sessions ended")


@staff.command("list")
def list_staff() -> None:
    """Print id, role, name, e-mail address and activity of each account, separated by tabs."""
    with open_existing_shop(Settings.read()) as shop:
        after: int | None = None
        while True:
            page = shop.list_mechanics(SYSTEM, PageRequest(MAX_PAGE_SIZE, after=after))
            for one in page.items:
                if isinstance(one, Mechanic):  # others see less than the shop itself
                    activity = "active" if one.active else "inactive"
                    click.echo(f"{one.id}\t{one.role}\t{one.name}\t{one.email}\t{activity}")
            if not page.has_more:
                return
            after = page.last


def _read_password(*, from_stdin: bool) -> str:
    if from_stdin:
        return sys.stdin.readline().removeprefix("\ufeff").rstrip("\r\n")
    if not sys.stdin.isatty():
        raise click.UsageError(
            "There is no terminal to ask for the password: use --password-stdin."
        )
    typed: str = click.prompt("Password", hide_input=True, confirmation_prompt=True, err=True)
    return typed


def _validate(**values: str) -> None:
    """Raise `UsageError` with every violated rule, by the names of the options."""
    types: dict[str, Any] = {field.name: field.type for field in fields(Hiring)}
    problems = [
        f"{OPTIONS[name]} {violation}"
        for name, text in values.items()
        for normalize in [normalizer_of(types[name])]
        if normalize and (violation := first_violation(rules_of(types[name]), normalize(text)))
    ]
    if problems:
        raise click.UsageError(f"{'; '.join(problems)}.")
