"""What people do with vehicles."""

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
from mechanic_core.customers.customer import CustomerId, CustomerNotFound
from mechanic_core.errors import Problem, ProblemCollector, RuleBroken, Unknown
from mechanic_core.paging import Page, PageRequest
from mechanic_core.unit_of_work import Begin, ReadOnly, Work, retry_on_conflict
from mechanic_core.values import Clock
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


def owner_for(actor: Actor, customer_id: int | None) -> CustomerId:
    """Return the customer whom *actor* means: themselves, or for staff the one they name.

    Raises `Unknown` where a customer names another, who might as well not exist.
    """
    if actor.is_customer:
        if customer_id not in (None, actor.id):
            raise Unknown("#/customer_id")
        return CustomerId(actor.id)
    if customer_id is None:
        raise RuleBroken(Problem("#/customer_id", "is required"))
    return CustomerId(customer_id)


def lock_owner(work: Work, customer_id: CustomerId) -> None:
    """Keep the customer from being erased meanwhile; raise `Unknown` if it is not there."""
    try:
        work.customers.lock(customer_id)
    except CustomerNotFound:
        raise Unknown("#/customer_id") from None


@final
@frozen
class AddVehicle:
    """Write down a vehicle."""

    policy: ClassVar = ANY_LOGIN
    refuses: ClassVar = (VinTaken,)

    begin: Begin
    now: Clock
    strict_vin: bool = False

    @retry_on_conflict
    def __call__(self, actor: Actor, form: VehicleForm) -> Vehicle:
        """Return the new vehicle."""
        self.policy.admit(actor)
        at, findings = self.now(), ProblemCollector()
        with self.begin() as work:
            with findings:
                owner = owner_for(actor, form.customer_id)
                lock_owner(work, owner)
            with findings:
                require_check_digit(form.vin, strict=self.strict_vin)
            findings.raise_if_any()
            new = Vehicle(id=VehicleId(0), customer_id=owner, created_at=at, updated_at=at)
            return work.vehicles.add(new.with_form(form, owner, at))


@final
@frozen
class ListVehicles:
    """Look through the vehicles: customers see their own."""

    policy: ClassVar = ANY_LOGIN
    refuses: ClassVar = ()

    read_only: ReadOnly

    def __call__(self, actor: Actor, wanted: VehicleFilter, page: PageRequest) -> Page[Vehicle]:
        """Return the vehicles wanted, of those that the caller may see."""
        self.policy.admit(actor)
        if actor.is_customer:
            if wanted.customer_id not in (None, actor.id):
                return Page((), total=0 if page.with_total else None)
            wanted = evolve(wanted, customer_id=actor.id)
        with self.read_only() as work:
            return work.vehicle_lists.find(wanted, page)


@final
@frozen
class ReadVehicle:
    """Look a vehicle up."""

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
    """Correct what is known of a vehicle; a change of owner is for staff."""

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
        """Return the vehicle with the form that *change* makes of the present one."""
        self.policy.admit(actor)
        with self.begin() as work:
            vehicle = work.vehicles.lock(vehicle_id)
            self.policy.require_access(actor, vehicle.customer_id, VehicleNotFound())
            vehicle.require_version(expected)
            form, findings = change(vehicle.form), ProblemCollector()
            owner = CustomerId(form.customer_id or vehicle.customer_id)
            if owner != vehicle.customer_id:
                if not actor.is_staff:
                    raise RoleForbids("only staff change the owner of a vehicle")
                with findings:
                    lock_owner(work, owner)
            if form.vin != vehicle.vin:
                with findings:
                    require_check_digit(form.vin, strict=self.strict_vin)
            findings.raise_if_any()
            after = vehicle.with_form(form, owner, self.now())
            return vehicle if after is vehicle else work.vehicles.save(after)


@final
@frozen
class RemoveVehicle:
    """Strike out a vehicle that was never worked on."""

    policy: ClassVar = MANAGERS_ONLY
    refuses: ClassVar = (VehicleNotFound, VehicleInUse, VehicleChanged)

    begin: Begin

    @retry_on_conflict
    def __call__(self, actor: Actor, vehicle_id: VehicleId, expected: int | None = None) -> None:
        """Drop the vehicle."""
        self.policy.admit(actor)
        with self.begin() as work:
            work.vehicles.lock(vehicle_id).require_version(expected)
            work.vehicles.remove(vehicle_id)
