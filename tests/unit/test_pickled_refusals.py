"""Refusals survive pickle, so that an embedding program may use worker processes."""

import copy
import importlib
import multiprocessing
import pickle
import pkgutil
from collections.abc import Iterator, Mapping
from concurrent.futures import ProcessPoolExecutor
from decimal import Decimal
from functools import partial
from typing import Any, Final

import pytest

import mechanic_adapters
import mechanic_core
import mechanic_http
import mechanic_shop
from mechanic_core.errors import Invalid, Problem, Refused
from mechanic_core.inventory.part import Kind, Part
from mechanic_core.money import Quantity
from mechanic_core.tickets.lines.line import LineId
from mechanic_core.tickets.lines.part_line import PartLine
from mechanic_core.tickets.ticket import Ticket
from mechanic_core.tickets.workflow import Status
from tests.strategies import NOON, sample

PACKAGES: Final = (mechanic_adapters, mechanic_core, mechanic_http, mechanic_shop)
PROGRAMS: Final = ("mechanic_shop.__main__", "mechanic_shop.wsgi")
"""Modules that run the shop when they are imported."""


def refusals(kind: type[Refused] = Refused) -> Iterator[type[Refused]]:
    """Yield every refusal of the shop, the kinds included."""
    yield kind
    for found in kind.__subclasses__():
        yield from refusals(found)


def import_all() -> None:
    """Import every module that may declare a refusal."""
    for package in PACKAGES:
        for module in pkgutil.walk_packages(package.__path__, f"{package.__name__}."):
            if module.name not in PROGRAMS and ".migrations." not in module.name:
                importlib.import_module(module.name)


import_all()
REFUSALS: Final = sorted(
    {one for one in refusals() if one.__module__.startswith("mechanic_")},
    key=lambda one: one.__qualname__,
)
PROBLEMS: Final = (Problem("#/name", "is required"), Problem("", "is no number", "page"))
"""What a form and a query have got wrong."""


def instance(cls: type[Refused]) -> Refused:
    """Return a refusal of *cls* with facts or problems, whatever its own constructor takes."""
    made = cls.__new__(cls)
    if isinstance(made, Invalid):
        Invalid.__init__(made, *PROBLEMS)
    else:
        Refused.__init__(made, "it is not possible", available=Decimal("4.5"), tickets=(15, 16))
    return made


def observed(refusal: Refused) -> Mapping[str, Any]:
    """Return all that a program can read from *refusal*."""
    return {
        "type": type(refusal),
        "code": refusal.code,
        "message": str(refusal),
        "arguments": refusal.args,
        **vars(refusal),
    }


@pytest.mark.parametrize("protocol", range(pickle.HIGHEST_PROTOCOL + 1))
@pytest.mark.parametrize("cls", REFUSALS, ids=lambda cls: cls.__name__)
def test_a_refusal_survives_pickle(cls: type[Refused], protocol: int) -> None:
    """
    The type, the message, the facts and the problems are the same after pickling.
    """
    refusal = instance(cls)

    assert observed(refusal) == observed(pickle.loads(pickle.dumps(refusal, protocol)))  # noqa: S301 - our own
    assert observed(refusal) == observed(copy.copy(refusal))


def test_refusals_of_a_worker_process_arrive() -> None:
    """
    A process pool raises the refusals of its worker, and goes on working.
    """
    part = sample(Part, quantity=5500, reserved=1000)
    ticket = sample(Ticket, status=Status.COMPLETED)
    calls = (
        partial(part.move, Kind.RESERVE, Quantity(4501)),
        partial(ticket.transition_to, Status.OPEN, NOON),
        partial(ticket.mark_removed, NOON, started=True),
        partial(ticket.line, PartLine, LineId(1)),
    )
    with ProcessPoolExecutor(1, multiprocessing.get_context("spawn")) as pool:
        for call in calls:
            with pytest.raises(Refused) as here:
                call()
            with pytest.raises(Refused) as there:
                pool.submit(call).result()

            assert observed(here.value) == observed(there.value)
        assert part == pool.submit(part.move, Kind.RECEIVE, Quantity(0)).result()
