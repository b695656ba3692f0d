"""Settings: what each variable takes, where it comes from, and what it never shows."""

import re
from pathlib import Path
from typing import Any

import pytest

from mechanic_adapters.security.password_hashing import PROFILES
from mechanic_shop.settings import reference as pages
from mechanic_shop.settings.settings import (
    Cache,
    Environment,
    LogFormat,
    LogLevel,
    Profile,
    Settings,
    variables,
)
from mechanic_shop.settings.variables import WrongSettings

ROOT = Path(__file__).parents[2]
SECRET = "a-secret-that-is-long-enough-to-sign-with"
PRODUCTION = {"APP_ENV": "production", "SECRET_KEY": SECRET}


def read(**environ: str) -> Settings:
    """Return what those variables say, and no file."""
    return Settings.read(environ, env_file=None)


def test_nothing_set_is_a_shop_in_development() -> None:
    """
    Without any variable the defaults hold.
    """
    assert Settings() == read()
    assert Environment.DEVELOPMENT is read().app_env


def test_production_turns_on_https_and_json() -> None:
    """
    What depends on where the shop runs follows it.
    """
    settings = read(**PRODUCTION)

    assert settings.force_https
    assert LogFormat.JSON is settings.log_format


def test_production_can_be_told_otherwise() -> None:
    """
    A variable that is set wins over what would follow.
    """
    settings = read(**PRODUCTION, FORCE_HTTPS="off", LOG_FORMAT="Console")

    assert not settings.force_https
    assert LogFormat.CONSOLE is settings.log_format


@pytest.mark.parametrize(
    ("environ", "said"),
    [
        ({"APP_ENV": "staging"}, "APP_ENV must be development or production"),
        ({"FLASK_ENV": "testing"}, "FLASK_ENV must be development or production"),
        ({"SECRET_KEY": "short"}, "SECRET_KEY must be a random text of 32 bytes or more"),
        ({"DATABASE_URL": "mysql://shop"}, "DATABASE_URL must be sqlite:///FILE or"),
        ({"DATABASE_URL": "sqlite:///:memory:"}, "DATABASE_URL must be"),
        ({"DATABASE_URL": "sqlite://"}, "DATABASE_URL must be"),
        ({"DATABASE_URL": "sqlite://host/shop.db"}, "DATABASE_URL must be"),
        ({"DATABASE_URL": "shop.db"}, "DATABASE_URL must be"),
        ({"DATABASE_URL": "postgresql://host"}, "DATABASE_URL must be"),
        ({"DATABASE_URL": "postgresql://host:port/shop"}, "DATABASE_URL must be"),
        ({"DATABASE_URL": "postgresql://u:p@ss:word@host/shop"}, "DATABASE_URL must be"),
        ({"JWT_ALG": "none"}, "JWT_ALG must be HS256 or RS256"),
        ({"JWT_ALG": "RS256"}, "JWT_PRIVATE_KEY_FILE is required when JWT_ALG is RS256"),
        ({"JWT_PREVIOUS_KEYS": f"{SECRET},short"}, "JWT_PREVIOUS_KEYS must be secrets"),
        ({"TOKEN_TTL_MIN": "0"}, "TOKEN_TTL_MIN must be a whole number from 1 to 1440"),
        ({"TOKEN_TTL_MIN": "٣"}, "TOKEN_TTL_MIN must be"),
        ({"REFRESH_TTL_DAYS": "1.5"}, "REFRESH_TTL_DAYS must be"),
        ({"PASSWORD_PROFILE": "cheap"}, "PASSWORD_PROFILE must be owasp or"),
        ({"GLOBAL_RATE_LIMIT": "0/minute"}, "GLOBAL_RATE_LIMIT must be a rate such as"),
        ({"LOGIN_RATE_LIMIT": "many"}, "LOGIN_RATE_LIMIT must be"),
        ({"CACHE_TYPE": "disk"}, "CACHE_TYPE must be memory or redis or null"),
        ({"CACHE_TYPE": "redis"}, "CACHE_REDIS_URL is required when CACHE_TYPE is redis"),
        ({"CACHE_REDIS_URL": "http://cache"}, "CACHE_REDIS_URL must be redis://"),
        ({"CACHE_REDIS_URL": "redis://cache:1/abc"}, "CACHE_REDIS_URL must be redis://"),
        ({"CACHE_REDIS_URL": "redis://cache/0/1"}, "CACHE_REDIS_URL must be redis://"),
        ({"RATE_LIMIT_STORAGE_URL": "redis://cache/-1"}, "RATE_LIMIT_STORAGE_URL must be"),
        ({"RATE_LIMIT_STORAGE_URL": "disk://"}, "RATE_LIMIT_STORAGE_URL must be memory://"),
        ({"CORS_ORIGINS": "https://a.example/path"}, "CORS_ORIGINS must be an origin"),
        ({"TRUSTED_PROXIES": "10.0.0.1,proxy"}, "TRUSTED_PROXIES must be an address"),
        ({"FORCE_HTTPS": "maybe"}, "FORCE_HTTPS must be true or false"),
        ({"LOG_LEVEL": "loud"}, "LOG_LEVEL must be debug or info"),
        ({"APP_ENV": "production"}, "SECRET_KEY is required in production"),
    ],
)
def test_a_wrong_value_is_named(environ: dict[str, str], said: str) -> None:
    """
    What the shop can't start with is told with the name of the variable.
    """
    with pytest.raises(WrongSettings, match=f"^{re.escape(said)}"):
        read(**environ)


def test_everything_wrong_is_told_in_one_line() -> None:
    """
    Whoever mends one variable should not find the next by trying again.
    """
    with pytest.raises(WrongSettings) as refused:
        read(TOKEN_TTL_MIN="never", LOG_LEVEL="loud")

    assert "TOKEN_TTL_MIN" in str(refused.value)
    assert "LOG_LEVEL" in str(refused.value)
    assert "\n" not in str(refused.value)


def test_a_wrong_secret_is_not_repeated() -> None:
    """
    The line about a secret does not tell it.
    """
    with pytest.raises(WrongSettings) as refused:
        read(SECRET_KEY="hunter2", DATABASE_URL="oracle://scott:tiger@host/db")

    assert "hunter2" not in str(refused.value)
    assert "tiger" not in str(refused.value)


@pytest.mark.parametrize(
    ("name", "text", "expected"),
    [
        ("database_url", "postgres://u:p@host/shop", "postgresql://u:p@host/shop"),
        ("database_url", "postgresql+psycopg://u@host/shop", "postgresql://u@host/shop"),
        ("global_rate_limit", "", ""),
        ("write_rate_limit", "5 per 2 Minutes", "5 per 2 minutes"),
        ("jwt_previous_keys", f"{SECRET}, {SECRET}2,", (SECRET, f"{SECRET}2")),
        ("cors_origins", "https://A.example, http://localhost:3000", 2),
        ("trusted_proxies", "10.0.0.0/8,::1", 2),
        ("strict_vin", "YES", True),
    ],
)
def test_text_becomes_a_value(name: str, text: str, expected: Any) -> None:
    """
    Each kind of variable is read as its reference says.
    """
    value = getattr(read(**{name.upper(): text}), name)

    assert expected == (len(value) if isinstance(expected, int) and expected > 1 else value)


@pytest.mark.parametrize("url", ["redis://cache", "rediss://:pw@cache:6380/", "redis://cache/15"])
def test_a_redis_may_leave_out_what_is_usual(url: str) -> None:
    """
    Port and number have defaults of their own.
    """
    assert url == read(CACHE_REDIS_URL=url).cache_redis_url


def test_what_is_fixed_is_not_read() -> None:
    """
    What a program has settled already is neither looked at nor found wrong.
    """
    environ = {"CACHE_TYPE": "disk", "TOKEN_TTL_MIN": "5", "LOG_LEVEL": "loud"}

    with pytest.raises(WrongSettings, match=r"^LOG_LEVEL must be [^;]*$"):
        Settings.read(environ, None, {"cache_type": Cache.NULL})
    settings = Settings.read(environ, None, {"cache_type": Cache.NULL, "log_level": LogLevel.INFO})

    assert (Cache.NULL, 5) == (settings.cache_type, settings.token_ttl_min)


def test_an_empty_variable_counts_as_not_set() -> None:
    """
    `TOKEN_TTL_MIN=` leaves the default; only a limit can be turned off so.
    """
    assert 30 == read(TOKEN_TTL_MIN="").token_ttl_min


def test_redis_is_used_for_all_once_it_is_there() -> None:
    """
    One URL is enough for the cache and the limits.
    """
    settings = read(CACHE_REDIS_URL="redis://cache:6379/0")

    assert "redis" == settings.cache_type
    assert "redis://cache:6379/0" == settings.rate_limit_storage_url


def test_the_environment_goes_before_the_file(tmp_path: Path) -> None:
    """
    What is set in both is taken from the environment, under whichever name.
    """
    file = tmp_path / ".env"
    file.write_text(f"APP_ENV=development\nTOKEN_TTL_MIN=5\nSECRET_KEY='{SECRET} ${{X}}'\n")

    settings = Settings.read({"FLASK_ENV": "production"}, file)

    assert settings.production
    assert 5 == settings.token_ttl_min
    assert f"{SECRET} ${{X}}" == settings.secret_key


def test_a_broken_line_of_the_file_is_told(tmp_path: Path) -> None:
    """
    A file that can't be read whole is not read in part.
    """
    file = tmp_path / ".env"
    file.write_text("TOKEN_TTL_MIN=5\nthis is = 'no line\n")

    with pytest.raises(WrongSettings, match="line 2 is not NAME=value"):
        Settings.read({}, file)


def test_a_file_that_cannot_be_read_is_told(tmp_path: Path) -> None:
    """
    A folder by the name of the file is a fault, not an absence.
    """
    with pytest.raises(WrongSettings, match="cannot be read"):
        Settings.read({}, tmp_path)


def test_secrets_do_not_show() -> None:
    """
    Neither `repr` nor the list of settings tells a key or a password.
    """
    settings = read(
        SECRET_KEY=SECRET,
        JWT_PREVIOUS_KEYS=SECRET[::-1],
        DATABASE_URL="postgresql://shop:p%40ss:w0rd@host/shop",
        CACHE_REDIS_URL="redis://:w0rd@cache",
    )

    for shown in (repr(settings), pages.settings_in_force(settings)):
        assert SECRET not in shown
        assert SECRET[::-1] not in shown
        assert "w0rd" not in shown
        assert "postgresql://shop:***@host/shop" in shown


def test_profiles_are_those_of_the_adapter() -> None:
    """
    Every cost that can be chosen is one that can be paid.
    """
    assert [*PROFILES] == [profile.value for profile in Profile]


def test_pages_are_those_in_the_repository() -> None:
    """
    `.env.sample` and the reference say what the class says.
    """
    assert pages.env_sample() == (ROOT / ".env.sample").read_text()
    assert pages.reference_page() == (ROOT / "docs/reference/settings.md").read_text()


def test_the_sample_changes_nothing(tmp_path: Path) -> None:
    """
    Whoever copies the sample and takes every comment sign away still has the defaults.
    """
    file = tmp_path / ".env"
    file.write_text(re.sub(r"(?m)^#(?=[A-Z_]+=)", "", pages.env_sample()))

    assert Settings() == Settings.read({}, file)


def test_every_variable_has_one_name() -> None:
    """
    The name outside is the field's in capitals.
    """
    assert all(field.upper() == name for field, name, _, _ in variables())
