"""Customer, mechanic and vehicle records: their verbs and views."""

from datetime import timedelta

import pytest
from attrs import evolve
from hypothesis import given

from mechanic_core.access import ANONYMOUS, Actor, Role, SessionId
from mechanic_core.accounts.account import Account, RefreshToken, digest_of
from mechanic_core.customers.customer import (
    Customer,
    CustomerChanged,
    CustomerForm,
    CustomerId,
)
from mechanic_core.errors import RuleBroken
from mechanic_core.mechanics.mechanic import (
    Mechanic,
    MechanicChanged,
    MechanicForm,
    PublicMechanic,
    StaffMechanic,
)
from mechanic_core.texts import fold_case
from mechanic_core.values import Email
from mechanic_core.vehicles.vehicle import Vehicle, VehicleChanged, VehicleForm
from tests.strategies import FEWER, NOON, records, sample, values_of

LATER = NOON + timedelta(hours=1)
CUSTOMERS = records(Customer).filter(lambda customer: customer.email is not None)


@FEWER
@given(CUSTOMERS, records(CustomerForm), values_of(Email))
def test_a_customer_takes_the_values_of_the_form(
    customer: Customer, drawn: CustomerForm, email: str
) -> None:
    """
    The form of the changed customer is the same form; id and version stay.
    """
    form = evolve(drawn, email=email)

    after = customer.with_form(form, LATER)

    assert form == after.form
    assert (customer.id, customer.version) == (after.id, after.version)
    assert (customer.updated_at if form == customer.form else LATER) == after.updated_at


@FEWER
@given(CUSTOMERS)
def test_an_unchanged_form_returns_the_same_customer(customer: Customer) -> None:
    """
    The timestamp stays when nothing changes.
    """
    assert customer is customer.with_form(customer.form, LATER)


@FEWER
@given(records(Customer))
def test_an_erased_customer_has_no_personal_data(customer: Customer) -> None:
    """
    Name, address and numbers are removed; the id stays.
    """
    left = customer.erase(LATER)

    assert CustomerForm(name="Erased customer") == left.form
    assert (customer.id, LATER, False) == (left.id, left.erased_at, left.has_login)


@pytest.mark.parametrize(
    ("has_login", "form", "pointer"),
    [
        (True, CustomerForm(name="Ada", phone="555-0100"), "#/email"),
        (False, CustomerForm(name="Ada", address="12 Mill Lane"), "#/phone"),
    ],
)
def test_a_customer_can_be_reached(
    has_login: bool,  # noqa: FBT001 - a table's column
    form: CustomerForm,
    pointer: str,
) -> None:
    """
    M2: a customer with a login keeps an e-mail address, another one that or a phone number.
    """
    customer = sample(Customer, email="ada@example.com", has_login=has_login)

    with pytest.raises(RuleBroken) as refused:
        customer.with_form(form, LATER)

    assert [pointer] == [problem.pointer for problem in refused.value.problems]


@FEWER
@given(records(Vehicle), records(VehicleForm))
def test_a_vehicle_takes_the_values_of_the_form(vehicle: Vehicle, form: VehicleForm) -> None:
    """
    The form of the changed vehicle is the same form, for the new owner; nobody insists any more.
    """
    after = vehicle.with_form(form, CustomerId(9), LATER)

    expected = evolve(form, customer_id=9, vin_confirmed=False, odometer_correction=False)
    assert expected == after.form
    assert (vehicle.id, vehicle.version) == (after.id, after.version)


@FEWER
@given(records(Mechanic), records(MechanicForm))
def test_a_mechanic_takes_the_values_of_the_form(mechanic: Mechanic, form: MechanicForm) -> None:
    """
    A missing role means mechanic; a missing address or active flag keeps the present one.
    """
    after = mechanic.with_form(form, LATER)

    expected = evolve(
        form,
        email=form.email or mechanic.email,
        role=form.role or Role.MECHANIC,
        active=mechanic.active if form.active is None else form.active,
    )
    assert expected == after.form
    assert (after.active and after.role is Role.MANAGER) == after.is_active_manager


def test_each_role_sees_its_view_of_a_mechanic() -> None:
    """
    Only managers see the salary, only staff see contact data.
    """
    bob = sample(Mechanic, salary=100, phone="555", specialty="brakes", version=4)

    staff = StaffMechanic(
        id=bob.id, name=bob.name, specialty="brakes", email=bob.email, phone="555", version=4
    )
    public = PublicMechanic(id=bob.id, name=bob.name, specialty="brakes", version=4)
    assert bob == bob.view_for(Actor(Role.MANAGER, 1))
    assert staff == bob.view_for(Actor(Role.MECHANIC, bob.id))
    assert public == bob.view_for(Actor(Role.CUSTOMER, bob.id))
    assert public == bob.view_for(ANONYMOUS)


@pytest.mark.parametrize(
    ("record", "refusal"),
    [
        (sample(Customer, version=3), CustomerChanged),
        (sample(Vehicle, version=3), VehicleChanged),
        (sample(Mechanic, version=3), MechanicChanged),
    ],
    ids=lambda value: getattr(value, "__name__", ""),
)
def test_a_stale_record_is_refused(
    record: Customer | Vehicle | Mechanic, refusal: type[Exception]
) -> None:
    """
    A change needs the present version, if it gives one.
    """
    record.require_version(3)
    record.require_version(None)
    with pytest.raises(refusal):
        record.require_version(4)


def test_only_the_digest_of_a_refresh_token_is_stored() -> None:
    """
    The stored digest cannot be used as a token.
    """
    kept = RefreshToken.of("secret", SessionId("s"), NOON, timedelta(days=1))

    assert digest_of("secret") == kept.digest
    assert NOON + timedelta(days=1) == kept.expires_at
    assert LATER == kept.mark_used(LATER).used_at
    assert "secret" not in repr(kept)


def test_hashes_are_not_shown() -> None:
    """
    The `repr` of an account does not show the password hash.
    """
    account = sample(Account, password_hash="plain:secret")
    token = sample(RefreshToken, digest="0123abcd")

    assert "secret" not in repr(account)
    assert "0123abcd" not in repr(token)


def test_texts_are_compared_without_regard_to_case() -> None:
    """
    Case folding does more than lower case.
    """
    assert fold_case("STRASSE") == fold_case("straße")
