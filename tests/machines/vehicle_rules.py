"""The rules of the state machine about vehicles and their owners."""

from functools import partial

from hypothesis import strategies as st
from hypothesis.stateful import invariant, rule

from mechanic_core.vehicles.ports import VehicleFilter
from mechanic_core.vehicles.vehicle import VehicleForm
from tests.machines.differential_machine import ACTORS, DifferentialMachine
from tests.machines.inventory_model import Fields
from tests.machines.shop_driver import read_all
from tests.machines.ticket_rules import TicketRules, staff_members
from tests.shops import MANAGER

vins = st.sampled_from(["1HGCM82633A004352", "1M8GDM9AXKP042788"])
odometers = st.none() | st.integers(0, 9)


class VehicleRules(TicketRules):
    """Rules about vehicles, in any order with those about tickets."""

    @rule(
        by=staff_members,
        customer=DifferentialMachine.customers,
        vin=vins,
        odometer=odometers,
        transfer=st.booleans(),
        correction=st.booleans(),
    )
    def bring(  # noqa: PLR0913 - what the desk can enter
        self,
        by: str,
        customer: str,
        vin: str,
        odometer: int | None,
        transfer: bool,  # noqa: FBT001 - drawn
        correction: bool,  # noqa: FBT001 - drawn
    ) -> None:
        """The desk enters a vehicle for a customer, perhaps insisting."""
        flags = ["transfer"] * transfer + ["odometer_correction"] * correction
        self.apply(
            lambda: self.model.bring(by, customer, vin, odometer, *flags),
            lambda driver: driver.shop.add_vehicle(
                ACTORS[by],
                VehicleForm(
                    customer_id=driver.id(customer),
                    vin=f"*I{vin.lower()}*",
                    odometer=odometer,
                    odometer_correction=correction,
                ),
                transfer=transfer,
            ),
        )

    @rule(vin=vins, odometer=odometers)
    def bring_mine(self, vin: str, odometer: int | None) -> None:
        """The first customer enters a vehicle for themselves."""
        self.apply(
            lambda: self.model.bring("c1", "c1", vin, odometer),
            lambda driver: driver.shop.add_vehicle(
                ACTORS["c1"], VehicleForm(vin=vin, odometer=odometer)
            ),
        )

    @invariant()
    def vehicles_agree_with_the_model(self) -> None:
        """Compare every vehicle and every odometer log with the model."""
        model = self.model.vehicles
        expected = [model.describe(key) for key in model.vehicles]
        logs: list[list[Fields]] = [one["log"] for one in model.vehicles.values()]
        for driver in self.drivers:
            found = read_all(partial(driver.shop.list_vehicles, MANAGER, VehicleFilter()))
            assert expected == [driver.describe(vehicle) for vehicle in found]
            for log, vehicle in zip(logs, found, strict=True):
                readings = read_all(partial(driver.shop.list_odometer, MANAGER, vehicle.id))
                assert log == [driver.describe(reading) for reading in readings]
