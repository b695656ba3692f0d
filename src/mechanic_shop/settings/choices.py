"""Settings with a choice of a few words."""

from enum import StrEnum


class Environment(StrEnum):
    """The environment that the shop runs in."""

    DEVELOPMENT = "development"
    PRODUCTION = "production"


class JwtAlgorithm(StrEnum):
    """The signature algorithm of access tokens."""

    HS256 = "HS256"
    RS256 = "RS256"


class PasswordProfile(StrEnum):
    """The cost of a password hash (Argon2id parameters)."""

    OWASP = "owasp"
    RFC9106_LOW = "rfc9106-low"
    RFC9106_HIGH = "rfc9106-high"


class CacheType(StrEnum):
    """Where responses are cached."""

    MEMORY = "memory"
    REDIS = "redis"
    NULL = "null"


class LogFormat(StrEnum):
    """The format of log lines."""

    JSON = "json"
    CONSOLE = "console"


class LogLevel(StrEnum):
    """The lowest level that is logged."""

    DEBUG = "debug"
    INFO = "info"
    WARNING = "warning"
    ERROR = "error"
