"""The demo shop: plausible, reproducible and temporary."""

import json
import re
import runpy
import signal
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import attrs
import pytest

from mechanic_core.access import Actor, Role
from mechanic_core.inventory.ports import PartFilter
from mechanic_core.invoices.invoice import Invoice, PaymentStatus
from mechanic_core.invoices.ports import InvoiceFilter
from mechanic_core.paging import MAX_PAGE_SIZE, WHOLE_LIST, PageRequest
from mechanic_core.payments.ports import PaymentFilter
from mechanic_core.profile.calendar import ALL_TIME
from mechanic_core.shop import Shop
from mechanic_core.tickets.ports import TicketFilter
from mechanic_core.tickets.ticket import Ticket
from mechanic_core.tickets.workflow import Status
from mechanic_core.vehicles.ports import VehicleFilter
from mechanic_core.vehicles.vin import VinCheck
from mechanic_http.json import codec
from mechanic_shop import open_shop
from mechanic_shop.demo.throwaway_shop import DEMO_SETTINGS, demo_settings, fill_shop
from mechanic_shop.settings.choices import LogFormat
from mechanic_shop.settings.reference import reference_page
from mechanic_shop.settings.settings import Settings, variables
from tests.integration.programs import run, serving

NOW = datetime(2026, 11, 22, 14, tzinfo=UTC)
MANAGER = Actor(Role.MANAGER, 1)
ALL = PageRequest(size=MAX_PAGE_SIZE, with_total=True)
SECONDS = 60.0
SCRIPT = Path(__file__).parents[2] / "docs/reference/check_invoices.py"


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shop]:
    """The demo shop, opened."""
    file = tmp_path_factory.mktemp("demo") / "shop.db"
    settings = Settings(database_url=f"sqlite:///{file}", secret_key="s" * 32)
    fill_shop(settings, NOW)
    with open_shop(settings=settings) as opened:
        yield opened


def tickets(shop: Shop) -> list[Ticket]:
    """Return every ticket."""
    found: list[Ticket] = []
    after = 0
    while True:
        some = shop.list_tickets(
            MANAGER, TicketFilter(), PageRequest(size=MAX_PAGE_SIZE, after=after)
        )
        found += some.items
        if some.last is None:
            return found
        after = some.last


def invoices(shop: Shop) -> list[Invoice]:
    """Return every invoice."""
    return [*shop.list_invoices(MANAGER, InvoiceFilter(), WHOLE_LIST).items]


def test_has_the_documented_size(shop: Shop) -> None:
    """
    The demo has 40 customers, 60 vehicles, 8 mechanics, 200 tickets and 60 parts.
    """
    assert 40 == shop.list_customers(MANAGER, None, ALL).total
    assert 60 == shop.list_vehicles(MANAGER, VehicleFilter(), ALL).total
    assert 8 == shop.list_mechanics(MANAGER, ALL).total
    assert 60 == shop.list_parts(MANAGER, PartFilter(), ALL).total
    assert 200 == len(tickets(shop))


def test_every_check_digit_is_right(shop: Shop) -> None:
    """
    Every VIN has a valid check digit.
    """
    found = shop.list_vehicles(MANAGER, VehicleFilter(), ALL).items

    assert {VinCheck.VALID} == {vehicle.vin_check for vehicle in found}


def test_tickets_are_in_every_status(shop: Shop) -> None:
    """
    There is a ticket in each status, and most are closed.
    """
    counts = Counter(ticket.status for ticket in tickets(shop))

    assert set(Status) == counts.keys()
    assert Status.CLOSED == counts.most_common(1)[0][0]


def test_tickets_are_of_the_last_year(shop: Shop) -> None:
    """
    Ticket ids follow their dates, which are all within the year.
    """
    moments = [ticket.created_at for ticket in sorted(tickets(shop), key=lambda t: t.id)]

    assert sorted(moments) == moments
    assert 365 >= (NOW - moments[0]).days > 350
    assert moments[-1] < NOW


def test_finished_work_has_lines(shop: Shop) -> None:
    """
    Completed tickets have a mechanic and lines.
    """
    done = [t for t in tickets(shop) if t.status in (Status.COMPLETED, Status.CLOSED)]

    assert all(ticket.mechanics and ticket.labor and ticket.totals.total for ticket in done)


def test_the_ledger_agrees(shop: Shop) -> None:
    """
    Every balance agrees with the ledger.
    """
    assert () == shop.check_stock(MANAGER)
    assert shop.list_parts(MANAGER, PartFilter(low_stock=True), ALL).items


def test_bills_are_believable(shop: Shop) -> None:
    """
    Tickets have taxes, a supplies fee, cores, discounts and several jobs; their price adds up.
    """
    done = [one for one in tickets(shop) if one.status is Status.CLOSED]
    charges = [charge for one in done for charge in one.charges]

    assert all(shop.read_price(MANAGER, one.id).totals == one.totals for one in done[:20])
    assert any(len(one.jobs) > 1 for one in done)
    assert any(one.discounts and one.totals.discount for one in done)
    assert any(one.totals.tax and one.totals.supplies for one in done)
    assert {"core", "fee", "sublet"} == {charge.kind for charge in charges}
    assert any(charge.amount < 0 for charge in charges)


def test_money_is_believable(shop: Shop) -> None:
    """
    Every closed ticket has an invoice, most are paid, and some are overdue in each bucket.

    Money came in by several methods, some of it as deposits, and some was given back.
    """
    closed = [ticket.id for ticket in tickets(shop) if ticket.status is Status.CLOSED]
    found = invoices(shop)
    takings = shop.list_payments(MANAGER, PaymentFilter(), PageRequest(size=1)).totals
    receivables = shop.read_receivables(MANAGER, NOW.date())

    assert sorted(closed) == sorted(invoice.ticket_id for invoice in found)
    assert PaymentStatus.PAID == Counter(one.payment_status for one in found).most_common(1)[0][0]
    assert any(0 < one.credited < one.totals.total for one in found)
    assert any(one.deposit for one in found)
    assert {"cash", "card", "check", "transfer"} == takings.keys()
    assert all(attrs.astuple(receivables.totals))
    assert sum(one.due for one in found) - receivables.totals.deposits == receivables.totals.balance
    assert all(one.due_date - one.issued_on == timedelta(days=14) for one in found)
    assert all(one.seller.registration and one.seller.tax_number for one in found)


def test_its_documents_are_chained(shop: Shop) -> None:
    """
    The published script finds nothing wrong with the year's invoices and credit notes.
    """
    found = invoices(shop)
    notes = [
        note
        for one in found
        if one.credited
        for note in shop.list_credit_notes(MANAGER, one.id, WHOLE_LIST).items
    ]
    served = [json.loads(codec.encode(one)) for one in (*found, *notes)]

    assert notes
    assert [] == runpy.run_path(str(SCRIPT))["wrong"](served)


def test_is_reproducible(shop: Shop, tmp_path: Path) -> None:
    """
    Two demos of the same moment have the same tickets, invoices and leaderboard.
    """
    settings = Settings(database_url=f"sqlite:///{tmp_path / 'shop.db'}", secret_key="s" * 32)
    fill_shop(settings, NOW)
    with open_shop(settings=settings) as again:
        assert tickets(shop) == tickets(again)
        assert invoices(shop) == invoices(again)
        assert shop.read_leaderboard(MANAGER, 100, ALL_TIME) == again.read_leaderboard(
            MANAGER, 100, ALL_TIME
        )


def test_settings_apply(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """
    Settings apply to the demo, except those that would connect it to a real shop.
    """
    (tmp_path / ".env").write_text("LOG_FORMAT=json\nCACHE_TYPE=redis\nFORCE_HTTPS=true\n")
    monkeypatch.chdir(tmp_path)
    real = {
        "APP_ENV": "production",
        "SECRET_KEY": "r" * 40,
        "DATABASE_URL": "postgresql://real/shop",
        "JWT_ALG": "RS256",
        "JWT_PREVIOUS_KEYS": "former.pem",
        "DATABASE_REPLICA_URL": "postgresql://real/shop",
        "CACHE_REDIS_URL": "redis://real",
        "SMTP_URL": "smtp://real",
        "PUBLIC_URL": "https://shop.example",
        "GLOBAL_RATE_LIMIT": "7/minute",
        "TOKEN_TTL_MIN": "5",
        "CACHE_TTL_S": "9",
    }
    for name, text in real.items():
        monkeypatch.setenv(name, text)

    settings = demo_settings(tmp_path)

    expected = Settings(
        database_url=f"sqlite:///{tmp_path / 'shop.db'}",
        secret_key=settings.secret_key,
        log_format=LogFormat.JSON,
        public_url="https://shop.example",
        global_rate_limit="7/minute",
        write_rate_limit="300/minute",
        token_ttl_min=5,
        cache_ttl_s=9,
    )
    assert expected == settings
    assert "r" * 40 != settings.secret_key


def test_a_wrong_setting_stops_it(tmp_path: Path) -> None:
    """
    An invalid setting stops the demo as it stops the shop.
    """
    done = run(tmp_path, "demo", "--port", "0", env={"GLOBAL_RATE_LIMIT": "many"})

    assert (2, 1) == (done.returncode, done.stderr.count("\n"))
    assert "GLOBAL_RATE_LIMIT must be a rate" in done.stderr


def test_overridden_variables_are_documented(tmp_path: Path) -> None:
    """
    Help and reference name each variable that the demo overrides.
    """
    names = {name.upper() for name in (*DEMO_SETTINGS, "secret_key", "database_url")}

    help_text = run(tmp_path, "demo", "--help").stdout

    assert names == {name for _, name, _, _ in variables() if name in help_text.split("except")[1]}
    paragraph = reference_page().split("make it unreachable:")[1].split("|")[0]
    assert names == set(re.findall(r"`(\w+)`", paragraph))


def test_is_served_and_leaves_no_files(tmp_path: Path) -> None:
    """
    The demo answers within a minute, stops on Ctrl-C and leaves no files.
    """
    folder = tmp_path / "tmp"
    folder.mkdir()
    env = {"TMPDIR": str(folder), "APP_ENV": "production"}
    with serving(tmp_path, "demo", "--port", "0", env=env) as demo:
        taken = run(tmp_path, "demo", "--port", str(demo.port))
        in_use = [*folder.iterdir()]
        demo.process.send_signal(signal.SIGINT)
        code = demo.process.wait(SECONDS)

    assert SECONDS > demo.seconds
    assert f"API       {demo.url}\n" in demo.printed
    assert (1, 1) == (taken.returncode, taken.stderr.count("\n"))
    assert f"port {demo.port}: another program has this port\n" in taken.stderr
    assert 1 == len(in_use)
    assert 0 == code
    assert [] == [*folder.iterdir()]
    assert {"log", "tmp"} == {path.name for path in tmp_path.iterdir()}
