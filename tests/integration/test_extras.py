"""The wheel is installed with attrs alone, or with one extra; what is missing is named."""

import json
from collections.abc import Callable
from textwrap import dedent
from typing import Final, TypeAlias

import pytest

from tests.integration.installations import Installation, install_wheel

Install: TypeAlias = Callable[..., Installation]

IMPORT_ALL: Final = """
    import importlib, json, pkgutil, sys

    rooms, others = map(tuple, map(json.loads, sys.argv[1:]))
    names = []
    for room in rooms:
        path = getattr(importlib.import_module(room), "__path__", [])
        names += [module.name for module in pkgutil.walk_packages(path, f"{room}.")]
    for name in names:
        if not name.startswith(others):
            importlib.import_module(name)
    print(len(names) + len(rooms))
"""

NEVER_IMPORTED: Final = (
    "mechanic_adapters.sql.migrations.env",  # Alembic runs these
    "mechanic_adapters.sql.migrations.versions",
    "mechanic_shop.wsgi",  # opens a shop
)

ROOMS: Final[dict[str, tuple[tuple[str, ...], tuple[str, ...]]]] = {
    "": (("mechanic_core", "mechanic_adapters.memory", "mechanic_adapters.mail"), ()),
    "sql": (
        (
            *("mechanic_adapters.sql", "mechanic_adapters.security", "mechanic_shop.settings"),
            *("mechanic_adapters.caching.memory", "mechanic_shop.wiring.shop"),
        ),
        ("mechanic_adapters.sql.engine.postgres.bounded_connection",),
    ),
    "postgres": (("mechanic_adapters.sql", "mechanic_shop.backups"), ()),
    "redis": (("mechanic_adapters.resilience", "mechanic_adapters.caching.redis"), ()),
    "http": (
        ("mechanic_http", "mechanic_server", "mechanic_shop.observability", "mechanic_shop.wiring"),
        ("mechanic_server.granian", "mechanic_shop.observability.opentelemetry"),
    ),
    "granian": (("mechanic_server.granian",), ()),
    "pdf": (("mechanic_adapters.pdf", "mechanic_http", "mechanic_shop.wiring"), ()),
    "otel": (("mechanic_shop.observability.opentelemetry",), ()),
    "conformance": (("mechanic_adapters.conformance",), ()),
    "all": (
        *(("mechanic_adapters", "mechanic_http", "mechanic_server", "mechanic_shop"),),
        ("mechanic_adapters.conformance",),
    ),
}
"""For each extra the rooms that it is enough for, and the modules in them that need more."""

IN_MEMORY: Final = """
    from datetime import datetime, timezone

    from mechanic_adapters.memory import MemoryStore
    from mechanic_core import money
    from mechanic_core.access import Actor, Role
    from mechanic_core.inventory.part import PartForm
    from mechanic_core.inventory.ports import PartFilter
    from mechanic_core.inventory.use_cases import AddPart, ListParts
    from mechanic_core.paging import PageRequest

    store, owner = MemoryStore(), Actor(Role.MANAGER)
    add_part = AddPart(store.begin, lambda: datetime.now(timezone.utc), lambda: "FLT-1")
    add_part(owner, PartForm(name="Oil filter", price=money("12.50")))
    (found,) = ListParts(store.read_only)(owner, PartFilter(), PageRequest()).items
    print(found.sku, found.price)
"""

ON_SQLITE: Final = """
    import sys

    from mechanic_core.access import Actor
    from mechanic_core.accounts.account import Credentials
    from mechanic_core.customers.customer import Registration
    from mechanic_shop import open_shop

    new = Registration(name="Ada", email="ada@example.com", password="battery staple")
    with open_shop("sqlite:///shop.db") as shop:
        ada = shop.register_customer(Actor(), new)
        shop.log_in_customer(Actor(), Credentials(email=new.email, password=new.password))
        print(ada.id, ada.name)
"""

CATCH: Final = """
    import sys
    try:
        exec(sys.argv[1])
    except ImportError as error:
        print(error)
"""


@pytest.fixture(scope="module")
def bare(tmp_path_factory: pytest.TempPathFactory) -> Installation:
    """The wheel, installed without an extra."""
    return install_wheel(tmp_path_factory.mktemp("wheel"))


@pytest.fixture(scope="module")
def installation(bare: Installation) -> Install:
    """Returns the wheel installed with extras, and with click if that is asked for."""

    def installed(*extras: str, with_click: bool = False) -> Installation:
        return bare.with_extras(extras, ["click"] if with_click else [])

    return installed


def test_attrs_is_all_that_is_installed(bare: Installation) -> None:
    """
    Without an extra the shop brings attrs and nothing else.
    """
    assert {"attrs", "mechanic-shop"} == bare.distributions


def test_the_store_in_memory_needs_attrs_alone(bare: Installation) -> None:
    """
    Use cases run on the store in memory.
    """
    done = bare.run_python(dedent(IN_MEMORY))

    assert ("FLT-1 1250\n", "") == (done.stdout, done.stderr)


@pytest.mark.parametrize("extra", ROOMS)
def test_an_extra_is_enough_for_its_rooms(installation: Install, extra: str) -> None:
    """
    Every module of the rooms that an extra is for can be imported where only it is installed.
    """
    rooms, but = ROOMS[extra]
    found = installation(*filter(None, [extra]))

    done = found.run_python(
        dedent(IMPORT_ALL), json.dumps(rooms), json.dumps([*NEVER_IMPORTED, *but])
    )

    assert "" == done.stderr
    assert int(done.stdout) >= len(rooms)


def test_every_package_is_a_room(bare: Installation) -> None:
    """
    The rooms are all packages of the wheel: none is forgotten.
    """
    packages = {path.parent.name for path in bare.site.glob("mechanic_*/__init__.py")}

    assert packages == {room.partition(".")[0] for rooms, _ in ROOMS.values() for room in rooms}


def test_a_shop_on_sqlite_needs_one_extra(installation: Install) -> None:
    """
    With `sql` a program opens a shop, and people register and log in.
    """
    done = installation("sql").run_python(dedent(ON_SQLITE))

    assert ("1 Ada\n", "") == (done.stdout, done.stderr)


@pytest.mark.parametrize(
    ("extras", "program", "needs"),
    [
        ((), "from mechanic_shop import open_shop", ("open_shop", "sql")),
        ((), "from mechanic_shop import Settings", ("Settings", "sql")),
        ((), "from mechanic_shop import open_application", ("open_application", "http")),
        (("sql",), "from mechanic_shop import open_application", ("open_application", "http")),
        ((), "import mechanic_shop.wsgi", ("create_application", "http")),
        (
            ("sql",),
            "import mechanic_shop as s; s.Settings.of(database_url='postgresql://host/shop')",
            ("database_url", "postgres"),
        ),
        (
            ("sql",),
            "import mechanic_shop as s; s.Settings.of(cache_redis_url='redis://host')",
            ("cache_redis_url", "redis"),
        ),
    ],
)
def test_a_program_is_told_the_extra(
    installation: Install, extras: tuple[str, ...], program: str, needs: tuple[str, str]
) -> None:
    """
    What cannot be imported is an `ImportError` that names the extra and how to install it.
    """
    user, extra = needs

    done = installation(*extras).run_python(dedent(CATCH), program)

    sentence = f"{user} needs the extra `{extra}`: pip install 'mechanic-shop[{extra}]'\n"
    assert (sentence, "") == (done.stdout, done.stderr)


@pytest.mark.parametrize(
    ("extras", "words", "env", "needs"),
    [
        ((), "db upgrade", {}, ("db", "sql")),
        ((), "serve --help", {}, ("serve", "http")),
        (("http",), "serve --server granian", {}, ("--server granian", "granian")),
        (("http",), "backup shop.dump", {}, ("backup", "postgres")),
        (
            *(("http",), "serve", {"DATABASE_URL": "postgresql://host/shop"}),
            ("DATABASE_URL", "postgres"),
        ),
        (
            *(("http",), "serve", {"RATE_LIMIT_STORAGE_URL": "redis://host"}),
            ("RATE_LIMIT_STORAGE_URL", "redis"),
        ),
        (
            *(("http",), "serve --port 0 --workers 2", {"OTEL_TRACES_EXPORTER": "otlp"}),
            ("OTEL_TRACES_EXPORTER=otlp", "otel"),
        ),
    ],
)
def test_a_command_says_which_extra_it_needs(
    installation: Install,
    extras: tuple[str, ...],
    words: str,
    env: dict[str, str],
    needs: tuple[str, str],
) -> None:
    """
    A missing extra is wrong usage: exit code 2, and one line with what to install.
    """
    user, extra = needs

    done = installation(*extras, with_click=True).run_shop(*words.split(), env=env)

    line = f"mechanic-shop: {user} needs the extra `{extra}`: pip install 'mechanic-shop[all]'\n"
    assert (2, "", line) == (done.returncode, done.stdout, done.stderr)


def test_the_program_without_click_says_so(bare: Installation) -> None:
    """
    The installed program starts with attrs alone, and says what the command line needs.
    """
    done = bare.run_shop("--help")

    line = "the command line needs the extra `all`: pip install 'mechanic-shop[all]'"
    assert (2, f"mechanic-shop: {line}\n") == (done.returncode, done.stderr)


def test_the_command_line_runs_with_all(installation: Install) -> None:
    """
    With `all` a command runs to its end.
    """
    done = installation("all").run_shop("db", "upgrade")

    assert (0, "") == (done.returncode, done.stderr)
