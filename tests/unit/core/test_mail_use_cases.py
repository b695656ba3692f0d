"""Mails are written down when they are asked for, and delivered later."""

import logging
import re
from collections.abc import Callable
from datetime import timedelta
from functools import partial
from typing import Any, Final

import attrs
import pytest

from mechanic_adapters.conformance.samples.records import ALL
from mechanic_adapters.conformance.samples.rollback import rolled_back
from mechanic_adapters.conformance.samples.threads import in_another_thread
from mechanic_adapters.memory import MemoryStore
from mechanic_adapters.security.link_tokens import HmacLinkTokens
from mechanic_core.access import ANONYMOUS, SYSTEM, Role, RoleForbids
from mechanic_core.accounts.account import Credentials
from mechanic_core.accounts.links import LinkToken
from mechanic_core.accounts.password_resets import NewPassword, ResetExpired, ResetRequest
from mechanic_core.customers.customer import CustomerMerge, NewCustomer, Registration
from mechanic_core.mail.message import Message
from mechanic_core.mail.ports import Mailer, MailerAway, MessageRefused
from mechanic_core.mail.use_cases import Deliveries
from mechanic_core.mechanics.mechanic import Hiring
from mechanic_core.shop import Shop
from mechanic_shop.wiring.use_cases import build_shop
from tests.shops import CUSTOMER, MANAGER, ManualClock, PlainPasswords, PlainTokens
from tests.strategies import sample

ADA: Final = "Ada@example.com"
BOB: Final = "bob@shop.example"
URL: Final = "https://shop.example"
NEW: Final = "staple horse battery"


@attrs.define(eq=False)
class FakeMailer(Mailer):
    """Remembers what it sent; `failures` are raised first."""

    sent: list[Message] = attrs.field(factory=list)
    failures: list[Exception] = attrs.field(factory=list)
    before: Callable[[], object] = lambda: None

    def send(self, message: Message) -> None:
        """Send a message, or fail."""
        self.before()
        if self.failures:
            raise self.failures.pop(0)
        self.sent.append(message)

    @property
    def tokens(self) -> list[LinkToken]:
        """The tokens of all links, in order."""
        text = "".join(message.text for message in self.sent)
        return [LinkToken(token) for token in re.findall(rf"{URL}/r/(\S+)", text)]


@attrs.frozen
class PostOffice:
    """A shop with Eve, Bob and Ada, and what it sends."""

    shop: Shop
    mailer: FakeMailer
    clock: ManualClock

    def ask(self, email: str = ADA) -> None:
        """Ask for a link."""
        self.shop.request_password_reset(ANONYMOUS, ResetRequest(email=email))

    def deliver(self) -> Deliveries:
        """Deliver what is due."""
        return self.shop.deliver_mails(SYSTEM)

    def choose(self, token: LinkToken) -> None:
        """Choose a password."""
        self.shop.reset_password(ANONYMOUS, token, NewPassword(new_password=NEW))


def open_post_office(mailer: FakeMailer | None = None, store: Any = None) -> PostOffice:
    """Return a new one."""
    used, clock = mailer or FakeMailer(), ManualClock()
    shop = build_shop(
        store or MemoryStore(),
        clock,
        PlainPasswords(),
        PlainTokens(),
        HmacLinkTokens(lambda: ("s" * 40,)),
        public_url=URL,
        mailer=used,
    )
    for email, role in (("eve@shop.example", Role.MANAGER), (BOB, Role.MECHANIC)):
        shop.hire_mechanic(MANAGER, sample(Hiring, email=email, role=role))
    shop.register_customer(ANONYMOUS, sample(Registration, email=ADA))
    return PostOffice(shop, used, clock)


@pytest.fixture
def office() -> PostOffice:
    """A shop that sends mail."""
    return open_post_office()


@pytest.mark.parametrize("email", [ADA, BOB])
def test_a_link_in_a_mail_chooses_a_password(office: PostOffice, email: str) -> None:
    """
    Customer and mechanic get a link, in any case of the address; with it they log in.
    """
    office.ask(email.swapcase())
    assert Deliveries(sent=1) == office.deliver()

    (message,) = office.mailer.sent
    (token,) = office.mailer.tokens
    office.choose(token)

    assert email == message.to
    log_in = office.shop.log_in_staff if email == BOB else office.shop.log_in_customer
    assert log_in(ANONYMOUS, Credentials(email=email, password=NEW)).token
    with pytest.raises(ResetExpired):
        office.choose(token)


def test_the_letter_says_what_it_is_about(office: PostOffice) -> None:
    """
    It has the name of the shop, the link, and until when it is good in the shop's time.
    """
    office.shop.change_profile(
        MANAGER,
        partial(
            attrs.evolve, name="Müller & Söhne", email="desk@shop.example", time_zone="Asia/Tokyo"
        ),
    )
    office.ask()
    office.deliver()

    (message,) = office.mailer.sent
    assert ("Müller & Söhne", "desk@shop.example", "Müller & Söhne: choose a new password") == (
        message.sender_name,
        message.reply_to,
        message.subject,
    )
    assert f"{URL}/r/{office.mailer.tokens[0]}\n" in message.text
    assert "until 2026-03-02 22:00 (Asia/Tokyo)" in message.text
    assert "If you did not ask for it" in message.text
    assert message.text.endswith("\n\nMüller & Söhne\n")
    assert office.mailer.tokens[0] not in repr(message)


def test_nobody_is_named(office: PostOffice) -> None:
    """
    A stranger can register anybody's address with any name, which is not sent to them.
    """
    spam = "Buy https://pills.example"
    office.shop.register_customer(
        ANONYMOUS, sample(Registration, name=spam, email="victim@example.com")
    )
    office.ask("victim@example.com")
    office.deliver()

    (message,) = office.mailer.sent
    assert "pills" not in message.text + message.subject


def test_who_is_both_gets_a_link_for_each(office: PostOffice) -> None:
    """
    One mail has a link for the customer and one for the mechanic; both are good.
    """
    office.shop.register_customer(ANONYMOUS, sample(Registration, email=BOB))
    office.ask(BOB)

    assert Deliveries(sent=1) == office.deliver()

    (message,) = office.mailer.sent
    assert ["As a customer", "As a member of the staff"] == re.findall("As a [a-z ]+", message.text)
    for token in office.mailer.tokens:
        office.choose(token)


def test_each_spelling_of_an_address_gets_its_own_link(office: PostOffice) -> None:
    """
    Mail goes to an address as its holder wrote it: two spellings may be two mailboxes.
    """
    office.shop.register_customer(ANONYMOUS, sample(Registration, email="BOB@shop.example"))
    office.ask("Bob@Shop.Example")
    office.deliver()

    assert ["BOB@shop.example", BOB] == [message.to for message in office.mailer.sent]
    assert [1, 1] == [message.text.count(URL) for message in office.mailer.sent]


def test_a_walk_in_gets_an_invitation(office: PostOffice) -> None:
    """
    A customer without a login chooses their first password within 72 hours.
    """
    office.shop.add_customer(MANAGER, NewCustomer(name="Zelda", email="zelda@example.com"))
    office.ask("zelda@example.com")
    office.deliver()

    office.clock.advance(hours=71)
    office.choose(office.mailer.tokens[0])

    credentials = Credentials(email="zelda@example.com", password=NEW)
    assert office.shop.log_in_customer(ANONYMOUS, credentials).token


def test_who_has_left_gets_no_mail(office: PostOffice) -> None:
    """
    An inactive mechanic, an erased customer and a stranger get none; the request is the same.
    """
    bob = office.shop.list_mechanics(MANAGER, ALL).items[1]
    office.shop.let_mechanic_go(MANAGER, bob.id)
    office.ask(BOB)
    office.ask(ADA)
    office.ask("nobody@example.com")
    ada = office.shop.list_customers(MANAGER, None, ALL).items[0]
    office.shop.erase_customer(MANAGER, ada.id)

    assert Deliveries() == office.deliver()

    assert [] == office.mailer.sent


def test_a_changed_address_gets_no_mail(office: PostOffice) -> None:
    """
    Who has the address is looked up when the mail is sent.
    """
    office.ask()
    ada = office.shop.list_customers(MANAGER, None, ALL).items[0]
    office.shop.change_customer(MANAGER, ada.id, partial(attrs.evolve, email="new@example.com"))

    office.deliver()

    assert [] == office.mailer.sent


def test_the_fourth_request_in_an_hour_sends_nothing(office: PostOffice) -> None:
    """
    An address gets three mails an hour, counted from when they were sent, and one later.
    """
    for _ in range(4):
        office.ask()
    office.clock.advance(minutes=30)
    assert Deliveries(sent=3) == office.deliver()
    office.clock.advance(minutes=59)
    office.ask()
    office.ask(BOB)
    assert Deliveries(sent=1) == office.deliver()
    office.clock.advance(minutes=1)

    office.ask()

    assert Deliveries(sent=1) == office.deliver()


def test_without_a_mail_server_nothing_is_written() -> None:
    """
    A shop that sends no mail stores no address of a stranger.
    """
    written = list[frozenset[str]]()
    store = MemoryStore()
    shop = attrs.evolve(
        (office := open_post_office(store=store)).shop,
        request_password_reset=attrs.evolve(office.shop.request_password_reset, sends_mail=False),
    )
    store.subscribe(written.append)

    shop.request_password_reset(ANONYMOUS, ResetRequest(email=ADA))

    assert [] == written
    assert Deliveries() == office.deliver()


def test_a_request_wakes_the_delivery_after_its_commit() -> None:
    """
    A mail goes out at once, but never one of a transaction that is rolled back.
    """
    office, sent = open_post_office(), list[Deliveries]()
    request = attrs.evolve(
        office.shop.request_password_reset, wake=lambda: sent.append(office.deliver())
    )
    form = ResetRequest(email=ADA)

    request(ANONYMOUS, form)
    with rolled_back(office.shop.store):
        request(ANONYMOUS, form)

    assert [Deliveries(sent=1)] == sent
    assert Deliveries() == office.deliver()


def test_a_server_that_is_away_loses_nothing(
    office: PostOffice, caplog: pytest.LogCaptureFixture
) -> None:
    """
    A mail is tried again after a minute, then after twice as long each time, at most an hour.
    """
    waits = [1, 2, 4, 8, 16, 32, 60, 60]
    office.mailer.failures = [MailerAway("ConnectionRefusedError") for _ in waits]
    office.ask()

    for minutes in waits:
        assert Deliveries(postponed=1) == office.deliver()
        office.clock.advance(minutes=minutes, seconds=-1)
        assert Deliveries() == office.deliver()
        office.clock.advance(seconds=1)

    assert Deliveries(sent=1) == office.deliver()
    office.choose(office.mailer.tokens[0])
    assert ["mail 1 will be sent later: ConnectionRefusedError"] * 8 == caplog.messages


def test_a_mail_is_dropped_after_three_days(
    office: PostOffice, caplog: pytest.LogCaptureFixture
) -> None:
    """
    It is tried for three days, and dropped with one error in the log.
    """
    office.mailer.failures = [MailerAway("TimeoutError") for _ in range(200)]
    office.ask()
    begin, outcomes = office.clock(), [office.deliver()]
    while Deliveries(dropped=1) not in outcomes:
        office.clock.advance(minutes=30)
        outcomes.append(office.deliver())

    assert timedelta(days=3) <= office.clock() - begin <= timedelta(days=3, hours=1)
    assert 70 < outcomes.count(Deliveries(postponed=1))
    errors = [one for one in caplog.records if one.levelno >= logging.ERROR]
    assert ["mail 1 was dropped: it could not be sent for days"] == [one.message for one in errors]
    office.clock.advance(days=1)
    assert Deliveries() == office.deliver()


def test_a_refused_address_is_dropped_at_once(
    office: PostOffice, caplog: pytest.LogCaptureFixture
) -> None:
    """
    A mail that will never be taken is not tried again; the next one is.
    """
    office.mailer.failures = [MessageRefused("SMTPRecipientsRefused 550")]
    office.ask()
    office.ask(BOB)

    assert Deliveries(sent=1, dropped=1) == office.deliver()

    assert ["mail 1 was dropped: SMTPRecipientsRefused 550"] == caplog.messages
    office.clock.advance(days=1)
    assert Deliveries() == office.deliver()


def test_after_a_failure_the_other_mails_wait(office: PostOffice) -> None:
    """
    A server that is away lets one mail wait for its answer, and not all one after another.
    """
    office.mailer.failures = [MailerAway("TimeoutError")]
    office.ask()
    office.ask(BOB)

    assert [Deliveries(postponed=1), Deliveries(sent=1)] == [office.deliver() for _ in "ab"]


def test_a_process_that_is_killed_loses_nothing(office: PostOffice) -> None:
    """
    A mail whose claim has ended is sent by the next one; its link ends the one before.
    """
    office.mailer.before = _kill
    office.ask()
    with pytest.raises(KeyboardInterrupt):
        office.deliver()
    office.mailer.before = lambda: None
    office.clock.advance(minutes=5, seconds=-1)
    assert Deliveries() == office.deliver()
    office.clock.advance(seconds=1)

    assert Deliveries(sent=1) == office.deliver()

    office.choose(office.mailer.tokens[0])


def _kill() -> None:
    raise KeyboardInterrupt


def test_a_mail_is_never_sent_inside_a_transaction() -> None:
    """
    A slow mail server holds no lock: another transaction writes while it answers.
    """
    office = open_post_office()
    office.mailer.before = partial(in_another_thread, partial(office.ask, BOB))
    office.ask()

    assert Deliveries(sent=4) == office.deliver()

    assert [ADA, BOB, BOB, BOB] == [message.to for message in office.mailer.sent]


def test_a_stop_ends_the_delivery_between_two_mails(office: PostOffice) -> None:
    """
    A process that stops does not wait until all are sent.
    """
    office.ask()
    office.ask(BOB)

    first = office.shop.deliver_mails(SYSTEM, lambda: bool(office.mailer.sent))

    assert (Deliveries(sent=1), Deliveries(sent=1)) == (first, office.deliver())


def test_erasing_a_customer_forgets_their_address(office: PostOffice) -> None:
    """
    Mails to the address go with the customer, also those that were sent.
    """
    office.ask()
    office.deliver()
    office.ask()
    ada = office.shop.list_customers(MANAGER, None, ALL).items[0]

    office.shop.erase_customer(MANAGER, ada.id)

    with office.shop.begin() as work:
        assert 0 == work.outgoing_mails.sweep(office.clock() + timedelta(days=99), 99)


def test_a_merge_forgets_the_address_that_is_nobodys_then(office: PostOffice) -> None:
    """
    Mails to the address of the login that ends are deleted, those to the other stay.
    """
    cleo = sample(Registration, email="cleo@example.com")
    other = office.shop.register_customer(ANONYMOUS, cleo).id
    office.ask()
    office.ask(cleo.email)
    ada = office.shop.list_customers(MANAGER, None, ALL).items[0]

    office.shop.merge_customers(MANAGER, ada.id, CustomerMerge(from_id=other))

    with office.shop.begin() as work:
        assert 1 == work.outgoing_mails.sweep(office.clock() + timedelta(days=99), 99)


def test_only_the_shop_delivers(office: PostOffice) -> None:
    """
    Mechanics and customers deliver nothing.
    """
    with pytest.raises(RoleForbids):
        office.shop.deliver_mails(CUSTOMER)
