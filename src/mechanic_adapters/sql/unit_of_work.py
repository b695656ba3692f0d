"""The unit of work over SQL: every port of the shop, on one executor."""

from mechanic_adapters.port_groups import ConsentPorts, MoneyPorts
from mechanic_adapters.sql.counters.worked_tickets import WorkedTickets
from mechanic_adapters.sql.engine.executor import Executor
from mechanic_adapters.sql.repositories.accounts import (
    SqlAccounts,
    SqlEmailHolders,
    SqlPasswordResets,
)
from mechanic_adapters.sql.repositories.customers import SqlCustomers
from mechanic_adapters.sql.repositories.estimates.approval_links import SqlApprovalLinks
from mechanic_adapters.sql.repositories.estimates.decisions import SqlDecisions
from mechanic_adapters.sql.repositories.estimates.estimates import SqlEstimates
from mechanic_adapters.sql.repositories.events import SqlEvents
from mechanic_adapters.sql.repositories.invoices.balances import SqlBalances
from mechanic_adapters.sql.repositories.invoices.credit_notes import SqlCreditNotes
from mechanic_adapters.sql.repositories.invoices.invoices import SqlInvoices
from mechanic_adapters.sql.repositories.invoices.number_series import SqlNumberSeries
from mechanic_adapters.sql.repositories.leaderboard import SqlStandings
from mechanic_adapters.sql.repositories.ledger import SqlLedger
from mechanic_adapters.sql.repositories.mechanics import SqlMechanics
from mechanic_adapters.sql.repositories.outgoing_mails import SqlOutgoingMails
from mechanic_adapters.sql.repositories.parts import SqlParts
from mechanic_adapters.sql.repositories.payments import SqlPayments
from mechanic_adapters.sql.repositories.profile import SqlProfiles
from mechanic_adapters.sql.repositories.recommendations import SqlRecommendations
from mechanic_adapters.sql.repositories.sessions import SqlSessions
from mechanic_adapters.sql.repositories.statements.statements import SqlStatements
from mechanic_adapters.sql.repositories.stored_answers import SqlStoredAnswers
from mechanic_adapters.sql.repositories.tickets.histories import SqlHistories
from mechanic_adapters.sql.repositories.tickets.owners import SqlTicketOwners
from mechanic_adapters.sql.repositories.tickets.tickets import SqlTickets
from mechanic_adapters.sql.repositories.vehicles import SqlOdometerLog, SqlVehicles
from mechanic_adapters.sql.subjects import SqlSubjects
from mechanic_core.unit_of_work import OnCommit, Work, no_commit


def unit_of_work(
    executor: Executor, worked_tickets: WorkedTickets, on_commit: OnCommit = no_commit
) -> Work:
    """Return every port on *executor*."""
    vehicles, mechanics = SqlVehicles(executor), SqlMechanics(executor)
    sessions, tickets = SqlSessions(executor), SqlTickets(executor, worked_tickets)
    outgoing_mails = SqlOutgoingMails(executor)
    return Work(
        customers=SqlCustomers(executor),
        vehicles=vehicles,
        vehicle_lists=vehicles,
        odometer_log=SqlOdometerLog(executor),
        mechanics=mechanics,
        mechanic_lists=mechanics,
        standings=SqlStandings(executor, worked_tickets),
        accounts=SqlAccounts(executor),
        email_holders=SqlEmailHolders(executor),
        password_resets=SqlPasswordResets(executor),
        sessions=sessions,
        revocations=sessions,
        tickets=tickets,
        ticket_lists=tickets,
        ticket_owners=SqlTicketOwners(executor),
        ticket_prices=tickets,
        histories=SqlHistories(executor),
        **_consent(executor),
        **_money(executor),
        parts=SqlParts(executor),
        ledger=SqlLedger(executor),
        profiles=SqlProfiles(executor),
        stored_answers=SqlStoredAnswers(executor),
        outgoing_mails=outgoing_mails,
        mail_lists=outgoing_mails,
        events=SqlEvents(executor),
        subjects=SqlSubjects(executor),
        on_commit=on_commit,
    )


def _consent(executor: Executor) -> ConsentPorts:
    estimates = SqlEstimates(executor)
    return {
        "estimates": estimates,
        "estimate_lists": estimates,
        "decisions": SqlDecisions(executor),
        "approval_links": SqlApprovalLinks(executor),
        "recommendations": SqlRecommendations(executor),
    }


def _money(executor: Executor) -> MoneyPorts:
    invoices, payments = SqlInvoices(executor), SqlPayments(executor)
    return {
        "invoices": invoices,
        "invoice_lists": invoices,
        "credit_notes": SqlCreditNotes(executor),
        "number_series": SqlNumberSeries(executor),
        "balances": SqlBalances(executor),
        "payments": payments,
        "payment_lists": payments,
        "statements": SqlStatements(executor),
    }
