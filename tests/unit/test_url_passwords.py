"""Passwords in URLs are masked, whatever their place and spelling."""

import time

import psycopg
import pytest

from mechanic_adapters.sql.engine.engines import database_url
from mechanic_shop.settings.url_passwords import is_secret_parameter, mask_url, mask_urls

PASSWORD = "w0rd"


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("postgresql://shop:w0rd@host/shop", "postgresql://shop:***@host/shop"),
        ("postgresql://shop:p%40:w0rd@host/shop", "postgresql://shop:***@host/shop"),
        ("postgresql://shop:x/?w0rd@host/shop", "postgresql://shop:***@host/shop"),
        ("postgresql://host/shop?password=w0rd", "postgresql://host/shop?password=***"),
        ("postgresql://h:5432/s?password=a@w0rd", "postgresql://h:5432/s?password=***"),
        ("postgresql://h/s?user=b&PassWord=w0rd?w0rd", "postgresql://h/s?user=b&PassWord=***"),
        ("postgresql://h/s?pass%77ord=w0rd&user=u", "postgresql://h/s?pass%77ord=***&user=u"),
        ("postgresql://h/s?sslpassword=w0rd&user=u", "postgresql://h/s?sslpassword=***&user=u"),
        ("postgresql://u:w0rd@h/s?password=w0rd", "postgresql://u:***@h/s?password=***"),
        ("postgresql://h/s?pasword=w0rd&user=u", "postgresql://h/s?pasword=***&user=u"),
        ("postgresql://h/s?options=-c+a.b%3Dw0rd", "postgresql://h/s?options=***"),
        ("redis://:w0rd@cache:6379/0", "redis://:***@cache:6379/0"),
        ("rediss://u:w0rd@cache/0", "rediss://u:***@cache/0"),
        ("redis://cache/0?password=w0rd", "redis://cache/0?password=***"),
        ("redis://cache/0?ssl_password=w0rd", "redis://cache/0?ssl_password=***"),
    ],
)
def test_the_password_of_a_url_is_masked(url: str, expected: str) -> None:
    """
    A password in the user information or the query of a URL is masked, also within a sentence.
    """
    assert expected == mask_url(url)
    assert f"no answer\n  from {expected} today" == mask_urls(f"no answer\n  from {url} today")


@pytest.mark.parametrize(
    "text",
    [
        "sqlite:////var/lib/shop@home.db",
        "postgresql://shop@host/shop?sslmode=require&application_name=a:b@c",
        "http://127.0.0.1:8000/docs",
        "must be `postgresql://USER:PASSWORD@HOST/NAME`",
        "count=5 of 7",
        "an error of ada@example.com: value 5",
    ],
)
def test_text_without_a_password_is_unchanged(text: str) -> None:
    """
    Text without a password is not changed.
    """
    assert (text, text) == (mask_url(text), mask_urls(text))


def test_every_secret_of_libpq_is_masked() -> None:
    """
    Every connection parameter that libpq itself marks as a password is masked.
    """
    options = psycopg.pq.Conninfo.get_defaults()
    marked = {option.keyword.decode() for option in options if option.dispchar == b"*"}
    scram = {"scram_client_key", "scram_server_key"}

    assert marked >= {"password", "sslpassword"}
    assert all(map(is_secret_parameter, marked | scram))
    assert not any(map(is_secret_parameter, ("user", "host", "passfile", "sslmode", "sslkey")))


@pytest.mark.parametrize("piece", ["a", "://", "://a:", "@", "?a", "&a=", ":", "%70", "password="])
def test_masking_takes_time_in_proportion_to_the_text(piece: str) -> None:
    """
    A long text of a repeated piece is masked in linear time.
    """
    text = piece * (1_000_000 // len(piece))
    started = time.perf_counter()

    mask_urls(text)

    assert time.perf_counter() - started < 20


@pytest.mark.parametrize(
    "url", ["postgresql://u:w0rd@h/s", "postgresql://u:x@h/s?password=x&password=w0rd"]
)
def test_the_text_of_a_database_url_hides_its_password(url: str) -> None:
    """
    The password that counts is the last one, and the text of the parsed URL shows none.
    """
    parsed = database_url(url)

    assert PASSWORD == parsed.password
    assert "postgresql+psycopg://u:***@h/s" == str(parsed) == repr(parsed)


@pytest.mark.parametrize(
    "url",
    [
        "postgresql://u:p@w0rd@host/shop",
        "postgresql://u:p@w0rd/x@host/shop",
        "postgresql://host:5432/shop?password=p@w0rd",
    ],
)
def test_a_password_is_never_taken_for_a_host(url: str) -> None:
    """
    A raw "@" in a password is refused, since messages would show what follows it as the host.
    """
    with pytest.raises(ValueError, match="must be %40") as refused:
        database_url(url)

    assert PASSWORD not in str(refused.value)
