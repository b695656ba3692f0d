"""Add, list, read, change and remove vehicles."""

from collections.abc import Callable
from datetime import datetime
from typing import ClassVar, final

from attrs import evolve, frozen

from mechanic_core.access import (
    ANY_LOGIN,
    MANAGERS_ONLY,
    OWNER_OR_STAFF,
    Actor,
    RoleForbids,
)
from mechanic_core.accounts.account import TokenRefused
from mechanic_core.changes import apply
from mechanic_core.customers.customer import CustomerId
from mechanic_core.errors import LostRace, ProblemCollector
from mechanic_core.paging import Page, PageRequest, empty_page
from mechanic_core.unit_of_work import Begin, ReadLagging, ReadOnly, Work, retry_on_conflict
from mechanic_core.values import Clock
from mechanic_core.vehicles.odometer import OdometerFell, OdometerReading, OwnersReading
from mechanic_core.vehicles.ownership import (
    claim,
    enter_reading,
    lock_owner,
    owner_for,
    vin_taken,
)
from mechanic_core.vehicles.ports import VehicleFilter
from mechanic_core.vehicles.vehicle import (
    Vehicle,
    VehicleChanged,
    VehicleForm,
    VehicleId,
    VehicleInUse,
    VehicleNotFound,
    VinTaken,
    require_staff_for_transfer,
)
from mechanic_core.vehicles.vin import require_check_digit


@final
@frozen
class AddVehicle:
    """Add a vehicle.

    The VIN of a vehicle without an owner makes the customer its owner. For the VIN of another
    customer's vehicle staff may say `transfer`: then it becomes this customer's. What the body
    leaves out stays as it is, but for the plate.
    """

    policy: ClassVar = ANY_LOGIN
    refuses: ClassVar = (TokenRefused, VinTaken, OdometerFell)

    begin: Begin
    now: Clock
    strict_vin: bool = False

    @retry_on_conflict
    def __call__(self, actor: Actor, form: VehicleForm, *, transfer: bool = False) -> Vehicle:
        """Return the new vehicle, or the one with that VIN, which has another owner now."""
        self.policy.admit(actor)
        form.require_staff(actor)
        require_staff_for_transfer(actor, transfer=transfer)
        at, problems = self.now(), ProblemCollector()
        with self.begin(actor) as work:
            known = work.vehicle_lists.with_vin(form.vin) if form.vin else None
            with problems:
                owner = owner_for(actor, form.customer_id)
                lock_owner(work, actor, owner, known.customer_id if known and transfer else None)
            if known is None:
                with problems:
                    require_check_digit(form.vin, strict=self.strict_vin and not form.vin_confirmed)
            problems.raise_if_any()
            if known is None:
                vehicle = _add(work, form, owner, at)
            elif known.customer_id == owner and not transfer:
                raise vin_taken(actor, known)
            else:
                before = claim(work, actor, known, owner, transfer=transfer)
                after = before.with_owner(owner, form, at)
                vehicle = before if after is before else work.vehicles.save(after)
            if form.odometer is not None and (known is None or known.odometer != form.odometer):
                today = work.profiles.get().today(at)
                reading = OdometerReading.of(actor, today, vehicle.id, form.odometer)
                enter_reading(work, reading, correction=form.odometer_correction)
            return vehicle


def _add(work: Work, form: VehicleForm, owner: CustomerId, at: datetime) -> Vehicle:
    new = Vehicle(id=VehicleId(0), customer_id=owner, created_at=at, updated_at=at)
    try:
        return work.vehicles.add(new.with_form(form, owner, at))
    except VinTaken:  # by a transaction that has committed since
        raise LostRace from None


@final
@frozen
class ListVehicles:
    """List vehicles; customers see their own only."""

    policy: ClassVar = ANY_LOGIN
    refuses: ClassVar = ()

    read_lagging: ReadLagging

    def __call__(self, actor: Actor, wanted: VehicleFilter, page: PageRequest) -> Page[Vehicle]:
        """Return the vehicles wanted that the caller may see."""
        self.policy.admit(actor)
        if actor.is_customer:
            if wanted.customer_id not in (None, actor.id):
                return empty_page(page)
            wanted = evolve(wanted, customer_id=actor.id)
        with self.read_lagging(actor) as work:
            return work.vehicle_lists.find(wanted, page)


@final
@frozen
class ReadVehicle:
    """Read a vehicle."""

    policy: ClassVar = OWNER_OR_STAFF
    refuses: ClassVar = (VehicleNotFound,)

    read_only: ReadOnly

    def __call__(self, actor: Actor, vehicle_id: VehicleId) -> Vehicle:
        """Return the vehicle."""
        self.policy.admit(actor)
        with self.read_only() as work:
            vehicle = work.vehicles.get(vehicle_id)
        self.policy.require_access(actor, vehicle.customer_id, VehicleNotFound())
        return vehicle


@final
@frozen
class ListOdometer:
    """List the odometer readings of a vehicle; its owner sees no names and only own tickets."""

    policy: ClassVar = OWNER_OR_STAFF
    refuses: ClassVar = (VehicleNotFound,)

    read_lagging: ReadLagging

    def __call__(
        self, actor: Actor, vehicle_id: VehicleId, page: PageRequest
    ) -> Page[OwnersReading | OdometerReading]:
        """Return the readings, oldest first."""
        self.policy.admit(actor)
        with self.read_lagging(actor) as work:
            vehicle = work.vehicles.get(vehicle_id)
            self.policy.require_access(actor, vehicle.customer_id, VehicleNotFound())
            readings = work.odometer_log.of(vehicle_id, page)
        return readings.map(lambda reading: reading.view_for(actor))


@final
@frozen
class ChangeVehicle:
    """Change a vehicle; only staff may change its owner.

    A changed odometer is a reading in the vehicle's log.
    """

    policy: ClassVar = OWNER_OR_STAFF
    refuses: ClassVar = (VehicleNotFound, VinTaken, OdometerFell, VehicleChanged)

    begin: Begin
    now: Clock
    strict_vin: bool = False

    @retry_on_conflict
    def __call__(
        self,
        actor: Actor,
        vehicle_id: VehicleId,
        change: Callable[[VehicleForm], VehicleForm],
        expected: int | None = None,
    ) -> Vehicle:
        """Apply *change* to the present form and return the changed vehicle."""
        self.policy.admit(actor)
        at, problems = self.now(), ProblemCollector()
        with self.begin(actor) as work:
            seen = work.vehicles.get(vehicle_id)  # the customers are locked before the vehicle
            self.policy.require_access(actor, seen.customer_id, VehicleNotFound())
            seen.require_version(expected)
            form = apply(change, seen.form, seen)
            form.require_staff(actor)
            owner = _owner(actor, form, seen)
            if owner is not None and owner != seen.customer_id:
                with problems:
                    lock_owner(work, actor, owner, seen.customer_id)
            vehicle = work.vehicles.lock(vehicle_id)
            if vehicle.version != seen.version:
                raise LostRace
            if form.vin != vehicle.vin:
                with problems:
                    require_check_digit(form.vin, strict=self.strict_vin and not form.vin_confirmed)
            problems.raise_if_any()
            after = vehicle.with_form(form, owner, at)
            return vehicle if after is vehicle else self._save(work, actor, form, vehicle, after)

    def _save(
        self, work: Work, actor: Actor, form: VehicleForm, before: Vehicle, after: Vehicle
    ) -> Vehicle:
        if after.vin and after.vin != before.vin:
            known = work.vehicle_lists.with_vin(after.vin)
            if known is not None:
                raise vin_taken(actor, known)
        try:
            saved = work.vehicles.save(after)
        except VinTaken:  # by a transaction that has committed since
            raise LostRace from None
        if after.odometer is not None and after.odometer != before.odometer:
            today = work.profiles.get().today(after.updated_at)
            reading = OdometerReading.of(actor, today, after.id, after.odometer)
            enter_reading(work, reading, correction=form.odometer_correction)
        return saved


def _owner(actor: Actor, form: VehicleForm, vehicle: Vehicle) -> CustomerId | None:
    """Return the owner that *form* gives the vehicle, which only staff may change."""
    if form.customer_id in (None, vehicle.customer_id):
        return vehicle.customer_id
    if not actor.is_staff:
        raise RoleForbids("only staff may change the owner of a vehicle")
    return CustomerId(form.customer_id)


@final
@frozen
class RemoveVehicle:
    """Delete a vehicle that has no tickets."""

    policy: ClassVar = MANAGERS_ONLY
    refuses: ClassVar = (VehicleNotFound, VehicleInUse, VehicleChanged)

    begin: Begin
    now: Clock

    @retry_on_conflict
    def __call__(self, actor: Actor, vehicle_id: VehicleId, expected: int | None = None) -> None:
        """Delete the vehicle."""
        self.policy.admit(actor)
        with self.begin(actor) as work:
            vehicle = work.vehicles.lock(vehicle_id)
            vehicle.require_version(expected)
            work.vehicles.remove(vehicle, self.now())
