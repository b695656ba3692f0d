"""Every use case has the policy of the contract."""

import inspect
from collections.abc import Callable
from typing import Any, get_origin, get_type_hints

import attrs
import pytest

from mechanic_adapters.memory import MemoryStore
from mechanic_core.access import (
    ANONYMOUS,
    ANY_LOGIN,
    CUSTOMERS_ONLY,
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
)
from mechanic_core.accounts.links import LinkToken
from mechanic_core.errors import Refused
from mechanic_core.rules import union_members
from mechanic_core.shop import Shop
from mechanic_core.values import Email
from tests.shops import ManualClock, shop_on
from tests.strategies import example_of, sample

CONTRACT = {
    PUBLIC: """
        request_password_reset read_password_reset reset_password log_in_customer log_in_staff refresh_tokens register_customer list_mechanics
        read_mechanic read_leaderboard list_parts read_part read_profile read_approval answer_by_link
    """,
    ANY_LOGIN: """
        log_out read_me change_password add_vehicle list_vehicles open_ticket list_my_tickets
        list_recommendations
    """,
    CUSTOMERS_ONLY: "list_my_invoices",
    OWNER_OR_STAFF: """
        read_customer change_customer read_vehicle list_odometer change_vehicle list_vehicle_tickets
        read_ticket read_transitions list_history read_price list_estimates read_estimate
        print_estimate
        decide_on_estimate list_decisions read_authorization read_recommendation
        read_invoice print_invoice list_credit_notes read_credit_note list_ticket_payments read_payment
        read_statement
    """,
    OWNER_OR_MANAGER: "erase_customer export_customer",
    SELF_OR_MANAGER: "change_mechanic list_worked",
    STAFF_ONLY: """
        issue_customer_reset
        list_customers find_customer add_customer list_tickets change_ticket assign_mechanics assign_mechanic move_ticket
        add_part_line change_part_line remove_part_line add_labor_line change_labor_line
        remove_labor_line add_part change_part archive_part restore_part move_stock list_movements
        price_lines add_job change_job remove_job add_charge change_charge remove_charge
        replace_discounts make_estimate set_spending_limit issue_approval_link
        dismiss_recommendation issue_invoice list_invoices take_payment
    """,
    MANAGERS_ONLY: """
        issue_staff_reset set_staff_password merge_customers deliver_mails
        remove_vehicle hire_mechanic let_mechanic_go remove_ticket check_stock
        read_events read_event_subjects change_profile list_profile_history
        credit_invoice refund_payment list_payments read_receivables
    """,
}
"""The contract's columns of who may, by what they may."""

NAMES = [field.name for field in attrs.fields(Shop) if field.name not in Shop.__annotations__]
ACTORS = [ANONYMOUS, *(Actor(role, 7) for role in Role)]
GIVEN: dict[str, dict[str, object]] = {
    "CreditNoteForm": {"all_": True},
    "DiscountsForm": {"items": ()},
    "MechanicEdit": {"add_ids": (1,)},
}


def policy_of(name: str) -> Policy:
    """Return the policy that the use case declares."""
    policy: Policy = getattr(attrs.fields_dict(Shop)[name].type, "policy", Policy())
    return policy


def arguments(use_case: Any) -> dict[str, Any]:
    """Return a valid value for each required argument of a use case."""
    hints = get_type_hints(type(use_case).__call__, include_extras=True)
    asked = inspect.signature(use_case).parameters.values()
    return {
        one.name: _something(hints[one.name])
        for one in asked
        if one.name != "actor" and one.default is one.empty
    }


def _something(hint: Any) -> object:
    if attrs.has(hint):
        return sample(hint, **GIVEN.get(hint.__name__, {}))
    if get_origin(hint) is Callable:
        return lambda form: form
    if hint in (LinkToken, Email):
        return example_of(hint)
    return None if union_members(hint)[1] else 1


@pytest.mark.parametrize("name", NAMES)
def test_the_policy_is_that_of_the_contract(name: str) -> None:
    """
    Each use case declares the policy that the contract names.
    """
    (promised,) = [policy for policy, names in CONTRACT.items() if name in names.split()]

    assert promised == policy_of(name)


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("actor", ACTORS, ids=lambda actor: str(actor.role))
def test_access_is_checked_first(name: str, actor: Actor) -> None:
    """
    Anonymous callers and wrong roles are refused before anything else is checked.
    """
    use_case = getattr(shop_on(MemoryStore(), ManualClock()), name)
    policy = policy_of(name)

    refusal: type[Refused] | None = None
    try:
        use_case(actor, **arguments(use_case))
    except Refused as refused:
        refusal = type(refused)

    if policy.anyone or actor.role in policy.roles:
        assert refusal not in (LoginNeeded, RoleForbids)
    elif actor.role in policy.owners:
        assert LoginNeeded is not refusal
    else:
        assert (LoginNeeded if actor.role is None else RoleForbids) is refusal


@pytest.mark.parametrize("name", NAMES)
def test_every_use_case_lists_its_refusals(name: str) -> None:
    """
    Each use case has a summary line and its refusals, for the documentation.
    """
    use_case: Any = attrs.fields_dict(Shop)[name].type

    assert all(issubclass(refusal, Refused) for refusal in use_case.refuses)
    assert inspect.getdoc(use_case)
    assert inspect.getdoc(use_case.__call__)
