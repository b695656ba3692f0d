"""The table of contents: every use case of the shop, by noun."""

from contextlib import AbstractContextManager
from typing import final

from attrs import frozen

from mechanic_core.access import Actor
from mechanic_core.accounts import reset_use_cases as resets
from mechanic_core.accounts import use_cases as accounts
from mechanic_core.customers import export, merge
from mechanic_core.customers import use_cases as customers
from mechanic_core.estimates.use_cases import decisions, estimates, links
from mechanic_core.events import use_cases as events
from mechanic_core.inventory import use_cases as inventory
from mechanic_core.invoices.use_cases import credit_notes, invoices
from mechanic_core.mail import use_cases as mail
from mechanic_core.mechanics import use_cases as mechanics
from mechanic_core.payments import use_cases as payments
from mechanic_core.pricing import use_cases as pricing
from mechanic_core.profile import use_cases as profile
from mechanic_core.recommendations import use_cases as recommendations
from mechanic_core.statements import use_cases as statements
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
from mechanic_core.unit_of_work import EventListener, Store, Work
from mechanic_core.vehicles import use_cases as vehicles


@frozen(kw_only=True, slots=False)
class AccountUseCases:
    """Log-in, sessions and passwords."""

    log_in_customer: accounts.LogIn
    log_in_staff: accounts.LogIn
    refresh_tokens: accounts.RefreshTokens
    log_out: accounts.LogOut
    read_me: accounts.ReadMe
    change_password: accounts.ChangePassword


@frozen(kw_only=True, slots=False)
class PasswordResetUseCases:
    """Passwords that were forgotten, and the first passwords of customers."""

    issue_customer_reset: resets.IssueCustomerReset
    issue_staff_reset: resets.IssueStaffReset
    read_password_reset: resets.ReadPasswordReset
    reset_password: resets.ResetPassword
    set_staff_password: resets.SetStaffPassword


@frozen(kw_only=True, slots=False)
class MailUseCases:
    """Mails that are asked for, and sent later."""

    request_password_reset: resets.RequestPasswordReset
    deliver_mails: mail.DeliverMails


@frozen(kw_only=True, slots=False)
class CustomerUseCases:
    """Customers."""

    register_customer: customers.RegisterCustomer
    add_customer: customers.AddCustomer
    list_customers: customers.ListCustomers
    read_customer: customers.ReadCustomer
    find_customer: customers.FindCustomer
    export_customer: export.ExportCustomer
    change_customer: customers.ChangeCustomer
    erase_customer: customers.EraseCustomer
    merge_customers: merge.MergeCustomers


@frozen(kw_only=True, slots=False)
class VehicleUseCases:
    """Vehicles."""

    add_vehicle: vehicles.AddVehicle
    list_vehicles: vehicles.ListVehicles
    read_vehicle: vehicles.ReadVehicle
    list_odometer: vehicles.ListOdometer
    change_vehicle: vehicles.ChangeVehicle
    remove_vehicle: vehicles.RemoveVehicle


@frozen(kw_only=True, slots=False)
class MechanicUseCases:
    """Mechanics and the leaderboard."""

    hire_mechanic: mechanics.HireMechanic
    list_mechanics: mechanics.ListMechanics
    read_mechanic: mechanics.ReadMechanic
    change_mechanic: mechanics.ChangeMechanic
    let_mechanic_go: mechanics.LetMechanicGo
    read_leaderboard: mechanics.ReadLeaderboard
    list_worked: lists.ListWorked


@frozen(kw_only=True, slots=False)
class TicketUseCases:
    """Service tickets and their mechanics."""

    open_ticket: intake.OpenTicket
    list_tickets: lists.ListTickets
    list_my_tickets: lists.ListMyTickets
    list_vehicle_tickets: lists.ListVehicleTickets
    read_ticket: intake.ReadTicket
    change_ticket: intake.ChangeTicket
    remove_ticket: intake.RemoveTicket
    assign_mechanics: assignment.AssignMechanics
    assign_mechanic: assignment.AssignMechanic


@frozen(kw_only=True, slots=False)
class WorkflowUseCases:
    """The status of a service ticket and its history."""

    read_transitions: workflow.ReadTransitions
    move_ticket: workflow.MoveTicket
    list_history: workflow.ListHistory


@frozen(kw_only=True, slots=False)
class LineUseCases:
    """Jobs, lines, charges and discounts of a service ticket, and its price."""

    add_job: jobs.AddJob
    change_job: jobs.ChangeJob
    remove_job: jobs.RemoveJob
    add_part_line: part_lines.AddPartLine
    change_part_line: part_lines.ChangePartLine
    remove_part_line: part_lines.RemovePartLine
    add_labor_line: labor_lines.AddLaborLine
    change_labor_line: labor_lines.ChangeLaborLine
    remove_labor_line: labor_lines.RemoveLaborLine
    add_charge: charges.AddCharge
    change_charge: charges.ChangeCharge
    remove_charge: charges.RemoveCharge
    replace_discounts: price.ReplaceDiscounts
    read_price: price.ReadPrice


@frozen(kw_only=True, slots=False)
class EstimateUseCases:
    """Estimates, what customers decide on them, and links to them."""

    make_estimate: estimates.MakeEstimate
    list_estimates: estimates.ListEstimates
    read_estimate: estimates.ReadEstimate
    print_estimate: estimates.PrintEstimate
    decide_on_estimate: decisions.DecideOnEstimate
    set_spending_limit: decisions.SetSpendingLimit
    list_decisions: decisions.ListDecisions
    read_authorization: decisions.ReadAuthorization
    issue_approval_link: links.IssueApprovalLink
    read_approval: links.ReadApproval
    answer_by_link: links.AnswerByLink


@frozen(kw_only=True, slots=False)
class RecommendationUseCases:
    """Work that was declined."""

    list_recommendations: recommendations.ListRecommendations
    read_recommendation: recommendations.ReadRecommendation
    dismiss_recommendation: recommendations.DismissRecommendation


@frozen(kw_only=True, slots=False)
class BillingUseCases:
    """Prices, invoices, credit notes, payments, and what customers owe."""

    price_lines: pricing.PriceLines
    issue_invoice: invoices.IssueInvoice
    list_invoices: invoices.ListInvoices
    list_my_invoices: invoices.ListMyInvoices
    read_invoice: invoices.ReadInvoice
    print_invoice: invoices.PrintInvoice
    credit_invoice: credit_notes.CreditInvoice
    list_credit_notes: credit_notes.ListCreditNotes
    read_credit_note: credit_notes.ReadCreditNote
    take_payment: payments.TakePayment
    refund_payment: payments.RefundPayment
    list_ticket_payments: payments.ListTicketPayments
    list_payments: payments.ListPayments
    read_payment: payments.ReadPayment
    read_statement: statements.ReadStatement
    read_receivables: statements.ReadReceivables


@frozen(kw_only=True, slots=False)
class InventoryUseCases:
    """Parts and their stock."""

    add_part: inventory.AddPart
    list_parts: inventory.ListParts
    read_part: inventory.ReadPart
    change_part: inventory.ChangePart
    archive_part: inventory.ArchivePart
    restore_part: inventory.RestorePart
    move_stock: inventory.MoveStock
    list_movements: inventory.ListMovements
    check_stock: inventory.CheckStock


@frozen(kw_only=True, slots=False)
class ProfileUseCases:
    """The shop's own name, address, calendar and rules."""

    read_profile: profile.ReadProfile
    change_profile: profile.ChangeProfile
    list_profile_history: profile.ListProfileHistory


@frozen(kw_only=True, slots=False)
class EventUseCases:
    """What has changed."""

    read_events: events.ReadEvents
    read_event_subjects: events.ReadEventSubjects


@final
@frozen(kw_only=True, slots=False)
class Shop(
    AccountUseCases,
    PasswordResetUseCases,
    MailUseCases,
    CustomerUseCases,
    VehicleUseCases,
    MechanicUseCases,
    TicketUseCases,
    WorkflowUseCases,
    LineUseCases,
    EstimateUseCases,
    RecommendationUseCases,
    BillingUseCases,
    InventoryUseCases,
    ProfileUseCases,
    EventUseCases,
):
    """Every use case, ready to call: `shop.open_ticket(actor, draft)`.

    The arguments are the acting user, then ids, then the record.

    Attributes:
        store: The store that every use case works on.
        address: Where the records are, as people may see it: without a password.
    """

    store: Store
    address: str = ""

    def begin(self, actor: Actor | None = None) -> AbstractContextManager[Work]:
        """Open a transaction that use cases join: leaving commits, raising rolls back.

        See `Begin` in `mechanic_core.unit_of_work`. Raises `LostRace` and `Unavailable`.
        """
        return self.store.begin(actor)

    def on_commit(self, listener: EventListener) -> None:
        """Call *listener* once after each commit, with a tuple of its events.

        A listener that raises is logged, and undoes nothing.
        """
        self.store.on_commit(listener)

    def __repr__(self) -> str:
        """Return the name of the class and the address."""
        return f"<Shop {self.address}>" if self.address else "<Shop>"
