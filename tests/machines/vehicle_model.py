"""The model of the vehicles: who owns each VIN, and the readings of its odometer."""

from tests.machines.inventory_model import Fields, Refusal


class VehicleModel:
    """Vehicles v1, v2 and so on, each with the VIN that it was added with."""

    def __init__(self) -> None:
        """Start empty."""
        self.vehicles: dict[str, Fields] = {}

    def bring(self, by: str, customer: str, vin: str, odometer: int | None, *flags: str) -> Fields:
        """Enter the VIN of a vehicle for a customer; *flags* are what staff insist on."""
        is_staff = by.startswith("m")
        known = next((key for key, one in self.vehicles.items() if one["vin"] == vin), None)
        owner = self.vehicles[known]["customer"] if known else None
        if known and owner and "transfer" not in flags:
            facts = {"vehicle_id": known, "customer_id": owner} if is_staff else {}
            raise Refusal("vin-taken", **facts)
        log = self.vehicles[known]["log"] if known else []
        last = log[-1]["value"] if log else 0
        if odometer is not None and odometer < last and "odometer_correction" not in flags:
            raise Refusal("odometer-fell", last_value=last)
        key = known or f"v{len(self.vehicles) + 1}"
        vehicle = self.vehicles.setdefault(
            key, {"customer": customer, "vin": vin, "log": log, "version": 1}
        )
        if odometer is not None and (not log or odometer != last):
            note = f"correction of {last}" if odometer < last else None
            log.append({"value": odometer, "by": by, "note": note})
            vehicle["version"] += known is not None
        elif owner != customer:
            vehicle["version"] += known is not None
        vehicle["customer"] = customer
        return self.describe(key)

    def reassign(self, former: str, owner: str) -> None:
        """Give the vehicles of a customer to another one."""
        for vehicle in self.vehicles.values():
            if vehicle["customer"] == former:
                vehicle["customer"] = owner
                vehicle["version"] += 1

    def disown(self, customer: str) -> None:
        """Take the vehicles of an erased customer away."""
        for vehicle in self.vehicles.values():
            if vehicle["customer"] == customer:
                vehicle["customer"] = None
                vehicle["version"] += 1

    def describe(self, key: str) -> Fields:
        """Return what the shop shows of a vehicle."""
        vehicle = self.vehicles[key]
        return {
            "vehicle": key,
            "customer": vehicle["customer"],
            "vin": vehicle["vin"],
            "odometer": vehicle["log"][-1]["value"] if vehicle["log"] else None,
            "version": vehicle["version"],
        }
