"""What vehicles and tickets share: who they are for, whose a vehicle becomes, and its odometer."""

from mechanic_core.access import Actor
from mechanic_core.accounts.account import TokenRefused
from mechanic_core.customers.customer import CustomerId, CustomerNotFound
from mechanic_core.errors import LostRace, Problem, RuleBroken, Unknown
from mechanic_core.unit_of_work import Work
from mechanic_core.vehicles.odometer import OdometerReading
from mechanic_core.vehicles.vehicle import Vehicle, VehicleNotFound, VinTaken


def owner_for(actor: Actor, customer_id: int | None) -> CustomerId:
    """Return the customer that a request is for: a customer's own id, or the one staff gave.

    Raises `Unknown` when a customer gives another id: to them it does not exist.
    """
    if actor.is_customer:
        if customer_id not in (None, actor.id):
            raise Unknown("#/customer_id")
        return CustomerId(actor.id)
    if customer_id is None:
        raise RuleBroken(Problem("#/customer_id", "is required"))
    return CustomerId(customer_id)


def lock_owner(
    work: Work, actor: Actor, customer_id: CustomerId, former: CustomerId | None = None
) -> None:
    """Lock the customer, and the *former* owner of a vehicle, against a concurrent erasure.

    They are locked in the order of their ids, and before any vehicle. Raises `Unknown` if the
    customer does not exist, and `TokenRefused` if it is the caller who does not.
    """
    for one in sorted({customer_id, former or customer_id}):
        try:
            work.customers.lock(one)
        except CustomerNotFound:
            if one != customer_id:  # erased since: `claim` finds that the vehicle has changed
                continue
            if actor.is_customer:
                raise TokenRefused from None
            raise Unknown("#/customer_id") from None


def claim(
    work: Work, actor: Actor, known: Vehicle, owner: CustomerId, *, transfer: bool
) -> Vehicle:
    """Return *known*, read before the customers were locked, locked for its new or present *owner*.

    A vehicle without an owner is anybody's. Raises `VinTaken` for another customer's vehicle,
    unless it is a *transfer*, and `LostRace` if it has changed hands since it was read.
    """
    if known.customer_id not in (None, owner) and not transfer:
        raise vin_taken(actor, known, hint=': "transfer": true gives it to the customer')
    try:
        vehicle = work.vehicles.lock(known.id)
    except VehicleNotFound:
        raise LostRace from None
    if (vehicle.customer_id, vehicle.vin) != (known.customer_id, known.vin):
        raise LostRace
    return vehicle


def vin_taken(actor: Actor, known: Vehicle, hint: str = "") -> VinTaken:
    """Return the refusal of the VIN of *known*, which names it, and ends in *hint*, to staff only."""
    if not actor.is_staff:
        if known.customer_id == actor.id:
            return VinTaken("you have a vehicle with this VIN already")
        return VinTaken("a vehicle that is not yours has this VIN: ask the shop")
    owner = f" of customer {known.customer_id}" if known.customer_id else ""
    return VinTaken(
        f"vehicle {known.id}{owner} has this VIN{hint}",
        vehicle_id=known.id,
        customer_id=known.customer_id,
    )


def enter_reading(work: Work, reading: OdometerReading, *, correction: bool) -> None:
    """Add a reading of a locked vehicle to its log, unless the last one is the same.

    Raises `OdometerFell` if it is below the last one and no *correction*.
    """
    last = work.odometer_log.last(reading.vehicle_id)
    if not reading.repeats(last):
        work.odometer_log.add(reading.following(last, correction=correction))
