"""No command shows a secret: not in its help, not in its errors, not in a traceback."""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Final

import click
import pytest

from mechanic_shop.cli import cli
from mechanic_shop.commands import serve
from tests.integration.cli.outcomes import CommandLine
from tests.integration.metrics_page import request_once
from tests.integration.programs import run, serving

SECRET: Final = "0penSesame"
PADDED: Final = f"{SECRET}{'x' * 40}"

AWAY: Final = "127.0.0.1:1"
SECRETS: Final = {
    "SECRET_KEY": PADDED,
    "JWT_PREVIOUS_KEYS": f"{PADDED}1,{PADDED}2",
    "METRICS_TOKEN": PADDED,
    "DATABASE_URL": f"postgresql://shop:{SECRET}@{AWAY}/shop?sslpassword={SECRET}",
    "CACHE_REDIS_URL": f"redis://:{SECRET}@{AWAY}/0",
    "RATE_LIMIT_STORAGE_URL": f"redis://{AWAY}/0?password={SECRET}",
    "OTEL_TRACES_EXPORTER": "otlp",
    "OTEL_EXPORTER_OTLP_ENDPOINT": f"http://user:{SECRET}@{AWAY}",
    "OTEL_EXPORTER_OTLP_HEADERS": f"key {SECRET}",
    "LOG_LEVEL": "debug",
}
"""An environment in which every variable that may contain a secret does, and nothing answers."""

ARGUMENTS: Final[Mapping[str, Sequence[str]]] = {
    "backup": ["a"],
    "copy": ["--to", f"postgresql://shop:{SECRET}@{AWAY}/copy"],
    "customer export": ["--email", "a@b.example"],
    "keys new": ["--alg", "RS256", "--out", "a.pem"],
    "restore": ["dump"],
    "serve": ["--port", "0"],
    "staff reset": ["--email", "a@b.example", "--password-stdin"],
    "staff add": [
        *("--role", "manager", "--email", "a@x.example", "--name", "A", "--password-stdin"),
    ],
}

WRONG: Final = {
    "SECRET_KEY": SECRET,
    "JWT_PREVIOUS_KEYS": f"{PADDED},{SECRET}",
    "JWT_PRIVATE_KEY_FILE": f"-----BEGIN PRIVATE KEY-----\n{PADDED}",
    "METRICS_TOKEN": SECRET,
    "DATABASE_URL": f"postgresql://shop:p@{SECRET}@host/shop",
    "CACHE_REDIS_URL": f"redis://:{SECRET}@host/x",
    "RATE_LIMIT_STORAGE_URL": f"http://:{SECRET}@host",
}
"""Values that stop the start."""


def commands() -> Iterator[str]:
    """Yield every command that does something."""
    context = click.Context(cli)
    for name in cli.list_commands(context):
        command = cli.get_command(context, name)
        subcommands = getattr(command, "commands", None)
        yield from (f"{name} {sub}" for sub in subcommands) if subcommands else [name]


@pytest.mark.parametrize("command", [*commands()])
def test_help_shows_no_secret(shop_cli: CommandLine, command: str) -> None:
    """
    The help of a command shows no value of the environment.
    """
    outcome = shop_cli(*command.split(), "--help", **SECRETS)

    assert 0 == outcome.code
    assert SECRET not in outcome.out + outcome.err


@pytest.mark.parametrize("command", [one for one in commands() if one != "demo"])
def test_a_failed_command_shows_no_secret(
    shop_cli: CommandLine, tmp_path: Path, command: str
) -> None:
    """
    A command whose database does not answer shows no secret of the environment or the input.
    """
    (tmp_path / "dump").write_bytes(b"PGDMP")

    outcome = shop_cli(
        *command.split(), *ARGUMENTS.get(command, ()), given=f"{SECRET} horse\n", **SECRETS
    )

    assert SECRET not in outcome.out + outcome.err
    assert outcome.code in {0, 1}


def test_a_server_that_cannot_start_logs_no_secret(tmp_path: Path) -> None:
    """
    The log of a server whose database cannot be used shows no secret, not even of traces.
    """
    wrong = {"DATABASE_URL": f"{SECRETS['DATABASE_URL']}&sslmode=yes"}
    stopped = run(tmp_path, "serve", "--port", "0", env={**SECRETS, **wrong})

    assert 1 == stopped.returncode
    assert "Header format invalid" in stopped.stderr
    assert f"the database at {AWAY} cannot be connected to" in stopped.stderr
    assert SECRET not in stopped.stdout + stopped.stderr


def test_a_server_that_waits_for_its_database_logs_no_secret(tmp_path: Path) -> None:
    """
    The log of a server whose database does not answer shows no secret.
    """
    with serving(tmp_path, "serve", "--port", "0", env=SECRETS) as program:
        assert 503 == request_once(program, "GET", "/readyz").status
    log = (tmp_path / "log").read_text()

    assert f"started without the database: DATABASE_URL: the database at {AWAY}" in log
    assert "database outage" in log
    assert SECRET not in log


@pytest.mark.parametrize("name", WRONG)
@pytest.mark.parametrize("command", ["config", "stock check", "serve --port 0"])
def test_a_wrong_value_is_not_shown(shop_cli: CommandLine, name: str, command: str) -> None:
    """
    A wrong value is reported by the name of its variable alone.
    """
    outcome = shop_cli(*command.split(), **{name: WRONG[name]})

    assert 2 == outcome.code
    assert outcome.err.startswith(f"mechanic-shop: {name}")
    assert SECRET not in outcome.out + outcome.err


@pytest.mark.parametrize(
    "keys", [f"{SECRET},shop.pem", f"shop.pem,{PADDED}", f"shop.pem,{SECRET}{'/x' * 3000}"]
)
def test_a_secret_in_the_place_of_a_key_file_is_not_shown(
    shop_cli: CommandLine, tmp_path: Path, keys: str
) -> None:
    """
    A former secret where RS256 expects a key file is named by its place, and not shown.
    """
    shop_cli("keys", "new", "--alg", "RS256", "--out", "shop.pem")
    rsa = {"JWT_ALG": "RS256", "JWT_PRIVATE_KEY_FILE": "shop.pem"}

    outcome = shop_cli("stock", "check", JWT_PREVIOUS_KEYS=keys, **rsa)

    place = "1st" if keys.startswith(SECRET) else "2nd"
    assert 2 == outcome.code
    assert outcome.err.startswith(f"mechanic-shop: JWT_PREVIOUS_KEYS: the {place} key cannot be")
    assert SECRET not in outcome.err


def test_config_shows_no_secret(shop_cli: CommandLine) -> None:
    """
    `config` shows every variable, and no secret.
    """
    outcome = shop_cli("config", **SECRETS)

    assert 0 == outcome.code
    assert SECRET not in outcome.out
    assert f"DATABASE_URL=postgresql://shop:***@{AWAY}/shop?sslpassword=***\n" in outcome.out
    assert f"RATE_LIMIT_STORAGE_URL=redis://{AWAY}/0?password=***\n" in outcome.out


def test_a_traceback_shows_no_password_of_a_url(capsys: pytest.CaptureFixture[str]) -> None:
    """
    An unexpected error that ends a worker is printed without the password of a URL in it.
    """
    serve._report_error(RuntimeError(f"cannot parse {SECRETS['DATABASE_URL']!r}"))

    printed = capsys.readouterr().err
    assert f"RuntimeError: cannot parse 'postgresql://shop:***@{AWAY}/shop?sslp" in printed
    assert SECRET not in printed
