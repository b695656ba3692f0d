"""`config`, `check`, `stock check`, `db recount` and `serve`."""

import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Final

import pytest

from mechanic_core.access import SYSTEM, Actor, Role
from mechanic_core.customers.customer import Registration
from mechanic_core.estimates.decision import LimitForm
from mechanic_core.inventory.part import PartForm
from mechanic_core.money import Money, Quantity
from mechanic_core.tickets.forms import TicketDraft
from mechanic_shop import open_shop
from mechanic_shop.observability.agreement import ALL_RIGHT, CHECKED
from mechanic_shop.settings.settings import Settings
from tests.integration.cli.outcomes import CommandLine, Outcome
from tests.integration.programs import ask, serving
from tests.integration.servers import RunningValkey
from tests.strategies import sample

LIMITS: Final = tuple(f"{name}_RATE_LIMIT" for name in ("GLOBAL", "LOGIN", "STATIC", "WRITE"))


def test_config_reads_the_file_and_hides_secrets(shop_cli: CommandLine, tmp_path: Path) -> None:
    """
    `config` shows the effective settings without secrets.
    """
    (tmp_path / ".env").write_text(f"SECRET_KEY={'s' * 40}\nTOKEN_TTL_MIN=5\n")

    outcome = shop_cli("config", DATABASE_URL="postgres://shop:pw@host/shop")

    assert 0 == outcome.code
    assert "TOKEN_TTL_MIN=5\n" in outcome.out
    assert "SECRET_KEY=(hidden)\n" in outcome.out
    assert "DATABASE_URL=postgresql://shop:***@host/shop\n" in outcome.out


def test_stock_check_finds_a_wrong_balance(shop_cli: CommandLine, tmp_path: Path) -> None:
    """
    `stock check` exits 1 and names a part whose balance is not the sum of its movements.
    """
    file = tmp_path / "mechanic_shop.db"
    form = PartForm(name="Brake pad", sku="PAD", price=Money(4999), quantity=Quantity(8000))
    with open_shop(settings=Settings(database_url=f"sqlite:///{file}")) as shop:
        shop.add_part(Actor(Role.MANAGER), form)
    right = shop_cli("stock", "check")
    with closing(sqlite3.connect(file)) as database, database:
        database.execute("UPDATE parts SET quantity = quantity + 500")
    wrong = shop_cli("stock", "check")

    assert Outcome(0, "all balances match the ledger\n", "") == right
    assert 1 == wrong.code
    assert "PAD: 8.5 on hand, 0 reserved; ledger: 8 and 0\n" == wrong.out
    assert "mechanic-shop: 1 balances differ from the ledger\n" == wrong.err


def test_recount_finds_a_wrong_counter(shop_cli: CommandLine, tmp_path: Path) -> None:
    """
    `db recount` exits 1 and names each wrong counter; with `--mend` it corrects them.
    """
    shop_cli("db", "upgrade")
    right = shop_cli("db", "recount")
    with closing(sqlite3.connect(tmp_path / "mechanic_shop.db")) as database, database:
        database.execute("UPDATE list_totals SET total = 7 WHERE list = 'parts'")
    wrong = shop_cli("db", "recount")
    mended = shop_cli("db", "recount", "--mend")

    assert Outcome(0, "all counters are right\n", "") == right
    assert (1, "parts: 7 stored, 0 counted\n") == (wrong.code, wrong.out)
    assert Outcome(0, "parts: 7 stored, 0 counted\ncounters corrected\n", "") == mended
    assert right == shop_cli("db", "recount")


def test_check_finds_all_that_disagrees(shop_cli: CommandLine, tmp_path: Path) -> None:
    """
    `check` exits 1 with a line for each balance, counter, price and decision that is wrong.
    """
    file = tmp_path / "mechanic_shop.db"
    form = PartForm(name="Brake pad", sku="PAD", price=Money(4999), quantity=Quantity(8000))
    with open_shop(settings=Settings(database_url=f"sqlite:///{file}")) as shop:
        shop.add_part(Actor(Role.MANAGER), form)
        owner = shop.register_customer(SYSTEM, sample(Registration))
        draft = sample(TicketDraft, customer_id=owner.id)
        ticket = shop.open_ticket(Actor(Role.MANAGER), draft)
        limit = shop.set_spending_limit(Actor(Role.MANAGER), ticket.id, sample(LimitForm))
    right = shop_cli("check")
    with closing(sqlite3.connect(file)) as database, database:
        database.execute("UPDATE parts SET quantity = quantity + 500")
        database.execute("UPDATE list_totals SET total = 7 WHERE list = 'customers'")
        database.execute("UPDATE tickets SET totals = '[0,0,0,0,0,0,0,1]'")
        database.execute("DROP TRIGGER decisions_refuses_update")
        database.execute("UPDATE decisions SET amount = amount + 1")
    wrong = shop_cli("check")

    assert Outcome(0, f"{ALL_RIGHT}\n", "") == right
    assert (1, f"mechanic-shop: 4 {CHECKED} are wrong\n") == (wrong.code, wrong.err)
    assert [
        "PAD: 8.5 on hand, 0 reserved; ledger: 8 and 0",
        "customers: 7 stored, 1 counted",
        f"ticket {ticket.id}: total 0.01 stored, 0.00 computed; wrong: totals",
        f"ticket {ticket.id}: decision {limit.id} was changed since it was written",
    ] == wrong.out.splitlines()


def test_two_processes_share_a_port(tmp_path: Path) -> None:
    """
    `serve --workers 2` serves requests and stops gracefully.
    """
    with serving(tmp_path, "serve", "--port", "0", "--workers", "2") as shop:
        with closing(shop.connection()) as connection:
            status = ask(connection, "GET", "/readyz").status
        shop.process.terminate()
        code = shop.process.wait(30)

    assert (200, 0) == (status, code)


@pytest.mark.parametrize(
    ("env", "expected"),
    [
        ({}, "rate limits multiply by up to 2, cached answers may be stale for 30 s"),
        ({"CACHE_TYPE": "null"}, "rate limits multiply by up to 2"),
        (
            {**dict.fromkeys(LIMITS, ""), "CACHE_TTL_S": "5"},
            "cached answers may be stale for 5 s",
        ),
        ({**dict.fromkeys(LIMITS, ""), "CACHE_TYPE": "null"}, None),
    ],
)
def test_workers_that_share_nothing_are_warned_of(
    tmp_path: Path, env: dict[str, str], expected: str | None
) -> None:
    """
    Several workers without a shared store say in one line what becomes of limits and caches.
    """
    with serving(tmp_path, "serve", "--port", "0", "--workers", "2", env=env) as shop:
        shop.process.terminate()
        shop.process.wait(30)

    warnings = (tmp_path / "log").read_text().splitlines()
    line = f"mechanic-shop: 2 workers without CACHE_REDIS_URL: {expected}"
    assert ([line] if expected else []) == [one for one in warnings if "workers" in one]


def test_workers_that_share_are_not_warned_of(tmp_path: Path, valkey: RunningValkey) -> None:
    """
    With a shared store there is no warning, nor with a single worker.
    """
    for workers, env in (("2", {"CACHE_REDIS_URL": valkey.patient_url}), ("1", {})):
        with serving(tmp_path, "serve", "--port", "0", "--workers", workers, env=env) as shop:
            shop.process.terminate()
            shop.process.wait(30)
        assert "without CACHE_REDIS_URL" not in (tmp_path / "log").read_text()
