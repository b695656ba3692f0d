"""Settings: every variable of the environment and `.env`, once, as one frozen class."""

import os
from collections.abc import Iterator, Mapping
from enum import StrEnum
from pathlib import Path
from types import MappingProxyType
from typing import Annotated, Any, Final, Self

from attrs import Factory, fields, frozen

from mechanic_shop.settings.parsers import (
    DATABASE,
    FILE,
    FLAG,
    KEY,
    KEY_OR_FILE,
    ORIGIN,
    PROXY,
    RATE,
    REDIS,
    STORAGE,
    Network,
    is_key,
    listed,
    one_of,
    whole,
)
from mechanic_shop.settings.variables import Variable, WrongSettings, discreet, read_env_file

ENV_FILE: Final = Path(".env")


class Environment(StrEnum):
    """Where the shop runs."""

    DEVELOPMENT = "development"
    PRODUCTION = "production"


class Algorithm(StrEnum):
    """How access tokens are signed."""

    HS256 = "HS256"
    RS256 = "RS256"


class Profile(StrEnum):
    """What a password's hash costs."""

    OWASP = "owasp"
    RFC9106_LOW = "rfc9106-low"
    RFC9106_HIGH = "rfc9106-high"


class Cache(StrEnum):
    """Where answers are remembered."""

    MEMORY = "memory"
    REDIS = "redis"
    NULL = "null"


class LogFormat(StrEnum):
    """How a log line looks."""

    JSON = "json"
    CONSOLE = "console"


class LogLevel(StrEnum):
    """The least that is worth a log line."""

    DEBUG = "debug"
    INFO = "info"
    WARNING = "warning"
    ERROR = "error"


@frozen(kw_only=True, field_transformer=discreet)
class Settings:
    """Everything that can be set from outside; `read` checks it."""

    app_env: Annotated[
        Environment,
        Variable(
            "Where the shop runs; in production no secret has a default, and HTTPS is a must",
            one_of(Environment),
            alias="FLASK_ENV",
        ),
    ] = Environment.DEVELOPMENT
    secret_key: Annotated[
        str | None,
        Variable(
            "Signs access tokens (HS256) and cursors",
            KEY,
            unset="in development made once and kept beside the database, in a `.secret` file of "
            "mode 0600; in production it is required",
            secret=True,
        ),
    ] = None
    database_url: Annotated[
        str,
        Variable(
            "The database; `postgres://` is understood too, and a relative SQLite file lies in "
            "the folder that the shop is started in",
            DATABASE,
        ),
    ] = "sqlite:///mechanic_shop.db"
    jwt_alg: Annotated[Algorithm, Variable("How access tokens are signed", one_of(Algorithm))] = (
        Algorithm.HS256
    )
    jwt_private_key_file: Annotated[
        Path | None,
        Variable("The RSA key that signs where `JWT_ALG` is `RS256`; `keys new` makes one", FILE),
    ] = None
    jwt_previous_keys: Annotated[
        tuple[str, ...],
        Variable(
            "Keys still accepted while rotating: former secrets for HS256, PEM files for RS256",
            listed(KEY_OR_FILE),
            secret=True,
        ),
    ] = ()
    token_ttl_min: Annotated[
        int, Variable("Life of an access token, in minutes", whole(1, 1440))
    ] = 30
    refresh_ttl_days: Annotated[
        int, Variable("Life of a refresh token, in days", whole(1, 365))
    ] = 14
    password_profile: Annotated[
        Profile,
        Variable(
            "Cost of a password's Argon2id hash: OWASP's (19 MiB, t=2, p=1) or one of RFC 9106's",
            one_of(Profile),
        ),
    ] = Profile.OWASP
    global_rate_limit: Annotated[str, Variable("How often one caller may ask", RATE)] = "300/minute"
    login_rate_limit: Annotated[
        str, Variable("How often one address, or one account, may try to log in", RATE)
    ] = "10/minute"
    write_rate_limit: Annotated[str, Variable("How often one caller may write", RATE)] = "60/minute"
    cache_redis_url: Annotated[
        str | None, Variable("A Redis or Valkey whose cache all processes share", REDIS)
    ] = None
    rate_limit_storage_url: Annotated[
        str,
        Variable(
            "Where requests are counted", STORAGE, "`CACHE_REDIS_URL` if set, else `memory://`"
        ),
    ] = Factory(lambda settings: settings.cache_redis_url or "memory://", takes_self=True)
    cache_type: Annotated[
        Cache,
        Variable(
            "Where answers are remembered",
            one_of(Cache),
            "`redis` if `CACHE_REDIS_URL` is set, else `memory`",
        ),
    ] = Factory(
        lambda settings: Cache.REDIS if settings.cache_redis_url else Cache.MEMORY,
        takes_self=True,
    )
    cache_ttl_s: Annotated[
        int, Variable("Seconds after which an answer is forgotten", whole(1, 86_400))
    ] = 30
    cors_origins: Annotated[
        tuple[str, ...],
        Variable("Sites whose pages may call the shop from a browser", listed(ORIGIN)),
    ] = ()
    trusted_proxies: Annotated[
        tuple[Network, ...],
        Variable("Proxies whose `X-Forwarded-*` headers are believed", listed(PROXY)),
    ] = ()
    force_https: Annotated[
        bool,
        Variable(
            "Refuse what did not come over HTTPS",
            FLAG,
            "`true` in production, `false` in development",
        ),
    ] = Factory(lambda settings: settings.production, takes_self=True)
    log_format: Annotated[
        LogFormat,
        Variable(
            "How a log line looks",
            one_of(LogFormat),
            "`json` in production, `console` in development",
        ),
    ] = Factory(
        lambda settings: LogFormat.JSON if settings.production else LogFormat.CONSOLE,
        takes_self=True,
    )
    log_level: Annotated[
        LogLevel, Variable("The least that is worth a log line", one_of(LogLevel))
    ] = LogLevel.INFO
    metrics_token: Annotated[
        str | None,
        Variable(
            "Shown as `Authorization: Bearer`, gives `/metrics` to other machines",
            KEY,
            unset="none: `/metrics` is there for this machine only",
            secret=True,
        ),
    ] = None
    require_if_match: Annotated[bool, Variable("Refuse a change without `If-Match`", FLAG)] = False
    strict_vin: Annotated[bool, Variable("Refuse a VIN with a wrong check digit", FLAG)] = False

    @property
    def production(self) -> bool:
        """Whether this is for real."""
        return self.app_env is Environment.PRODUCTION

    @classmethod
    def read(
        cls,
        environ: Mapping[str, str] | None = None,
        env_file: Path | None = ENV_FILE,
        instead: Mapping[str, Any] = MappingProxyType({}),
    ) -> Self:
        """Return what the environment says, and where it is silent *env_file*.

        What stands in *instead*, by the names of fields, holds whatever its variables say.
        Raises `WrongSettings`, which names every variable that is wrong.
        """
        sources = [os.environ if environ is None else environ]
        if env_file:
            sources.append(read_env_file(env_file))
        values = dict(instead)
        wrong: list[str] = []
        for field, name, known, _ in variables(cls):
            if field not in instead and (given := known.given_in(name, sources)):
                said, text = given
                try:
                    values[field] = known.kind.parse(text)
                except ValueError:
                    wrong.append(f"{said} must be {known.kind.takes.replace('`', '')}")
        if not wrong:
            settings = cls(**values)
            wrong.extend(settings.contradictions())
            if not wrong:
                return settings
        raise WrongSettings("; ".join(wrong))

    def contradictions(self) -> Iterator[str]:
        """Tell what is wrong between the settings."""
        if self.production and self.secret_key is None:
            yield f"SECRET_KEY is required in production: {KEY.takes}"
        if self.jwt_alg is Algorithm.RS256 and self.jwt_private_key_file is None:
            yield "JWT_PRIVATE_KEY_FILE is required where JWT_ALG is RS256"
        if self.jwt_alg is Algorithm.HS256 and not all(map(is_key, self.jwt_previous_keys)):
            yield f"JWT_PREVIOUS_KEYS must hold keys, each {KEY.takes}"
        if self.cache_type is Cache.REDIS and self.cache_redis_url is None:
            yield "CACHE_REDIS_URL is required where CACHE_TYPE is redis"


def variables(of: type[Settings] = Settings) -> Iterator[tuple[str, str, Variable, str]]:
    """Go through the variables: field, name outside, all that is known, and what holds unset."""
    for field in fields(of):
        known = Variable.of(field)
        default = "none" if field.default in (None, ()) else f"`{known.shown(field.default)}`"
        yield field.name, field.name.upper(), known, known.unset or default
