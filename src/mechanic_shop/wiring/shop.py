"""The shop without HTTP: every use case on the configured database."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Final

from attrs import evolve

from mechanic_adapters.security.password_hashing import PROFILES, Argon2Passwords
from mechanic_core.access import Actor, Role
from mechanic_core.accounts.ports import AccessTokens, Passwords
from mechanic_core.inventory.low_stock import LowStockListener
from mechanic_core.shop import Shop
from mechanic_core.unit_of_work import Store
from mechanic_shop.settings.parsers import DATABASE_URL
from mechanic_shop.settings.settings import Settings
from mechanic_shop.settings.variables import WrongSettings
from mechanic_shop.wiring.access_tokens import create_tokens, load_secret
from mechanic_shop.wiring.cache import create_cache, invalidate_on_commit
from mechanic_shop.wiring.clock import utc_now
from mechanic_shop.wiring.database import open_database
from mechanic_shop.wiring.use_cases import build_shop, ignore_low_stock

OPERATOR: Final = Actor(Role.MANAGER)
"""The actor of commands on the shop's own machine: it may do what a manager may."""

CONNECTIONS: Final = 8
"""The default size of the connection pool."""


@contextmanager
def open_shop(
    url: str | None = None,
    *,
    settings: Settings | None = None,
    low_stock: LowStockListener = ignore_low_stock,
) -> Iterator[Shop]:
    """Open the shop without HTTP and close its database on exit.

    Args:
        url: The database URL; by default that of *settings*.
        settings: By default read from the environment and `.env`.
        low_stock: Called with each part that falls to its reorder point.

    Raises `WrongSettings`, and `SchemaOld` if a PostgreSQL schema needs an upgrade.
    """
    settings = settings or Settings.read()
    if url:
        settings = evolve(settings, database_url=_checked(url))
    tokens = create_tokens(settings, load_secret(settings), utc_now)
    with (
        open_database(settings, CONNECTIONS) as store,
        invalidate_on_commit(store, create_cache(settings)),
    ):
        passwords = Argon2Passwords(PROFILES[settings.password_profile])
        yield configure_shop(settings, store, tokens, passwords, low_stock)


def configure_shop(
    settings: Settings,
    store: Store,
    tokens: AccessTokens,
    passwords: Passwords,
    low_stock: LowStockListener = ignore_low_stock,
) -> Shop:
    """Return the shop on *store*, configured by *settings*."""
    return build_shop(
        store,
        utc_now,
        passwords,
        tokens,
        refresh_life=timedelta(days=settings.refresh_ttl_days),
        strict_vin=settings.strict_vin,
        low_stock=low_stock,
    )


def _checked(url: str) -> str:
    try:
        return DATABASE_URL.parse(url)
    except ValueError:
        raise WrongSettings(f"the database URL must be {DATABASE_URL.accepts}") from None
