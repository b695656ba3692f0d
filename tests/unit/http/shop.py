"""A client of a small shop in memory, with tokens for each role."""

import functools
import json
from collections import Counter
from collections.abc import Callable, Mapping
from typing import Any

from attrs import define, field, frozen
from falcon import testing

from mechanic_core.access import Actor, Role, SessionId
from mechanic_core.accounts.account import TokenRefused
from mechanic_http.app import App, HttpPorts, create_app
from mechanic_http.ports import Limiter
from mechanic_http.settings import HttpSettings
from tests.shops import CUSTOMER, MANAGER, MECHANIC
from tests.unit.core.conftest import Premises

ANONYMOUS = Actor()
OTHER = Actor(Role.CUSTOMER, 2)
ROLES = (ANONYMOUS, CUSTOMER, OTHER, MECHANIC, MANAGER)

SETTINGS = HttpSettings(cursor_secret=b"c" * 32)
JSON = "application/json"
PROBLEM = "application/problem+json"
PATCH = "application/merge-patch+json"


def read_token(token: str) -> Actor:
    """Return the actor of a token of `PlainTokens`."""
    try:
        role, holder, session, *_ = token.split(":")
        return Actor(Role(role), int(holder), SessionId(session))
    except ValueError:
        raise TokenRefused from None


def token_of(actor: Actor) -> str:
    """Return a token of *actor*."""
    return f"{actor.role}:{actor.id}:session-of-{actor.role}-{actor.id}:then"


def bearer(actor: Actor) -> dict[str, str]:
    """Return the Authorization header of *actor*; none if anonymous."""
    return {"Authorization": f"Bearer {token_of(actor)}"} if actor.role else {}


@frozen
class FixedQuota:
    """A quota with given values."""

    policy: str
    limit: int
    window: int
    remaining: int
    resets_in: int
    allowed: bool


@frozen
class FixedHit:
    """A hit with given quotas."""

    quotas: tuple[FixedQuota, ...]
    allowed: bool
    give_back: Callable[[], None]


@define
class CountingLimiter:
    """A limiter that allows *most* requests per key forever; other policies are off.

    Each key has ten times the limit of the one before it.
    """

    most: dict[str, int]
    counts: Counter[tuple[str, str]] = field(factory=Counter)

    def hit(self, policies: tuple[str, ...], keys: tuple[str, ...]) -> FixedHit:
        """Count one."""
        counted = [(policy, key) for policy in policies if policy in self.most for key in keys]
        most = [self.most[policy] * 10 ** keys.index(key) for policy, key in counted]
        left = [most - self.counts[one] for one, most in zip(counted, most, strict=True)]
        allowed = all(one > 0 for one in left)
        if allowed:
            self.counts.update(counted)
        quotas: dict[str, FixedQuota] = {}
        for (policy, _), limit, free in zip(counted, most, left, strict=True):
            quota = FixedQuota(policy, limit, 60, free - allowed, 41, allowed=free > 0)
            if policy not in quotas or quota.remaining < quotas[policy].remaining:
                quotas[policy] = quota
        return FixedHit(tuple(quotas.values()), allowed, lambda: self.counts.subtract(counted))


@frozen
class Client:
    """A client of the application."""

    premises: Premises
    app: App

    def ask(  # noqa: PLR0913 - a request has that many sides
        self,
        method: str,
        path: str,
        body: Any = None,
        actor: Actor = ANONYMOUS,
        headers: dict[str, str] | None = None,
        raw: bytes | None = None,
    ) -> testing.Result:
        """Return the answer to one request."""
        content: dict[str, Any] = {}
        if body is not None:
            content["json"] = body
        if raw is not None:
            content |= {"body": raw}
        address, _, query = path.partition("?")
        shown = bearer(actor) | ({"Content-Type": JSON} if raw is not None else {})
        return testing.simulate_request(
            self.app,
            method,
            address,
            query_string=query,
            headers=shown | (headers or {}),
            extras={"REMOTE_ADDR": "127.0.0.1"},
            **content,
        )

    def get(self, path: str, actor: Actor = ANONYMOUS, **headers: str) -> testing.Result:
        """Return the answer to a GET."""
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return self.ask("GET", path, actor=actor, headers=named)


def client(
    settings: HttpSettings | None = None, *, limiter: Limiter | None = None, **ports: Any
) -> Client:
    """Return a client of a small shop in its initial state."""
    if settings is None and limiter is None and not ports:
        return restored(*_shared())
    premises = Premises()
    wired = HttpPorts(authenticate=read_token, limiter=limiter, **{"pdf": plain_pdf} | ports)
    return Client(premises, create_app(premises.shop, wired, settings or SETTINGS))


@functools.cache
def _shared() -> tuple[Client, object]:
    """Return the client that most tests share, and the initial state of its shop."""
    return with_content(client(SETTINGS))


def plain_pdf(paper: Mapping[str, Any]) -> bytes:
    """Return the texts of a paper, in place of a renderer."""
    return b"%PDF-" + json.dumps(paper).encode()


def with_content(shop: Client) -> tuple[Client, object]:
    """Return *shop* with the present content of its store and the present time."""
    return shop, (shop.premises.store._tables, shop.premises.clock.at)


def restored(shop: Client, stored: Any) -> Client:
    """Return *shop* in a former state: building the routes takes most of a test."""
    shop.premises.store._tables, shop.premises.clock.at = stored
    return shop
