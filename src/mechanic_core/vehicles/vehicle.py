"""The vehicle record and its form."""

from datetime import datetime
from typing import Annotated, ClassVar, NewType, Self

from attrs import evolve, frozen

from mechanic_core.access import Actor, RoleForbids
from mechanic_core.customers.customer import CustomerId
from mechanic_core.errors import Conflict, NotFound, Stale
from mechanic_core.events.event import EventType, SubjectKind
from mechanic_core.rules import (
    Between,
    Description,
    Example,
    Length,
    checked,
    computed,
    stored,
)
from mechanic_core.search import Words, codes_of, words_of
from mechanic_core.texts import ONE_LINE
from mechanic_core.validators import unchecked
from mechanic_core.values import LINE, IdNumber, Version
from mechanic_core.vehicles.vin import ScannedVin, Vin, VinCheck, vin_check

VehicleId = NewType("VehicleId", Annotated[int, Example(12)])

Plate = Annotated[str, LINE, Length(1, 16), ONE_LINE, Example("7ABC123")]
Make = Annotated[str, LINE, Length(1, 60), ONE_LINE, Example("Honda")]
Model = Annotated[str, LINE, Length(1, 60), ONE_LINE, Example("Accord")]
Year = Annotated[int, Between(1885, 2100), Example(2003)]
Odometer = Annotated[int, Between(0, 9_999_999), Example(148_200)]


class VehicleNotFound(NotFound):
    """No such vehicle."""


class VinTaken(Conflict):
    """Another vehicle has this VIN."""

    fact_types: ClassVar = {
        "vehicle_id": Annotated[
            int, Example(12), Description("The id of the vehicle with this VIN. For staff only.")
        ],
        "customer_id": Annotated[
            int | None,
            Example(7),
            Description("The id of its owner, null if it has none. For staff only."),
        ],
    }


class VehicleChanged(Stale):
    """The vehicle has changed since you read it."""


class VehicleInUse(Conflict):
    """The vehicle has service tickets, so it cannot be deleted."""


@frozen(kw_only=True, field_transformer=checked)
class StaffInsistence:
    """What only staff may insist on, where the shop would refuse otherwise."""

    vin_confirmed: Annotated[
        bool,
        Example(False),
        Description("Accept the VIN although its check digit is wrong. Staff only."),
    ] = False
    odometer_correction: Annotated[
        bool,
        Example(False),
        Description("Accept an odometer reading below the last one. Staff only."),
    ] = False

    def require_staff(self, actor: Actor) -> None:
        """Raise `RoleForbids` when a customer insists."""
        if (self.vin_confirmed or self.odometer_correction) and not actor.is_staff:
            raise RoleForbids("only staff may confirm a VIN or correct an odometer")


@frozen(kw_only=True, field_transformer=checked)
class VehicleForm(StaffInsistence):
    """The fields of a vehicle that can be changed. Customers may leave out *customer_id*."""

    customer_id: Annotated[IdNumber | None, Example(7)] = None
    vin: ScannedVin | None = None
    plate: Plate | None = None
    make: Make | None = None
    model: Model | None = None
    year: Year | None = None
    odometer: Odometer | None = None


Transfer = Annotated[
    bool,
    Example(False),
    Description("If another customer has the vehicle, make this customer its owner. Staff only."),
]


def require_staff_for_transfer(actor: Actor, *, transfer: bool) -> None:
    """Raise `RoleForbids` when a customer wants another customer's vehicle."""
    if transfer and not actor.is_staff:
        raise RoleForbids("only staff may transfer a vehicle")


@frozen(kw_only=True, field_transformer=checked)
class VehicleDraft(VehicleForm):
    """The fields of a new vehicle, or of one that is to change its owner."""

    transfer: Transfer = False


@frozen(kw_only=True, field_transformer=stored)
class Vehicle:
    """A vehicle of a customer. *odometer* is in the unit that the vehicle displays.

    The vehicle of an erased customer has no owner until somebody enters its VIN.
    """

    subject_kind: ClassVar = SubjectKind.VEHICLE

    id: VehicleId
    customer_id: Annotated[CustomerId | None, Example(7)]
    vin: Vin | None = None
    plate: Plate | None = None
    make: Make | None = None
    model: Model | None = None
    year: Year | None = None
    odometer: Odometer | None = None
    created_at: datetime
    updated_at: datetime
    version: Version = 1

    @computed
    def vin_check(self) -> VinCheck:
        """Whether the VIN's check digit is right (49 CFR 565.15)."""
        return vin_check(self.vin)

    def event_type(self, before: Self | None) -> EventType:
        """Return what happened since *before*; None for a new vehicle."""
        return EventType.VEHICLE_CHANGED if before else EventType.VEHICLE_CREATED

    def require_version(self, expected: int | None) -> None:
        """Raise `VehicleChanged` unless *expected* is None or the present version."""
        if expected not in (None, self.version):
            raise VehicleChanged

    @property
    def form(self) -> VehicleForm:
        """The present values of the changeable fields."""
        return unchecked(
            VehicleForm,
            customer_id=self.customer_id,
            vin=self.vin,
            plate=self.plate,
            make=self.make,
            model=self.model,
            year=self.year,
            odometer=self.odometer,
        )

    @property
    def plate_words(self) -> Words:
        """The words of the plate, which the vehicle is found by."""
        return words_of(self.plate) | codes_of(self.plate)

    @property
    def other_words(self) -> Words:
        """The other words that the vehicle is found by, beside those of its owner's name."""
        return words_of(self.make, self.model, self.vin) | codes_of(self.vin)

    def with_form(self, form: VehicleForm, owner: CustomerId | None, at: datetime) -> Self:
        """Return the vehicle of *owner* with the values of *form*; itself if nothing changes."""
        after = evolve(
            self,
            customer_id=owner,
            vin=form.vin,
            plate=form.plate,
            make=form.make,
            model=form.model,
            year=form.year,
            odometer=form.odometer,
        )
        return self._changed(after, at)

    def with_owner(self, owner: CustomerId, form: VehicleForm, at: datetime) -> Self:
        """Return the vehicle as *owner*, who has entered its VIN, describes it in *form*.

        What *form* leaves out stays, but for the plate of another owner.
        """
        after = evolve(
            self,
            customer_id=owner,
            plate=form.plate or (self.plate if owner == self.customer_id else None),
            make=form.make or self.make,
            model=form.model or self.model,
            year=form.year or self.year,
            odometer=self.odometer if form.odometer is None else form.odometer,
        )
        return self._changed(after, at)

    def with_odometer(self, value: int, at: datetime) -> Self:
        """Return the vehicle with that odometer reading; itself if nothing changes."""
        return self._changed(evolve(self, odometer=value), at)

    def _changed(self, after: Self, at: datetime) -> Self:
        return self if after == self else evolve(after, updated_at=at)
