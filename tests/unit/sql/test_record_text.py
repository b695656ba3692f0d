"""Records as JSON text in one column."""

from typing import Any

import pytest
from hypothesis import given

from mechanic_adapters.sql.engine.record_text import text_of, text_reader
from mechanic_core.errors import RuleBroken
from mechanic_core.money import Money, Percent
from mechanic_core.pricing.pricing_rules import FeeBase, PricingRules, SuppliesFee, TaxRate
from mechanic_core.profile.profile import ProfileValues
from tests.strategies import FEWER, records

FEE = SuppliesFee(percent=Percent(50_000), of=(FeeBase.LABOR,), cap=Money(4_999))


@FEWER
@given(records(PricingRules), records(ProfileValues))
def test_a_record_comes_back(rules: PricingRules, values: ProfileValues) -> None:
    """
    Rules of prices, and a whole profile, come back equal and of the same types.
    """
    for record in (rules, values):
        stored = text_reader(type(record))(text_of(record))
        assert (record, repr(record)) == (stored, repr(stored))


def test_amounts_are_whole_numbers() -> None:
    """
    The text has what the record holds: minor units, parts per million, names of choices.
    """
    text = '{"percent":50000,"of":["labor"],"cap":4999,"tax_class":"supplies"}'

    assert text == text_of(FEE)
    assert FEE == text_reader(SuppliesFee)(text)


def test_a_tuple_of_records_is_an_array() -> None:
    """
    A column may have several records.
    """
    rates = tuple(
        TaxRate(tax_class="parts", authority=name, percent=Percent(1)) for name in ("A", "ß")
    )

    assert rates == text_reader(tuple[TaxRate, ...])(text_of(rates))
    assert () == text_reader(tuple[TaxRate, ...])("[]")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("{}", {}),
        ('{"name":"Old"}', {"name": "Old"}),
        ('{"name":"Newer","of_a_later_release":[{}]}', {"name": "Newer"}),
    ],
)
def test_other_releases_have_other_members(text: str, expected: dict[str, Any]) -> None:
    """
    A member that the text does not have is its default, and one that nobody knows is passed over.
    """
    assert ProfileValues(**expected) == text_reader(ProfileValues)(text)


def test_what_is_stored_is_not_checked_again() -> None:
    """
    A text of a former release that today's rules would refuse is read.
    """
    text = '{"percent":50000,"of":["parts"],"cap":-1,"tax_class":"?"}'

    with pytest.raises(RuleBroken):
        SuppliesFee(percent=Percent(50_000), of=(FeeBase.PARTS,))
    read = text_reader(SuppliesFee)(text)
    assert ((FeeBase.PARTS,), -1, "?") == (read.of, read.cap, read.tax_class)
