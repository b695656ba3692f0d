"""The profile: its rules of prices, its series of numbers, and its currency."""

from typing import Any, Final

import pytest
from attrs import evolve, fields

from mechanic_adapters.memory import MemoryStore
from mechanic_core.access import ANONYMOUS, Actor
from mechanic_core.customers.customer import NewCustomer
from mechanic_core.errors import RuleBroken
from mechanic_core.inventory.part import PartForm
from mechanic_core.money import money, percent
from mechanic_core.pricing.pricing_rules import (
    FeeBase,
    PricingRules,
    SuppliesFee,
    TaxRate,
    TaxRounding,
)
from mechanic_core.profile.currency import TWO_DECIMALS
from mechanic_core.profile.profile import (
    INITIAL_PROFILE,
    CurrencyFixed,
    Profile,
    ProfileForm,
    PublicProfile,
)
from mechanic_core.shop import Shop
from mechanic_core.tickets.forms import TicketDraft
from mechanic_core.tickets.lines.labor_line import LaborLineForm
from tests.shops import CUSTOMER, MANAGER, MECHANIC, ManualClock, shop_on
from tests.strategies import sample

RATE: Final = TaxRate(tax_class="parts", authority="State", percent=percent("6.25"))
RULES: Final[dict[str, Any]] = {
    "tax_rates": (RATE,),
    "tax_rounding": TaxRounding.LINE,
    "prices_include_tax": True,
    "supplies_fee": SuppliesFee(percent=percent(5), of=(FeeBase.LABOR,), cap=money(50)),
}


def new_shop() -> Shop:
    """Return a shop where nothing has a price."""
    return shop_on(MemoryStore(), ManualClock())


def change(shop: Shop, **values: Any) -> Profile:
    """Change members of the profile."""
    return shop.change_profile(MANAGER, lambda form: evolve(form, **values))


def test_its_rules_are_those_of_prices() -> None:
    """
    The profile has every rule of prices, with the same defaults, and returns them alone.
    """
    assert PricingRules(**RULES) == Profile(**RULES).pricing_rules
    assert PricingRules() == INITIAL_PROFILE.pricing_rules
    assert PricingRules is type(INITIAL_PROFILE.pricing_rules)


def test_an_authority_has_one_rate_for_a_class() -> None:
    """
    A second rate is refused, and so is, with it, a series that is two.
    """
    with pytest.raises(RuleBroken) as refused:
        ProfileForm(tax_rates=(RATE, RATE), invoice_prefix="N-", credit_note_prefix="N-")

    assert ["#/tax_rates/1/authority", "#/credit_note_prefix"] == [
        problem.pointer for problem in refused.value.problems
    ]


@pytest.mark.parametrize("prefix", ["INV-", "inv-", " Inv- "])
def test_the_series_differ(prefix: str) -> None:
    """
    Two series differ in more than their case.
    """
    with pytest.raises(RuleBroken, match="#/credit_note_prefix: must not be the invoice_prefix"):
        ProfileForm(credit_note_prefix=prefix)


@pytest.mark.parametrize("prefix", ["INV-", "発-", "Rechnung", "№", "2026-R", "R2.", "1²"])
def test_a_series_is_any_text_that_no_number_continues(prefix: str) -> None:
    """
    Every script will do, with digits inside.
    """
    assert prefix == ProfileForm(invoice_prefix=prefix).invoice_prefix


def test_disclosures_are_normalized() -> None:
    """
    Each is trimmed, with line feeds, like other long texts.
    """
    assert ("A\nb", "é") == ProfileForm(disclosures=(" A\r\nb ", "e\u0301")).disclosures


def test_no_bill_passes_its_tolerance_by_default() -> None:
    """
    By default nothing is tolerated, and nothing asked for.
    """
    assert (0, 0, None) == tuple(
        getattr(INITIAL_PROFILE.tolerance, field.name)
        for field in fields(type(INITIAL_PROFILE.tolerance))
    )
    assert ("off", "off") == (INITIAL_PROFILE.authorization, INITIAL_PROFILE.invoicing)


@pytest.mark.parametrize(
    ("actor", "view"), [(ANONYMOUS, PublicProfile), (CUSTOMER, PublicProfile), (MECHANIC, Profile)]
)
def test_only_staff_see_the_whole(actor: Actor, view: type) -> None:
    """
    Others see the public part.
    """
    seen = new_shop().read_profile(actor)

    assert view is type(seen)
    assert INITIAL_PROFILE.name == seen.name


def test_the_currency_changes_before_anything_has_a_price() -> None:
    """
    A new shop chooses its currency, also twice.
    """
    shop = new_shop()

    assert ["EUR", "GBP"] == [change(shop, currency=code).currency for code in ("EUR", "GBP")]


def test_a_part_fixes_the_currency() -> None:
    """
    Once there is a part, also one that costs nothing and is archived, the currency stays.
    """
    shop = new_shop()
    part = shop.add_part(MECHANIC, sample(PartForm, price=money(0)))
    shop.archive_part(MECHANIC, part.id)

    with pytest.raises(CurrencyFixed) as refused:
        change(shop, currency="EUR", name="Changed")

    assert {"currency": "USD"} == refused.value.facts
    assert INITIAL_PROFILE == shop.read_profile(MANAGER)
    assert "Changed" == change(shop, currency="USD", name="Changed").name


def test_labor_fixes_the_currency() -> None:
    """
    A labour line has a price, in a shop that sells no parts too, until it is removed.
    """
    shop = new_shop()
    ada = shop.add_customer(MECHANIC, sample(NewCustomer, phone="555-0100"))
    ticket = shop.open_ticket(MECHANIC, sample(TicketDraft, customer_id=ada.id))
    change(shop, currency="EUR")
    line = shop.add_labor_line(MECHANIC, ticket.id, sample(LaborLineForm, mechanic_id=None))

    with pytest.raises(CurrencyFixed):
        change(shop, currency="USD")

    shop.remove_labor_line(MECHANIC, ticket.id, line.id)
    assert "USD" == change(shop, currency="USD").currency


def test_currencies_have_two_decimals() -> None:
    """
    The codes are those of ISO 4217 with two decimals, each once, in order.
    """
    codes = TWO_DECIMALS.split("|")

    assert sorted(set(codes)) == codes
    assert {"USD", "EUR", "GBP", "CAD", "CHF", "PLN"} <= {*codes}
    assert not {"JPY", "KRW", "CLP", "ISK", "VND", "KWD", "BHD", "TND", "CLF", "XAU"} & {*codes}
