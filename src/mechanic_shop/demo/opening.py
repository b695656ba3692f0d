"""Making the demo shop, in a folder that is thrown away."""

import secrets
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from datetime import datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final, final

from attrs import field, frozen

from mechanic_adapters.clock import utc_now
from mechanic_adapters.security.password_hashing import PROFILES, Argon2Passwords
from mechanic_adapters.sql.migrations import runner
from mechanic_adapters.sql.store import SqlStore
from mechanic_core.accounts.ports import Passwords
from mechanic_shop.demo.year import beginning, live_a_year
from mechanic_shop.settings.settings import Algorithm, Cache, Environment, Settings
from mechanic_shop.wiring.signing import tokens_of
from mechanic_shop.wiring.use_cases import build_shop

OWN: Final[Mapping[str, object]] = {
    "app_env": Environment.DEVELOPMENT,
    "jwt_alg": Algorithm.HS256,
    "jwt_private_key_file": None,
    "jwt_previous_keys": (),
    "cache_redis_url": None,
    "rate_limit_storage_url": "memory://",
    "cache_type": Cache.MEMORY,
    "force_https": False,
}
"""What a demo is whatever is set, beside its own database and secret.

It speaks plain HTTP, and shares nothing with a shop that the same environment is for: with that
one's keys its tokens would be good there, with that one's cache its answers would be told there.
"""


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

    Raises `WrongSettings`.
    """
    with TemporaryDirectory(prefix="mechanic-shop-") as folder:
        settings = settings_in(Path(folder))
        fill(settings, utc_now().replace(microsecond=0))
        yield settings


def settings_in(folder: Path) -> Settings:
    """Return what the environment and `.env` say, but for what makes a demo of it.

    Raises `WrongSettings`.
    """
    database, secret = f"sqlite:///{folder / 'shop.db'}", secrets.token_urlsafe(48)
    return Settings.read(instead={**OWN, "database_url": database, "secret_key": secret})


def fill(settings: Settings, end: datetime) -> None:
    """Let the year that ends at *end* happen in the database of *settings*, in one transaction."""
    runner.upgrade(settings.database_url)
    with closing(SqlStore.open(settings.database_url)) as store:
        calendar = beginning(end)
        passwords = HashedOnce(Argon2Passwords(PROFILES[settings.password_profile]))
        tokens = tokens_of(settings, settings.secret_key or "", calendar)
        shop = build_shop(store, calendar, passwords, tokens)
        with store.begin():
            live_a_year(shop, calendar, end)
