"""The mechanic record, its forms, and the views of it for each role."""

from datetime import datetime
from typing import Annotated, ClassVar, NewType, Self

from attrs import evolve, field, frozen

from mechanic_core.access import Actor, Role
from mechanic_core.accounts.password import Password, mask_secret
from mechanic_core.errors import Conflict, NotFound, Stale
from mechanic_core.events.event import EventType, SubjectKind
from mechanic_core.money import Price
from mechanic_core.rules import Example, Length, OneOf, Unpublished, checked, stored
from mechanic_core.search import Words, words_of
from mechanic_core.texts import ONE_LINE
from mechanic_core.validators import unchecked
from mechanic_core.values import LINE, Email, Name, Phone, Version

MechanicId = NewType("MechanicId", Annotated[int, Example(3)])

MechanicName = Annotated[Name, Example("Luis Romero")]
WorkEmail = Annotated[Email, Example("luis@example.com")]
WorkPhone = Annotated[Phone, Example("+1-555-0142")]
Salary = Annotated[Price, Example(61500)]
Specialty = Annotated[str, LINE, Length(1, 100), ONE_LINE, Example("brakes")]

StaffRole = Annotated[Role, OneOf((Role.MECHANIC, Role.MANAGER))]
"""The roles that a mechanic may have."""


class MechanicNotFound(NotFound):
    """No such mechanic."""


class MechanicChanged(Stale):
    """The mechanic has changed since you read it."""


class LastManager(Conflict):
    """The shop must have at least one active manager."""


@frozen(kw_only=True, field_transformer=checked)
class MechanicForm:
    """The fields of a mechanic that can be changed. *salary* is for a year.

    Without a *role* it is mechanic; without *email* or *active* these stay as they are.
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
    """The fields of a new mechanic, with an e-mail address and a password."""

    email: WorkEmail
    password: Password = field(repr=mask_secret)


@frozen(kw_only=True, field_transformer=stored)
class PublicMechanic:
    """The public view of a mechanic."""

    id: MechanicId
    name: MechanicName
    specialty: Specialty | None = None
    version: Version = 1


@frozen(kw_only=True, field_transformer=stored)
class StaffMechanic(PublicMechanic):
    """The view of a mechanic for staff."""

    email: WorkEmail
    phone: WorkPhone | None = None


@frozen(kw_only=True, field_transformer=stored)
class Mechanic(StaffMechanic):
    """A mechanic or manager, which is also the view for managers. *salary* is for a year."""

    subject_kind: ClassVar = SubjectKind.MECHANIC

    salary: Salary | None = None
    role: Annotated[Role, Example(Role.MECHANIC)] = Role.MECHANIC
    active: Annotated[bool, Example(True)] = True
    updated_at: Annotated[datetime, Unpublished()]

    def event_type(self, before: Self | None) -> EventType:
        """Return what happened since *before*; None for a new mechanic."""
        if before is None:
            return EventType.MECHANIC_CREATED
        if before.active == self.active:
            return EventType.MECHANIC_CHANGED
        return EventType.MECHANIC_REACTIVATED if self.active else EventType.MECHANIC_DEACTIVATED

    def require_version(self, expected: int | None) -> None:
        """Raise `MechanicChanged` unless *expected* is None or the present version."""
        if expected not in (None, self.version):
            raise MechanicChanged

    @property
    def form(self) -> MechanicForm:
        """The present values of the changeable fields."""
        return unchecked(
            MechanicForm,
            name=self.name,
            email=self.email,
            phone=self.phone,
            salary=self.salary,
            specialty=self.specialty,
            role=self.role,
            active=self.active,
        )

    @property
    def words(self) -> Words:
        """The words that the mechanic is found by."""
        return words_of(self.name)

    def with_form(self, form: MechanicForm, at: datetime) -> Self:
        """Return the mechanic with the values of *form*; itself if nothing changes."""
        after = evolve(
            self,
            name=form.name,
            email=form.email or self.email,
            phone=form.phone,
            salary=form.salary,
            specialty=form.specialty,
            role=form.role or Role.MECHANIC,
            active=self.active if form.active is None else form.active,
        )
        return self if after == self else evolve(after, updated_at=at)

    def deactivate(self, at: datetime) -> Self:
        """Return the mechanic as somebody who has left."""
        return evolve(self, active=False, updated_at=at)

    @property
    def is_active_manager(self) -> bool:
        """Whether this is an active manager."""
        return self.active and self.role is Role.MANAGER

    def view_for(self, actor: Actor) -> PublicMechanic:
        """Return the view of the mechanic for *actor*."""
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
