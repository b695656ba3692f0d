"""Every use case, constructed by hand with what it needs.

mypy reports a use case of `mechanic_core.shop` that is not constructed here.
"""

import secrets
from datetime import timedelta
from functools import partial

from mechanic_core.accounts.ports import AccessTokens, Passwords
from mechanic_core.accounts.use_cases import (
    ChangePassword,
    LogIn,
    LogOut,
    ReadMe,
    RefreshTokens,
    TokenIssuer,
)
from mechanic_core.customers.use_cases import (
    ChangeCustomer,
    EraseCustomer,
    ListCustomers,
    ReadCustomer,
    RegisterCustomer,
)
from mechanic_core.inventory.low_stock import LowStockListener
from mechanic_core.inventory.part import Part
from mechanic_core.inventory.use_cases import (
    AddPart,
    ArchivePart,
    ChangePart,
    CheckStock,
    ListMovements,
    ListParts,
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
from mechanic_core.shop import (
    AccountUseCases,
    CustomerUseCases,
    InventoryUseCases,
    LineUseCases,
    MechanicUseCases,
    Shop,
    TicketUseCases,
    VehicleUseCases,
    WorkflowUseCases,
)
from mechanic_core.tickets.stock import TicketStock
from mechanic_core.tickets.use_cases.assignment import AssignMechanic, AssignMechanics
from mechanic_core.tickets.use_cases.intake import (
    ChangeTicket,
    OpenTicket,
    ReadTicket,
    RemoveTicket,
)
from mechanic_core.tickets.use_cases.labor_lines import (
    AddLaborLine,
    ChangeLaborLine,
    RemoveLaborLine,
)
from mechanic_core.tickets.use_cases.lists import (
    ListMyTickets,
    ListTickets,
    ListVehicleTickets,
    ListWorked,
)
from mechanic_core.tickets.use_cases.part_lines import AddPartLine, ChangePartLine, RemovePartLine
from mechanic_core.tickets.use_cases.workflow import ListHistory, MoveTicket, ReadTransitions
from mechanic_core.tickets.vehicle_lookup import VehicleLookup
from mechanic_core.unit_of_work import Begin, ReadOnly, Store
from mechanic_core.values import Clock
from mechanic_core.vehicles.use_cases import (
    AddVehicle,
    ChangeVehicle,
    ListVehicles,
    ReadVehicle,
    RemoveVehicle,
)


def new_sku() -> str:
    """Return a random SKU for a part that was added without one."""
    return f"PART-{secrets.token_hex(5).upper()}"


def ignore_low_stock(_: Part) -> None:
    """Do nothing when a part reaches its reorder point."""


def build_shop(  # noqa: PLR0913 - everything that a shop can be configured with
    store: Store,
    now: Clock,
    passwords: Passwords,
    tokens: AccessTokens,
    *,
    refresh_life: timedelta = timedelta(days=14),
    strict_vin: bool = False,
    low_stock: LowStockListener = ignore_low_stock,
) -> Shop:
    """Return the shop, with every use case on *store*."""
    begin, read_only = store.begin, store.read_only
    issuer = TokenIssuer(tokens, partial(secrets.token_urlsafe, 32), refresh_life)
    stock = TicketStock(low_stock)
    return Shop(
        **vars(_accounts(begin, read_only, now, passwords, issuer)),
        **vars(_customers(begin, read_only, now, passwords)),
        **vars(_vehicles(begin, read_only, now, strict_vin=strict_vin)),
        **vars(_mechanics(begin, read_only, now, passwords)),
        **vars(_tickets(begin, read_only, now, VehicleLookup(strict_vin))),
        **vars(_workflow(begin, read_only, now, stock)),
        **vars(_lines(begin, now, stock)),
        **vars(_inventory(begin, read_only, now, low_stock)),
    )


def _accounts(
    begin: Begin, read_only: ReadOnly, now: Clock, passwords: Passwords, issuer: TokenIssuer
) -> AccountUseCases:
    return AccountUseCases(
        log_in_customer=LogIn(False, begin, read_only, now, passwords, issuer),
        log_in_staff=LogIn(True, begin, read_only, now, passwords, issuer),
        refresh_tokens=RefreshTokens(begin, now, issuer),
        log_out=LogOut(begin, now),
        read_me=ReadMe(read_only),
        change_password=ChangePassword(begin, read_only, now, passwords),
    )


def _customers(
    begin: Begin, read_only: ReadOnly, now: Clock, passwords: Passwords
) -> CustomerUseCases:
    return CustomerUseCases(
        register_customer=RegisterCustomer(begin, now, passwords),
        list_customers=ListCustomers(read_only),
        read_customer=ReadCustomer(read_only),
        change_customer=ChangeCustomer(begin, now),
        erase_customer=EraseCustomer(begin, now),
    )


def _vehicles(
    begin: Begin, read_only: ReadOnly, now: Clock, *, strict_vin: bool
) -> VehicleUseCases:
    return VehicleUseCases(
        add_vehicle=AddVehicle(begin, now, strict_vin),
        list_vehicles=ListVehicles(read_only),
        read_vehicle=ReadVehicle(read_only),
        change_vehicle=ChangeVehicle(begin, now, strict_vin),
        remove_vehicle=RemoveVehicle(begin),
    )


def _mechanics(
    begin: Begin, read_only: ReadOnly, now: Clock, passwords: Passwords
) -> MechanicUseCases:
    return MechanicUseCases(
        hire_mechanic=HireMechanic(begin, passwords),
        list_mechanics=ListMechanics(read_only),
        read_mechanic=ReadMechanic(read_only),
        change_mechanic=ChangeMechanic(begin, now),
        let_mechanic_go=LetMechanicGo(begin, now),
        read_leaderboard=ReadLeaderboard(read_only),
        list_worked=ListWorked(read_only),
    )


def _tickets(
    begin: Begin, read_only: ReadOnly, now: Clock, vehicles: VehicleLookup
) -> TicketUseCases:
    return TicketUseCases(
        open_ticket=OpenTicket(begin, now, vehicles),
        list_tickets=ListTickets(read_only),
        list_my_tickets=ListMyTickets(read_only),
        list_vehicle_tickets=ListVehicleTickets(read_only),
        read_ticket=ReadTicket(read_only),
        change_ticket=ChangeTicket(begin, now, vehicles),
        remove_ticket=RemoveTicket(begin, now),
        assign_mechanics=AssignMechanics(begin, now),
        assign_mechanic=AssignMechanic(begin, now),
    )


def _workflow(
    begin: Begin, read_only: ReadOnly, now: Clock, stock: TicketStock
) -> WorkflowUseCases:
    return WorkflowUseCases(
        read_transitions=ReadTransitions(read_only),
        move_ticket=MoveTicket(begin, now, stock),
        list_history=ListHistory(read_only),
    )


def _lines(begin: Begin, now: Clock, stock: TicketStock) -> LineUseCases:
    return LineUseCases(
        add_part_line=AddPartLine(begin, now, stock),
        change_part_line=ChangePartLine(begin, now, stock),
        remove_part_line=RemovePartLine(begin, now, stock),
        add_labor_line=AddLaborLine(begin, now),
        change_labor_line=ChangeLaborLine(begin, now),
        remove_labor_line=RemoveLaborLine(begin, now),
    )


def _inventory(
    begin: Begin, read_only: ReadOnly, now: Clock, low_stock: LowStockListener
) -> InventoryUseCases:
    return InventoryUseCases(
        add_part=AddPart(begin, now, new_sku),
        list_parts=ListParts(read_only),
        read_part=ReadPart(read_only),
        change_part=ChangePart(begin, now, low_stock),
        archive_part=ArchivePart(begin, now),
        move_stock=MoveStock(begin, now, low_stock),
        list_movements=ListMovements(read_only),
        check_stock=CheckStock(read_only),
    )
