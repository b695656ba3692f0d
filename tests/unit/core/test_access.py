"""Policies refuse everything that they do not allow."""

import pytest

from mechanic_core.access import (
    ANONYMOUS,
    ANY_LOGIN,
    MANAGERS_ONLY,
    OWNER_OR_MANAGER,
    OWNER_OR_STAFF,
    PUBLIC,
    SELF_OR_MANAGER,
    STAFF_ONLY,
    Actor,
    LoginNeeded,
    Policy,
    Role,
    RoleForbids,
    SessionId,
)
from mechanic_core.customers.customer import CustomerNotFound
from mechanic_core.errors import Refused

ADA = Actor(Role.CUSTOMER, 7)
BOB = Actor(Role.MECHANIC, 7)
EVE = Actor(Role.MANAGER, 7)
WHO = {"stranger": ANONYMOUS, "customer": ADA, "mechanic": BOB, "manager": EVE}

ADMITTED = {
    "nobody": (Policy(), ""),
    "public": (PUBLIC, "stranger customer mechanic manager"),
    "any login": (ANY_LOGIN, "customer mechanic manager"),
    "staff": (STAFF_ONLY, "mechanic manager"),
    "managers": (MANAGERS_ONLY, "manager"),
    "owner or staff": (OWNER_OR_STAFF, "customer mechanic manager"),
    "owner or manager": (OWNER_OR_MANAGER, "customer manager"),
    "own or manager": (SELF_OR_MANAGER, "mechanic manager"),
}
"""Who may at all; the owners among them only where the thing is theirs."""

OTHERS = {
    "nobody": "",
    "public": "stranger customer mechanic manager",
    "any login": "customer mechanic manager",
    "staff": "mechanic manager",
    "managers": "manager",
    "owner or staff": "mechanic manager",
    "owner or manager": "manager",
    "own or manager": "manager",
}
"""Who may where the thing is somebody else's."""


@pytest.mark.parametrize("name", ADMITTED)
@pytest.mark.parametrize("who", WHO)
def test_a_policy_admits_only_its_roles(name: str, who: str) -> None:
    """
    Anonymous callers must log in, wrong roles are refused, and an empty policy admits nobody.
    """
    policy, admitted = ADMITTED[name]

    answer: type[Refused] | None = None
    try:
        policy.admit(WHO[who])
    except Refused as refused:
        answer = type(refused)

    refusal = LoginNeeded if who == "stranger" else RoleForbids
    assert (None if who in admitted.split() else refusal) is answer


@pytest.mark.parametrize("name", OTHERS)
@pytest.mark.parametrize("who", WHO)
def test_a_policy_allows_owners_their_own_records(name: str, who: str) -> None:
    """
    Owners may do to their own records what only the roles may do to those of others.
    """
    policy, admitted = ADMITTED[name]

    assert (who in OTHERS[name].split()) == policy.allows(WHO[who], 8)
    assert (who in admitted.split()) == policy.allows(WHO[who], 7)


def test_a_record_of_somebody_else_looks_missing() -> None:
    """
    A record of somebody else looks as if it did not exist.
    """
    with pytest.raises(CustomerNotFound):
        OWNER_OR_STAFF.require_access(ADA, 8, CustomerNotFound())

    OWNER_OR_STAFF.require_access(ADA, 7, CustomerNotFound())
    OWNER_OR_STAFF.require_access(BOB, 8, CustomerNotFound())


def test_nobody_owns_a_record_without_an_owner() -> None:
    """
    The id 0 of an anonymous caller gives no access.
    """
    assert not OWNER_OR_STAFF.allows(ANONYMOUS, 0)
    assert not OWNER_OR_STAFF.allows(ADA, None)


def test_ids_of_customers_and_staff_are_separate() -> None:
    """
    A mechanic with the same id as a customer does not own the customer's records, nor the reverse.
    """
    assert not OWNER_OR_MANAGER.allows(BOB, 7)
    assert not SELF_OR_MANAGER.allows(ADA, 7)


@pytest.mark.parametrize(
    ("actor", "staff", "manager", "customer"),
    [
        (ANONYMOUS, False, False, False),
        (ADA, False, False, True),
        (BOB, True, False, False),
        (EVE, True, True, False),
    ],
)
def test_an_actor_knows_its_role(
    actor: Actor,
    staff: bool,  # noqa: FBT001 - a column of the table
    manager: bool,  # noqa: FBT001 - as above
    customer: bool,  # noqa: FBT001 - as above
) -> None:
    """
    A manager is staff too; an anonymous caller has no role.
    """
    assert (staff, manager, customer) == (actor.is_staff, actor.is_manager, actor.is_customer)


def test_the_session_does_not_count_in_comparisons() -> None:
    """
    Two logins of one person are equal actors.
    """
    assert ADA == Actor(Role.CUSTOMER, 7, SessionId("other"))
