"""Mail with links to choose a password with, through a real mail server, on both databases."""

import logging
import ssl
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import timedelta
from functools import partial
from typing import Any, Final
from urllib.parse import quote

import pytest
from attrs import evolve, frozen
from falcon import testing
from sqlalchemy import create_engine, text

from mechanic_adapters.conformance.samples.threads import in_parallel
from mechanic_adapters.mail.smtp_mailer import SmtpMailer
from mechanic_adapters.mail.smtp_server import SmtpServer
from mechanic_adapters.sql.engine.engines import database_url
from mechanic_adapters.sql.store import SqlStore
from mechanic_core.access import ANONYMOUS, SYSTEM
from mechanic_core.accounts.password_resets import ResetRequest
from mechanic_core.mail.message import Message
from mechanic_core.mail.ports import MailerAway, MessageRefused
from mechanic_core.mail.use_cases import Deliveries
from mechanic_core.shop import Shop
from mechanic_shop import open_shop
from mechanic_shop.wiring.use_cases import build_shop
from tests.integration.apps import ADA, BOB, CLEO, AppClient, open_client, settings_for
from tests.integration.databases import now
from tests.integration.mail_servers import (
    PASSWORD,
    USER,
    Certificate,
    Inbox,
    endless_server,
    mail_server,
    silent_server,
)
from tests.integration.sockets import LOOPBACK, PATIENCE_S, free_port, wait_until
from tests.shops import ManualClock, PlainLinks, PlainPasswords, PlainTokens

PUBLIC: Final = "https://shop.example/desk"
STRANGER: Final = "nobody@example.com"
LOGIN: Final = f"{quote(USER)}:{quote(PASSWORD)}@"
MESSAGE: Final = Message(to=ADA, sender_name="Shop", subject="Hello", text="Hello\n")


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Certificate:
    """The certificate of the mail server."""
    return Certificate.make(tmp_path_factory.mktemp("mail"))


@pytest.fixture
def inbox() -> Inbox:
    """What the mail server has received."""
    return Inbox()


def client_of(url: str, port: int, **given: Any) -> Any:
    """Open the application on a database and a mail server without TLS."""
    mail = {"smtp_url": f"smtp://{LOOPBACK}:{port}", "mail_from": USER, "public_url": PUBLIC}
    return open_client(settings_for(url, **{**mail, **given}))


def ask(client: AppClient, email: str = ADA, **headers: str) -> testing.Result:
    """Return the response to a request for a link."""
    return client.ask("POST", "/password_resets", body={"email": email}, **headers)


@frozen
class Branch:
    """A process that shares the database: its clock and its mailer are its own."""

    shop: Shop
    clock: ManualClock

    def ask(self, email: str = ADA) -> None:
        """Ask for a link."""
        self.shop.request_password_reset(ANONYMOUS, ResetRequest(email=email))

    def deliver(self) -> Deliveries:
        """Deliver what is due."""
        return self.shop.deliver_mails(SYSTEM)


@contextmanager
def branch(url: str, port: int) -> Iterator[Branch]:
    """Open the shop with a mail server at *port*."""
    clock = ManualClock()
    server = SmtpServer.parse(f"smtp://{LOOPBACK}:{port}")
    with closing(SqlStore.open(url)) as store:
        shop = build_shop(
            store,
            clock,
            PlainPasswords(),
            PlainTokens(),
            PlainLinks(),
            public_url=PUBLIC,
            mailer=SmtpMailer(server, USER, clock),
        )
        yield Branch(shop, clock)


def test_a_link_arrives_and_works(url: str, inbox: Inbox) -> None:
    """
    A mail goes out at once; the page behind its link takes a new password, once.
    """
    with mail_server(inbox) as port, client_of(url, port) as client:
        answer = ask(client, "ADA@example.com")
        (message,) = inbox.messages(1)
        (token,) = inbox.tokens()
        chosen = [
            testing.simulate_request(
                client.application,
                "POST",
                f"/r/{token}",
                headers={"Content-Type": "application/x-www-form-urlencoded"},
                body="new_password=staple+horse+battery",
                extras={"REMOTE_ADDR": LOOPBACK},
            ).status_code
            for _ in range(2)
        ]
        credentials = {"email": ADA, "password": "staple horse battery"}
        logged_in = client.ask("POST", "/login", body=credentials).status_code
        page = client.get("/metrics").text

    assert (202, b"", "text/plain; charset=utf-8") == (
        answer.status_code,
        answer.content,
        answer.headers["Content-Type"],
    )
    assert (USER, [ADA]) == (inbox.received[0].mail_from, inbox.received[0].rcpt_tos)
    assert f"Mechanic Shop <{USER}>" == message["From"]
    assert f"{PUBLIC}/r/{token}" in message.get_content()
    assert ([303, 410], 200) == (chosen, logged_in)
    assert 'mechanic_shop_mails_total{outcome="sent"}' in page


def test_every_address_costs_the_same(url: str, inbox: Inbox) -> None:
    """
    Known, staff and unknown addresses run the same statements and get the same answer.
    """
    with mail_server(inbox) as port, client_of(url, port) as client:
        answers = [ask(client, email) for email in (ADA, STRANGER, BOB, "other@example.com")]
        inbox.messages(2)

    begin_or_lock, insert, commit = 1, 1, 1
    assert {begin_or_lock + insert + commit} == {one.statements for one in client.access_log}
    dull = {"x-request-id", "ratelimit"}
    seen = [
        (one.status_code, one.content, {**one.headers, **dict.fromkeys(dull)}) for one in answers
    ]
    assert [seen[0]] * 4 == seen
    assert {ADA, BOB} == {envelope.rcpt_tos[0] for envelope in inbox.received}


def test_a_shop_without_a_mail_server_answers_too(url: str) -> None:
    """
    Without `SMTP_URL` the answer is the same, and nothing is written.
    """
    with open_client(settings_for(url)) as client:
        assert 202 == ask(client).status_code

    assert (0, []) == (client.access_log[0].statements, rows_of(url))


def test_twenty_requests_at_once_send_three_mails(url: str, inbox: Inbox) -> None:
    """
    An address gets three mails an hour, also from requests at the same time.
    """
    with mail_server(inbox) as port, client_of(url, port) as client:
        answers = in_parallel(*[partial(ask, client)] * 20)
        inbox.messages(3)
        ask(client, CLEO)
        inbox.messages(4)

    statuses = {one.status_code for one in answers if isinstance(one, testing.Result)}
    assert {202} == statuses
    assert [ADA, ADA, ADA, CLEO] == sorted(one.rcpt_tos[0] for one in inbox.received)


def test_a_repeated_request_sends_one_mail(url: str, inbox: Inbox) -> None:
    """
    An Idempotency-Key makes a retry safe.
    """
    with mail_server(inbox) as port, client_of(url, port) as client:
        replayed = [
            ask(client, Idempotency_Key="once").headers.get("Idempotency-Replayed") for _ in "ab"
        ]
        ask(client, CLEO)
        inbox.messages(2)

    assert [None, "true"] == replayed
    assert {ADA, CLEO} == {one.rcpt_tos[0] for one in inbox.received}


def rows_of(url: str) -> list[Any]:
    """Return all rows of the outbox."""
    engine = create_engine(database_url(url))
    try:
        with engine.connect() as connection:
            return list(connection.execute(text("SELECT * FROM outgoing_mails")).mappings())
    finally:
        engine.dispose()


def test_the_outbox_holds_no_secret(url: str, inbox: Inbox) -> None:
    """
    A row has no token, nonce or name, before and after its mail was sent.
    """
    with mail_server(inbox) as port, client_of(url, port) as client:
        ask(client)
        (token,) = inbox.tokens()
        ask(client, STRANGER)

    rows = rows_of(url)
    assert {ADA, STRANGER} == {row["email_key"] for row in rows}
    stored = str([dict(row) for row in rows])
    assert not any(part in stored for part in token.split(".")[2:])
    columns = "id kind email_key asked_at due_at expires_at attempts subject_id"
    assert {*columns.split()} == {*rows[0]}


def test_an_embedded_shop_delivers_when_it_is_told_to(sqlite_url: str, inbox: Inbox) -> None:
    """
    `open_shop` has no thread: the host calls `deliver_mails`, and gets the counts.
    """
    with (
        mail_server(inbox) as port,
        open_shop(
            sqlite_url, smtp_url=f"smtp://{LOOPBACK}:{port}", public_url="http://127.0.0.1:8000"
        ) as shop,
    ):
        shop.request_password_reset(ANONYMOUS, ResetRequest(email=ADA))
        assert [] == inbox.received
        assert [Deliveries(sent=1), Deliveries()] == [shop.deliver_mails(SYSTEM) for _ in "ab"]

    assert ("no-reply@127.0.0.1", [ADA]) == (
        inbox.received[0].mail_from,
        inbox.received[0].rcpt_tos,
    )


def test_a_silent_mail_server_slows_nobody(url: str, inbox: Inbox) -> None:
    """
    While the mail server does not answer, requests are; once it does, the mail arrives.
    """
    with silent_server() as (port, connected), client_of(url, port) as client:
        ask(client)
        assert connected.wait(PATIENCE_S)
        answers = [ask(client, CLEO), client.get("/inventory")]
    assert [202, 200] == [answer.status_code for answer in answers]

    with mail_server(inbox) as port, branch(url, port) as later:
        later.clock.at = now() + timedelta(minutes=6)
        assert Deliveries(sent=2) == later.deliver()
    assert [ADA, CLEO] == sorted(one.rcpt_tos[0] for one in inbox.received)


def test_a_dead_mail_server_loses_nothing(url: str, inbox: Inbox) -> None:
    """
    A mail for a closed port is sent when the server is back, and is sent once.
    """
    port = free_port()
    with branch(url, port) as office:
        office.ask()
        assert Deliveries(postponed=1) == office.deliver()
        with mail_server(inbox, port):
            assert Deliveries() == office.deliver()
            office.clock.advance(minutes=1)
            assert Deliveries(sent=1) == office.deliver()
            office.clock.advance(hours=9)
            assert Deliveries() == office.deliver()

    assert 1 == len(inbox.received)


def test_deliveries_at_once_send_each_mail_once(url: str, inbox: Inbox) -> None:
    """
    Several processes share the outbox; a mail is sent by one of them.
    """
    with mail_server(inbox) as port, branch(url, port) as one, branch(url, port) as other:
        for email in (ADA, BOB, CLEO) * 3:
            one.ask(email)

        outcomes = in_parallel(*[one.deliver, other.deliver] * 3)

    sent = sum(found.sent for found in outcomes if isinstance(found, Deliveries))
    assert 9 == sent == len(inbox.received)
    assert sorted([ADA, BOB, CLEO] * 3) == sorted(found.rcpt_tos[0] for found in inbox.received)


def test_starttls_and_a_login(
    sqlite_url: str, inbox: Inbox, certificate: Certificate, monkeypatch: pytest.MonkeyPatch
) -> None:
    """
    `SMTP_URL` with a login and STARTTLS; the certificate is one that the machine trusts.
    """
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate.path))
    tls: dict[str, Any] = {"tls_context": certificate.server_side, "require_starttls": True}
    with mail_server(inbox, authenticator=inbox.authenticate, auth_required=True, **tls) as port:
        smtp_url = f"smtp://{LOGIN}{LOOPBACK}:{port}?starttls=true"
        with client_of(sqlite_url, port, smtp_url=smtp_url) as client:
            ask(client)
            assert 1 == len(inbox.messages(1))

    assert [(USER.encode(), PASSWORD.encode())] == inbox.logins


def sender(address: str, certificate: Certificate | None = None, **waits: Any) -> SmtpMailer:
    """Return a mailer that trusts a certificate, or those of the machine."""
    tls = certificate.client_side if certificate else ssl.create_default_context
    return SmtpMailer(SmtpServer.parse(address), USER, ManualClock(), tls, **waits)


def test_tls_from_the_start(inbox: Inbox, certificate: Certificate) -> None:
    """
    `Smtps://` is TLS before anything else.
    """
    with mail_server(inbox, ssl_context=certificate.server_side) as port:
        sender(f"smtps://{LOOPBACK}:{port}", certificate).send(MESSAGE)

    assert [ADA] == inbox.received[0].rcpt_tos


@pytest.mark.parametrize("scheme", ["smtps", "smtp"])
def test_a_certificate_is_verified(inbox: Inbox, certificate: Certificate, scheme: str) -> None:
    """
    Neither message nor password goes to a server whose certificate nobody trusts.
    """
    context = certificate.server_side
    options: dict[str, Any] = (
        {"ssl_context": context} if scheme == "smtps" else {"tls_context": context}
    )
    query = "" if scheme == "smtps" else "?starttls=true"
    with (
        mail_server(inbox, authenticator=inbox.authenticate, **options) as port,
        pytest.raises(MailerAway, match="self-signed"),
    ):
        sender(f"{scheme}://{LOGIN}{LOOPBACK}:{port}{query}").send(MESSAGE)

    assert ([], []) == (inbox.received, inbox.logins)


def test_a_missing_starttls_is_not_ignored(inbox: Inbox) -> None:
    """
    Where STARTTLS is asked for, nothing goes out in the clear.
    """
    with (
        mail_server(inbox, authenticator=inbox.authenticate, auth_require_tls=False) as port,
        pytest.raises(MailerAway, match="SMTPNotSupportedError"),
    ):
        sender(f"smtp://{LOGIN}{LOOPBACK}:{port}?starttls=true").send(MESSAGE)

    assert ([], []) == (inbox.received, inbox.logins)


@pytest.mark.parametrize("limits", [{"timeout_s": 0.2}, {"deadline_s": 0.2}])
def test_no_wait_is_endless(limits: dict[str, Any]) -> None:
    """
    A server that says nothing, and one that never stops, are left.
    """
    with silent_server() as (port, _), pytest.raises(MailerAway):
        sender(f"smtp://{LOOPBACK}:{port}", **limits).send(MESSAGE)
    if "deadline_s" in limits:
        with endless_server() as port, pytest.raises(MailerAway):
            sender(f"smtp://{LOOPBACK}:{port}", **limits).send(MESSAGE)


@pytest.mark.parametrize(
    ("replies", "expected"),
    [
        ({"recipient_reply": "550 no such user ada@example.com"}, "SMTPRecipientsRefused 550"),
        ({"data_reply": "554 spam"}, "SMTPDataError 554"),
    ],
)
def test_a_refused_message_is_dropped(replies: dict[str, Any], expected: str) -> None:
    """
    What the server will never take is not tried again; the log names no address.
    """
    with mail_server(Inbox(**replies)) as port, pytest.raises(MessageRefused) as raised:
        sender(f"smtp://{LOOPBACK}:{port}").send(MESSAGE)

    assert expected == str(raised.value)


@pytest.mark.parametrize(
    ("replies", "expected"),
    [
        ({"recipient_reply": "451 greylisted ada@example.com"}, "SMTPRecipientsRefused 451"),
        ({"recipient_reply": "530 log in first"}, "SMTPRecipientsRefused 530"),
        ({"recipient_reply": "421 closing"}, "SMTPRecipientsRefused 421"),
        ({"data_reply": "452 full"}, "SMTPDataError 452"),
    ],
)
def test_a_postponed_message_is_tried_again(replies: dict[str, Any], expected: str) -> None:
    """
    What the server may take later is tried again; the log names no address.
    """
    with mail_server(Inbox(**replies)) as port, pytest.raises(MailerAway) as raised:
        sender(f"smtp://{LOOPBACK}:{port}").send(MESSAGE)

    assert expected == str(raised.value)


def test_an_address_of_another_script_needs_a_server_that_takes_it(inbox: Inbox) -> None:
    """
    Such an address, which no form accepts, is refused without SMTPUTF8, and sent with it.
    """
    message = evolve(MESSAGE, to="zoë@example.com")
    with mail_server(inbox, enable_SMTPUTF8=False) as port, pytest.raises(MessageRefused):
        sender(f"smtp://{LOOPBACK}:{port}").send(message)
    with mail_server(inbox) as port:
        sender(f"smtp://{LOOPBACK}:{port}").send(message)

    assert [["zoë@example.com"]] == [one.rcpt_tos for one in inbox.received]


def test_a_wrong_login_is_tried_again(sqlite_url: str, caplog: pytest.LogCaptureFixture) -> None:
    """
    A wrong password is the operator's to correct; the log has neither it nor an address.
    """
    inbox = Inbox()
    with mail_server(inbox, authenticator=inbox.authenticate, auth_require_tls=False) as port:
        smtp_url = f"smtp://desk:wrong-secret@{LOOPBACK}:{port}"
        with (
            caplog.at_level(logging.INFO),
            client_of(sqlite_url, port, smtp_url=smtp_url) as client,
        ):
            ask(client)
            wait_until(lambda: "SMTPAuthenticationError 535" in caplog.text)

    assert not any(secret in caplog.text for secret in ("wrong-secret", "ada@", "/r/"))
    assert [1] == [row["attempts"] for row in rows_of(sqlite_url)]
