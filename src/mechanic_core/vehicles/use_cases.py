"""Add, list, read, change and remove vehicles."""

from collections.abc import Callable
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
from mechanic_core.customers.customer import CustomerId
from mechanic_core.errors import ProblemCollector
from mechanic_core.paging import Page, PageRequest, empty_page
from mechanic_core.unit_of_work import Begin, ReadOnly, retry_on_conflict
from mechanic_core.values import Clock
from mechanic_core.vehicles.ownership import lock_owner, owner_for
from mechanic_core.vehicles.ports import VehicleFilter
from mechanic_core.vehicles.vehicle import (
    Vehicle,
    VehicleChanged,
    VehicleForm,
    VehicleId,
    VehicleInUse,
    VehicleNotFound,
    VinTaken,
)
from mechanic_core.vehicles.vin import require_check_digit


@final
@frozen
class AddVehicle:
    """Add a vehicle."""

    policy: ClassVar = ANY_LOGIN
    refuses: ClassVar = (TokenRefused, VinTaken)

    begin: Begin
    now: Clock
    strict_vin: bool = False

    @retry_on_conflict
    def __call__(self, actor: Actor, form: VehicleForm) -> Vehicle:
        """Return the new vehicle."""
        self.policy.admit(actor)
        at, problems = self.now(), ProblemCollector()
        with self.begin(actor) as work:
            with problems:
                owner = owner_for(actor, form.customer_id)
                lock_owner(work, actor, owner)
            with problems:
                require_check_digit(form.vin, strict=self.strict_vin)
            problems.raise_if_any()
            new = Vehicle(id=VehicleId(0), customer_id=owner, created_at=at, updated_at=at)
            return work.vehicles.add(new.with_form(form, owner, at))


@final
@frozen
class ListVehicles:
    """List vehicles; customers see their own only."""

    policy: ClassVar = ANY_LOGIN
    refuses: ClassVar = ()

    read_only: ReadOnly

    def __call__(self, actor: Actor, wanted: VehicleFilter, page: PageRequest) -> Page[Vehicle]:
        """Return the vehicles wanted that the caller may see."""
        self.policy.admit(actor)
        if actor.is_customer:
            if wanted.customer_id not in (None, actor.id):
                return empty_page(page)
            wanted = evolve(wanted, customer_id=actor.id)
        with self.read_only() as work:
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
class ChangeVehicle:
    """Change a vehicle; only staff may change its owner."""

    policy: ClassVar = OWNER_OR_STAFF
    refuses: ClassVar = (VehicleNotFound, VinTaken, VehicleChanged)

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
        with self.begin(actor) as work:
            vehicle = work.vehicles.lock(vehicle_id)
            self.policy.require_access(actor, vehicle.customer_id, VehicleNotFound())
            vehicle.require_version(expected)
            form, problems = change(vehicle.form), ProblemCollector()
            owner = CustomerId(form.customer_id or vehicle.customer_id)
            if owner != vehicle.customer_id:
                if not actor.is_staff:
                    raise RoleForbids("only staff may change the owner of a vehicle")
                with problems:
                    lock_owner(work, actor, owner)
            if form.vin != vehicle.vin:
                with problems:
                    require_check_digit(form.vin, strict=self.strict_vin)
            problems.raise_if_any()
            after = vehicle.with_form(form, owner, self.now())
            return vehicle if after is vehicle else work.vehicles.save(after)


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
