"""The demo's inventory on the first day."""

from typing import Final

from attrs import frozen

from mechanic_core.money import ONE, Money, Quantity


@frozen
class Shelf:
    """A part, its price, its target stock and its reorder point, in whole units."""

    sku: str
    name: str
    price: Money
    full: int
    low: int
    unit: str = "each"

    @property
    def stock(self) -> Quantity:
        """The target stock."""
        return Quantity(self.full * ONE)

    @property
    def reorder_point(self) -> Quantity:
        """The stock at which the part is reordered."""
        return Quantity(self.low * ONE)


SHELVES: Final = (
    Shelf("OIL-0W20", "Engine oil 0W-20, full synthetic", Money(9_49), 220, 60, "quart"),
    Shelf("OIL-5W30", "Engine oil 5W-30, full synthetic", Money(8_99), 260, 70, "quart"),
    Shelf("OIL-15W40", "Diesel engine oil 15W-40", Money(7_25), 60, 16, "quart"),
    Shelf("FLT-OIL-7317", "Oil filter, spin-on", Money(7_89), 60, 15),
    Shelf("FLT-OIL-9972", "Oil filter, cartridge", Money(11_40), 40, 10),
    Shelf("FLT-AIR-1042", "Engine air filter, panel", Money(18_75), 30, 8),
    Shelf("FLT-CAB-2286", "Cabin air filter, activated carbon", Money(24_60), 30, 8),
    Shelf("FLT-FUEL-33", "Fuel filter, in line", Money(29_90), 12, 3),
    Shelf("GSK-DRN-14", "Drain plug gasket, 14 mm", Money(85), 150, 40),
    Shelf("BRK-PAD-F42", "Brake pads, front, ceramic", Money(64_99), 24, 6, "set"),
    Shelf("BRK-PAD-R42", "Brake pads, rear, ceramic", Money(58_99), 20, 5, "set"),
    Shelf("BRK-ROT-F280", "Brake rotor, front, vented 280 mm", Money(72_50), 24, 6),
    Shelf("BRK-ROT-R260", "Brake rotor, rear, solid 260 mm", Money(61_30), 16, 4),
    Shelf("BRK-CAL-FL", "Brake caliper, front left, remanufactured", Money(118_00), 6, 2),
    Shelf("BRK-CAL-FR", "Brake caliper, front right, remanufactured", Money(118_00), 6, 2),
    Shelf("BRK-FLD-DOT4", "Brake fluid DOT 4", Money(10_95), 48, 12, "quart"),
    Shelf("BRK-CLN-14", "Brake cleaner spray, 14 oz", Money(4_79), 90, 24, "can"),
    Shelf("CLT-OAT-50", "Coolant, OAT, premixed 50/50", Money(16_80), 60, 15, "gallon"),
    Shelf("CLT-THM-195", "Thermostat, 195 °F", Money(21_45), 12, 3),
    Shelf("CLT-PMP-511", "Water pump with gasket", Money(89_90), 8, 2),
    Shelf("CLT-HSE-U32", "Radiator hose, upper", Money(26_30), 10, 3),
    Shelf("CLT-RAD-2719", "Radiator, aluminium core", Money(189_00), 5, 2),
    Shelf("IGN-PLG-IR7", "Spark plug, iridium", Money(11_99), 96, 24),
    Shelf("IGN-COL-UF311", "Ignition coil on plug", Money(48_75), 16, 4),
    Shelf("IGN-SNS-CKP", "Crankshaft position sensor", Money(37_20), 8, 2),
    Shelf("SNS-O2-UP", "Oxygen sensor, upstream", Money(69_95), 8, 2),
    Shelf("SNS-MAF-08", "Mass air flow sensor", Money(104_50), 5, 2),
    Shelf("SNS-ABS-FL", "Wheel speed sensor, front", Money(42_10), 8, 2),
    Shelf("SNS-TPMS-433", "Tyre pressure sensor, 433 MHz", Money(44_00), 24, 6),
    Shelf("BAT-35-640", "Battery, group 35, 640 CCA", Money(164_99), 8, 3),
    Shelf("BAT-65-750", "Battery, group 65, 750 CCA", Money(189_99), 6, 2),
    Shelf("BAT-TRM-KIT", "Battery terminal kit", Money(6_40), 20, 5),
    Shelf("ALT-110A", "Alternator, 110 A, remanufactured", Money(219_00), 5, 2),
    Shelf("STR-14KW", "Starter motor, 1.4 kW, remanufactured", Money(174_00), 4, 1),
    Shelf("BLT-SRP-6K", "Serpentine belt, 6 ribs", Money(31_60), 18, 5),
    Shelf("BLT-TEN-6K", "Belt tensioner", Money(67_80), 8, 2),
    Shelf("TIM-KIT-295", "Timing belt kit with water pump", Money(242_00), 4, 1, "kit"),
    Shelf("SUS-STR-F51", "Strut assembly, front", Money(142_75), 8, 2),
    Shelf("SUS-SHK-R51", "Shock absorber, rear", Money(68_20), 12, 4),
    Shelf("SUS-ARM-LWR", "Control arm, lower, with ball joint", Money(96_40), 8, 2),
    Shelf("SUS-LNK-STB", "Stabilizer link", Money(19_85), 20, 6),
    Shelf("STE-TIE-OUT", "Tie rod end, outer", Money(28_90), 16, 4),
    Shelf("STE-FLD-PS", "Power steering fluid", Money(8_35), 20, 5, "quart"),
    Shelf("WHL-HUB-F12", "Wheel hub and bearing, front", Money(112_60), 8, 2),
    Shelf("WHL-NUT-M12", "Lug nut M12×1.5", Money(1_95), 120, 40),
    Shelf("WHL-WGT-ADH", "Wheel weights, adhesive", Money(35), 400, 100),
    Shelf("TIR-205-55R16", "Tyre 205/55 R16, all season", Money(98_00), 32, 8),
    Shelf("TIR-225-65R17", "Tyre 225/65 R17, all season", Money(127_00), 32, 8),
    Shelf("TIR-275-65R18", "Tyre 275/65 R18, all terrain", Money(189_00), 16, 4),
    Shelf("TIR-VLV-STM", "Valve stem, rubber", Money(1_20), 100, 30),
    Shelf("EXH-MUF-24", "Muffler, aluminised steel", Money(126_00), 4, 1),
    Shelf("EXH-GSK-FLX", "Exhaust flange gasket", Money(5_60), 24, 6),
    Shelf("EXH-CLP-225", "Exhaust clamp, 2.25 in", Money(4_15), 30, 8),
    Shelf(
        "TRN-FLD-ATF", "Automatic transmission fluid, multi-vehicle", Money(9_15), 96, 24, "quart"
    ),
    Shelf("TRN-FLT-KIT", "Transmission filter kit", Money(38_25), 8, 2, "kit"),
    Shelf("CLU-KIT-228", "Clutch kit, 228 mm", Money(268_00), 3, 1, "kit"),
    Shelf("AC-REF-134A", "Refrigerant R-134a", Money(21_50), 40, 10, "pound"),
    Shelf("AC-CMP-10S", "A/C compressor, remanufactured", Money(312_00), 3, 1),
    Shelf("LGT-BLB-H11", "Headlamp bulb H11", Money(17_30), 24, 6),
    Shelf("WIP-BLD-24", "Wiper blade, 24 in, beam", Money(15_90), 40, 10),
)
