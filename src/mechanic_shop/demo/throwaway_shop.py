"""The demo shop, created in a temporary folder."""

import secrets
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from datetime import datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final, final

from attrs import field, frozen

from mechanic_adapters.security.link_tokens import HmacLinkTokens
from mechanic_adapters.security.password_hashing import PROFILES, Argon2Passwords
from mechanic_adapters.sql.migrations import runner
from mechanic_adapters.sql.store import SqlStore
from mechanic_core.accounts.ports import Passwords
from mechanic_core.estimates.approval_links import IssuedApprovalLink
from mechanic_shop.demo.year import simulate_year, simulation_until
from mechanic_shop.settings.choices import CacheType, Environment, JwtAlgorithm
from mechanic_shop.settings.settings import Settings
from mechanic_shop.wiring.access_tokens import create_tokens
from mechanic_shop.wiring.clock import utc_now
from mechanic_shop.wiring.use_cases import build_shop

DEMO_SETTINGS: Final[Mapping[str, object]] = {
    "app_env": Environment.DEVELOPMENT,
    "jwt_alg": JwtAlgorithm.HS256,
    "jwt_private_key_file": None,
    "jwt_previous_keys": (),
    "database_replica_url": None,
    "cache_redis_url": None,
    "rate_limit_storage_url": "memory://",
    "cache_type": CacheType.MEMORY,
    "force_https": False,
    "smtp_url": None,
    "write_rate_limit": "300/minute",
}
"""Settings of every demo, besides its own database and secret.

It serves plain HTTP and shares nothing with a real shop in the same environment: with that
shop's keys, demo tokens would be valid there; with its cache, demo responses would be served there.
Its limit of writes lets a program send all requests of the Postman collection.
"""


@final
@frozen
class MemoizedPasswords(Passwords):
    """Hashes each password only once; all accounts of the demo have the same one."""

    _passwords: Passwords
    _hashes: dict[str, str] = field(factory=dict, init=False, repr=False)

    def hash(self, password: str) -> str:
        """Return the hash of *password*."""
        if password not in self._hashes:
            self._hashes[password] = self._passwords.hash(password)
        return self._hashes[password]

    def verify(self, password_hash: str | None, password: str) -> bool:
        """Return whether *password* matches the hash."""
        return self._passwords.verify(password_hash, password)

    def outdated(self, password_hash: str) -> bool:
        """Return whether the hash has other parameters than the configured ones."""
        return self._passwords.outdated(password_hash)


@contextmanager
def open_demo() -> Iterator[tuple[Settings, IssuedApprovalLink]]:
    """Create a demo shop, yield its settings and a link to an estimate, and delete it on exit.

    Raises `WrongSettings`.
    """
    with TemporaryDirectory(prefix="mechanic-shop-") as folder:
        settings = demo_settings(Path(folder))
        yield settings, fill_shop(settings, utc_now().replace(microsecond=0))


def demo_settings(folder: Path) -> Settings:
    """Return the environment's settings with those of a demo. Raises `WrongSettings`."""
    database, secret = f"sqlite:///{folder / 'shop.db'}", secrets.token_urlsafe(48)
    return Settings.read(
        overrides={**DEMO_SETTINGS, "database_url": database, "secret_key": secret}
    )


def fill_shop(settings: Settings, end: datetime) -> IssuedApprovalLink:
    """Simulate the year up to *end* in the configured database, in one transaction.

    Return a link to an estimate that waits for an answer, as a path.
    """
    runner.upgrade(settings.database_url)
    with closing(SqlStore.open(settings.database_url)) as store:
        simulation = simulation_until(end)
        passwords = MemoizedPasswords(Argon2Passwords(PROFILES[settings.password_profile]))
        secret = settings.secret_key or ""
        tokens = create_tokens(settings, secret, simulation)
        links = HmacLinkTokens(lambda: (secret,))
        shop = build_shop(store, simulation, passwords, tokens, links)
        with store.begin():
            return simulate_year(shop, simulation, end)
