"""The shop without HTTP: every use case on the configured database."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, closing, contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Final
from urllib.parse import quote

from attrs import evolve

from mechanic_adapters.resilience.long_poll import LongPoll
from mechanic_adapters.security.link_tokens import HmacLinkTokens
from mechanic_adapters.security.password_hashing import PROFILES, Argon2Passwords
from mechanic_core.accounts.ports import Passwords
from mechanic_core.inventory.low_stock import LowStockListener
from mechanic_core.shop import Shop
from mechanic_core.unit_of_work import EventListener, Store
from mechanic_shop.settings.choices import CacheType
from mechanic_shop.settings.database_url import translate_errors
from mechanic_shop.settings.env_file import prefixed_names
from mechanic_shop.settings.settings import Settings, variables
from mechanic_shop.settings.url_passwords import mask_url
from mechanic_shop.settings.variables import name_as_set
from mechanic_shop.wiring.access_tokens import ConfiguredTokens, configure_tokens
from mechanic_shop.wiring.cache import create_cache, invalidate_on_commit
from mechanic_shop.wiring.clock import utc_now
from mechanic_shop.wiring.database import open_database
from mechanic_shop.wiring.mail import create_mailer
from mechanic_shop.wiring.open_store import OpenStore, sql_store_of
from mechanic_shop.wiring.use_cases import build_shop, ignore_low_stock

MAX_WAITING: Final = 1000
"""How many threads of a host may wait for events at a time."""


@contextmanager
def open_shop(
    url: str | Path | None = None,
    *,
    store: Store | None = None,
    settings: Settings | None = None,
    low_stock: LowStockListener = ignore_low_stock,
    on_commit: EventListener | None = None,
    **given: object,
) -> Iterator[Shop]:
    """Open the shop without HTTP and close its database on exit.

    Args:
        url: The database URL, or the path of an SQLite file.
        store: A store of the caller's, instead of a database of ours; it is left open on exit.
        settings: Checked settings, instead of single ones.
        low_stock: Called with each part that falls to its reorder point.
        on_commit: Called once after each commit, with a tuple of its events.
        **given: Settings by their names in lower case, as in `strict_vin=True`.

    With neither *url*, *store* nor *settings*, all other settings are read from the environment
    and `.env`; else those that are not given have their defaults. After the block every use of the
    shop raises `ShopClosedError`.

    Raises `WrongSettings`, `SchemaOld` if a PostgreSQL schema needs an upgrade, and `TypeError`.
    """
    if store is not None and (url is not None or "database_url" in given):
        raise TypeError("open_shop takes a URL or a store, not both")
    spellings: Mapping[str, str] = {}
    if settings is None:
        settings, spellings = _settings_of(url, given, has_store=store is not None)
    elif given:
        raise TypeError(f"open_shop takes settings= or single settings: {', '.join(given)}")
    elif url is not None:
        address = Settings.of(**_all(url, {})).database_url
        settings = evolve(settings, database_url=address, database_replica_url=None)
    with ExitStack() as stack:
        with name_as_set(spellings):
            shop = _open(stack, settings, store, low_stock)
        yield with_long_poll(shop, MAX_WAITING, on_commit=on_commit)


@contextmanager
def open_existing_shop(settings: Settings) -> Iterator[Shop]:
    """Open the shop for a command: as `open_shop` does, but never create one.

    Raises `NoShop`, and what `translate_errors` raises, also for what the block does.
    """
    with translate_errors(settings.database_url), ExitStack() as stack:
        shop = _open(stack, settings, None, ignore_low_stock, must_exist=True)
        yield with_long_poll(shop, MAX_WAITING)


def _settings_of(
    url: str | Path | None, given: Mapping[str, object], *, has_store: bool
) -> tuple[Settings, Mapping[str, str]]:
    """Return the settings, and for errors the names that they were set by."""
    if url is None and not has_store and "database_url" not in given:
        return Settings.read(overrides=given), prefixed_names()
    return Settings.of(**_all(url, given)), {name: field for field, name, _, _ in variables()}


def _open(
    stack: ExitStack,
    settings: Settings,
    store: Store | None,
    low_stock: LowStockListener,
    *,
    must_exist: bool = False,
) -> Shop:
    """Return the shop; what *stack* closes is opened on *store*, or else on the database."""
    tokens = configure_tokens(settings, has_database=store is None)
    if store is None:
        store = stack.enter_context(open_database(settings, must_exist=must_exist))
    opened = stack.enter_context(closing(OpenStore(store)))
    if settings.cache_type is CacheType.REDIS:  # another process may have cached what is changed
        stack.enter_context(invalidate_on_commit(opened, create_cache(settings)))
    passwords = Argon2Passwords(PROFILES[settings.password_profile])
    return configure_shop(settings, opened, tokens, passwords, low_stock)


def with_long_poll(
    shop: Shop,
    most: int,
    stopping: Callable[[], bool] = lambda: False,
    on_commit: EventListener | None = None,
) -> Shop:
    """Return *shop* with events that can be waited for, by at most *most* callers at a time.

    They hear of a commit before the host's listener *on_commit* does, which may be slow.
    """
    long_poll = LongPoll(most, stopping)
    shop.on_commit(long_poll.notify)
    if on_commit is not None:
        shop.on_commit(on_commit)
    return evolve(shop, read_events=evolve(shop.read_events, wakeups=long_poll.wakeups))


def _all(url: str | Path | None, given: Mapping[str, object]) -> dict[str, object]:
    """Return the settings that are *given*, and the database at *url*, if there is one."""
    if url is None:
        return dict(given)
    if "database_url" in given:
        raise TypeError("open_shop takes a URL or database_url=, not both")
    text = f"sqlite:///{quote(str(url))}" if isinstance(url, Path) else url
    return {**given, "database_url": text}


def configure_shop(
    settings: Settings,
    store: Store,
    tokens: ConfiguredTokens,
    passwords: Passwords,
    low_stock: LowStockListener = ignore_low_stock,
) -> Shop:
    """Return the shop on *store*, configured by *settings*."""
    return build_shop(
        store,
        utc_now,
        passwords,
        tokens,
        HmacLinkTokens(tokens.link_secrets),
        public_url=settings.public_url or "",
        refresh_life=timedelta(days=settings.refresh_ttl_days),
        strict_vin=settings.strict_vin,
        low_stock=low_stock,
        address=mask_url(settings.database_url) if sql_store_of(store) else "",
        mailer=create_mailer(settings),
    )
