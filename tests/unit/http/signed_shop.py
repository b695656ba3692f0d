"""A client of a small shop with signed tokens and revocation."""

import json
from typing import Any, Final

from attrs import field, frozen
from falcon import testing

from mechanic_adapters.security.access_tokens import authenticator
from mechanic_adapters.security.revocations import RevocationList
from mechanic_adapters.security.signing_keys import KeyRing
from mechanic_core.access import Role, SessionId
from mechanic_core.accounts.account import RefreshToken, Session
from mechanic_http.app import App, HttpPorts, create_app
from mechanic_shop.wiring.use_cases import build_shop
from tests.shops import PlainLinks, PlainPasswords
from tests.unit.core.conftest import Premises
from tests.unit.forgery import ACTOR, LIFE, tokens_of
from tests.unit.http.shop import SETTINGS

PASSWORD: Final = "correct horse battery"


@frozen
class SignedShop:
    """The small shop with tokens signed by *ring*, and its client."""

    ring: KeyRing
    premises: Premises = field(factory=Premises)
    app: App = field(init=False)

    def __attrs_post_init__(self) -> None:
        """Wire it as the real one is."""
        store, clock = self.premises.store, self.premises.clock
        tokens = tokens_of(self.ring, clock)
        revocations = RevocationList(store.read_only, LIFE)
        store.subscribe(revocations.invalidate)
        shop = build_shop(store, clock, PlainPasswords(), tokens, PlainLinks())
        ports = HttpPorts(authenticate=authenticator(tokens, revocations))
        object.__setattr__(self, "app", create_app(shop, ports, SETTINGS))
        session = Session(
            id=ACTOR.session or SessionId(""), role=Role.CUSTOMER, holder_id=1, started_at=clock()
        )
        with store.begin() as work:  # the session of forged tokens
            work.sessions.start(session, RefreshToken.of("forged", session.id, clock(), LIFE))

    def ask(self, method: str, path: str, token: str = "", body: Any = None) -> testing.Result:
        """Return the answer to a request with *token*."""
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        sent = {} if body is None else {"json": body}
        return testing.simulate_request(self.app, method, path, headers=headers, **sent)

    def me(self, token: str) -> int:
        """Return the status of asking who *token* speaks for."""
        return self.ask("GET", "/me", token).status_code

    def log_in(self, email: str = "ada@example.com", *, staff: bool = False) -> dict[str, str]:
        """Return the tokens of a new session."""
        door = "/mechanics/login" if staff else "/login"
        pair: dict[str, str] = self.ask(
            "POST", door, body={"email": email, "password": PASSWORD}
        ).json
        return pair

    def refresh(self, refresh_token: str) -> testing.Result:
        """Return the answer to handing in *refresh_token*."""
        return self.ask("POST", "/token/refresh", body={"refresh_token": refresh_token})


def comparable(answer: testing.Result) -> tuple[int, str, str | None]:
    """Return a response without what differs between any two."""
    document = {**answer.json, "request_id": None}
    challenge = answer.headers.get("WWW-Authenticate")
    return answer.status_code, json.dumps(document, sort_keys=True), challenge
