"""Every refusal has a kind, a stable code and a sentence."""

import importlib
import pkgutil
from collections.abc import Iterator

import pytest

import mechanic_core
from mechanic_core import errors
from mechanic_core.errors import Invalid, LostRace, Problem, Refused, Unavailable, Unknown
from mechanic_core.inventory.part import CountBelowReserved, InsufficientStock, Part
from mechanic_core.tickets.ticket import TicketNotFound
from tests.strategies import sample

KINDS = {kind for kind in vars(errors).values() if isinstance(kind, type)} - {Problem, Refused}


def refusals(kind: type[Refused] = Refused) -> Iterator[type[Refused]]:
    """Yield every refusal of the core."""
    for module in pkgutil.walk_packages(mechanic_core.__path__, "mechanic_core."):
        importlib.import_module(module.name)
    for found in kind.__subclasses__():
        if found.__module__.startswith("mechanic_core."):
            yield found
            yield from refusals(found)


REFUSALS = sorted(set(refusals()), key=lambda refusal: refusal.__name__)


def test_the_code_comes_from_the_class_name() -> None:
    """
    The code that clients rely on is the class name in lower case with hyphens.
    """
    assert "ticket-not-found" == TicketNotFound.code
    assert "lost-race" == LostRace.code


def test_codes_are_all_different() -> None:
    """
    No two refusals have the same code.
    """
    assert len(REFUSALS) == len({refusal.code for refusal in REFUSALS})


@pytest.mark.parametrize("refusal", REFUSALS, ids=lambda refusal: refusal.code)
def test_every_refusal_has_a_kind_and_a_title(refusal: type[Refused]) -> None:
    """
    The HTTP layer finds a kind for each, and people a sentence.
    """
    assert set(refusal.__mro__) & KINDS
    assert refusal.title()
    assert "\n" not in refusal.title()


def test_the_default_detail_is_the_title() -> None:
    """
    Without a detail, the refusal uses the first line of its docstring.
    """
    assert "No such service ticket" == TicketNotFound().detail
    assert "gone" == TicketNotFound("gone").detail


def test_facts_are_kept_beside_the_detail() -> None:
    """
    Facts for programs are separate from the sentence.
    """
    part = sample(Part, quantity=5500, reserved=1000)

    refused = InsufficientStock(part)

    assert {"part_id": part.id, "available": 4.5} == refused.facts
    assert 4500 == refused.available
    assert "not enough stock of BRK-PAD-0042: 4.5 available" == refused.detail


def test_the_sentence_names_some_tickets() -> None:
    """
    The sentence names the five oldest tickets that reserve the part, the facts all.
    """
    part = sample(Part, quantity=8000, reserved=8000)

    one, all_of_eight = InsufficientStock(part, [15]), CountBelowReserved(part, range(1, 9))

    assert one.detail.endswith("0 available, the rest is reserved for ticket 15")
    assert all_of_eight.detail.endswith("are reserved for tickets 1, 2, 3, 4, 5 and others")
    assert [*range(1, 9)] == all_of_eight.facts["ticket_ids"]


def test_all_problems_are_reported() -> None:
    """
    An invalid form reports all its problems at once.
    """
    refused = Invalid(Problem("#/name", "is required"), Problem("", "is no number", "page"))

    assert "#/name: is required; page: is no number" == str(refused)


def test_unknown_ids_have_pointers() -> None:
    """
    Each id that does not exist has its pointer.
    """
    assert ["#/add_ids/0", "#/add_ids/2"] == [
        problem.pointer for problem in Unknown("#/add_ids/0", "#/add_ids/2").problems
    ]


def test_a_lost_race_is_reported_as_unavailable() -> None:
    """
    The client is asked to try again instead of hearing of an internal error.
    """
    assert issubclass(LostRace, Unavailable)
