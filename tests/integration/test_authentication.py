"""Login and refresh through the complete application: rate limits, settings and races."""

import sqlite3
from contextlib import closing
from ipaddress import ip_network
from pathlib import Path
from typing import Final

import jwt
from falcon import testing
from redis import Redis

from mechanic_adapters.conformance.samples.threads import in_parallel
from mechanic_adapters.rate_limits.redis import PREFIX
from mechanic_adapters.security.signing_keys import new_rsa_key
from mechanic_shop.settings.choices import JwtAlgorithm, PasswordProfile
from tests.integration.apps import ADA, BOB, CLEO, AppClient, open_client, settings_for
from tests.integration.servers import LOOPBACK, RunningValkey

ROUNDS: Final = 5
SECRET: Final = "s" * 40
PREVIOUS_SECRET: Final = "f" * 40


def test_of_racing_refreshes_one_succeeds_at_most(client: AppClient) -> None:
    """
    Of concurrent refreshes with the same token at most one succeeds, and the session is revoked.
    """
    for _ in range(ROUNDS):
        pair = client.log_in(ADA).json
        body = {"refresh_token": pair["refresh_token"]}

        def refresh(body: object = body) -> testing.Result:
            return client.ask("POST", "/token/refresh", body=body)

        answers = [one for one in in_parallel(*[refresh] * 4) if isinstance(one, testing.Result)]

        assert len(answers) == 4
        won = [one.json for one in answers if one.status_code == 200]
        assert len(won) <= 1
        assert {one.status_code for one in answers} <= {200, 401, 503}
        assert client.ask("POST", "/token/refresh", body=body).status_code == 401
        assert {401} == {client.get("/me", one["token"]).status_code for one in (pair, *won)}


def test_failed_logins_are_limited_by_account_and_network(sqlite_url: str) -> None:
    """
    Failed logins are limited per account and client network, and successful ones are not.
    """
    settings = settings_for(
        sqlite_url, login_rate_limit="3/minute", trusted_proxies=(ip_network(LOOPBACK),)
    )
    with open_client(settings) as client:
        by_account = [
            client.log_in(email, X_Forwarded_For="192.0.2.1")
            for email in ("no@example.com", "NO@example.com", "no@example.com", "no@example.com")
        ]
        by_network = [
            client.log_in(f"nobody{n}@example.com", X_Forwarded_For=f"2001:db8::{n}").status_code
            for n in range(31)
        ]
        accepted = [
            client.log_in(email, X_Forwarded_For="192.0.2.1").status_code
            for email in (ADA, CLEO, BOB, ADA, ADA, ADA)
        ]
        page = client.metrics.render()[0].decode()

    assert [401, 401, 401, 429] == [one.status_code for one in by_account]
    assert 1 <= int(by_account[-1].headers["Retry-After"]) <= 60
    assert [401] * 30 + [429] == by_network
    assert [200] * 6 == accepted
    for account, outcome, count in (
        ("customer", "accepted", 5),
        ("customer", "refused", 33),
        ("customer", "limited", 2),
        ("staff", "accepted", 1),
    ):
        responses = (
            f'mechanic_shop_logins_total{{account="{account}",outcome="{outcome}"}} {count}.0'
        )
        assert responses in page


def test_a_login_keeps_its_limit_without_the_store(sqlite_url: str) -> None:
    """
    Logins are limited even when the Redis server for rate limits is unavailable.
    """
    dead = f"redis://{LOOPBACK}:1/0"
    settings = settings_for(sqlite_url, login_rate_limit="2/minute", rate_limit_storage_url=dead)
    with open_client(settings) as client:
        tries = [client.log_in("nobody@example.com").status_code for _ in range(3)]
        page = client.metrics.render()[0].decode()

    assert [401, 401, 429] == tries
    assert 'mechanic_shop_fallbacks_total{store="limiter"}' in page


def test_limits_are_counted_where_the_settings_say(sqlite_url: str, valkey: RunningValkey) -> None:
    """
    `RATE_LIMIT_STORAGE_URL` names the server that counts requests.
    """
    settings = settings_for(sqlite_url, rate_limit_storage_url=valkey.patient_url)
    with Redis.from_url(valkey.url) as store, open_client(settings) as client:
        store.flushdb()
        assert client.get("/inventory").status_code == 200

        assert len(list(store.scan_iter(f"{PREFIX}:*"))) == 2
        assert client.get("/readyz").json["limits"] == "up"


def test_passwords_are_hashed_as_the_settings_say(sqlite_url: str) -> None:
    """
    `PASSWORD_PROFILE` sets the cost of new hashes, and a login rehashes an older one.
    """
    hashes = []
    for profile in (PasswordProfile.OWASP, PasswordProfile.RFC9106_LOW):
        with open_client(settings_for(sqlite_url, password_profile=profile)) as client:
            assert client.log_in(ADA).status_code == 200
        hashes.append(stored_hashes(sqlite_url))

    assert {"$argon2id$v=19$m=19456,t=2,p=1"} == hashes[0]
    assert {"$argon2id$v=19$m=19456,t=2,p=1", "$argon2id$v=19$m=65536,t=3,p=4"} == hashes[1]


def stored_hashes(url: str) -> set[str]:
    """Return the password hashes in a SQLite file."""
    with closing(sqlite3.connect(url.removeprefix("sqlite:///"))) as file:
        found = file.execute("SELECT password_hash FROM accounts").fetchall()
    return {stored.rpartition("$")[0].rpartition("$")[0] for (stored,) in found}


def test_tokens_are_signed_as_the_settings_say(sqlite_url: str, tmp_path: Path) -> None:
    """
    `JWT_ALG`, its key and `TOKEN_TTL_MIN` apply to tokens; the key set publishes the public key.
    """
    file = tmp_path / "key.pem"
    file.write_text(new_rsa_key())
    settings = settings_for(
        sqlite_url, jwt_alg=JwtAlgorithm.RS256, jwt_private_key_file=file, token_ttl_min=5
    )
    with open_client(settings) as client:
        pair = client.log_in(ADA).json
        header = jwt.get_unverified_header(pair["token"])
        keys = client.get("/.well-known/jwks.json").json["keys"]

        assert (300, 200) == (pair["expires_in"], client.get("/me", pair["token"]).status_code)
    assert {"alg": "RS256", "typ": "at+jwt", "kid": keys[0]["kid"]} == header
    assert {"kty", "kid", "use", "alg", "n", "e"} == set(keys[0])


def test_previous_keys_are_accepted(sqlite_url: str) -> None:
    """
    `JWT_PREVIOUS_KEYS` keeps tokens valid when the secret changes.
    """
    with open_client(settings_for(sqlite_url, secret_key=PREVIOUS_SECRET)) as client:
        token = client.token(ADA)
    seen = []
    for previous in ((PREVIOUS_SECRET,), ()):
        with open_client(settings_for(sqlite_url, jwt_previous_keys=previous)) as client:
            seen.append(client.get("/me", token).status_code)

    assert [200, 401] == seen
