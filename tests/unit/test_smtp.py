"""Messages as they are sent over SMTP, and the addresses of servers; without a server."""

from email import message_from_bytes, policy
from typing import Any, Final

import attrs
import pytest

from mechanic_adapters.mail.smtp_mailer import SmtpMailer
from mechanic_adapters.mail.smtp_server import Encryption, SmtpServer
from mechanic_core.mail.message import Message
from mechanic_core.profile.profile import Profile
from tests.shops import ManualClock

MAILER: Final = SmtpMailer(
    SmtpServer.parse("smtp://mail.example"), "desk@shop.example", ManualClock()
)
MESSAGE: Final = Message(
    to="ada@example.com",
    sender_name="Springfield Motors",
    reply_to="office@shop.example",
    subject="Choose a new password",
    text="Hello,\n\nhttps://shop.example/r/" + "1." * 90 + "\n",
)


def composed(**fields: Any) -> bytes:
    """Return a message as it is sent."""
    return MAILER.compose(attrs.evolve(MESSAGE, **fields)).as_bytes()


def test_a_message_is_plain_text_with_all_headers() -> None:
    """
    The long address of a link stands in one line, as it is.
    """
    sent = composed()
    read = message_from_bytes(sent, policy=policy.default)

    assert MESSAGE.text.replace("\n", "\r\n").encode() in sent
    assert {
        "From": "Springfield Motors <desk@shop.example>",
        "To": "ada@example.com",
        "Reply-To": "office@shop.example",
        "Subject": "Choose a new password",
        "Date": "Mon, 02 Mar 2026 12:00:00 +0000",
        "Auto-Submitted": "auto-generated",
    } == {
        name: read[name] for name in ("From", "To", "Reply-To", "Subject", "Date", "Auto-Submitted")
    }
    assert read["Message-ID"].endswith("@shop.example>")
    assert ("text/plain", "utf-8") == (read.get_content_type(), read.get_content_charset())


def test_other_scripts_and_punctuation_are_encoded() -> None:
    """
    The name of the shop may have any letters, quotes and commas, in headers and in the text.
    """
    name = 'Müller, "Söhne" & 部品店'

    sent = composed(sender_name=name, subject=f"{name}: hello", text=f"{name}\n")

    read: Any = message_from_bytes(sent, policy=policy.default)
    assert sent.isascii()
    assert (name, "desk@shop.example") == (
        read["From"].addresses[0].display_name,
        read["From"].addresses[0].addr_spec,
    )
    assert (f"{name}: hello", f"{name}\n") == (
        read["Subject"],
        read.get_content().replace("\r\n", "\n"),
    )


@pytest.mark.parametrize("field", ["to", "sender_name", "reply_to", "subject"])
@pytest.mark.parametrize("line_break", ["\r\n", "\n", "\r"])
def test_no_header_can_be_injected(field: str, line_break: str) -> None:
    """
    A line break in a header is refused, wherever it comes from.
    """
    with pytest.raises(ValueError):  # noqa: PT011 - each part of the library has its own text
        composed(**{field: f"x{line_break}Bcc: all@example.com"})


@pytest.mark.parametrize("to", ["a..b.@example.com", "o'hara+x@example.com"])
def test_unusual_addresses_are_written(to: str) -> None:
    """
    An address that HTML allows and older rules do not is sent to.
    """
    assert f"To: {to}\r\n".encode() in composed(to=to)


def test_a_message_of_the_shop_ends_with_its_name() -> None:
    """
    Its answers go to the shop's own address, if the profile has one.
    """
    profile = Profile(name="Springfield Motors", email="desk@springfield.example")

    message = Message.of_shop(profile, "ada@example.com", "Hello", "One.", "Two.")

    assert ("One.\n\nTwo.\n\nSpringfield Motors\n", "desk@springfield.example") == (
        message.text,
        message.reply_to,
    )


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("smtp://mail.example", ("mail.example", 25, Encryption.NONE, None, None)),
        (
            "smtp://user:p%40ss@mail.example:2525?starttls=true",
            ("mail.example", 2525, Encryption.STARTTLS, "user", "p@ss"),
        ),
        (
            "smtp://a%40b.c:open@mail.example?starttls=TRUE",
            ("mail.example", 587, Encryption.STARTTLS, "a@b.c", "open"),
        ),
        ("smtps://mail.example/", ("mail.example", 465, Encryption.TLS, None, None)),
        (
            "smtp://[::1]:1025?starttls=false",
            ("::1", 1025, Encryption.NONE, None, None),
        ),
    ],
)
def test_the_address_of_a_server_is_read(url: str, expected: tuple[object, ...]) -> None:
    """
    Each scheme has its usual port; a login may have any characters, percent-encoded.
    """
    server = SmtpServer.parse(url)

    assert expected == (
        server.host,
        server.port,
        server.encryption,
        server.user,
        server.password,
    )
    assert server.password is None or server.password not in repr(server)


@pytest.mark.parametrize(
    "url",
    [
        "mail.example",
        "http://mail.example",
        "smtp://",
        "smtp://user@mail.example",
        "smtp://user:@mail.example",
        "smtp://user:pä@mail.example",
        "smtp://user:p%0Ax@mail.example",
        "smtp://mail.example:99999",
        "smtp://mail.example/path",
        "smtp://mail.example?starttls",
        "smtp://mail.example?starttls=maybe",
        "smtp://mail.example?tls=true",
        "smtps://mail.example?starttls=true",
        "smtp://mail example",
        "smtp://mail.example#x",
    ],
)
def test_another_address_is_refused(url: str) -> None:
    """
    What is no address of a mail server is found at the start.
    """
    with pytest.raises(ValueError):  # noqa: PT011 - `urllib` has texts of its own
        SmtpServer.parse(url)
