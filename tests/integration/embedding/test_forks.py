"""A shop that is open while the process forks: with SQLite and with PostgreSQL."""

import os
import subprocess
import sys
import threading
import traceback
from collections.abc import Callable, Iterator
from functools import partial
from multiprocessing import get_context
from pathlib import Path
from typing import Final

import pytest

from mechanic_adapters.sql.engine.forks import ForkedError
from mechanic_core.access import Actor, Role
from mechanic_core.errors import Refused
from mechanic_core.inventory.part import PartForm
from mechanic_core.inventory.ports import PartFilter
from mechanic_core.paging import PageRequest
from mechanic_core.shop import Shop
from mechanic_shop import open_shop
from mechanic_shop.wiring.open_store import OpenStore
from tests.integration.databases import new_shop_url
from tests.integration.programs import PATIENCE_S, environment
from tests.integration.servers import PostgresServer
from tests.strategies import sample

MANAGER = Actor(Role.MANAGER)
CHILDREN = 3
ROUNDS = 20
DONE, FAILED = 0, 1

PROGRAM: Final = """
import os, sys
from mechanic_core.access import Actor
from mechanic_core.inventory.ports import PartFilter
from mechanic_core.paging import PageRequest
from mechanic_shop import open_shop

with open_shop(sys.argv[1]) as shop:
    shop.list_parts(Actor(), PartFilter(), PageRequest())
    child = os.fork()
    shop.list_parts(Actor(), PartFilter(), PageRequest())
    if child:
        assert 0 == os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
        shop.list_parts(Actor(), PartFilter(), PageRequest())
        with shop.begin():
            pass
print("ended")
"""


pytestmark = pytest.mark.filterwarnings("ignore:.*multi-threaded.*fork:DeprecationWarning")


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request: pytest.FixtureRequest, tmp_path: Path, postgres: PostgresServer) -> Iterator[str]:
    """The URL of an empty shop."""
    address = f"sqlite:///{tmp_path / 'shop.db'}"
    if request.param == "postgresql":
        address = new_shop_url("postgresql", tmp_path, postgres)
    yield address
    if request.param == "postgresql":
        postgres.drop_database(address)


@pytest.fixture
def shop(url: str) -> Iterator[Shop]:
    """A shop whose connections have been used."""
    with open_shop(url) as opened:
        add(opened, "FIRST")
        assert {"FIRST"} == skus(opened)
        yield opened


def add(shop: Shop, sku: str) -> None:
    """Add a part."""
    shop.add_part(MANAGER, sample(PartForm, sku=sku))


def skus(shop: Shop) -> set[str]:
    """Return the SKUs of all parts."""
    page = PageRequest(size=100)
    return {str(part.sku) for part in shop.list_parts(MANAGER, PartFilter(), page).items}


def fork(work: Callable[[], object]) -> int:
    """Run *work* in a forked child, which then ends as a program does; return its process id."""
    child = os.fork()
    if child:
        return child
    code = FAILED
    try:
        work()
        code = DONE
    except BaseException:  # noqa: BLE001 - the child must not run the rest of the tests
        traceback.print_exc()
    finally:
        sys.stderr.flush()
        os._exit(code)


def code_of(child: int) -> int:
    """Return the exit code of a child, when it has ended."""
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


def test_parent_and_children_write_at_the_same_time(shop: Shop) -> None:
    """
    Children and parent use one open shop at once; nothing is lost, and no one's session ends.
    """

    def add_many(who: str) -> None:
        for number in range(ROUNDS):
            add(shop, f"{who}-{number}")
            assert f"{who}-{number}" in skus(shop)

    children = [fork(partial(add_many, f"CHILD{n}")) for n in range(CHILDREN)]
    add_many("PARENT")

    assert [DONE] * CHILDREN == [code_of(child) for child in children]
    names = ("PARENT", *(f"CHILD{n}" for n in range(CHILDREN)))
    assert {"FIRST", *(f"{who}-{n}" for who in names for n in range(ROUNDS))} == skus(shop)


def test_a_child_that_closes_the_shop_leaves_the_parent_s_open(shop: Shop) -> None:
    """
    A child closes its own connections only.
    """

    def use_and_close() -> None:
        add(shop, "CHILD")
        assert isinstance(shop.store, OpenStore)
        shop.store.store.close()

    child = fork(use_and_close)

    assert DONE == code_of(child)
    add(shop, "PARENT")
    assert {"FIRST", "CHILD", "PARENT"} == skus(shop)


def test_a_process_of_multiprocessing_uses_the_shop(shop: Shop) -> None:
    """
    A forked `multiprocessing` process uses the shop that its parent has open.
    """
    process = get_context("fork").Process(target=add, args=(shop, "CHILD"))
    process.start()
    process.join()

    assert 0 == process.exitcode
    assert {"FIRST", "CHILD"} == skus(shop)


def test_a_transaction_stays_the_parent_s(shop: Shop) -> None:
    """
    In a transaction that was begun before the fork the child can do nothing; the parent commits.
    """

    def join_it() -> None:
        with pytest.raises(ForkedError, match=r"belongs to the parent|between transactions"):
            add(shop, "CHILD")

    with shop.begin():
        add(shop, "BEFORE")
        child = fork(join_it)
        code = code_of(child)
        add(shop, "AFTER")

    assert DONE == code
    assert {"FIRST", "BEFORE", "AFTER"} == skus(shop)


def test_forks_of_a_busy_process(shop: Shop) -> None:
    """
    While other threads write, forked children read and write too.
    """
    stopping = threading.Event()
    failures: list[Exception] = []

    def write(who: int) -> None:
        number = 0
        while not stopping.is_set():
            try:
                add(shop, f"THREAD{who}-{number}")
            except Refused as refused:
                failures.append(refused)
            number += 1

    threads = [threading.Thread(target=write, args=(who,)) for who in range(2)]
    for thread in threads:
        thread.start()
    codes = [code_of(fork(partial(add, shop, f"CHILD{n}"))) for n in range(CHILDREN)]
    stopping.set()
    for thread in threads:
        thread.join()

    assert ([DONE] * CHILDREN, []) == (codes, failures)
    assert () == shop.check_stock(MANAGER)


def test_a_child_ends_as_a_program_does(url: str) -> None:
    """
    A child that runs to the end of the program harms nothing and warns of nothing.
    """
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", PROGRAM, url],
        env=environment(),
        capture_output=True,
        text=True,
        check=False,
        timeout=PATIENCE_S,
    )

    assert ("ended\nended\n", "") == (done.stdout, done.stderr)
