"""Every use case, constructed by hand with what it needs.

mypy reports a use case of `mechanic_core.shop` that is not constructed here.
"""

import secrets
from datetime import timedelta
from functools import partial

from mechanic_core.accounts import reset_use_cases as resets
from mechanic_core.accounts import use_cases as accounts
from mechanic_core.accounts.links import LinkTokens
from mechanic_core.accounts.password_resets import ResetIssuer, ResetReader
from mechanic_core.accounts.ports import AccessTokens, Passwords
from mechanic_core.accounts.reset_letter import ResetLetter
from mechanic_core.customers import export, merge
from mechanic_core.customers import use_cases as customers
from mechanic_core.estimates.approval_letter import ApprovalLetter
from mechanic_core.estimates.approval_links import ApprovalLinkTokens
from mechanic_core.events import use_cases as events
from mechanic_core.events.ports import Wakeups, no_wakeups
from mechanic_core.inventory import use_cases as inventory
from mechanic_core.inventory.low_stock import LowStockListener
from mechanic_core.inventory.part import Part
from mechanic_core.mail import use_cases as mail
from mechanic_core.mail.outgoing_mail import MailKind
from mechanic_core.mail.ports import Letter, Mailer
from mechanic_core.mechanics import use_cases as mechanics
from mechanic_core.profile import use_cases as profile
from mechanic_core.shop import (
    AccountUseCases,
    CustomerUseCases,
    EventUseCases,
    InventoryUseCases,
    LineUseCases,
    MailUseCases,
    MechanicUseCases,
    PasswordResetUseCases,
    ProfileUseCases,
    Shop,
    TicketUseCases,
    VehicleUseCases,
    WorkflowUseCases,
)
from mechanic_core.tickets.stock import TicketStock
from mechanic_core.tickets.use_cases import (
    assignment,
    charges,
    intake,
    jobs,
    labor_lines,
    lists,
    part_lines,
    price,
    workflow,
)
from mechanic_core.tickets.vehicle_lookup import VehicleLookup
from mechanic_core.unit_of_work import Begin, ReadLagging, ReadOnly, Store
from mechanic_core.values import Clock
from mechanic_core.vehicles import use_cases as vehicles
from mechanic_shop.wiring.billing import billing_use_cases
from mechanic_shop.wiring.estimates import estimate_use_cases, recommendation_use_cases
from mechanic_shop.wiring.open_store import lagging_reads


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
    link_tokens: LinkTokens,
    *,
    refresh_life: timedelta = timedelta(days=14),
    strict_vin: bool = False,
    low_stock: LowStockListener = ignore_low_stock,
    wakeups: Wakeups = no_wakeups,
    address: str = "",
    public_url: str = "",
    mailer: Mailer | None = None,
) -> Shop:
    """Return the shop on *store*. *public_url* begins links; without *mailer* no mail goes out."""
    begin, read_only, read_lagging = store.begin, store.read_only, lagging_reads(store)
    issuer = accounts.TokenIssuer(tokens, partial(secrets.token_urlsafe, 32), refresh_life)
    reset_issuer = ResetIssuer(link_tokens, public_url)
    links = ApprovalLinkTokens(link_tokens, public_url)
    stock = TicketStock(low_stock)
    return Shop(
        store=store,
        address=address,
        **vars(_accounts(begin, read_only, now, passwords, issuer)),
        **vars(_resets(begin, read_only, now, passwords, reset_issuer)),
        **vars(_mail(begin, read_only, now, mailer, reset_issuer, links)),
        **vars(_customers(begin, read_only, read_lagging, now, passwords)),
        **vars(_vehicles(begin, read_only, read_lagging, now, strict_vin=strict_vin)),
        **vars(_mechanics(begin, read_only, read_lagging, now, passwords)),
        **vars(_tickets(begin, read_only, read_lagging, now, VehicleLookup(strict_vin))),
        **vars(_workflow(begin, read_only, read_lagging, now, stock)),
        **vars(_lines(begin, read_only, now, stock)),
        **vars(estimate_use_cases(begin, read_only, read_lagging, now, stock, links, mailer)),
        **vars(recommendation_use_cases(begin, read_only, read_lagging, now)),
        **vars(billing_use_cases(begin, read_only, read_lagging, now)),
        **vars(_inventory(begin, read_only, read_lagging, now, low_stock)),
        **vars(_profile(begin, read_only, read_lagging, now)),
        **vars(_events(begin, read_only, now, wakeups)),
    )


def _accounts(
    begin: Begin,
    read_only: ReadOnly,
    now: Clock,
    passwords: Passwords,
    issuer: accounts.TokenIssuer,
) -> AccountUseCases:
    return AccountUseCases(
        log_in_customer=accounts.LogIn(False, begin, read_only, now, passwords, issuer),
        log_in_staff=accounts.LogIn(True, begin, read_only, now, passwords, issuer),
        refresh_tokens=accounts.RefreshTokens(begin, now, issuer),
        log_out=accounts.LogOut(begin, now),
        read_me=accounts.ReadMe(read_only),
        change_password=accounts.ChangePassword(begin, read_only, now, passwords),
    )


def _resets(
    begin: Begin,
    read_only: ReadOnly,
    now: Clock,
    passwords: Passwords,
    issuer: ResetIssuer,
) -> PasswordResetUseCases:
    reader = ResetReader(issuer.tokens, read_only)
    return PasswordResetUseCases(
        issue_customer_reset=resets.IssueCustomerReset(begin, now, issuer),
        issue_staff_reset=resets.IssueStaffReset(begin, now, issuer),
        read_password_reset=resets.ReadPasswordReset(now, reader),
        reset_password=resets.ResetPassword(begin, now, passwords, reader),
        set_staff_password=resets.SetStaffPassword(begin, now, passwords),
    )


def _mail(  # noqa: PLR0913 - everything that letters need
    begin: Begin,
    read_only: ReadOnly,
    now: Clock,
    mailer: Mailer | None,
    issuer: ResetIssuer,
    approval_tokens: ApprovalLinkTokens,
) -> MailUseCases:
    letters: dict[MailKind, Letter] = {
        MailKind.PASSWORD_RESET: ResetLetter(begin, read_only, now, issuer),
        MailKind.APPROVAL: ApprovalLetter(read_only, now, approval_tokens),
    }
    return MailUseCases(
        request_password_reset=resets.RequestPasswordReset(begin, now, mailer is not None),
        deliver_mails=mail.DeliverMails(begin, now, mailer, letters),
    )


def _customers(
    begin: Begin, read_only: ReadOnly, read_lagging: ReadLagging, now: Clock, passwords: Passwords
) -> CustomerUseCases:
    return CustomerUseCases(
        register_customer=customers.RegisterCustomer(begin, now, passwords),
        add_customer=customers.AddCustomer(begin, now, passwords),
        list_customers=customers.ListCustomers(read_lagging),
        read_customer=customers.ReadCustomer(read_only),
        find_customer=customers.FindCustomer(read_only),
        export_customer=export.ExportCustomer(read_only, now),
        change_customer=customers.ChangeCustomer(begin, now),
        erase_customer=customers.EraseCustomer(begin, now),
        merge_customers=merge.MergeCustomers(begin, now),
    )


def _vehicles(
    begin: Begin, read_only: ReadOnly, read_lagging: ReadLagging, now: Clock, *, strict_vin: bool
) -> VehicleUseCases:
    return VehicleUseCases(
        add_vehicle=vehicles.AddVehicle(begin, now, strict_vin),
        list_vehicles=vehicles.ListVehicles(read_lagging),
        read_vehicle=vehicles.ReadVehicle(read_only),
        list_odometer=vehicles.ListOdometer(read_lagging),
        change_vehicle=vehicles.ChangeVehicle(begin, now, strict_vin),
        remove_vehicle=vehicles.RemoveVehicle(begin, now),
    )


def _mechanics(
    begin: Begin, read_only: ReadOnly, read_lagging: ReadLagging, now: Clock, passwords: Passwords
) -> MechanicUseCases:
    return MechanicUseCases(
        hire_mechanic=mechanics.HireMechanic(begin, now, passwords),
        list_mechanics=mechanics.ListMechanics(read_only),
        read_mechanic=mechanics.ReadMechanic(read_only),
        change_mechanic=mechanics.ChangeMechanic(begin, now),
        let_mechanic_go=mechanics.LetMechanicGo(begin, now),
        read_leaderboard=mechanics.ReadLeaderboard(read_only),
        list_worked=lists.ListWorked(read_lagging),
    )


def _tickets(
    begin: Begin, read_only: ReadOnly, read_lagging: ReadLagging, now: Clock, lookup: VehicleLookup
) -> TicketUseCases:
    return TicketUseCases(
        open_ticket=intake.OpenTicket(begin, now, lookup),
        list_tickets=lists.ListTickets(read_lagging),
        list_my_tickets=lists.ListMyTickets(read_lagging),
        list_vehicle_tickets=lists.ListVehicleTickets(read_lagging),
        read_ticket=intake.ReadTicket(read_only),
        change_ticket=intake.ChangeTicket(begin, now, lookup),
        remove_ticket=intake.RemoveTicket(begin, now),
        assign_mechanics=assignment.AssignMechanics(begin, now),
        assign_mechanic=assignment.AssignMechanic(begin, now),
    )


def _workflow(
    begin: Begin, read_only: ReadOnly, read_lagging: ReadLagging, now: Clock, stock: TicketStock
) -> WorkflowUseCases:
    return WorkflowUseCases(
        read_transitions=workflow.ReadTransitions(read_only),
        move_ticket=workflow.MoveTicket(begin, now, stock),
        list_history=workflow.ListHistory(read_lagging),
    )


def _lines(begin: Begin, read_only: ReadOnly, now: Clock, stock: TicketStock) -> LineUseCases:
    return LineUseCases(
        add_job=jobs.AddJob(begin, now, stock),
        change_job=jobs.ChangeJob(begin, now),
        remove_job=jobs.RemoveJob(begin, now),
        add_part_line=part_lines.AddPartLine(begin, now, stock),
        change_part_line=part_lines.ChangePartLine(begin, now, stock),
        remove_part_line=part_lines.RemovePartLine(begin, now, stock),
        add_labor_line=labor_lines.AddLaborLine(begin, now),
        change_labor_line=labor_lines.ChangeLaborLine(begin, now),
        remove_labor_line=labor_lines.RemoveLaborLine(begin, now),
        add_charge=charges.AddCharge(begin, now),
        change_charge=charges.ChangeCharge(begin, now),
        remove_charge=charges.RemoveCharge(begin, now),
        replace_discounts=price.ReplaceDiscounts(begin, now),
        read_price=price.ReadPrice(read_only),
    )


def _inventory(
    begin: Begin,
    read_only: ReadOnly,
    read_lagging: ReadLagging,
    now: Clock,
    low_stock: LowStockListener,
) -> InventoryUseCases:
    return InventoryUseCases(
        add_part=inventory.AddPart(begin, now, new_sku),
        list_parts=inventory.ListParts(read_only),
        read_part=inventory.ReadPart(read_only),
        change_part=inventory.ChangePart(begin, now, low_stock),
        archive_part=inventory.ArchivePart(begin, now),
        restore_part=inventory.RestorePart(begin, now),
        move_stock=inventory.MoveStock(begin, now, low_stock),
        list_movements=inventory.ListMovements(read_lagging),
        check_stock=inventory.CheckStock(read_lagging),
    )


def _profile(
    begin: Begin, read_only: ReadOnly, read_lagging: ReadLagging, now: Clock
) -> ProfileUseCases:
    return ProfileUseCases(
        read_profile=profile.ReadProfile(read_only),
        change_profile=profile.ChangeProfile(begin, now),
        list_profile_history=profile.ListProfileHistory(read_lagging),
    )


def _events(begin: Begin, read_only: ReadOnly, now: Clock, wakeups: Wakeups) -> EventUseCases:
    return EventUseCases(
        read_events=events.ReadEvents(begin, read_only, wakeups),
        read_event_subjects=events.ReadEventSubjects(read_only, now),
    )
