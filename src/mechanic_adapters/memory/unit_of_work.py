"""The unit of work over the tables in memory."""

from mechanic_adapters.memory.repositories.accounts import (
    MemoryAccounts,
    MemoryEmailHolders,
    MemoryPasswordResets,
    MemorySessions,
)
from mechanic_adapters.memory.repositories.billing.invoices import (
    MemoryBalances,
    MemoryCreditNotes,
    MemoryInvoices,
    MemoryNumberSeries,
)
from mechanic_adapters.memory.repositories.billing.payments import MemoryPayments
from mechanic_adapters.memory.repositories.billing.statements import MemoryStatements
from mechanic_adapters.memory.repositories.customers import MemoryCustomers
from mechanic_adapters.memory.repositories.estimates import (
    MemoryApprovalLinks,
    MemoryDecisions,
    MemoryEstimates,
)
from mechanic_adapters.memory.repositories.events import MemoryEvents, MemorySubjects
from mechanic_adapters.memory.repositories.inventory import MemoryLedger, MemoryParts
from mechanic_adapters.memory.repositories.leaderboard import MemoryStandings
from mechanic_adapters.memory.repositories.mechanics import MemoryMechanics
from mechanic_adapters.memory.repositories.outgoing_mails import MemoryOutgoingMails
from mechanic_adapters.memory.repositories.profile import MemoryProfiles
from mechanic_adapters.memory.repositories.recommendations import MemoryRecommendations
from mechanic_adapters.memory.repositories.stored_answers import MemoryStoredAnswers
from mechanic_adapters.memory.repositories.tickets import (
    MemoryHistories,
    MemoryTicketOwners,
    MemoryTickets,
)
from mechanic_adapters.memory.repositories.vehicles import MemoryOdometerLog, MemoryVehicles
from mechanic_adapters.memory.tables import Tables
from mechanic_adapters.port_groups import ConsentPorts, MoneyPorts
from mechanic_core.unit_of_work import OnCommit, Work, no_commit


def unit_of_work(tables: Tables, on_commit: OnCommit = no_commit) -> Work:
    """Return every port on *tables*."""
    vehicles, mechanics = MemoryVehicles(tables), MemoryMechanics(tables)
    sessions, tickets = MemorySessions(tables), MemoryTickets(tables)
    outgoing_mails = MemoryOutgoingMails(tables)
    return Work(
        customers=MemoryCustomers(tables),
        vehicles=vehicles,
        vehicle_lists=vehicles,
        odometer_log=MemoryOdometerLog(tables),
        mechanics=mechanics,
        mechanic_lists=mechanics,
        standings=MemoryStandings(tables),
        accounts=MemoryAccounts(tables),
        email_holders=MemoryEmailHolders(tables),
        password_resets=MemoryPasswordResets(tables),
        sessions=sessions,
        revocations=sessions,
        tickets=tickets,
        ticket_lists=tickets,
        ticket_owners=MemoryTicketOwners(tables),
        ticket_prices=tickets,
        histories=MemoryHistories(tables),
        **_consent(tables),
        **_money(tables),
        parts=MemoryParts(tables),
        ledger=MemoryLedger(tables),
        profiles=MemoryProfiles(tables),
        stored_answers=MemoryStoredAnswers(tables),
        outgoing_mails=outgoing_mails,
        mail_lists=outgoing_mails,
        events=MemoryEvents(tables),
        subjects=MemorySubjects(tables),
        on_commit=on_commit,
    )


def _consent(tables: Tables) -> ConsentPorts:
    estimates = MemoryEstimates(tables)
    return {
        "estimates": estimates,
        "estimate_lists": estimates,
        "decisions": MemoryDecisions(tables),
        "approval_links": MemoryApprovalLinks(tables),
        "recommendations": MemoryRecommendations(tables),
    }


def _money(tables: Tables) -> MoneyPorts:
    invoices, payments = MemoryInvoices(tables), MemoryPayments(tables)
    return {
        "invoices": invoices,
        "invoice_lists": invoices,
        "credit_notes": MemoryCreditNotes(tables),
        "number_series": MemoryNumberSeries(tables),
        "balances": MemoryBalances(tables),
        "payments": payments,
        "payment_lists": payments,
        "statements": MemoryStatements(tables),
    }
