"""Commands and their outcomes."""

from collections.abc import Callable
from contextlib import closing
from typing import TypeAlias

from attrs import frozen

from tests.integration.programs import Program, ask

ADD = ("staff", "add", "--role", "manager", "--email", "grace@example.com", "--name", "Grace")


@frozen
class Outcome:
    """The exit code and the output of a command."""

    code: int | str
    out: str
    err: str


CommandLine: TypeAlias = Callable[..., Outcome]
"""Runs a command with *given* on standard input and with environment variables."""


def is_one_line(text: str) -> bool:
    """Return whether *text* is a single error line."""
    return text.startswith("mechanic-shop: ") and text.count("\n") == 1


def role_of(shop: Program, email: str, password: str) -> str:
    """Log in as staff and return the role."""
    with closing(shop.connection()) as connection:
        given = {"email": email, "password": password}
        token = ask(connection, "POST", "/mechanics/login", given).body["token"]
        return str(ask(connection, "GET", "/me", token=token).body["role"])
