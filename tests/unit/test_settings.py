"""Settings: accepted values, sources, defaults, and hidden secrets."""

import re
from ipaddress import ip_network
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest

from mechanic_adapters.security.password_hashing import PROFILES
from mechanic_shop.settings import reference as pages
from mechanic_shop.settings.choices import (
    CacheType,
    Environment,
    JwtAlgorithm,
    LogFormat,
    LogLevel,
    PasswordProfile,
)
from mechanic_shop.settings.database_url import require_folder
from mechanic_shop.settings.settings import Settings, variables
from mechanic_shop.settings.variables import WrongSettings

ROOT = Path(__file__).parents[2]
SECRET = "a-secret-that-is-long-enough-to-sign-with"
PRODUCTION = {"APP_ENV": "production", "SECRET_KEY": SECRET}


def read(**environ: str) -> Settings:
    """Read settings from these variables alone."""
    return Settings.read(environ, env_file=None)


def test_nothing_set_is_a_shop_in_development() -> None:
    """
    Without any variable the defaults apply.
    """
    assert Settings() == read()
    assert Environment.DEVELOPMENT is read().app_env


def test_production_has_no_default_database() -> None:
    """
    In production the database must be named: there is no file to fall back to.
    """
    assert "sqlite:///mechanic_shop.db" == read().database_url
    assert "" == read(**PRODUCTION).database_url
    with pytest.raises(WrongSettings, match=r"^DATABASE_URL is required in production$"):
        require_folder(read(**PRODUCTION).database_url)


def test_production_turns_on_https_and_json() -> None:
    """
    Some defaults depend on the environment that the shop runs in.
    """
    settings = read(**PRODUCTION)

    assert settings.force_https
    assert LogFormat.JSON is settings.log_format


def test_production_defaults_can_be_overridden() -> None:
    """
    A variable that is set takes precedence over the default of the environment.
    """
    settings = read(**PRODUCTION, FORCE_HTTPS="off", LOG_FORMAT="Console")

    assert not settings.force_https
    assert LogFormat.CONSOLE is settings.log_format


@pytest.mark.parametrize(
    ("environ", "message"),
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
        ({"ROOT_PATH": "shop"}, "ROOT_PATH must be a path such as /shop"),
        ({"ROOT_PATH": "//shop"}, "ROOT_PATH must be a path such as /shop"),
        ({"ROOT_PATH": "https://host/shop"}, "ROOT_PATH must be a path such as /shop"),
        ({"JWT_ALG": "none"}, "JWT_ALG must be HS256 or RS256"),
        ({"JWT_ALG": "RS256"}, "JWT_PRIVATE_KEY_FILE is required when JWT_ALG is RS256"),
        (
            {"JWT_PREVIOUS_KEYS": f"{SECRET},short"},
            "JWT_PREVIOUS_KEYS: the 2nd key must be a random",
        ),
        ({"JWT_PRIVATE_KEY_FILE": "-----BEGIN KEY"}, "JWT_PRIVATE_KEY_FILE must be the path"),
        ({"JWT_PRIVATE_KEY_FILE": "MIIE" * 400}, "JWT_PRIVATE_KEY_FILE must be the path"),
        ({"TOKEN_TTL_MIN": "0"}, "TOKEN_TTL_MIN must be a whole number from 1 to 1440"),
        ({"TOKEN_TTL_MIN": "٣"}, "TOKEN_TTL_MIN must be"),
        ({"REFRESH_TTL_DAYS": "1.5"}, "REFRESH_TTL_DAYS must be"),
        ({"PASSWORD_PROFILE": "cheap"}, "PASSWORD_PROFILE must be owasp or"),
        ({"GLOBAL_RATE_LIMIT": "0/minute"}, "GLOBAL_RATE_LIMIT must be a rate such as"),
        ({"LOGIN_RATE_LIMIT": "many"}, "LOGIN_RATE_LIMIT must be"),
        ({"CACHE_TYPE": "disk"}, "CACHE_TYPE must be memory or redis or null"),
        (
            {"DATABASE_REPLICA_URL": "postgresql://h/shop"},
            "DATABASE_REPLICA_URL must be empty unless",
        ),
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
        ({"SMTP_URL": "mail.example"}, "SMTP_URL must be smtp://USER:PASSWORD@HOST:587"),
        ({"SMTP_URL": "smtp://mail", "MAIL_FROM": "desk"}, "MAIL_FROM must be an e-mail address"),
        ({"SMTP_URL": "smtp://mail"}, "PUBLIC_URL is required when SMTP_URL is set"),
        (
            {"SMTP_URL": "smtp://mail", "PUBLIC_URL": "http://[::1]:8000"},
            "MAIL_FROM is required when SMTP_URL is set",
        ),
    ],
)
def test_an_invalid_value_names_its_variable(environ: dict[str, str], message: str) -> None:
    """
    An invalid value is reported with the name of its variable.
    """
    with pytest.raises(WrongSettings, match=f"^{re.escape(message)}"):
        read(**environ)


def test_all_invalid_values_are_reported_together() -> None:
    """
    All invalid variables are reported together, in one line.
    """
    with pytest.raises(WrongSettings) as refused:
        read(TOKEN_TTL_MIN="never", LOG_LEVEL="loud")

    assert "TOKEN_TTL_MIN" in str(refused.value)
    assert "LOG_LEVEL" in str(refused.value)
    assert "\n" not in str(refused.value)


def test_an_invalid_secret_is_not_shown() -> None:
    """
    An error message does not contain the secret.
    """
    with pytest.raises(WrongSettings) as refused:
        read(
            SECRET_KEY="hunter2",
            DATABASE_URL="oracle://scott:tiger@host/db",
            CACHE_REDIS_URL="http://:hunter2@cache",
            JWT_PRIVATE_KEY_FILE="-----BEGIN PRIVATE KEY----- hunter2",
            SMTP_URL="smtp://desk:hunter2@mail.example/x",
        )

    assert "hunter2" not in str(refused.value)
    assert "tiger" not in str(refused.value)


@pytest.mark.parametrize("variable", ["CACHE_REDIS_URL", "RATE_LIMIT_STORAGE_URL"])
@pytest.mark.parametrize("password", ["p@ss#w/rd", "p#ss", "pass/word", "1/0", "p?ss"])
def test_a_special_character_in_a_password_of_redis_is_explained(
    variable: str, password: str
) -> None:
    """
    Field report, friction: what would be read as another host or number is refused in words.
    """
    with pytest.raises(WrongSettings, match="percent-encode special characters in the") as refused:
        read(**{variable: f"redis://:{password}@cache:6379/0"})

    assert password not in str(refused.value)
    encoded = f"redis://:{quote(password, safe='')}@cache:6379/0"
    assert encoded == getattr(read(**{variable: encoded}), variable.lower())


@pytest.mark.parametrize("password", ["p@ss#w/rd", "p@ss", "p@ss?w:rd", "p@ss/w@rd"])
def test_a_special_character_in_a_password_is_explained(password: str) -> None:
    """
    Friction: a password with `@` must be percent-encoded, and the message says so without it.
    """
    with pytest.raises(WrongSettings, match="percent-encode special characters in the") as refused:
        read(DATABASE_URL=f"postgresql://shop:{password}@host/shop")

    assert password not in str(refused.value)
    encoded = f"postgresql://shop:{quote(password, safe='')}@host/shop"
    assert encoded == read(DATABASE_URL=encoded).database_url


@pytest.mark.parametrize(
    ("name", "text", "expected"),
    [
        ("root_path", "/shop/", "/shop"),
        ("root_path", "/", ""),
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
def test_parses_values(name: str, text: str, expected: Any) -> None:
    """
    Each parser accepts what the reference page says.
    """
    value = getattr(read(**{name.upper(): text}), name)

    assert expected == (len(value) if isinstance(expected, int) and expected > 1 else value)


@pytest.mark.parametrize(
    ("public_url", "expected"),
    [
        ("https://shop.example:8443/desk", "no-reply@shop.example"),
        ("https://käse.example", "no-reply@xn--kse-qla.example"),
        ("http://127.0.0.1:8000", "no-reply@127.0.0.1"),
        ("http://[::1]:8000", None),
    ],
)
def test_mail_comes_from_the_public_host(public_url: str, expected: str | None) -> None:
    """
    Without `MAIL_FROM` the sender has the host that people know.
    """
    assert expected == read(PUBLIC_URL=public_url).mail_from
    assert "desk@x.example" == read(PUBLIC_URL=public_url, MAIL_FROM="desk@x.example").mail_from


@pytest.mark.parametrize("url", ["redis://cache", "rediss://:pw@cache:6380/", "redis://cache/15"])
def test_a_redis_url_has_defaults(url: str) -> None:
    """
    A Redis URL may leave out port and database number.
    """
    assert url == read(CACHE_REDIS_URL=url).cache_redis_url


def test_overridden_variables_are_not_read() -> None:
    """
    A variable that is overridden is neither read nor validated.
    """
    environ = {"CACHE_TYPE": "disk", "TOKEN_TTL_MIN": "5", "LOG_LEVEL": "loud"}

    with pytest.raises(WrongSettings, match=r"^LOG_LEVEL must be [^;]*$"):
        Settings.read(environ, None, {"cache_type": CacheType.NULL})
    settings = Settings.read(
        environ, None, {"cache_type": CacheType.NULL, "log_level": LogLevel.INFO}
    )

    assert (CacheType.NULL, 5) == (settings.cache_type, settings.token_ttl_min)


def test_an_empty_variable_counts_as_not_set() -> None:
    """
    An empty variable leaves the default; only a rate limit is turned off by it.
    """
    assert 30 == read(TOKEN_TTL_MIN="").token_ttl_min


def test_one_redis_url_configures_cache_and_rate_limits() -> None:
    """
    `CACHE_REDIS_URL` alone moves the cache and the rate limits to Redis.
    """
    settings = read(CACHE_REDIS_URL="redis://cache:6379/0")

    assert "redis" == settings.cache_type
    assert "redis://cache:6379/0" == settings.rate_limit_storage_url


def test_the_environment_takes_precedence_over_the_file(tmp_path: Path) -> None:
    """
    A variable in both places is read from the environment, also under its alias.
    """
    file = tmp_path / ".env"
    file.write_text(f"APP_ENV=development\nTOKEN_TTL_MIN=5\nSECRET_KEY='{SECRET} ${{X}}'\n")

    settings = Settings.read({"FLASK_ENV": "production"}, file)

    assert settings.production
    assert 5 == settings.token_ttl_min
    assert f"{SECRET} ${{X}}" == settings.secret_key


@pytest.mark.parametrize(
    ("environ", "file"),
    [
        ({"MECHANIC_TOKEN_TTL_MIN": "5", "TOKEN_TTL_MIN": "9"}, ""),
        ({"TOKEN_TTL_MIN": "nine"}, "MECHANIC_TOKEN_TTL_MIN=5"),
        ({"MECHANIC_TOKEN_TTL_MIN": "5"}, "MECHANIC_TOKEN_TTL_MIN=9"),
        ({"MECHANIC_TOKEN_TTL_MIN": "", "TOKEN_TTL_MIN": "5"}, ""),
    ],
)
def test_the_prefixed_name_takes_precedence(
    environ: dict[str, str], file: str, tmp_path: Path
) -> None:
    """
    A variable with the prefix is used wherever it is set; another one is not even parsed.
    """
    (tmp_path / ".env").write_text(file)

    assert 5 == Settings.read(environ, tmp_path / ".env").token_ttl_min


def test_every_variable_has_a_prefixed_name() -> None:
    """
    Every variable is read under its prefixed name.
    """
    environ = {f"MECHANIC_{name}": "\0" for _, name, _, _ in variables()}

    with pytest.raises(WrongSettings) as refused:
        Settings.read(environ, None)

    for _, name, variable, _ in variables():
        if variable.secret or name == "JWT_PREVIOUS_KEYS":
            continue
        assert f"MECHANIC_{name} must be" in str(refused.value)


@pytest.mark.parametrize(
    ("environ", "message"),
    [
        ({"MECHANIC_LOG_LEVEL": "loud"}, "MECHANIC_LOG_LEVEL must be debug or info"),
        (
            {"MECHANIC_JWT_ALG": "RS256"},
            "JWT_PRIVATE_KEY_FILE is required when MECHANIC_JWT_ALG is RS256",
        ),
    ],
)
def test_an_error_names_the_variable_that_was_set(environ: dict[str, str], message: str) -> None:
    """
    An error names the variable as it was set.
    """
    with pytest.raises(WrongSettings, match=f"^{message}"):
        Settings.read(environ, None)


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ({"strict_vin": True}, Settings(strict_vin=True)),
        ({"strict_vin": "yes"}, Settings(strict_vin=True)),
        ({"token_ttl_min": 5}, Settings(token_ttl_min=5)),
        ({"token_ttl_min": "5"}, Settings(token_ttl_min=5)),
        ({"write_rate_limit": ""}, Settings(write_rate_limit="")),
        ({"cache_type": CacheType.NULL}, Settings(cache_type=CacheType.NULL)),
        ({"cache_type": "null"}, Settings(cache_type=CacheType.NULL)),
        ({"cors_origins": ["http://a.example"]}, Settings(cors_origins=("http://a.example",))),
        ({"trusted_proxies": [ip_network("::1")]}, Settings(trusted_proxies=(ip_network("::1"),))),
        ({"secret_key": None, "token_ttl_min": 9}, Settings(token_ttl_min=9)),
        (
            {"jwt_alg": "RS256", "jwt_private_key_file": Path("key.pem")},
            Settings(jwt_alg=JwtAlgorithm.RS256, jwt_private_key_file=Path("key.pem")),
        ),
    ],
)
def test_settings_are_given_as_texts_or_values(
    given: dict[str, object], expected: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    """
    Settings that are given may be texts or Python's values; the environment is not read.
    """
    monkeypatch.setenv("LOG_LEVEL", "loud")

    assert expected == Settings.of(**given)


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"token_ttl_min": 0}, "token_ttl_min must be a whole number from 1 to 1440"),
        ({"token_ttl_min": 5.0}, "token_ttl_min must be"),
        ({"token_ttl_min": True}, "token_ttl_min must be"),
        ({"strict_vin": 2}, "strict_vin must be true or false"),
        ({"jwt_previous_keys": [f"{SECRET},{SECRET}"]}, "jwt_previous_keys must be"),
        ({"jwt_previous_keys": ["short"]}, "jwt_previous_keys: the 1st key must be"),
        ({"app_env": "production"}, "secret_key is required in production"),
        ({"secret_key": b"s" * 32}, "secret_key must be"),
    ],
)
def test_a_given_setting_is_checked(given: dict[str, object], message: str) -> None:
    """
    A setting that is given is checked as a variable is, and named as it was given.
    """
    with pytest.raises(WrongSettings, match=f"^{message}"):
        Settings.of(**given)


def test_an_unknown_setting_is_named() -> None:
    """
    A name that no setting has is a programming error.
    """
    with pytest.raises(TypeError, match=r"^there is no setting named strict_vim$"):
        Settings.of(strict_vim=True)


def test_a_syntax_error_in_the_file_is_reported(tmp_path: Path) -> None:
    """
    A syntax error in the file is reported with its line.
    """
    file = tmp_path / ".env"
    file.write_text("TOKEN_TTL_MIN=5\nthis is = 'no line\n")

    with pytest.raises(WrongSettings, match="line 2 is not NAME=value"):
        Settings.read({}, file)


def test_an_unreadable_file_is_reported(tmp_path: Path) -> None:
    """
    A folder with the name of the file is an error.
    """
    with pytest.raises(WrongSettings, match="cannot be read"):
        Settings.read({}, tmp_path)


def test_secrets_are_hidden() -> None:
    """
    Neither `repr` nor the list of settings contains a key or a password.
    """
    settings = read(
        SECRET_KEY=SECRET,
        JWT_PREVIOUS_KEYS=SECRET[::-1],
        DATABASE_URL="postgresql://shop:p%40ss:w0rd@host/shop?sslpassword=w0rd",
        CACHE_REDIS_URL="redis://:w0rd@cache?password=w0rd",
        SMTP_URL="smtp://desk:p%40ss-w0rd@mail.example:587?starttls=true",
        PUBLIC_URL="https://shop.example",
    )

    for shown in (repr(settings), pages.settings_in_force(settings)):
        assert SECRET not in shown
        assert SECRET[::-1] not in shown
        assert "w0rd" not in shown
        assert "postgresql://shop:***@host/shop?sslpassword=***" in shown
        assert "redis://:***@cache?password=***" in shown
        assert "smtp://desk:***@mail.example:587?starttls=true" in shown


@pytest.mark.parametrize(
    ("place", "expected"),
    [(1, "1st"), (2, "2nd"), (3, "3rd"), (4, "4th"), (11, "11th"), (13, "13th"), (22, "22nd")],
)
def test_a_previous_key_is_named_by_its_place(place: int, expected: str) -> None:
    """
    A previous key is named by its place, since its text may be a secret.
    """
    keys = ",".join([SECRET] * (place - 1) + ["hunter2"])

    with pytest.raises(WrongSettings) as refused:
        read(JWT_PREVIOUS_KEYS=keys)

    wanted = "must be a random text of 32 bytes or more"
    assert f"JWT_PREVIOUS_KEYS: the {expected} key {wanted}" == str(refused.value)


def test_profiles_are_those_of_the_adapter() -> None:
    """
    Every password profile is one that the adapter has.
    """
    assert [*PROFILES] == [profile.value for profile in PasswordProfile]


def test_generated_pages_are_up_to_date() -> None:
    """
    `.env.sample` and the reference page are generated from the class.
    """
    assert pages.env_sample() == (ROOT / ".env.sample").read_text()
    assert pages.reference_page() == (ROOT / "docs/reference/settings.md").read_text()


def test_the_sample_sets_the_defaults(tmp_path: Path) -> None:
    """
    The sample with every variable uncommented sets exactly the defaults.
    """
    file = tmp_path / ".env"
    file.write_text(re.sub(r"(?m)^#(?=[A-Z_]+=)", "", pages.env_sample()))

    assert Settings() == Settings.read({}, file)


def test_variables_are_named_like_fields() -> None:
    """
    A variable is named like its field in capitals.
    """
    assert all(field.upper() == name for field, name, _, _ in variables())
