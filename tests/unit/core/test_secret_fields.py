"""Secrets are not shown in logs and tracebacks."""

from typing import Any

import pytest

from mechanic_core.accounts.account import (
    Credentials,
    LogoutRequest,
    PasswordChange,
    RefreshRequest,
    TokenPair,
)
from mechanic_core.customers.customer import Registration
from mechanic_core.mechanics.mechanic import Hiring

SECRET = "correct horse battery"
TOKEN = "cmVmcmVzaC1tZQ"
EMAIL = "ada@example.com"


@pytest.mark.parametrize(
    ("record", "shown"),
    [
        (Registration(name="Ada", email=EMAIL, password=SECRET), EMAIL),
        (Hiring(name="Bob", email=EMAIL, password=SECRET), EMAIL),
        (Credentials(email=EMAIL, password=SECRET), EMAIL),
        (PasswordChange(current_password=SECRET, new_password=SECRET[::-1]), "***"),
        (RefreshRequest(refresh_token=TOKEN), "***"),
        (LogoutRequest(refresh_token=TOKEN), "***"),
        (TokenPair(token=TOKEN, expires_in=60, refresh_token=TOKEN), "60"),
    ],
    ids=lambda value: type(value).__name__,
)
def test_secrets_are_not_shown(record: Any, shown: str) -> None:
    """
    The `repr` of a record masks its passwords and tokens.
    """
    text = f"{record!r} {record}"

    assert shown in text
    assert [] == [one for one in (SECRET, SECRET[::-1], TOKEN) if one in text]
