"""The settings: one frozen class, read from the environment and `.env`."""

import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Annotated, Any, Self

from attrs import Factory, fields, frozen

from mechanic_adapters.addresses import WrongAddress
from mechanic_shop.extras import name_missing_extra
from mechanic_shop.settings.choices import (
    CacheType,
    Environment,
    JwtAlgorithm,
    LogFormat,
    LogLevel,
    PasswordProfile,
)
from mechanic_shop.settings.database import (
    DatabasePoolSize,
    DatabaseUrl,
    PreparedStatements,
    ReplicaUrl,
    default_url,
    replica_conflicts,
)
from mechanic_shop.settings.env_file import ENV_FILE, read_env_file
from mechanic_shop.settings.mail import MailFrom, PublicUrl, SmtpUrl, mail_conflicts, sender_at
from mechanic_shop.settings.parsers import (
    BOOLEAN,
    ORIGIN,
    PEM_FILE,
    RATE,
    REDIS_URL,
    SECRET,
    SECRET_OR_FILE,
    STORAGE_URL,
    choice_of,
    list_of,
    whole_number,
)
from mechanic_shop.settings.previous_keys import short_secrets
from mechanic_shop.settings.proxy import DrainSeconds, RootPath, TrustedProxies
from mechanic_shop.settings.variables import (
    Variable,
    WrongSettings,
    hide_secrets,
    name_as_set,
    rename_variables,
)


@frozen(kw_only=True, field_transformer=hide_secrets)
class Settings:
    """Everything that an operator can configure; `read` checks it."""

    app_env: Annotated[
        Environment,
        Variable(
            "Where the shop runs; production requires a secret key, a database and, by default, HTTPS",
            choice_of(Environment),
            alias="FLASK_ENV",
        ),
    ] = Environment.DEVELOPMENT
    secret_key: Annotated[
        str | None,
        Variable(
            "Signs access tokens (HS256) and cursors",
            SECRET,
            default="in development generated once and stored beside the database, in a `.secret` "
            "file of mode 0600; required in production",
            secret=True,
        ),
    ] = None
    database_url: DatabaseUrl = Factory(
        lambda settings: default_url(is_production=settings.production), takes_self=True
    )
    database_replica_url: ReplicaUrl = None
    database_pool_size: DatabasePoolSize = 8
    database_prepared_statements: PreparedStatements = True
    jwt_alg: Annotated[
        JwtAlgorithm, Variable("Signature algorithm of access tokens", choice_of(JwtAlgorithm))
    ] = JwtAlgorithm.HS256
    jwt_private_key_file: Annotated[
        Path | None,
        Variable("RSA key that signs when `JWT_ALG` is `RS256`; `keys new` makes one", PEM_FILE),
    ] = None
    jwt_previous_keys: Annotated[
        tuple[str, ...],
        Variable(
            "Previous keys, accepted during a rotation: secrets for HS256, PEM files for RS256",
            list_of(SECRET_OR_FILE),
            secret=True,
        ),
    ] = ()
    token_ttl_min: Annotated[
        int, Variable("Lifetime of an access token in minutes", whole_number(1, 1440))
    ] = 30
    refresh_ttl_days: Annotated[
        int, Variable("Lifetime of a refresh token in days", whole_number(1, 365))
    ] = 14
    password_profile: Annotated[
        PasswordProfile,
        Variable(
            "Cost of an Argon2id password hash: OWASP's (19 MiB, t=2, p=1) or one of RFC 9106's",
            choice_of(PasswordProfile),
        ),
    ] = PasswordProfile.OWASP
    global_rate_limit: Annotated[
        str,
        Variable(
            "Rate limit of all requests of one caller: an account, or an address without one. All "
            "callers of one client network (an IPv4 address or an IPv6 /64) have ten times the "
            "limit together, an IPv6 /48 ten times that",
            RATE,
        ),
    ] = "300/minute"
    login_rate_limit: Annotated[
        str,
        Variable(
            "Rate limit of failed log-ins to one account from one client network. The network has "
            "ten times the limit for all accounts, an IPv6 /48 ten times that",
            RATE,
        ),
    ] = "10/minute"
    write_rate_limit: Annotated[
        str,
        Variable("Rate limit of write requests, counted as those of `GLOBAL_RATE_LIMIT`", RATE),
    ] = "60/minute"
    static_rate_limit: Annotated[
        str,
        Variable(
            "Rate limit of one client network for everything else: documents, static files, "
            "unknown paths and methods, preflights. An IPv6 /48 has ten times the limit. Probes "
            "(`/healthz`, `/readyz`, `/metrics`) are not limited",
            RATE,
        ),
    ] = "3000/minute"
    cache_redis_url: Annotated[
        str | None, Variable("A Redis or Valkey server whose cache all processes share", REDIS_URL)
    ] = None
    rate_limit_storage_url: Annotated[
        str,
        Variable(
            "Where requests are counted for rate limits",
            STORAGE_URL,
            "`CACHE_REDIS_URL` if set, else `memory://`",
        ),
    ] = Factory(lambda settings: settings.cache_redis_url or "memory://", takes_self=True)
    cache_type: Annotated[
        CacheType,
        Variable(
            "Where responses are cached",
            choice_of(CacheType),
            "`redis` if `CACHE_REDIS_URL` is set, else `memory`",
        ),
    ] = Factory(
        lambda settings: CacheType.REDIS if settings.cache_redis_url else CacheType.MEMORY,
        takes_self=True,
    )
    cache_ttl_s: Annotated[
        int, Variable("Seconds after which a cached response expires", whole_number(1, 86_400))
    ] = 30
    cors_origins: Annotated[
        tuple[str, ...],
        Variable("Origins whose pages may call the API from a browser (CORS)", list_of(ORIGIN)),
    ] = ()
    trusted_proxies: TrustedProxies = ()
    root_path: RootPath = ""
    drain_seconds: DrainSeconds = 0
    force_https: Annotated[
        bool,
        Variable("Refuse requests without HTTPS", BOOLEAN, "`true` in production, else `false`"),
    ] = Factory(lambda settings: settings.production, takes_self=True)
    log_format: Annotated[
        LogFormat,
        Variable(
            "Format of log lines", choice_of(LogFormat), "`json` in production, else `console`"
        ),
    ] = Factory(
        lambda settings: LogFormat.JSON if settings.production else LogFormat.CONSOLE,
        takes_self=True,
    )
    log_level: Annotated[LogLevel, Variable("Lowest level that is logged", choice_of(LogLevel))] = (
        LogLevel.INFO
    )
    event_retention_days: Annotated[
        int, Variable("Days after which events are deleted", whole_number(1, 3650))
    ] = 30
    metrics_token: Annotated[
        str | None,
        Variable(
            "Bearer token that lets other machines read `/metrics`",
            SECRET,
            default="none: only this machine can read `/metrics`",
            secret=True,
        ),
    ] = None
    require_if_match: Annotated[bool, Variable("Require `If-Match` for changes (428)", BOOLEAN)] = (
        False
    )
    strict_vin: Annotated[
        bool, Variable("Refuse a VIN with a wrong check digit, unless staff confirm it", BOOLEAN)
    ] = False

    public_url: PublicUrl = None
    smtp_url: SmtpUrl = None
    mail_from: MailFrom = Factory(lambda settings: sender_at(settings.public_url), takes_self=True)

    @property
    def production(self) -> bool:
        """Whether the shop runs in production."""
        return self.app_env is Environment.PRODUCTION

    @classmethod
    def read(
        cls,
        environ: Mapping[str, str] | None = None,
        env_file: Path | None = ENV_FILE,
        overrides: Mapping[str, Any] = MappingProxyType({}),
    ) -> Self:
        """Return the settings of the environment, then of *env_file*, then the defaults.

        *overrides* are texts or values by field name, None for the default; their variables are
        not read. Raises `WrongSettings`, which names every variable that is wrong, `TypeError` for
        an unknown name, and `ExtraMissing`.
        """
        sources = [os.environ if environ is None else environ]
        if env_file:
            sources.append(read_env_file(env_file))
        found = {
            field: text
            for field, name, variable, _ in variables(cls)
            if field not in overrides and (text := variable.find(name, sources))
        }
        return cls._checked(found, overrides)

    @classmethod
    def of(cls, **given: object) -> Self:
        """Return the settings that are *given* as `read` takes overrides, and else the defaults.

        Neither the environment nor `.env` is read.
        """
        spellings = {name: field for field, name, _, _ in variables(cls)}
        with name_as_set(spellings):
            return cls._checked({}, given)

    @classmethod
    def _checked(cls, found: Mapping[str, tuple[str, object]], given: Mapping[str, object]) -> Self:
        """Return the settings; *found* are the name and the text of the variable of a field."""
        by_field = {field: (name, variable) for field, name, variable, _ in variables(cls)}
        if unknown := sorted(given.keys() - by_field):
            raise TypeError(f"there is no setting named {' or '.join(unknown)}")
        set_by = {**found, **{field: (field, value) for field, value in given.items()}}
        values: dict[str, Any] = {}
        wrong: list[str] = []
        for field, (spelling, value) in set_by.items():
            variable = by_field[field][1]
            try:
                with name_missing_extra(spelling):
                    if value is not None:
                        values[field] = variable.check(value)
            except ValueError as error:
                cause = f" ({error})" if isinstance(error, WrongAddress) else ""
                wrong.append(
                    f"{spelling} must be {variable.parser.accepts.replace('`', '')}{cause}"
                )
        if not wrong:
            settings = cls(**values)
            spellings = {by_field[field][0]: spelling for field, (spelling, _) in set_by.items()}
            wrong.extend(rename_variables(text, spellings) for text in settings.conflicts())
            if not wrong:
                return settings
        raise WrongSettings("; ".join(wrong))

    def conflicts(self) -> Iterator[str]:
        """Yield a sentence for each conflict between settings."""
        if self.production and self.secret_key is None:
            yield f"SECRET_KEY is required in production: {SECRET.accepts}"
        if self.jwt_alg is JwtAlgorithm.RS256 and self.jwt_private_key_file is None:
            yield "JWT_PRIVATE_KEY_FILE is required when JWT_ALG is RS256"
        if self.jwt_alg is JwtAlgorithm.HS256:
            yield from short_secrets(self.jwt_previous_keys)
        if self.cache_type is CacheType.REDIS and self.cache_redis_url is None:
            yield "CACHE_REDIS_URL is required when CACHE_TYPE is redis"
        yield from replica_conflicts(self.database_url, self.database_replica_url)
        yield from mail_conflicts(self.smtp_url, self.public_url, self.mail_from)


def variables(of: type[Settings] = Settings) -> Iterator[tuple[str, str, Variable, str]]:
    """Yield for each variable its field, its name, its declaration, and its default as text."""
    for field in fields(of):
        variable = Variable.of(field)
        default = "none" if field.default in (None, ()) else f"`{variable.display(field.default)}`"
        yield field.name, field.name.upper(), variable, variable.default or default
