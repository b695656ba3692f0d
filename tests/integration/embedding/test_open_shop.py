"""`open_shop`: where its settings come from, what it leaves behind, and its end."""

import subprocess
import sys
from pathlib import Path
from subprocess import PIPE
from typing import Any

import pytest

from mechanic_adapters.memory import MemoryStore
from mechanic_core.access import Actor, Role
from mechanic_core.accounts.account import Credentials
from mechanic_core.customers.customer import CustomerId, Registration
from mechanic_core.errors import NotFound, RuleBroken
from mechanic_core.events.event import Event, EventType
from mechanic_core.inventory.part import PartForm
from mechanic_core.inventory.ports import PartFilter
from mechanic_core.paging import PageRequest
from mechanic_core.shop import Shop
from mechanic_core.vehicles.vehicle import VehicleForm
from mechanic_shop import ShopClosedError, WrongSettings, open_shop
from tests.integration.programs import PATIENCE_S
from tests.strategies import sample

MANAGER = Actor(Role.MANAGER)
PASSWORD = "a horse that nobody knows"
WRONG_CHECK_DIGIT = "1HGCM82643A004352"


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty working directory, in which a host has variables of its own."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("DATABASE_URL", "mysql://host/its_own")
    monkeypatch.setenv("TOKEN_TTL_MIN", "forever")
    (tmp_path / ".env").write_text("LOG_LEVEL=loud\n")
    return tmp_path


def registration(email: str = "ada@example.com") -> Registration:
    """Return a customer's registration."""
    return sample(Registration, email=email, password=PASSWORD)


@pytest.mark.parametrize("url", ["sqlite:///shop.db", Path("shop.db"), Path("a b%20#ü.db")])
def test_a_shop_with_a_url_reads_nothing_of_its_host(url: str | Path, folder: Path) -> None:
    """
    With a URL or a path neither the environment nor `.env` is read.
    """
    with open_shop(url) as shop:
        shop.register_customer(Actor(), registration())

    with open_shop(url) as shop:
        assert "ada@example.com" == shop.read_customer(MANAGER, CustomerId(1)).email
    if isinstance(url, Path):
        assert (folder / url).exists()


def test_a_shop_without_a_url_reads_the_environment(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """
    Without a URL the environment and `.env` are read, and the prefixed names take precedence.
    """
    with pytest.raises(WrongSettings, match=r"^DATABASE_URL must be .*; TOKEN_TTL_MIN must be"):
        open_shop().__enter__()
    monkeypatch.setenv("MECHANIC_DATABASE_URL", "sqlite:///ours.db")
    (folder / ".env").write_text("MECHANIC_TOKEN_TTL_MIN=5\n")

    with open_shop(secret_key="s" * 40) as shop:
        shop.register_customer(Actor(), registration())
        pair = shop.log_in_customer(
            Actor(), Credentials(email="ada@example.com", password=PASSWORD)
        )

    assert 300 == pair.expires_in
    assert (folder / "ours.db").exists()


@pytest.mark.parametrize(
    ("given", "error", "message"),
    [
        ({"strict_vim": True}, TypeError, "there is no setting named strict_vim"),
        ({"token_ttl_min": 0}, WrongSettings, "token_ttl_min must be a whole number"),
        ({"database_url": "sqlite:///b.db"}, TypeError, "a URL or database_url=, not both"),
        ({"store": MemoryStore()}, TypeError, "a URL or a store, not both"),
        ({"app_env": "production"}, WrongSettings, "secret_key is required in production"),
    ],
)
def test_a_wrong_setting_is_named(
    given: dict[str, Any], error: type[Exception], message: str, folder: Path
) -> None:
    """
    A wrong or unknown setting is named as it was given, and no database is created.
    """
    with pytest.raises(error, match=message):
        open_shop("sqlite:///shop.db", **given).__enter__()

    assert [folder / ".env"] == [*folder.iterdir()]


def test_a_database_that_cannot_be_is_named_as_given() -> None:
    """
    A missing folder is blamed on the argument, not on a variable.
    """
    with pytest.raises(WrongSettings, match=r"^database_url: the folder /nowhere does not exist$"):
        open_shop(Path("/nowhere/shop.db")).__enter__()


def test_settings_are_in_force() -> None:
    """
    A setting that is given is in force.
    """
    with open_shop("sqlite:///shop.db", strict_vin=True) as shop:
        ada = shop.register_customer(Actor(), registration())
        draft = sample(VehicleForm, customer_id=ada.id, vin=WRONG_CHECK_DIGIT)
        with pytest.raises(RuleBroken):
            shop.add_vehicle(MANAGER, draft)


def test_its_text_is_short_and_without_a_password() -> None:
    """
    `repr` shows where the shop is.
    """
    with open_shop("sqlite:///shop.db", secret_key="s" * 40) as shop:
        assert "<Shop sqlite:///shop.db>" == repr(shop)
    with open_shop(store=MemoryStore()) as shop:
        assert "<Shop>" == repr(shop)


def test_a_closed_shop_refuses_everything() -> None:
    """
    After its block the shop neither reads nor writes.
    """
    with open_shop("sqlite:///shop.db") as shop:
        shop.register_customer(Actor(), registration())

    with pytest.raises(ShopClosedError, match="its with block has ended"):
        shop.read_customer(MANAGER, CustomerId(1))
    with pytest.raises(ShopClosedError):
        shop.register_customer(Actor(), registration("bob@example.com"))
    with pytest.raises(ShopClosedError):
        shop.begin()


def test_a_secret_is_made_with_the_first_token(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """
    There is no secret file before a token is issued, and then it is beside the database.
    """
    with open_shop("sqlite:///shop.db") as shop:
        shop.register_customer(Actor(), registration())
        before = (folder / "shop.secret").exists()
        (folder / "elsewhere").mkdir()
        monkeypatch.chdir(folder / "elsewhere")
        shop.log_in_customer(Actor(), Credentials(email="ada@example.com", password=PASSWORD))

    assert not before
    assert (folder / "shop.secret").exists()


def add_a_part_and_fail(shop: Shop) -> None:
    """Add a part in a transaction that is refused afterwards."""
    with shop.begin():
        shop.add_part(MANAGER, sample(PartForm, sku="OIL"))
        shop.read_customer(MANAGER, CustomerId(99))


def test_use_cases_join_a_transaction() -> None:
    """
    Several use cases in `begin()` commit together, or not at all.
    """
    with open_shop("sqlite:///shop.db") as shop:
        with shop.begin():
            shop.register_customer(Actor(), registration())
            shop.add_part(MANAGER, sample(PartForm, sku="PAD"))
        with pytest.raises(NotFound):
            add_a_part_and_fail(shop)
        found = shop.list_parts(MANAGER, PartFilter(), PageRequest())

    assert ["PAD"] == [part.sku for part in found.items]


def test_a_store_of_the_host_stays_open(folder: Path) -> None:
    """
    A store of the host's is used, and left open for it.
    """
    store = MemoryStore()
    with open_shop(store=store, token_ttl_min=5) as shop:
        shop.register_customer(Actor(), registration())
        pair = shop.log_in_customer(
            Actor(), Credentials(email="ada@example.com", password=PASSWORD)
        )
    with open_shop(store=store) as again:
        assert "ada@example.com" == again.read_customer(MANAGER, CustomerId(1)).email

    assert 300 == pair.expires_in
    assert [folder / ".env"] == [*folder.iterdir()]


def fail(events: tuple[Event, ...]) -> None:
    """Fail as a host's listener may."""
    raise OSError(len(events))


def test_listeners_get_the_events_of_a_commit(caplog: pytest.LogCaptureFixture) -> None:
    """
    Each listener is called once for a commit; one that raises undoes nothing.
    """
    heard: list[tuple[Event, ...]] = []
    with open_shop("sqlite:///shop.db", on_commit=heard.append) as shop:
        shop.on_commit(fail)
        shop.on_commit(heard.append)
        with shop.begin():
            shop.register_customer(Actor(), registration())
            shop.add_part(MANAGER, sample(PartForm, sku="PAD"))
        found = shop.list_parts(MANAGER, PartFilter(), PageRequest())

    types = [[event.type for event in events] for events in heard]
    assert [[EventType.CUSTOMER_CREATED, EventType.PART_CREATED]] * 2 == types
    assert ["PAD"] == [part.sku for part in found.items]
    assert ["a commit hook failed"] == [record.message for record in caplog.records]


def test_a_closed_shop_calls_no_listener() -> None:
    """
    A listener of a shop that is closed hears nothing of the host's store any more.
    """
    heard: list[tuple[Event, ...]] = []
    store = MemoryStore()
    with open_shop(store=store, on_commit=heard.append):
        pass
    with open_shop(store=store) as shop:
        shop.add_part(MANAGER, sample(PartForm, sku="PAD"))

    assert [] == heard


LOG_IN = """
from mechanic_core.access import Actor
from mechanic_core.accounts.account import Credentials
from mechanic_shop import open_shop

with open_shop("sqlite:///shop.db") as shop:
    input()
    pair = shop.log_in_customer(Actor(), Credentials(email={email!r}, password={password!r}))
    print(pair.token.partition(".")[0])
"""


def test_processes_that_issue_the_first_token_agree_on_the_secret() -> None:
    """
    Processes that have the shop open before there is a secret sign with the same one.
    """
    with open_shop("sqlite:///shop.db") as shop:
        shop.register_customer(Actor(), registration())
    program = LOG_IN.format(email="ada@example.com", password=PASSWORD)
    processes = [
        subprocess.Popen([sys.executable, "-c", program], stdin=PIPE, stdout=PIPE, text=True)
        for _ in range(3)
    ]

    for process in processes:
        assert process.stdin is not None
        process.stdin.write("\n")
        process.stdin.flush()
    headers = {process.communicate(timeout=PATIENCE_S)[0] for process in processes}

    assert 1 == len(headers)
    assert "" not in headers
