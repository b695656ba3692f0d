"""Money and quantities in JSON are exact in every notation."""

import json
from decimal import Decimal

import pytest
from attrs import evolve
from hypothesis import given
from hypothesis import strategies as st

from mechanic_core.money import MAX_MONEY, MAX_QUANTITY, Money, Quantity
from mechanic_core.tickets.job import NO_TOTALS
from mechanic_http.endpoint import body as bodies
from mechanic_http.json import codec
from tests.unit.http.test_json_codec import Box, details_of


@given(cents=st.integers(0, MAX_MONEY))
def test_money_round_trips_exactly(cents: int) -> None:
    """
    Any amount is written as an exact decimal and read back, from a number and from text.
    """
    raw = codec.encode(Box(price=Money(cents)))
    shown = json.loads(raw, parse_float=Decimal, parse_int=Decimal)["price"]

    assert Decimal(cents).scaleb(-2) == shown
    assert cents == codec.structure(bodies.parse_json(raw), Box).price
    assert cents == codec.structure({"price": f"{Decimal(cents).scaleb(-2):f}"}, Box).price


@given(thousandths=st.integers(0, MAX_QUANTITY))
def test_quantities_round_trip_exactly(thousandths: int) -> None:
    """
    Any quantity is written as an exact decimal and read back.
    """
    raw = codec.encode(Box(stock=Quantity(thousandths)))
    shown = json.loads(raw, parse_float=Decimal, parse_int=Decimal)["stock"]

    assert Decimal(thousandths).scaleb(-3) == shown
    assert thousandths == codec.structure(bodies.parse_json(raw), Box).stock


@given(cents=st.integers(-(10**20), 10**20))
def test_large_totals_are_written_exactly(cents: int) -> None:
    """
    A total with more digits than a binary float has is written exactly.
    """
    raw = codec.encode(evolve(NO_TOTALS, total=Money(cents)))

    assert Decimal(cents).scaleb(-2) == json.loads(raw, parse_float=Decimal)["total"]


@pytest.mark.parametrize(
    ("given", "cents"),
    [
        ("19.99", 1999),
        ("19.990", 1999),
        ("1.999e1", 1999),
        ("2e1", 2000),
        ("20", 2000),
        ("0e999999", 0),
        ("-0.0", 0),
        ("99999999.99", MAX_MONEY),
        ('"0.5"', 50),
    ],
)
def test_reads_money_in_any_notation(given: str, cents: int) -> None:
    """
    The value of a number matters, not its notation.
    """
    assert cents == codec.structure(bodies.parse_json(f'{{"price": {given}}}'.encode()), Box).price


@pytest.mark.parametrize(
    ("given", "detail"),
    [
        ("19.999", "must have at most 2 decimals"),
        ("19.99000000000000000000000000000000000001", "must have at most 2 decimals"),
        ("1e-400", "must have at most 2 decimals"),
        ("1e400", "is out of range"),
        ("1e999999999", "is out of range"),
        ("9" * 300, "is out of range"),
        ("1e99999999999999999999", "must be a number with at most 2 decimals"),
        ("100000000", "must be from 0 to 99999999.99"),
        ("-0.01", "must be from 0 to 99999999.99"),
        ("true", "must be a number with at most 2 decimals"),
        ('"1e1"', "must be a number with at most 2 decimals"),
        ('"+1"', "must be a number with at most 2 decimals"),
        ('"NaN"', "must be a number with at most 2 decimals"),
        ('" 1"', "must be a number with at most 2 decimals"),
        ('"\u0661"', "must be a number with at most 2 decimals"),
        ("[1]", "must be a number with at most 2 decimals"),
    ],
)
def test_refuses_invalid_amounts(given: str, detail: str) -> None:
    """
    Too many decimals, other types, huge exponents and non-ASCII digits have messages of their own.
    """
    assert {"#/price": detail} == details_of(
        bodies.parse_json(f'{{"price": {given}}}'.encode()), Box
    )
