"""Making the demo shop, in a folder that is thrown away."""

import secrets
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import final

from attrs import field, frozen

from mechanic_adapters.clock import utc_now
from mechanic_adapters.passwords import PROFILES, Argon2Passwords
from mechanic_adapters.sql import schema
from mechanic_adapters.sql.store import SqlStore
from mechanic_core.accounts.ports import Passwords
from mechanic_shop.demo.year import beginning, live_a_year
from mechanic_shop.settings import Settings
from mechanic_shop.signing import tokens_of
from mechanic_shop.use_cases import build_shop


@final
@frozen
class HashedOnce(Passwords):
    """Hashes a password once however often it is chosen; in the demo all have the same."""

    _passwords: Passwords
    _hashes: dict[str, str] = field(factory=dict, init=False, repr=False)

    def hash(self, password: str) -> str:
        """Return what to keep of *password*."""
        if password not in self._hashes:
            self._hashes[password] = self._passwords.hash(password)
        return self._hashes[password]

    def verify(self, password_hash: str | None, password: str) -> bool:
        """Return whether *password* is the one."""
        return self._passwords.verify(password_hash, password)

    def outdated(self, password_hash: str) -> bool:
        """Return whether the hash was made with other parameters than today's."""
        return self._passwords.outdated(password_hash)


@contextmanager
def open_demo() -> Iterator[Settings]:
    """Give the settings of a shop with a year behind it, which is gone after the block.

    Neither the environment nor `.env` is read: the demo is the same everywhere.
    """
    with TemporaryDirectory(prefix="mechanic-shop-") as folder:
        settings = Settings(
            database_url=f"sqlite:///{Path(folder) / 'shop.db'}",
            secret_key=secrets.token_urlsafe(48),
        )
        fill(settings, utc_now().replace(microsecond=0))
        yield settings


def fill(settings: Settings, end: datetime) -> None:
    """Let the year that ends at *end* happen in the database of *settings*, in one transaction."""
    schema.upgrade(settings.database_url)
    with closing(SqlStore.open(settings.database_url)) as store:
        calendar = beginning(end)
        passwords = HashedOnce(Argon2Passwords(PROFILES[settings.password_profile]))
        tokens = tokens_of(settings, settings.secret_key or "", calendar)
        shop = build_shop(store, calendar, passwords, tokens)
        with store.begin():
            live_a_year(shop, calendar, end)
