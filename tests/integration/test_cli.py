"""The command line on real databases."""

import io
import sqlite3
import stat
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import TypeAlias

import pytest
from attrs import frozen
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from mechanic_adapters.sql import schema
from mechanic_core.access import Actor, Role
from mechanic_core.inventory.part import PartForm
from mechanic_core.money import Money, Quantity
from mechanic_shop import open_shop
from mechanic_shop.cli import main
from mechanic_shop.settings import Settings
from tests.integration.programs import OURS, Program, ask, environment, run, serving
from tests.integration.servers import PostgresServer

ADD = ("staff", "add", "--role", "manager", "--email", "grace@example.com", "--name", "Grace")
HEAVY = ("alembic", "attrs", "cryptography", "falcon", "redis", "sqlalchemy", "waitress")


@frozen
class Outcome:
    """What a command left behind."""

    code: int | str
    out: str
    err: str


CommandLine: TypeAlias = Callable[..., Outcome]


@pytest.fixture
def shop_cli(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> CommandLine:
    """Runs a command in an empty folder, within this process: a hundred times as fast."""
    monkeypatch.chdir(tmp_path)
    for name in OURS:
        monkeypatch.delenv(name, raising=False)

    def run_here(*args: str, given: str = "", **env: str) -> Outcome:
        with monkeypatch.context() as patch:
            for name, text in env.items():
                patch.setenv(name, text)
            patch.setattr(sys, "stdin", io.StringIO(given))
            with pytest.raises(SystemExit) as stopped:
                main(args)
        told = capsys.readouterr()
        return Outcome(stopped.value.code or 0, told.out, told.err)

    return run_here


def is_one_line(text: str) -> bool:
    """Return whether *text* is a single line of an error."""
    return text.startswith("mechanic-shop: ") and text.count("\n") == 1


@pytest.fixture
def postgres_url(postgres: PostgresServer) -> Iterator[str]:
    """The address of a database without a table."""
    url = postgres.new_database()
    yield url
    postgres.drop_database(url)


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request: pytest.FixtureRequest) -> str:
    """The address of an empty database of each kind."""
    if request.param == "sqlite":
        return "sqlite:///shop.db"
    address: str = request.getfixturevalue("postgres_url")
    return address


def role_of(shop: Program, email: str, password: str) -> str:
    """Log in as staff and return the role that the shop knows."""
    with closing(shop.connection()) as connection:
        given = {"email": email, "password": password}
        token = ask(connection, "POST", "/mechanics/login", given).said["token"]
        return str(ask(connection, "GET", "/me", token=token).said["role"])


def test_help_imports_nothing_of_the_commands(tmp_path: Path) -> None:
    """
    Listing the commands is quick because none is imported.
    """
    program = (
        "import contextlib, sys\n"
        "from mechanic_shop.cli import main\n"
        "with contextlib.suppress(SystemExit): main(['--help'])\n"
        f"print('imported:', *sorted(set({HEAVY!r}) & sys.modules.keys()))\n"
    )

    done = subprocess.run(
        [sys.executable, "-c", program],
        cwd=tmp_path,
        env=environment(),
        capture_output=True,
        text=True,
        check=True,
    )

    assert done.stdout.endswith("imported:\n")


def test_the_schema_goes_up_and_down(shop_cli: CommandLine, url: str) -> None:
    """
    `db` tells where the schema is, and moves it.
    """
    newest = schema.newest()
    expected = {
        "current": (0, "empty\n"),
        "check": (1, ""),
        "upgrade": (0, f"{newest}\n"),
        "current ": (0, f"{newest}\n"),
        "check ": (0, f"{newest}\n"),
        "downgrade --to base": (0, "empty\n"),
        "check  ": (1, ""),
        "upgrade ": (0, f"{newest}\n"),
    }

    found = {words: shop_cli("db", *words.split(), DATABASE_URL=url) for words in expected}

    assert expected == {words: (outcome.code, outcome.out) for words, outcome in found.items()}


def test_downgrade_goes_one_step(shop_cli: CommandLine) -> None:
    """
    Plain `downgrade` takes back the newest migration and no other.
    """
    shop_cli("db", "upgrade")

    found = shop_cli("db", "downgrade").out.strip()

    assert found not in (schema.newest(), "empty")


def test_a_revision_that_is_none_is_misuse(shop_cli: CommandLine) -> None:
    """
    A mistyped revision is told in one line, and nothing is changed.
    """
    shop_cli("db", "upgrade")

    outcome = shop_cli("db", "downgrade", "--to", "yesterday")

    assert 2 == outcome.code
    assert is_one_line(outcome.err)
    assert 0 == shop_cli("db", "check").code


def test_a_newer_schema_can_be_started_on(shop_cli: CommandLine, tmp_path: Path) -> None:
    """
    While a new version comes in, the one before it still starts on the new schema.
    """
    shop_cli("db", "upgrade")
    with closing(sqlite3.connect(tmp_path / "mechanic_shop.db")) as database, database:
        database.execute("UPDATE alembic_version SET version_num = '9999'")

    assert 0 == shop_cli("stock", "check").code
    assert 1 == shop_cli("db", "check").code


def test_postgres_is_never_upgraded_by_itself(
    shop_cli: CommandLine, tmp_path: Path, postgres_url: str
) -> None:
    """
    On an old schema nothing starts, and one line tells what to do.
    """
    checked = shop_cli("stock", "check", DATABASE_URL=postgres_url)
    served = run(tmp_path, "serve", "--port", "0", env={"DATABASE_URL": postgres_url})

    assert (1, 1) == (checked.code, served.returncode)
    for told in (checked.err, served.stderr):
        assert is_one_line(told)
        assert "run mechanic-shop db upgrade" in told
    assert schema.current(postgres_url) is None


def test_the_first_manager_is_added_and_logs_in(
    shop_cli: CommandLine, tmp_path: Path, url: str
) -> None:
    """
    From an empty database to a manager's first request.
    """
    shop_cli("db", "upgrade", DATABASE_URL=url)

    added = shop_cli(*ADD, "--password-stdin", given="correct horse\n", DATABASE_URL=url)

    assert (0, "manager 1: Grace <grace@example.com>\n") == (added.code, added.out)
    with serving(tmp_path, "serve", "--port", "0", env={"DATABASE_URL": url}) as shop:
        assert "manager" == role_of(shop, "grace@example.com", "correct horse")


def test_staff_are_refused_in_one_line(shop_cli: CommandLine) -> None:
    """
    A short password and an address in use are told, not traced.
    """
    short = shop_cli(*ADD, "--password-stdin", given="short\n")
    shop_cli(*ADD, "--password-stdin", given="correct horse\n")
    twice = shop_cli(*ADD, "--password-stdin", given="correct horse\n")

    assert (1, 1) == (short.code, twice.code)
    assert "must have from 8 to 128 characters" in short.err
    assert "This e-mail address is in use already" in twice.err
    assert is_one_line(short.err)
    assert is_one_line(twice.err)


def test_a_password_can_be_typed(tmp_path: Path) -> None:
    """
    Without `--password-stdin` it is asked for twice, and nothing is printed of it.
    """
    added = run(tmp_path, *ADD, given="correct horse\ncorrect horse\n")

    assert 0 == added.returncode
    assert "correct horse" not in added.stdout + added.stderr


def test_the_secret_is_kept_beside_the_database(shop_cli: CommandLine, tmp_path: Path) -> None:
    """
    Development needs no settings: what it needs is made once, and is the owner's.
    """
    file = tmp_path / "mechanic_shop.secret"
    shop_cli("stock", "check")
    secret = file.read_text()
    shop_cli("stock", "check")

    assert secret == file.read_text()
    assert 0o600 == stat.S_IMODE(file.stat().st_mode)


def test_production_needs_a_secret(shop_cli: CommandLine, tmp_path: Path) -> None:
    """
    Without one, nothing starts and nothing is made.
    """
    outcome = shop_cli("serve", FLASK_ENV="production")

    assert 2 == outcome.code
    assert is_one_line(outcome.err)
    assert "SECRET_KEY is required in production" in outcome.err
    assert [] == [*tmp_path.iterdir()]


def test_stock_agrees_until_somebody_meddles(shop_cli: CommandLine, tmp_path: Path) -> None:
    """
    `stock check` exits 1 and names the part whose balance is not the sum of its movements.
    """
    file = tmp_path / "mechanic_shop.db"
    form = PartForm(name="Brake pad", sku="PAD", price=Money(4999), quantity=Quantity(8000))
    with open_shop(settings=Settings(database_url=f"sqlite:///{file}")) as shop:
        shop.add_part(Actor(Role.MANAGER), form)
    right = shop_cli("stock", "check")
    with closing(sqlite3.connect(file)) as database, database:
        database.execute("UPDATE parts SET quantity = quantity + 500")
    wrong = shop_cli("stock", "check")

    assert Outcome(0, "every balance agrees with the ledger\n", "") == right
    assert 1 == wrong.code
    assert "PAD: 8.5 on hand, 0 reserved; by the ledger 8 and 0\n" == wrong.out
    assert "mechanic-shop: 1 balances disagree with the ledger\n" == wrong.err


def test_a_new_key_is_its_owners_only(shop_cli: CommandLine, tmp_path: Path) -> None:
    """
    `keys new` makes an RSA key that nobody else reads, and overwrites none.
    """
    made = shop_cli("keys", "new", "--alg", "RS256", "--out", "shop.pem")
    again = shop_cli("keys", "new", "--alg", "RS256", "--out", "shop.pem")

    file = tmp_path / "shop.pem"
    assert (0, 1) == (made.code, again.code)
    assert isinstance(load_pem_private_key(file.read_bytes(), None), RSAPrivateKey)
    assert 0o600 == stat.S_IMODE(file.stat().st_mode)


def test_a_new_key_can_be_printed(shop_cli: CommandLine) -> None:
    """
    Without `--out` the key goes to standard output, and nothing else does.
    """
    printed = shop_cli("keys", "new", "--alg", "RS256").out

    assert isinstance(load_pem_private_key(printed.encode(), None), RSAPrivateKey)


def test_an_rsa_key_signs(shop_cli: CommandLine, tmp_path: Path) -> None:
    """
    With RS256 the shop logs people in, and publishes the key.
    """
    shop_cli("keys", "new", "--alg", "RS256", "--out", "shop.pem")
    shop_cli(*ADD, "--password-stdin", given="correct horse\n")
    env = {"JWT_ALG": "RS256", "JWT_PRIVATE_KEY_FILE": "shop.pem"}

    with serving(tmp_path, "serve", "--port", "0", env=env) as shop:
        assert "manager" == role_of(shop, "grace@example.com", "correct horse")
        with closing(shop.connection()) as connection:
            keys = ask(connection, "GET", "/.well-known/jwks.json").said["keys"]

    assert ["RSA"] == [key["kty"] for key in keys]


@pytest.mark.parametrize("text", [None, "no key"])
def test_an_unfit_key_stops_the_start(
    shop_cli: CommandLine, tmp_path: Path, text: str | None
) -> None:
    """
    A file that holds no key, or is not there, is told with the names of the variables.
    """
    if text:
        (tmp_path / "shop.pem").write_text(text)

    outcome = shop_cli("stock", "check", JWT_ALG="RS256", JWT_PRIVATE_KEY_FILE="shop.pem")

    assert 2 == outcome.code
    assert is_one_line(outcome.err)
    assert "JWT_PRIVATE_KEY_FILE or JWT_PREVIOUS_KEYS: " in outcome.err


def test_config_reads_the_file_and_hides_secrets(shop_cli: CommandLine, tmp_path: Path) -> None:
    """
    `config` tells what holds here and now.
    """
    (tmp_path / ".env").write_text(f"SECRET_KEY={'s' * 40}\nTOKEN_TTL_MIN=5\n")

    outcome = shop_cli("config", DATABASE_URL="postgres://shop:pw@host/shop")

    assert 0 == outcome.code
    assert "TOKEN_TTL_MIN=5\n" in outcome.out
    assert "SECRET_KEY=(hidden)\n" in outcome.out
    assert "DATABASE_URL=postgresql://shop:***@host/shop\n" in outcome.out


@pytest.mark.parametrize(
    ("url", "code"),
    [("postgresql://shop:w0rd@127.0.0.1:1/shop", 1), ("sqlite:///nowhere/shop.db", 2)],
)
@pytest.mark.parametrize("command", ["stock check", "db upgrade"])
def test_a_database_that_is_away_is_told(
    shop_cli: CommandLine, url: str, code: int, command: str
) -> None:
    """
    Nobody listens, or the folder is not there: one line, and no password in it.
    """
    outcome = shop_cli(*command.split(), DATABASE_URL=url, SECRET_KEY="s" * 40)

    assert code == outcome.code
    assert is_one_line(outcome.err)
    assert "internal error" not in outcome.err
    assert "w0rd" not in outcome.err


def test_two_processes_share_a_port(tmp_path: Path) -> None:
    """
    `serve --workers 2` answers, and stops in order.
    """
    with serving(tmp_path, "serve", "--port", "0", "--workers", "2") as shop:
        with closing(shop.connection()) as connection:
            status = ask(connection, "GET", "/readyz").status
        shop.process.terminate()
        code = shop.process.wait(30)

    assert (200, 0) == (status, code)
