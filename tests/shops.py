"""A shop on any store, with plain stand-ins where the real thing is slow or random."""

from datetime import datetime, timedelta
from typing import final

import attrs

from mechanic_core.access import Actor, Role
from mechanic_core.accounts.ports import AccessTokens, Passwords
from mechanic_core.inventory.low_stock import LowStockListener
from mechanic_core.shop import Shop
from mechanic_core.unit_of_work import Store
from mechanic_core.values import Clock
from mechanic_shop.wiring.use_cases import build_shop, unheard
from tests.strategies import NOON

MANAGER = Actor(Role.MANAGER, 1)
MECHANIC = Actor(Role.MECHANIC, 2)
CUSTOMER = Actor(Role.CUSTOMER, 1)
REFRESH_LIFE = timedelta(days=14)


@final
class PlainPasswords(Passwords):
    """Passwords kept as they are; those that *begin* ``old`` were kept in an older way."""

    def hash(self, password: str) -> str:
        """Return the password behind a mark."""
        return f"plain:{password}"

    def verify(self, password_hash: str | None, password: str) -> bool:
        """Return whether it is the password."""
        return password_hash in (f"plain:{password}", f"old:{password}")

    def outdated(self, password_hash: str) -> bool:
        """Return whether the mark is the old one."""
        return password_hash.startswith("old:")


@final
class PlainTokens(AccessTokens):
    """Tokens that anybody can read."""

    life = 1800

    def issue(self, actor: Actor, at: datetime) -> str:
        """Return who speaks, and since when."""
        return f"{actor.role}:{actor.id}:{actor.session}:{at.isoformat()}"


@attrs.define
class ManualClock:
    """A clock that only moves when it is told to."""

    at: datetime = NOON

    def __call__(self) -> datetime:
        """Return the moment that the hands show."""
        return self.at

    def pass_(self, **some: float) -> None:
        """Move the hands on."""
        self.at += timedelta(**some)


@attrs.define
class Seconds:
    """A clock in seconds that is moved by hand."""

    at: float = 0.0

    def __call__(self) -> float:
        """Return where the hands stand."""
        return self.at


def shop_on(
    store: Store, now: Clock, *, low_stock: LowStockListener = unheard, strict_vin: bool = False
) -> Shop:
    """Return every use case on *store*, wired as the real shop is."""
    return build_shop(
        store,
        now,
        PlainPasswords(),
        PlainTokens(),
        refresh_life=REFRESH_LIFE,
        strict_vin=strict_vin,
        low_stock=low_stock,
    )
