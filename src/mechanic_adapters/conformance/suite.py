"""The whole suite, to be taken into a test module that gives it a store."""

from mechanic_adapters.conformance.accounts import TestAccounts
from mechanic_adapters.conformance.customers import TestCustomers
from mechanic_adapters.conformance.histories import TestHistories
from mechanic_adapters.conformance.leaderboard import TestStandings
from mechanic_adapters.conformance.ledger import TestLedger
from mechanic_adapters.conformance.mechanics import TestMechanics
from mechanic_adapters.conformance.parts import TestParts
from mechanic_adapters.conformance.sessions import TestSessions
from mechanic_adapters.conformance.store.commit_hooks import TestAfter, TestSubscribers
from mechanic_adapters.conformance.store.locks import TestHolds
from mechanic_adapters.conformance.store.optimistic_locking import TestRaces, TestRefreshing
from mechanic_adapters.conformance.store.pagination import TestPages
from mechanic_adapters.conformance.store.round_trips import TestRoundTrips
from mechanic_adapters.conformance.store.transactions import TestTransactions
from mechanic_adapters.conformance.stored_answers import TestStoredAnswers
from mechanic_adapters.conformance.ticket_lists import TestTicketLists
from mechanic_adapters.conformance.tickets import TestTickets
from mechanic_adapters.conformance.vehicles import TestVehicles
from mechanic_adapters.conformance.versions import TestVersions

__all__ = [
    "TestAccounts",
    "TestAfter",
    "TestCustomers",
    "TestHistories",
    "TestHolds",
    "TestLedger",
    "TestMechanics",
    "TestPages",
    "TestParts",
    "TestRaces",
    "TestRefreshing",
    "TestRoundTrips",
    "TestSessions",
    "TestStandings",
    "TestStoredAnswers",
    "TestSubscribers",
    "TestTicketLists",
    "TestTickets",
    "TestTransactions",
    "TestVehicles",
    "TestVersions",
]
