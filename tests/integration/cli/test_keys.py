"""Signing keys and secrets: created, stored, used and refused."""

import stat
from contextlib import closing
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from tests.integration.cli.outcomes import ADD, CommandLine, is_one_line, role_of
from tests.integration.programs import ask, serving


def test_the_secret_is_stored_beside_the_database(shop_cli: CommandLine, tmp_path: Path) -> None:
    """
    In development the secret is created once, when it is needed, for its owner alone to read.
    """
    file = tmp_path / "mechanic_shop.secret"
    shop_cli("stock", "check")
    assert not file.exists()
    with serving(tmp_path, "serve", "--port", "0"):
        secret = file.read_text()
    with serving(tmp_path, "serve", "--port", "0"):
        assert secret == file.read_text()

    assert 0o600 == stat.S_IMODE(file.stat().st_mode)


def test_production_needs_a_secret(shop_cli: CommandLine, tmp_path: Path) -> None:
    """
    In production a missing secret stops the start, and none is created.
    """
    outcome = shop_cli("serve", FLASK_ENV="production")

    assert 2 == outcome.code
    assert is_one_line(outcome.err)
    assert "SECRET_KEY is required in production" in outcome.err
    assert [] == [*tmp_path.iterdir()]


def test_a_new_key_is_its_owners_only(shop_cli: CommandLine, tmp_path: Path) -> None:
    """
    `keys new` creates an RSA key that only its owner can read, and overwrites none.
    """
    made = shop_cli("keys", "new", "--alg", "RS256", "--out", "shop.pem")
    again = shop_cli("keys", "new", "--alg", "RS256", "--out", "shop.pem")

    file = tmp_path / "shop.pem"
    assert (0, 1) == (made.code, again.code)
    reason = "shop.pem already exists: give another name, or delete it first"
    assert f"mechanic-shop: {reason}\n" == again.err
    assert isinstance(load_pem_private_key(file.read_bytes(), None), RSAPrivateKey)
    assert 0o600 == stat.S_IMODE(file.stat().st_mode)


def test_a_new_key_can_be_printed(shop_cli: CommandLine) -> None:
    """
    Without `--out` only the key is written to standard output.
    """
    printed = shop_cli("keys", "new", "--alg", "RS256").out

    assert isinstance(load_pem_private_key(printed.encode(), None), RSAPrivateKey)


def test_an_rsa_key_signs(shop_cli: CommandLine, tmp_path: Path) -> None:
    """
    With RS256 logins work and the public key is published.
    """
    shop_cli("keys", "new", "--alg", "RS256", "--out", "shop.pem")
    shop_cli(*ADD, "--password-stdin", given="correct horse\n")
    env = {"JWT_ALG": "RS256", "JWT_PRIVATE_KEY_FILE": "shop.pem"}

    with serving(tmp_path, "serve", "--port", "0", env=env) as shop:
        assert "manager" == role_of(shop, "grace@example.com", "correct horse")
        with closing(shop.connection()) as connection:
            keys = ask(connection, "GET", "/.well-known/jwks.json").body["keys"]

    assert ["RSA"] == [key["kty"] for key in keys]


@pytest.mark.parametrize("text", [None, "no key"])
def test_an_invalid_key_stops_the_start(
    shop_cli: CommandLine, tmp_path: Path, text: str | None
) -> None:
    """
    A missing or invalid key file stops the start with one line that names the variable.
    """
    if text:
        (tmp_path / "shop.pem").write_text(text)

    outcome = shop_cli("stock", "check", JWT_ALG="RS256", JWT_PRIVATE_KEY_FILE="shop.pem")

    assert 2 == outcome.code
    assert is_one_line(outcome.err)
    assert outcome.err.startswith("mechanic-shop: JWT_PRIVATE_KEY_FILE: ")


@pytest.mark.parametrize("text", [None, "no key"])
def test_an_invalid_previous_key_stops_the_start(
    shop_cli: CommandLine, tmp_path: Path, text: str | None
) -> None:
    """
    An invalid previous key stops the start with a line about that key only.
    """
    shop_cli("keys", "new", "--alg", "RS256", "--out", "shop.pem")
    if text:
        (tmp_path / "former.pem").write_text(text)
    env = {"JWT_ALG": "RS256", "JWT_PRIVATE_KEY_FILE": "shop.pem"}

    outcome = shop_cli("stock", "check", JWT_PREVIOUS_KEYS="former.pem", **env)

    assert 2 == outcome.code
    assert is_one_line(outcome.err)
    assert outcome.err.startswith("mechanic-shop: JWT_PREVIOUS_KEYS: ")


@pytest.mark.parametrize("at_fault", ["SECRET_KEY", "JWT_PREVIOUS_KEYS"])
def test_a_public_key_is_no_secret(shop_cli: CommandLine, at_fault: str) -> None:
    """
    A public key given as the secret is reported with the name of its variable.
    """
    good = {"SECRET_KEY": "s" * 40, "JWT_PREVIOUS_KEYS": "f" * 40}

    outcome = shop_cli("stock", "check", **good | {at_fault: "ssh-rsa AAAA" + "B" * 40})

    assert 2 == outcome.code
    assert outcome.err.startswith(f"mechanic-shop: {at_fault}: ")
