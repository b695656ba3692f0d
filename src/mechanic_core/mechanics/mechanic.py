"""A mechanic, and how much of one each role may see."""

from typing import Annotated, NewType, Self

from attrs import evolve, field, frozen

from mechanic_core.access import Actor, Role
from mechanic_core.accounts.password import Password, masked
from mechanic_core.errors import Conflict, NotFound, Stale
from mechanic_core.money import Price
from mechanic_core.rules import NOT_BLANK, PRINTABLE, Example, Length, OneOf, checked
from mechanic_core.values import Email, Name, Phone, Version

MechanicId = NewType("MechanicId", Annotated[int, Example(3)])

MechanicName = Annotated[Name, Example("Luis Romero")]
WorkEmail = Annotated[Email, Example("luis@example.com")]
WorkPhone = Annotated[Phone, Example("+1-555-0142")]
Salary = Annotated[Price, Example(61500)]
Specialty = Annotated[str, Length(1, 100), NOT_BLANK, PRINTABLE, Example("brakes")]

StaffRole = Annotated[Role, OneOf((Role.MECHANIC, Role.MANAGER))]
"""Customers do not work here."""


class MechanicNotFound(NotFound):
    """No such mechanic."""


class MechanicChanged(Stale):
    """The mechanic has changed since you read it."""


class LastManager(Conflict):
    """The shop would be left without an active manager."""


@frozen(kw_only=True, field_transformer=checked)
class MechanicForm:
    """What is written down about a mechanic. *salary* is a year's.

    A missing *role* means mechanic; a missing *email* or *active* leaves that as it is.
    """

    name: MechanicName
    email: WorkEmail | None = None
    phone: WorkPhone | None = None
    salary: Salary | None = None
    specialty: Specialty | None = None
    role: Annotated[StaffRole | None, Example(Role.MECHANIC)] = None
    active: Annotated[bool | None, Example(True)] = None


@frozen(kw_only=True, field_transformer=checked)
class Hiring(MechanicForm):
    """What is written down on the first day: the form, with an e-mail, and a password."""

    email: WorkEmail
    password: Password = field(repr=masked)


@frozen(kw_only=True, field_transformer=checked)
class PublicMechanic:
    """What anybody may know of a mechanic."""

    id: MechanicId
    name: MechanicName
    specialty: Specialty | None = None
    version: Version = 1


@frozen(kw_only=True, field_transformer=checked)
class StaffMechanic(PublicMechanic):
    """What colleagues may know of a mechanic."""

    email: WorkEmail
    phone: WorkPhone | None = None


@frozen(kw_only=True, field_transformer=checked)
class Mechanic(StaffMechanic):
    """Somebody who works here, as managers see them. *salary* is a year's."""

    salary: Salary | None = None
    role: Annotated[Role, Example(Role.MECHANIC)] = Role.MECHANIC
    active: Annotated[bool, Example(True)] = True

    def require_version(self, expected: int | None) -> None:
        """Refuse with `MechanicChanged` when *expected* is another version."""
        if expected not in (None, self.version):
            raise MechanicChanged

    @property
    def form(self) -> MechanicForm:
        """What is written down, to be changed."""
        return MechanicForm(
            name=self.name,
            email=self.email,
            phone=self.phone,
            salary=self.salary,
            specialty=self.specialty,
            role=self.role,
            active=self.active,
        )

    def with_form(self, form: MechanicForm) -> Self:
        """Return the mechanic as *form* describes them."""
        return evolve(
            self,
            name=form.name,
            email=form.email or self.email,
            phone=form.phone,
            salary=form.salary,
            specialty=form.specialty,
            role=form.role or Role.MECHANIC,
            active=self.active if form.active is None else form.active,
        )

    @property
    def is_active_manager(self) -> bool:
        """Whether this is an active manager."""
        return self.active and self.role is Role.MANAGER

    def view_for(self, actor: Actor) -> PublicMechanic:
        """Return as much of the mechanic as *actor* may see."""
        if actor.is_manager:
            return self
        if actor.is_staff:
            return StaffMechanic(
                id=self.id,
                name=self.name,
                specialty=self.specialty,
                email=self.email,
                phone=self.phone,
                version=self.version,
            )
        return PublicMechanic(
            id=self.id, name=self.name, specialty=self.specialty, version=self.version
        )
