"""Vehicles and their service history."""

from typing import Annotated, Final, TypeAlias, final

from attrs import frozen

from mechanic_core.access import Actor
from mechanic_core.paging import Page, PageRequest
from mechanic_core.rules import Description, checked
from mechanic_core.shop import Shop
from mechanic_core.tickets.ticket import Ticket
from mechanic_core.tickets.use_cases.lists import ListVehicleTickets
from mechanic_core.values import IdNumber, SearchText
from mechanic_core.vehicles.odometer import OdometerReading, OwnersReading
from mechanic_core.vehicles.ports import VehicleFilter
from mechanic_core.vehicles.use_cases import (
    AddVehicle,
    ChangeVehicle,
    ListOdometer,
    ListVehicles,
    ReadVehicle,
    RemoveVehicle,
)
from mechanic_core.vehicles.vehicle import (
    Plate,
    Vehicle,
    VehicleDraft,
    VehicleForm,
    VehicleId,
    VinTaken,
)
from mechanic_core.vehicles.vin import ScannedVin
from mechanic_http.endpoint.merge_patch import MergePatch, Replacement
from mechanic_http.endpoint.operation import Attempt, endpoint
from mechanic_http.endpoint.query import ListQuery
from mechanic_http.endpoint.route import Route

SeenReading: TypeAlias = OwnersReading | OdometerReading
"""The views of an odometer reading, of the owner and of staff."""


def vin_guesser(_: Shop, actor: Actor, form: object) -> str | None:
    """Return the customer whose request names a VIN, or may, as a change does; None for others.

    The refusal of a VIN that another customer's vehicle has discloses that it is known here.
    """
    names_vin = getattr(form, "vin", "unknown") is not None
    return f"vin:customer:{actor.id}" if actor.is_customer and names_vin else None


VIN_ATTEMPT: Final = Attempt(vin_guesser, (VinTaken,))
"""Counts a customer's `VinTaken` as a failed login: nobody can try VINs without end."""


def is_transferred(draft: VehicleDraft, vehicle: Vehicle) -> bool:
    """Return whether the vehicle was there before: each change counts its version up from 1."""
    return draft.transfer and vehicle.version > 1


@frozen(kw_only=True, field_transformer=checked)
class VehicleQuery(ListQuery):
    """Filters of the list of vehicles."""

    q: Annotated[
        SearchText | None,
        Description(
            "Words that begin words of the plate, make, model, VIN or owner's name, in any order,"
            " without regard to case and accents; or the beginning of the plate or VIN without"
            " blanks and punctuation."
        ),
    ] = None
    customer_id: Annotated[IdNumber | None, Description("Id of the owner.")] = None
    vin: Annotated[
        ScannedVin | None, Description("Exact VIN; case-insensitive, with or without separators.")
    ] = None
    plate: Annotated[Plate | None, Description("Licence plate; only letters and digits count.")] = (
        None
    )

    @property
    def filter(self) -> VehicleFilter:
        """The filter that the use case takes."""
        return VehicleFilter(q=self.q, customer_id=self.customer_id, vin=self.vin, plate=self.plate)


@final
@frozen
class VehicleCollection:
    """The list of vehicles."""

    shop: Shop

    @endpoint(ListVehicles)
    def on_get(self, actor: Actor, query: VehicleQuery, page: PageRequest) -> Page[Vehicle]:
        """List vehicles; customers see their own."""
        return self.shop.list_vehicles(actor, query.filter, page)

    @endpoint(AddVehicle, creates="/vehicles/{id}", found=is_transferred, attempt=VIN_ATTEMPT)
    def on_post(self, actor: Actor, draft: VehicleDraft) -> Vehicle:
        """Add a vehicle, or transfer the one with this VIN."""
        return self.shop.add_vehicle(actor, draft, transfer=draft.transfer)


@final
@frozen
class VehicleItem:
    """One vehicle."""

    shop: Shop

    @endpoint(ReadVehicle)
    def on_get(self, actor: Actor, vehicle_id: VehicleId) -> Vehicle:
        """Get a vehicle."""
        return self.shop.read_vehicle(actor, vehicle_id)

    @endpoint(ChangeVehicle, attempt=VIN_ATTEMPT)
    def on_put(
        self,
        actor: Actor,
        vehicle_id: VehicleId,
        change: Replacement[VehicleForm],
        expected: int | None,
    ) -> Vehicle:
        """Replace a vehicle."""
        return self.shop.change_vehicle(actor, vehicle_id, change, expected)

    @endpoint(ChangeVehicle, attempt=VIN_ATTEMPT)
    def on_patch(
        self,
        actor: Actor,
        vehicle_id: VehicleId,
        change: MergePatch[VehicleForm],
        expected: int | None,
    ) -> Vehicle:
        """Update a vehicle."""
        return self.shop.change_vehicle(actor, vehicle_id, change, expected)

    @endpoint(RemoveVehicle)
    def on_delete(self, actor: Actor, vehicle_id: VehicleId, expected: int | None) -> None:
        """Delete a vehicle that has no service tickets."""
        self.shop.remove_vehicle(actor, vehicle_id, expected)


@final
@frozen
class VehicleTickets:
    """The service tickets of one vehicle."""

    shop: Shop

    @endpoint(ListVehicleTickets)
    def on_get(self, actor: Actor, vehicle_id: VehicleId, page: PageRequest) -> Page[Ticket]:
        """List the service tickets of a vehicle."""
        return self.shop.list_vehicle_tickets(actor, vehicle_id, page)


@final
@frozen
class VehicleOdometer:
    """The odometer readings of one vehicle."""

    shop: Shop

    @endpoint(ListOdometer)
    def on_get(self, actor: Actor, vehicle_id: VehicleId, page: PageRequest) -> Page[SeenReading]:
        """List the odometer readings of a vehicle, oldest first."""
        return self.shop.list_odometer(actor, vehicle_id, page)


ROUTES: Final = (
    Route("/vehicles", VehicleCollection),
    Route("/vehicles/{vehicle_id}", VehicleItem),
    Route("/vehicles/{vehicle_id}/service_tickets", VehicleTickets),
    Route("/vehicles/{vehicle_id}/odometer", VehicleOdometer),
)
