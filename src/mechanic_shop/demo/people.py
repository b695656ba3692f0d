"""The demo's staff, customers and vehicles."""

from collections.abc import Sequence
from random import Random
from typing import Final

from attrs import frozen

from mechanic_core.access import Role
from mechanic_core.money import Money
from mechanic_core.vehicles.vin import check_digit

PASSWORD: Final = "demo-password"  # noqa: S105 - shown to the user; the shop is deleted

CUSTOMER: Final = "customer@example.com"
MECHANIC: Final = "mechanic@example.com"
MANAGER: Final = "manager@example.com"

VEHICLES: Final = 60


@frozen
class Employee:
    """A mechanic or manager of the demo."""

    name: str
    email: str
    specialty: str
    salary: Money
    role: Role = Role.MECHANIC


STAFF: Final = (
    Employee("Grace Okafor", MANAGER, "front desk", Money(84_000_00), Role.MANAGER),
    Employee("Luis Romero", MECHANIC, "brakes", Money(61_500_00)),
    Employee("Hanna Lindqvist", "hanna@example.com", "diagnostics", Money(67_200_00)),
    Employee("Darnell Price", "darnell@example.com", "engines", Money(64_000_00)),
    Employee("Mei Tanaka", "mei@example.com", "electrical", Money(65_800_00)),
    Employee("Tomasz Nowak", "tomasz@example.com", "transmissions", Money(63_400_00)),
    Employee("Priya Raman", "priya@example.com", "suspension", Money(58_900_00)),
    Employee("Callum Fraser", "callum@example.com", "tyres", Money(49_750_00)),
)

_NAMES: Final = """
Ada Moore, Ben Carter, Chloe Dubois, Daniel Kim, Elena Petrova, Farid Haddad, Gwen Ellis,
Hugo Martins, Imani Brooks, Jonas Weber, Katya Sokolova, Liam O'Brien, Maria Lopez, Noah Fischer,
Olivia Grant, Pablo Reyes, Quinn Walker, Rosa Bianchi, Samir Patel, Tessa Vogel, Umar Siddiqui,
Vera Novak, Wyatt Coleman, Xenia Pappas, Yusuf Demir, Zoe Laurent, Arthur Bell, Bianca Costa,
Cedric Moreau, Dana Levy, Emeka Obi, Freya Hansen, George Tran, Holly Marsh, Ivan Horvat,
Julia Santos, Kenji Mori, Lena Schmidt, Marcus Young, Nina Kowalski
"""
CUSTOMERS: Final = tuple(" ".join(name.split()) for name in _NAMES.split(","))

STREETS: Final = ("Mill Lane", "Oak Street", "Harbor Road", "Station Avenue", "Cedar Court")

_MODELS: Final = (
    ("Honda", "Accord", "1HGCM826"),
    ("Honda", "CR-V", "5J6RE4H7"),
    ("Toyota", "Camry", "4T1BF1FK"),
    ("Toyota", "Tacoma", "5TFNX4CN"),
    ("Ford", "F-150", "1FTFW1ET"),
    ("Ford", "Escape", "1FMCU0GD"),
    ("Chevrolet", "Silverado", "1GCVKREC"),
    ("Chevrolet", "Malibu", "1G1ZD5ST"),
    ("Nissan", "Altima", "1N4AL3AP"),
    ("Subaru", "Outback", "4S4BSANC"),
    ("Jeep", "Wrangler", "1C4HJXDG"),
    ("Hyundai", "Elantra", "5NPD84LF"),
    ("Kia", "Sorento", "5XYPG4A3"),
    ("Tesla", "Model 3", "5YJ3E1EA"),
)
_FIRST_YEAR: Final = 2008
_YEARS: Final = "89ABCDEFGHJKLM"
"""The codes of the model years from 2008 (49 CFR 565.15, table VII)."""


@frozen
class Car:
    """A customer's vehicle."""

    make: str
    model: str
    year: int
    vin: str
    plate: str
    odometer: int


def random_cars(random: Random) -> Sequence[Car]:
    """Return vehicles whose VINs have valid check digits."""
    return tuple(_car(number, random) for number in range(VEHICLES))


def _car(number: int, random: Random) -> Car:
    make, model, start = _MODELS[number % len(_MODELS)]
    year = random.randrange(len(_YEARS))
    serial = f"{_YEARS[year]}A{random.randrange(100_000, 1_000_000)}"
    letters = "".join(random.choice("ABCDEFGHJKLMNPRSTUVWXYZ") for _ in range(3))
    return Car(
        make=make,
        model=model,
        year=_FIRST_YEAR + year,
        vin=start + check_digit(f"{start}0{serial}") + serial,
        plate=f"{random.randrange(1, 10)}{letters}{random.randrange(1000):03}",
        odometer=(len(_YEARS) - year) * random.randrange(7_000, 14_000),
    )
