"""Every use case, given what it needs: the shop's table of contents, wired."""

import secrets
from datetime import timedelta
from typing import Any, Protocol, TypeAlias

from mechanic_core.accounts.ports import AccessTokens, Passwords
from mechanic_core.accounts.use_cases import (
    ChangePassword,
    LogIn,
    LogOut,
    ReadMe,
    RefreshTokens,
    TokenDesk,
)
from mechanic_core.customers.use_cases import (
    ChangeCustomer,
    EraseCustomer,
    ListCustomers,
    ReadCustomer,
    RegisterCustomer,
)
from mechanic_core.inventory.part import Part
from mechanic_core.inventory.use_cases import (
    AddPart,
    ArchivePart,
    ChangePart,
    CheckStock,
    ListMovements,
    ListParts,
    LowStock,
    MoveStock,
    ReadPart,
)
from mechanic_core.mechanics.use_cases import (
    ChangeMechanic,
    HireMechanic,
    LetMechanicGo,
    ListMechanics,
    ReadLeaderboard,
    ReadMechanic,
)
from mechanic_core.shop import Shop
from mechanic_core.texts import Clock
from mechanic_core.tickets.labor_use_cases import AddLaborLine, ChangeLaborLine, RemoveLaborLine
from mechanic_core.tickets.list_use_cases import (
    ListMyTickets,
    ListTickets,
    ListVehicleTickets,
    ListWorked,
)
from mechanic_core.tickets.mechanic_use_cases import AssignMechanic, AssignMechanics
from mechanic_core.tickets.part_use_cases import AddPartLine, ChangePartLine, RemovePartLine
from mechanic_core.tickets.storeroom import Storeroom
from mechanic_core.tickets.use_cases import ChangeTicket, OpenTicket, ReadTicket, RemoveTicket
from mechanic_core.tickets.vehicle_desk import VehicleDesk
from mechanic_core.tickets.workflow_use_cases import ListHistory, MoveTicket, ReadTransitions
from mechanic_core.vehicles.use_cases import (
    AddVehicle,
    ChangeVehicle,
    ListVehicles,
    ReadVehicle,
    RemoveVehicle,
)
from mechanic_core.work import Begin, Look

UseCases: TypeAlias = dict[str, Any]
"""Those of one noun, by the names that `Shop` gives them; a test holds them against its types."""


class Store(Protocol):
    """Where a shop keeps everything: one of the adapters' stores, or an embedder's own."""

    @property
    def begin(self) -> Begin:
        """Opens a transaction."""
        ...

    @property
    def look(self) -> Look:
        """Opens a view."""
        ...


def new_secret() -> str:
    """Return 256 random bits as text."""
    return secrets.token_urlsafe(32)


def new_sku() -> str:
    """Return a SKU that no part has yet, as good as surely."""
    return f"PART-{secrets.token_hex(5).upper()}"


def unheard(part: Part) -> None:
    """Let it pass that *part* is low; `GET /inventory?low_stock=true` tells it too."""


def build_shop(  # noqa: PLR0913 - all that a shop can be given
    store: Store,
    now: Clock,
    passwords: Passwords,
    tokens: AccessTokens,
    *,
    refresh_life: timedelta = timedelta(days=14),
    strict_vin: bool = False,
    low_stock: LowStock = unheard,
) -> Shop:
    """Return every use case, ready to be called."""
    begin, look = store.begin, store.look
    desk = TokenDesk(tokens, new_secret, refresh_life)
    return Shop(
        **_accounts(begin, look, now, passwords, desk),
        **_customers(begin, look, now, passwords),
        **_vehicles(begin, look, now, strict_vin=strict_vin),
        **_mechanics(begin, look, now, passwords),
        **_tickets(begin, look, now, VehicleDesk(strict_vin)),
        **_workflow(begin, look, now, Storeroom(low_stock)),
        **_lines(begin, now, Storeroom(low_stock)),
        **_inventory(begin, look, now, low_stock),
    )


def _accounts(
    begin: Begin, look: Look, now: Clock, passwords: Passwords, desk: TokenDesk
) -> UseCases:
    return {
        "log_in_customer": LogIn(False, begin, look, now, passwords, desk),
        "log_in_staff": LogIn(True, begin, look, now, passwords, desk),
        "refresh_tokens": RefreshTokens(begin, now, desk),
        "log_out": LogOut(begin, now),
        "read_me": ReadMe(look),
        "change_password": ChangePassword(begin, look, now, passwords),
    }


def _customers(begin: Begin, look: Look, now: Clock, passwords: Passwords) -> UseCases:
    return {
        "register_customer": RegisterCustomer(begin, now, passwords),
        "list_customers": ListCustomers(look),
        "read_customer": ReadCustomer(look),
        "change_customer": ChangeCustomer(begin, now),
        "erase_customer": EraseCustomer(begin, now),
    }


def _vehicles(begin: Begin, look: Look, now: Clock, *, strict_vin: bool) -> UseCases:
    return {
        "add_vehicle": AddVehicle(begin, now, strict_vin),
        "list_vehicles": ListVehicles(look),
        "read_vehicle": ReadVehicle(look),
        "change_vehicle": ChangeVehicle(begin, now, strict_vin),
        "remove_vehicle": RemoveVehicle(begin),
    }


def _mechanics(begin: Begin, look: Look, now: Clock, passwords: Passwords) -> UseCases:
    return {
        "hire_mechanic": HireMechanic(begin, passwords),
        "list_mechanics": ListMechanics(look),
        "read_mechanic": ReadMechanic(look),
        "change_mechanic": ChangeMechanic(begin, now),
        "let_mechanic_go": LetMechanicGo(begin, now),
        "read_leaderboard": ReadLeaderboard(look),
        "list_worked": ListWorked(look),
    }


def _tickets(begin: Begin, look: Look, now: Clock, vehicles: VehicleDesk) -> UseCases:
    assign_mechanics = AssignMechanics(begin, now)
    return {
        "open_ticket": OpenTicket(begin, now, vehicles),
        "list_tickets": ListTickets(look),
        "list_my_tickets": ListMyTickets(look),
        "list_vehicle_tickets": ListVehicleTickets(look),
        "read_ticket": ReadTicket(look),
        "change_ticket": ChangeTicket(begin, now, vehicles),
        "remove_ticket": RemoveTicket(begin, now),
        "assign_mechanics": assign_mechanics,
        "assign_mechanic": AssignMechanic(assign_mechanics),
    }


def _workflow(begin: Begin, look: Look, now: Clock, storeroom: Storeroom) -> UseCases:
    return {
        "read_transitions": ReadTransitions(look),
        "move_ticket": MoveTicket(begin, now, storeroom),
        "list_history": ListHistory(look),
    }


def _lines(begin: Begin, now: Clock, storeroom: Storeroom) -> UseCases:
    return {
        "add_part_line": AddPartLine(begin, now, storeroom),
        "change_part_line": ChangePartLine(begin, now, storeroom),
        "remove_part_line": RemovePartLine(begin, now, storeroom),
        "add_labor_line": AddLaborLine(begin, now),
        "change_labor_line": ChangeLaborLine(begin, now),
        "remove_labor_line": RemoveLaborLine(begin, now),
    }


def _inventory(begin: Begin, look: Look, now: Clock, low_stock: LowStock) -> UseCases:
    return {
        "add_part": AddPart(begin, now, new_sku),
        "list_parts": ListParts(look),
        "read_part": ReadPart(look),
        "change_part": ChangePart(begin, now, low_stock),
        "archive_part": ArchivePart(begin, now),
        "move_stock": MoveStock(begin, now, low_stock),
        "list_movements": ListMovements(look),
        "check_stock": CheckStock(look),
    }
