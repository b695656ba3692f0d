"""The table of contents: every use case of the shop, by noun."""

from typing import final

from attrs import frozen

from mechanic_core.accounts.use_cases import (
    ChangePassword,
    LogIn,
    LogOut,
    ReadMe,
    RefreshTokens,
)
from mechanic_core.customers.use_cases import (
    ChangeCustomer,
    EraseCustomer,
    ListCustomers,
    ReadCustomer,
    RegisterCustomer,
)
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
from mechanic_core.tickets.use_cases.part_lines import (
    AddPartLine,
    ChangePartLine,
    RemovePartLine,
)
from mechanic_core.tickets.use_cases.workflow import (
    ListHistory,
    MoveTicket,
    ReadTransitions,
)
from mechanic_core.vehicles.use_cases import (
    AddVehicle,
    ChangeVehicle,
    ListVehicles,
    ReadVehicle,
    RemoveVehicle,
)


@frozen(kw_only=True, slots=False)
class AccountUseCases:
    """Log-in, sessions and passwords."""

    log_in_customer: LogIn
    log_in_staff: LogIn
    refresh_tokens: RefreshTokens
    log_out: LogOut
    read_me: ReadMe
    change_password: ChangePassword


@frozen(kw_only=True, slots=False)
class CustomerUseCases:
    """Customers."""

    register_customer: RegisterCustomer
    list_customers: ListCustomers
    read_customer: ReadCustomer
    change_customer: ChangeCustomer
    erase_customer: EraseCustomer


@frozen(kw_only=True, slots=False)
class VehicleUseCases:
    """Vehicles."""

    add_vehicle: AddVehicle
    list_vehicles: ListVehicles
    read_vehicle: ReadVehicle
    change_vehicle: ChangeVehicle
    remove_vehicle: RemoveVehicle


@frozen(kw_only=True, slots=False)
class MechanicUseCases:
    """Mechanics and the leaderboard."""

    hire_mechanic: HireMechanic
    list_mechanics: ListMechanics
    read_mechanic: ReadMechanic
    change_mechanic: ChangeMechanic
    let_mechanic_go: LetMechanicGo
    read_leaderboard: ReadLeaderboard
    list_worked: ListWorked


@frozen(kw_only=True, slots=False)
class TicketUseCases:
    """Service tickets and their mechanics."""

    open_ticket: OpenTicket
    list_tickets: ListTickets
    list_my_tickets: ListMyTickets
    list_vehicle_tickets: ListVehicleTickets
    read_ticket: ReadTicket
    change_ticket: ChangeTicket
    remove_ticket: RemoveTicket
    assign_mechanics: AssignMechanics
    assign_mechanic: AssignMechanic


@frozen(kw_only=True, slots=False)
class WorkflowUseCases:
    """The status of a service ticket and its history."""

    read_transitions: ReadTransitions
    move_ticket: MoveTicket
    list_history: ListHistory


@frozen(kw_only=True, slots=False)
class LineUseCases:
    """Part lines and labor lines of a service ticket."""

    add_part_line: AddPartLine
    change_part_line: ChangePartLine
    remove_part_line: RemovePartLine
    add_labor_line: AddLaborLine
    change_labor_line: ChangeLaborLine
    remove_labor_line: RemoveLaborLine


@frozen(kw_only=True, slots=False)
class InventoryUseCases:
    """Parts and their stock."""

    add_part: AddPart
    list_parts: ListParts
    read_part: ReadPart
    change_part: ChangePart
    archive_part: ArchivePart
    move_stock: MoveStock
    list_movements: ListMovements
    check_stock: CheckStock


@final
@frozen(kw_only=True, slots=False)
class Shop(
    AccountUseCases,
    CustomerUseCases,
    VehicleUseCases,
    MechanicUseCases,
    TicketUseCases,
    WorkflowUseCases,
    LineUseCases,
    InventoryUseCases,
):
    """Every use case, ready to call: `shop.open_ticket(actor, draft)`.

    The arguments are the acting user, then ids, then the record.
    """
