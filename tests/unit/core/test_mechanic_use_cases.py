"""Hire, list, change and dismiss mechanics, and read the leaderboard."""

from datetime import date
from typing import Any

import pytest
from attrs import evolve

from mechanic_core.access import ANONYMOUS, Actor, Role, RoleForbids
from mechanic_core.accounts.account import Credentials, WrongCredentials
from mechanic_core.customers.customer import EmailTaken
from mechanic_core.mechanics.mechanic import (
    Hiring,
    LastManager,
    Mechanic,
    MechanicChanged,
    MechanicForm,
    MechanicId,
    MechanicNotFound,
    PublicMechanic,
    StaffMechanic,
)
from mechanic_core.money import Money
from mechanic_core.profile.calendar import ALL_TIME, Period
from mechanic_core.tickets.workflow import Status
from tests.shops import CUSTOMER, MANAGER, MECHANIC
from tests.strategies import sample
from tests.unit.core.conftest import ALL, Premises

EVE, BOB = MechanicId(1), MechanicId(2)
DAY = date(2026, 3, 2)


def hire(premises: Premises, name: str, **given: object) -> Mechanic:
    """Return a new mechanic."""
    email = f"{name.lower()}@shop.example"
    return premises.shop.hire_mechanic(MANAGER, sample(Hiring, name=name, email=email, **given))


def test_a_new_mechanic_can_log_in(premises: Premises) -> None:
    """
    A new mechanic can log in as staff only.
    """
    dan = hire(premises, "Dan", salary=5_000_000)
    credentials = Credentials(email="DAN@shop.example", password="correct horse battery")

    assert (3, Role.MECHANIC, True, 5_000_000) == (dan.id, dan.role, dan.active, dan.salary)
    assert premises.shop.log_in_staff(ANONYMOUS, credentials).token
    with pytest.raises(WrongCredentials):
        premises.shop.log_in_customer(ANONYMOUS, credentials)


def test_staff_addresses_are_unique(premises: Premises) -> None:
    """
    Two staff members never share an address; a customer may have the same.
    """
    with pytest.raises(EmailTaken):
        hire(premises, "Bob")

    assert hire(premises, "Ada", specialty="brakes").id


@pytest.mark.parametrize(
    ("actor", "view", "ids"),
    [
        (ANONYMOUS, PublicMechanic, [1, 2]),
        (CUSTOMER, PublicMechanic, [1, 2]),
        (MECHANIC, StaffMechanic, [1, 2, 3]),
        (MANAGER, Mechanic, [1, 2, 3]),
    ],
    ids=lambda value: getattr(value, "role", None) and str(value.role),
)
def test_each_role_sees_its_view(
    premises: Premises, actor: Actor, view: type[PublicMechanic], ids: list[int]
) -> None:
    """
    Inactive mechanics are visible to staff only, and each role sees its fields only.
    """
    gone = hire(premises, "Dan").id
    premises.shop.let_mechanic_go(MANAGER, gone)

    found = premises.shop.list_mechanics(actor, ALL).items

    assert ids == [one.id for one in found]
    assert {view} == {type(one) for one in found}
    assert view is type(premises.shop.read_mechanic(actor, BOB))
    if gone not in ids:
        with pytest.raises(MechanicNotFound):
            premises.shop.read_mechanic(actor, gone)


def test_a_manager_changes_everything(premises: Premises) -> None:
    """
    Managers may change role, salary and address.
    """
    after = premises.shop.change_mechanic(
        MANAGER, BOB, lambda form: evolve(form, salary=Money(1), role=Role.MANAGER), expected=1
    )

    assert isinstance(after, Mechanic)
    assert (1, Role.MANAGER, 2) == (after.salary, after.role, after.version)


def test_a_mechanic_changes_their_own_name_phone_and_specialty(premises: Premises) -> None:
    """
    Other fields keep their values when left out: mechanics cannot see their salary.
    """
    premises.shop.change_mechanic(MANAGER, BOB, lambda form: evolve(form, salary=Money(7)))
    form = MechanicForm(name="Rob", phone="555", specialty="oil")

    after = premises.shop.change_mechanic(MECHANIC, BOB, lambda _: form)

    assert isinstance(after, StaffMechanic)
    assert ("Rob", "555", "oil") == (after.name, after.phone, after.specialty)
    kept = premises.shop.read_mechanic(MANAGER, BOB)
    assert isinstance(kept, Mechanic)
    assert 7 == kept.salary


@pytest.mark.parametrize(
    "wish",
    [{"salary": Money(8)}, {"role": Role.MANAGER}, {"active": False}, {"email": "r@shop.example"}],
)
def test_a_mechanic_changes_nothing_else(premises: Premises, wish: dict[str, Any]) -> None:
    """
    Mechanics cannot raise their own salary or role.
    """
    with pytest.raises(RoleForbids):
        premises.shop.change_mechanic(MECHANIC, BOB, lambda form: evolve(form, **wish))
    with pytest.raises(RoleForbids):
        premises.shop.change_mechanic(MECHANIC, EVE, lambda form: form)


@pytest.mark.parametrize("guess", [Money(6), Money(7), Money(8)])
def test_a_mechanic_does_not_learn_their_salary_by_guessing(
    premises: Premises, guess: Money
) -> None:
    """
    A change that names a salary is refused whatever its value; one without it is made.
    """
    premises.shop.change_mechanic(MANAGER, BOB, lambda form: evolve(form, salary=Money(7)))

    with pytest.raises(RoleForbids):
        premises.shop.change_mechanic(MECHANIC, BOB, lambda form: evolve(form, salary=guess))
    with pytest.raises(RoleForbids):
        premises.shop.change_mechanic(
            MECHANIC, BOB, lambda _: MechanicForm(name="Bob", salary=guess)
        )
    premises.shop.change_mechanic(MECHANIC, BOB, lambda form: evolve(form, name=f"{form.salary}"))
    kept = premises.shop.read_mechanic(MANAGER, BOB)

    assert "None" == kept.name
    assert isinstance(kept, Mechanic)
    assert 7 == kept.salary


def test_a_dismissed_mechanic_is_logged_out(premises: Premises) -> None:
    """
    Logins are refused and sessions revoked, the record stays; a second dismissal changes nothing.
    """
    credentials = Credentials(email="bob@shop.example", password="correct horse battery")
    premises.shop.log_in_staff(ANONYMOUS, credentials)

    premises.shop.let_mechanic_go(MANAGER, BOB)
    premises.shop.let_mechanic_go(MANAGER, BOB)

    with pytest.raises(WrongCredentials):
        premises.shop.log_in_staff(ANONYMOUS, credentials)
    with premises.store.read_only() as work:
        assert 1 == len(work.revocations.revoked_after(0).ids)
    kept = premises.shop.read_mechanic(MANAGER, BOB)
    assert isinstance(kept, Mechanic)
    assert (False, 2) == (kept.active, kept.version)


def test_a_stale_change_is_refused(premises: Premises) -> None:
    """
    With an old version, a mechanic can be neither changed nor dismissed.
    """
    with pytest.raises(MechanicChanged):
        premises.shop.change_mechanic(MANAGER, BOB, lambda form: form, expected=9)
    with pytest.raises(MechanicChanged):
        premises.shop.let_mechanic_go(MANAGER, BOB, expected=9)


def test_the_last_manager_stays(premises: Premises) -> None:
    """
    The last active manager can be neither dismissed nor demoted.
    """
    for way in (
        lambda: premises.shop.let_mechanic_go(MANAGER, EVE),
        lambda: premises.shop.change_mechanic(
            MANAGER, EVE, lambda form: evolve(form, role=Role.MECHANIC)
        ),
        lambda: premises.shop.change_mechanic(
            MANAGER, EVE, lambda form: evolve(form, active=False)
        ),
    ):
        with pytest.raises(LastManager):
            way()

    hire(premises, "Dan", role=Role.MANAGER)
    premises.shop.let_mechanic_go(MANAGER, EVE)


def standings(premises: Premises, period: Period = ALL_TIME, limit: int = 100) -> list[object]:
    """Return the leaderboard as tuples."""
    board = premises.shop.read_leaderboard(ANONYMOUS, limit, period)
    return [(one.rank, one.name, one.tickets) for one in board.items]


def test_equal_counts_share_a_rank(premises: Premises) -> None:
    """
    Ties are ordered by name, then id, and the next rank counts those before it.
    """
    abe = hire(premises, "Abe").id
    premises.open(mechanic_ids=(2, abe))
    premises.open(mechanic_ids=())

    assert [(1, "Abe", 1), (1, "Bob", 1), (3, "Eve", 0)] == standings(premises)
    assert [(1, "Abe", 1)] == standings(premises, limit=1)


def test_the_leaderboard_follows_the_tickets(premises: Premises) -> None:
    """
    Assigning, removing, completing, reopening and cancelling change the counts.
    """
    ticket = premises.open(service_date=DAY)
    counts = [standings(premises)[0]]
    premises.edit(ticket, add=(1,), leave=(2,))
    counts.append(standings(premises)[0])
    premises.go(ticket, Status.IN_PROGRESS, Status.COMPLETED, Status.IN_PROGRESS)
    counts.append(standings(premises)[0])
    premises.go(ticket, Status.CANCELLED)
    counts.append(standings(premises)[0])

    assert [(1, "Bob", 1), (1, "Eve", 1), (1, "Eve", 1), (1, "Bob", 0)] == counts


def test_the_leaderboard_counts_by_service_date(premises: Premises) -> None:
    """
    Both ends of the period are included, whatever the date of creation.
    """
    premises.open(service_date=DAY)

    assert (1, "Bob", 1) == standings(premises, Period(since=DAY, until=DAY))[0]
    assert (1, "Bob", 0) == standings(premises, Period(since=date(2026, 3, 3)))[0]


def test_the_counted_tickets_can_be_listed(premises: Premises) -> None:
    """
    The mechanic and managers may list the tickets behind a count.
    """
    counted = premises.open(service_date=DAY)
    premises.go(premises.open(service_date=DAY), Status.CANCELLED)
    premises.open(service_date=date(2020, 1, 1))
    worked = premises.shop.list_worked

    for actor in (MECHANIC, MANAGER):
        found = worked(actor, BOB, Period(since=DAY), ALL)
        assert [counted.id] == [ticket.id for ticket in found.items]
    with pytest.raises(RoleForbids):
        worked(MECHANIC, EVE, ALL_TIME, ALL)
    with pytest.raises(MechanicNotFound):
        worked(MANAGER, MechanicId(99), ALL_TIME, ALL)
