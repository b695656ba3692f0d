"""A shop on any store, with fakes for what is slow or random."""

from datetime import UTC, datetime, timedelta
from typing import final

import attrs

from mechanic_core.access import Actor, Role
from mechanic_core.accounts.links import (
    Link,
    LinkNotFound,
    LinkPurpose,
    LinkToken,
    LinkTokens,
)
from mechanic_core.accounts.ports import AccessTokens, Passwords
from mechanic_core.inventory.low_stock import LowStockListener
from mechanic_core.mail.ports import Mailer
from mechanic_core.pricing.pricing_rules import PricingRules
from mechanic_core.shop import Shop
from mechanic_core.unit_of_work import Store
from mechanic_core.values import Clock
from mechanic_shop.wiring.use_cases import build_shop, ignore_low_stock
from tests.strategies import NOON

MANAGER = Actor(Role.MANAGER, 1)
MECHANIC = Actor(Role.MECHANIC, 2)
CUSTOMER = Actor(Role.CUSTOMER, 1)
REFRESH_LIFE = timedelta(days=14)


@final
class PlainPasswords(Passwords):
    """Passwords stored as plain text; those that begin with ``old:`` are outdated hashes."""

    def hash(self, password: str) -> str:
        """Return the password with a prefix."""
        return f"plain:{password}"

    def verify(self, password_hash: str | None, password: str) -> bool:
        """Return whether the password matches."""
        return password_hash in (f"plain:{password}", f"old:{password}")

    def outdated(self, password_hash: str) -> bool:
        """Return whether the prefix is the old one."""
        return password_hash.startswith("old:")


@final
class PlainTokens(AccessTokens):
    """Access tokens as plain text."""

    life = 1800

    def issue(self, actor: Actor, at: datetime) -> str:
        """Return the actor and the time as text."""
        return f"{actor.role}:{actor.id}:{actor.session}:{at.isoformat()}"


@final
class PlainLinks(LinkTokens):
    """Tokens of links as plain text."""

    def new_nonce(self) -> str:
        """Return always the same: a test that needs another one uses the real tokens."""
        return "nonce"

    def issue(self, purpose: LinkPurpose, link: Link) -> LinkToken:
        """Return the members of the link as text."""
        return LinkToken(f"{purpose}:{link.id}:{link.nonce}:{link.expires_at.timestamp():.0f}")

    def read(self, purpose: LinkPurpose, token: LinkToken) -> Link:
        """Return the link; raise `LinkNotFound` for any other text."""
        match str(token).split(":"):
            case [found, number, nonce, moment] if found == purpose:
                expires_at = datetime.fromtimestamp(int(moment), UTC)
                return Link(id=int(number), nonce=nonce, expires_at=expires_at)
            case _:
                raise LinkNotFound


@attrs.define
class ManualClock:
    """A clock that moves only when a test advances it."""

    at: datetime = NOON

    def __call__(self) -> datetime:
        """Return the current time."""
        return self.at

    def advance(self, **some: float) -> None:
        """Advance the clock."""
        self.at += timedelta(**some)


@attrs.define
class Seconds:
    """A clock in seconds that moves only when a test advances it."""

    at: float = 0.0

    def __call__(self) -> float:
        """Return the current time in seconds."""
        return self.at


def shop_on(
    store: Store,
    now: Clock,
    *,
    low_stock: LowStockListener = ignore_low_stock,
    strict_vin: bool = False,
    mailer: Mailer | None = None,
) -> Shop:
    """Return every use case on *store*, wired as in production."""
    return build_shop(
        store,
        now,
        PlainPasswords(),
        PlainTokens(),
        PlainLinks(),
        refresh_life=REFRESH_LIFE,
        strict_vin=strict_vin,
        low_stock=low_stock,
        mailer=mailer,
    )


def follow(shop: Shop, rules: PricingRules) -> None:
    """Change the rules of prices in the shop's profile."""
    members = attrs.asdict(rules, recurse=False)
    shop.change_profile(MANAGER, lambda form: attrs.evolve(form, **members))
