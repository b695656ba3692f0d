"""A mechanic who is assigned to a ticket."""

from collections.abc import Collection, Iterable
from typing import Annotated, ClassVar, Self

from attrs import field, frozen

from mechanic_core.errors import Conflict, Problem, RuleBroken
from mechanic_core.mechanics.mechanic import Mechanic, MechanicId, MechanicName
from mechanic_core.rules import Example, Unpublished, stored


class MechanicHasLabor(Conflict):
    """A mechanic with labour on the ticket cannot be taken off it."""

    fact_types: ClassVar = {"mechanic_ids": Annotated[tuple[MechanicId, ...], Example((3,))]}


@frozen(kw_only=True, field_transformer=stored)
class AssignedMechanic:
    """A mechanic who is assigned to a ticket; not *active* after leaving the shop."""

    id: MechanicId
    name: MechanicName
    active: Annotated[bool, Unpublished()] = field(default=True, eq=False)

    @classmethod
    def of(cls, mechanic: Mechanic) -> Self:
        """Return *mechanic* as assigned."""
        return cls(id=mechanic.id, name=mechanic.name, active=mechanic.active)


def edited(
    present: Iterable[AssignedMechanic], add: Iterable[AssignedMechanic], remove: Collection[int]
) -> tuple[AssignedMechanic, ...]:
    """Return the *present* mechanics with some added and some removed, by id."""
    by_id = {one.id: one for one in present if one.id not in remove}
    by_id |= {one.id: one for one in add if one.id not in by_id}
    return tuple(by_id[key] for key in sorted(by_id))


def require_assigned(
    present: Iterable[AssignedMechanic], mechanic_id: int | None, before: int | None
) -> None:
    """Raise `RuleBroken` unless a line's mechanic is none, active and *present*, or as *before*."""
    active = {one.id for one in present if one.active}
    if mechanic_id not in {None, before, *active}:
        raise RuleBroken(
            Problem("#/mechanic_id", "must be an active mechanic who is assigned to the ticket")
        )
