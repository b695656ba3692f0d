"""A vehicle and the rules of being one."""

from datetime import datetime
from typing import Annotated, NewType, Self

from attrs import evolve, field, frozen

from mechanic_core.customers.customer import CustomerId
from mechanic_core.errors import Conflict, NotFound, Stale
from mechanic_core.rules import (
    NOT_BLANK,
    PRINTABLE,
    Between,
    Example,
    Length,
    checked,
    computed,
)
from mechanic_core.values import IdNumber, Version
from mechanic_core.vehicles.vin import Vin, VinCheck, vin_check

VehicleId = NewType("VehicleId", Annotated[int, Example(12)])

Plate = Annotated[str, Length(1, 16), NOT_BLANK, PRINTABLE, Example("7ABC123")]
Make = Annotated[str, Length(1, 60), NOT_BLANK, PRINTABLE, Example("Honda")]
Model = Annotated[str, Length(1, 60), NOT_BLANK, PRINTABLE, Example("Accord")]
Year = Annotated[int, Between(1885, 2100), Example(2003)]
Odometer = Annotated[int, Between(0, 9_999_999), Example(148_200)]


class VehicleNotFound(NotFound):
    """No such vehicle."""


class VinTaken(Conflict):
    """Another vehicle has this VIN."""


class VehicleChanged(Stale):
    """The vehicle has changed since you read it."""


class VehicleInUse(Conflict):
    """The vehicle has service tickets: its history stays."""


def upper(vin: str | None) -> str | None:
    """Return a VIN as it is stored."""
    return vin.upper() if vin else vin


@frozen(kw_only=True, field_transformer=checked)
class VehicleForm:
    """What is written down about a vehicle.

    *customer_id* may be left out by a customer, who can only mean themselves.
    """

    customer_id: Annotated[IdNumber | None, Example(7)] = None
    vin: Vin | None = field(default=None, converter=upper)
    plate: Plate | None = None
    make: Make | None = None
    model: Model | None = None
    year: Year | None = None
    odometer: Odometer | None = None


@frozen(kw_only=True, field_transformer=checked)
class Vehicle:
    """Something on wheels that belongs to a customer. *odometer* is in the vehicle's own unit."""

    id: VehicleId
    customer_id: CustomerId
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
        """What the VIN's check digit says (49 CFR 565.15)."""
        return vin_check(self.vin)

    def require_version(self, expected: int | None) -> None:
        """Refuse with `VehicleChanged` when *expected* is another version."""
        if expected not in (None, self.version):
            raise VehicleChanged

    @property
    def form(self) -> VehicleForm:
        """What is written down, to be changed."""
        return VehicleForm(
            customer_id=self.customer_id,
            vin=self.vin,
            plate=self.plate,
            make=self.make,
            model=self.model,
            year=self.year,
            odometer=self.odometer,
        )

    def with_form(self, form: VehicleForm, owner: CustomerId, at: datetime) -> Self:
        """Return the vehicle as *form* describes it, belonging to *owner*; itself if it is so."""
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
        return self if after == self else evolve(after, updated_at=at)
