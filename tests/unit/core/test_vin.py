"""VINs: seventeen characters with a check digit."""

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from mechanic_core.errors import RuleBroken
from mechanic_core.rules import first_violation, rules_of
from mechanic_core.texts import clean_vin
from mechanic_core.tickets.forms import TicketDraft
from mechanic_core.vehicles.ports import VehicleFilter
from mechanic_core.vehicles.vehicle import Vehicle, VehicleForm
from mechanic_core.vehicles.vin import (
    ScannedVin,
    Vin,
    VinCheck,
    check_digit,
    require_check_digit,
    vin_check,
)
from mechanic_http.openapi.value_schemas import value_schema
from tests.strategies import sample, values_of

VALID = "1HGCM82633A004352"


@pytest.mark.parametrize(
    ("vin", "expected"),
    [
        (VALID, VinCheck.VALID),
        (VALID.lower(), VinCheck.VALID),
        ("11111111111111111", VinCheck.VALID),
        ("1M8GDM9AXKP042788", VinCheck.VALID),
        ("5YJSA1DG9DFP14705", VinCheck.VALID),
        ("1HGCM82633A004353", VinCheck.INVALID),
        ("1M8GDM9A0KP042788", VinCheck.INVALID),
        ("WVWZZZ1JZ3W386752", VinCheck.NOT_APPLICABLE),
        (None, VinCheck.NOT_APPLICABLE),
    ],
)
def test_the_check_digit_is_verified(vin: str | None, expected: VinCheck) -> None:
    """
    VINs of North America are valid or not; others have no check digit.
    """
    assert expected == vin_check(vin)


@given(values_of(Vin), st.sampled_from("12345"))
def test_the_computed_digit_is_accepted(drawn: str, region: str) -> None:
    """
    The digit computed from the other sixteen characters is valid.
    """
    vin = region + drawn[1:]
    repaired = f"{vin[:8]}{check_digit(vin)}{vin[9:]}"

    assert VinCheck.VALID is vin_check(repaired)


@given(st.integers(0, 16), st.sampled_from("0123456789"))
def test_every_wrong_digit_is_found(place: int, digit: str) -> None:
    """
    One wrong digit always makes the VIN invalid.
    """
    assume(place != 8 and VALID[place].isdigit() and digit != VALID[place])
    assume(place != 0 or digit in "12345")

    assert VinCheck.INVALID is vin_check(VALID[:place] + digit + VALID[place + 1 :])


@pytest.mark.parametrize(
    "vin", ["1HGCM82633A00435", VALID + "0", VALID[:-1] + "O", VALID[:-1] + "i", "II" + VALID]
)
def test_a_malformed_vin_is_refused(vin: str) -> None:
    """
    A VIN has 17 letters and digits, none of them I, O or Q.
    """
    with pytest.raises(RuleBroken):
        VehicleForm(vin=vin)


@pytest.mark.parametrize(
    "scanned",
    [
        VALID,
        VALID.lower(),
        f"I{VALID}",
        f"*i{VALID}*",
        f"* {VALID} *",
        "1HG CM826-33A\u2011004352",
        f"\ufeff{VALID}\u200b\n",
    ],
)
def test_a_vin_is_stored_without_what_scanners_add(scanned: str) -> None:
    """
    Friction, VINs of scanners: blanks, dashes, asterisks and a leading I are dropped.
    """
    assert VALID == VehicleForm(vin=scanned).vin
    assert VALID == sample(TicketDraft, vin=scanned).vin
    assert VALID == VehicleFilter(vin=scanned).vin


@given(
    st.from_regex(value_schema(ScannedVin, lambda _: {}, request=True)["pattern"], fullmatch=True)
)
def test_what_is_scanned_becomes_a_vin(scanned: str) -> None:
    """
    Whatever spelling the documentation allows is a VIN in upper case, and normalizing ends there.
    """
    vin = clean_vin(scanned)

    assert None is first_violation(rules_of(Vin), vin)
    assert (vin, vin) == (vin.upper(), clean_vin(vin))


def test_a_vehicle_shows_the_result_of_its_check_digit() -> None:
    """
    The record publishes the result.
    """
    assert VinCheck.VALID is sample(Vehicle, vin=VALID).vin_check


@pytest.mark.parametrize(("vin", "strict"), [("1" * 16 + "2", False), (VALID, True), (None, True)])
def test_only_strict_mode_refuses_a_wrong_check_digit(vin: str | None, strict: bool) -> None:  # noqa: FBT001 - a column of the table
    """
    Without strict mode any VIN is accepted.
    """
    require_check_digit(vin, strict=strict)


def test_the_refusal_names_the_right_check_digit() -> None:
    """
    The refusal names the expected digit.
    """
    with pytest.raises(RuleBroken, match="has an invalid check digit: expected 3"):
        require_check_digit("1HGCM82643A004352", strict=True)
