"""The shop without HTTP: every use case on the database that the settings name."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Final

from attrs import evolve

from mechanic_adapters.clock import utc_now
from mechanic_adapters.security.password_hashing import PROFILES, Argon2Passwords
from mechanic_core.access import Actor, Role
from mechanic_core.accounts.ports import AccessTokens, Passwords
from mechanic_core.inventory.low_stock import LowStockListener
from mechanic_core.shop import Shop
from mechanic_core.unit_of_work import Store
from mechanic_shop.settings.parsers import DATABASE
from mechanic_shop.settings.settings import Settings
from mechanic_shop.settings.variables import WrongSettings
from mechanic_shop.wiring.database import cache_of, open_store
from mechanic_shop.wiring.signing import secret_of, tokens_of
from mechanic_shop.wiring.use_cases import build_shop, unheard

OPERATOR: Final = Actor(Role.MANAGER)
"""Whoever runs the program on the shop's own machine may do what a manager may."""

CONNECTIONS: Final = 8
"""How many threads find a database connection at hand; others wait for their turn."""


@contextmanager
def open_shop(
    url: str | None = None,
    *,
    settings: Settings | None = None,
    low_stock: LowStockListener = unheard,
) -> Iterator[Shop]:
    """Give every use case, wired, without HTTP.

    Args:
        url: The database; without it, what the settings say.
        settings: Without them, they are read from the environment and `.env`.
        low_stock: Told of a part each time it falls to its reorder point.

    Raises `WrongSettings`, and `SchemaOld` where PostgreSQL was not upgraded.
    """
    settings = settings or Settings.read()
    if url:
        settings = evolve(settings, database_url=_database(url))
    tokens = tokens_of(settings, secret_of(settings), utc_now)
    with open_store(settings, CONNECTIONS, cache_of(settings)) as store:
        passwords = Argon2Passwords(PROFILES[settings.password_profile])
        yield shop_of(settings, store, tokens, passwords, low_stock)


def shop_of(
    settings: Settings,
    store: Store,
    tokens: AccessTokens,
    passwords: Passwords,
    low_stock: LowStockListener = unheard,
) -> Shop:
    """Return every use case as the settings say."""
    return build_shop(
        store,
        utc_now,
        passwords,
        tokens,
        refresh_life=timedelta(days=settings.refresh_ttl_days),
        strict_vin=settings.strict_vin,
        low_stock=low_stock,
    )


def _database(url: str) -> str:
    try:
        return DATABASE.parse(url)
    except ValueError:
        raise WrongSettings(f"the database must be {DATABASE.takes}") from None
