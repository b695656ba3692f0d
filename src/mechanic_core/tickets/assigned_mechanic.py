"""A mechanic who is assigned to a ticket."""

from typing import Annotated, ClassVar, Self

from attrs import field, frozen

from mechanic_core.errors import Conflict
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
