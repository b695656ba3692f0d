"""What no policy allows is refused."""

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
def test_a_policy_admits_only_whom_it_names(name: str, who: str) -> None:
    """
    Strangers are asked to log in, wrong roles are refused, and an empty policy admits nobody.
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
def test_a_policy_covers_what_is_ones_own(name: str, who: str) -> None:
    """
    Owners may do to their own what only the roles may do to others'.
    """
    policy, admitted = ADMITTED[name]

    assert (who in OTHERS[name].split()) == policy.allows(WHO[who], 8)
    assert (who in admitted.split()) == policy.allows(WHO[who], 7)


def test_what_is_not_yours_is_not_there() -> None:
    """
    A stranger's record looks as if it did not exist.
    """
    with pytest.raises(CustomerNotFound):
        OWNER_OR_STAFF.require_access(ADA, 8, CustomerNotFound())

    OWNER_OR_STAFF.require_access(ADA, 7, CustomerNotFound())
    OWNER_OR_STAFF.require_access(BOB, 8, CustomerNotFound())


def test_nobody_owns_what_has_no_owner() -> None:
    """
    A stranger's id of nought opens nothing.
    """
    assert not OWNER_OR_STAFF.allows(ANONYMOUS, 0)
    assert not OWNER_OR_STAFF.allows(ADA, None)


def test_ids_of_customers_and_staff_are_counted_apart() -> None:
    """
    A mechanic with a customer's id does not own the customer's things, nor the other way.
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
    A manager is staff too; a stranger is nothing.
    """
    assert (staff, manager, customer) == (actor.is_staff, actor.is_manager, actor.is_customer)


def test_the_session_does_not_change_who_it_is() -> None:
    """
    Two logins of one person are the same person.
    """
    assert ADA == Actor(Role.CUSTOMER, 7, SessionId("other"))
