"""The demo's repair jobs: complaint, labor, hours and parts."""

from decimal import Decimal
from typing import Final

from attrs import frozen

from mechanic_core.money import ONE, Money, Quantity

HOURLY_RATE: Final = Money(118_00)

_LARGE: Final = Quantity(1_500)


def parse_quantity(text: str) -> Quantity:
    """Return the quantity in thousandths: 5500 for `5.5`."""
    return Quantity(int(Decimal(text) * ONE))


@frozen
class RepairJob:
    """A complaint and its repair; *parts_list* reads `SKU quantity, …`.

    *core* is the deposit for the old unit, which its maker overhauls. *spare* is how much of the
    first part some customers bring back.
    """

    complaint: str
    task: str
    hours: str
    parts_list: str = ""
    core: Money | None = None
    spare: Quantity | None = None

    @property
    def time(self) -> Quantity:
        """The hours as an exact quantity."""
        return parse_quantity(self.hours)

    @property
    def is_large(self) -> bool:
        """Whether it takes one and a half hours or more."""
        return self.time >= _LARGE

    @property
    def parts(self) -> tuple[tuple[str, Quantity], ...]:
        """The parts: SKU and quantity."""
        pairs = (part.split() for part in self.parts_list.split(",") if part)
        return tuple((sku, parse_quantity(amount)) for sku, amount in pairs)


JOBS: Final = (
    RepairJob(
        "Due for an oil change",
        "Change engine oil and filter",
        "0.5",
        "OIL-0W20 5.5, FLT-OIL-9972 1, GSK-DRN-14 1",
    ),
    RepairJob(
        "Oil life monitor shows 10 %",
        "Change engine oil and filter",
        "0.5",
        "OIL-5W30 4.75, FLT-OIL-7317 1, GSK-DRN-14 1",
    ),
    RepairJob(
        "Diesel service, 10,000 miles",
        "Change oil, oil filter and fuel filter",
        "1.2",
        "OIL-15W40 12, FLT-OIL-7317 1, FLT-FUEL-33 1, GSK-DRN-14 1",
    ),
    RepairJob(
        "Grinding noise when braking",
        "Replace front brake pads and rotors",
        "1.8",
        "BRK-PAD-F42 1, BRK-ROT-F280 2, BRK-CLN-14 1",
    ),
    RepairJob(
        "Squeal from the rear wheels",
        "Replace rear brake pads",
        "1.1",
        "BRK-PAD-R42 1, BRK-CLN-14 1",
    ),
    RepairJob(
        "Pulls to the left when braking",
        "Replace front left caliper, bleed brakes",
        "1.6",
        "BRK-CAL-FL 1, BRK-FLD-DOT4 1.5",
        core=Money(40_00),
    ),
    RepairJob("Brake pedal feels soft", "Flush and bleed the brake system", "1", "BRK-FLD-DOT4 2"),
    RepairJob(
        "Won't start in the morning",
        "Test charging system, replace battery",
        "0.6",
        "BAT-35-640 1",
        core=Money(22_00),
    ),
    RepairJob(
        "Battery light on",
        "Replace alternator and serpentine belt",
        "2.2",
        "ALT-110A 1, BLT-SRP-6K 1",
        core=Money(75_00),
    ),
    RepairJob(
        "Clicks but does not crank",
        "Replace starter motor",
        "1.7",
        "STR-14KW 1",
        core=Money(60_00),
    ),
    RepairJob(
        "Check engine light, rough idle",
        "Replace spark plugs and one ignition coil",
        "1.4",
        "IGN-PLG-IR7 4, IGN-COL-UF311 1",
    ),
    RepairJob("Check engine light, P0171", "Replace mass air flow sensor", "0.7", "SNS-MAF-08 1"),
    RepairJob("Check engine light, P0135", "Replace upstream oxygen sensor", "0.9", "SNS-O2-UP 1"),
    RepairJob(
        "Runs hot in traffic",
        "Replace thermostat and upper hose, refill coolant",
        "1.3",
        "CLT-THM-195 1, CLT-HSE-U32 1, CLT-OAT-50 1.5",
    ),
    RepairJob(
        "Coolant puddle under the engine",
        "Replace water pump",
        "2.6",
        "CLT-PMP-511 1, CLT-OAT-50 2",
    ),
    RepairJob("Clunk over bumps", "Replace stabilizer links", "0.8", "SUS-LNK-STB 2", spare=ONE),
    RepairJob("Bouncy ride", "Replace rear shock absorbers", "1.5", "SUS-SHK-R51 2"),
    RepairJob("Humming that rises with speed", "Replace front wheel hub", "1.6", "WHL-HUB-F12 1"),
    RepairJob("Steering wheel off centre", "Replace outer tie rods, align", "1.9", "STE-TIE-OUT 2"),
    RepairJob(
        "Tyres worn, wants four new ones",
        "Mount and balance four tyres",
        "1.2",
        "TIR-205-55R16 4, TIR-VLV-STM 4, WHL-WGT-ADH 16",
    ),
    RepairJob(
        "Nail in the rear tyre, can't be plugged",
        "Replace one tyre",
        "0.4",
        "TIR-225-65R17 1, TIR-VLV-STM 1, WHL-WGT-ADH 4",
    ),
    RepairJob("Tyre pressure warning", "Replace pressure sensor", "0.5", "SNS-TPMS-433 1"),
    RepairJob(
        "Loud exhaust", "Replace muffler", "1.1", "EXH-MUF-24 1, EXH-GSK-FLX 1, EXH-CLP-225 2"
    ),
    RepairJob(
        "Shifts late when cold",
        "Service transmission: filter and fluid",
        "1.5",
        "TRN-FLT-KIT 1, TRN-FLD-ATF 5.5",
    ),
    RepairJob("A/C blows warm", "Find leak, recharge refrigerant", "1.4", "AC-REF-134A 1.75"),
    RepairJob("Headlamp out", "Replace headlamp bulb, aim", "0.3", "LGT-BLB-H11 1"),
    RepairJob("Wipers streak", "Replace wiper blades", "0.2", "WIP-BLD-24 2", spare=ONE),
    RepairJob("Musty smell from the vents", "Replace cabin filter", "0.3", "FLT-CAB-2286 1"),
    RepairJob("Inspection before a long trip", "Inspect 40 points, top up fluids", "0.9"),
    RepairJob("Intermittent stall, no code", "Diagnose with scope and road test", "2.5"),
)
