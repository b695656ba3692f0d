"""What must agree in a shop: balances, counters, stored prices, digests, numbers and money."""

from collections.abc import Iterable, Iterator, Sequence

from mechanic_adapters.sql.repositories.tickets.prices import WrongPrice
from mechanic_adapters.sql.store import SqlStore
from mechanic_core.inventory.movement import Disagreement
from mechanic_core.money import money_to_decimal, to_decimal

ALL_RIGHT = (
    "all balances match the ledger, all counters and prices are right, "
    "all estimates, decisions and invoices are as they were written, and what is due adds up"
)
"""What is said if there is no disagreement."""

CHECKED = "balances, counters, prices, estimates, decisions or invoices"
"""What is compared."""


def disagreements(store: SqlStore) -> Iterator[str]:
    """Yield a line for everything that does not agree."""
    with store.read_only() as work:
        balances = work.ledger.disagreements()
    yield from wrong_balances(balances)
    yield from wrong_counters(store)
    yield from map(_line_of_price, store.wrong_prices())
    yield from map(str, store.altered_records())


def wrong_balances(found: Iterable[Disagreement]) -> Sequence[str]:
    """Return a line for each part whose balance differs from its ledger."""
    return [
        f"{one.sku}: {to_decimal(one.on_hand)} on hand, {to_decimal(one.reserved)} reserved; "
        f"ledger: {to_decimal(one.ledger_on_hand)} and {to_decimal(one.ledger_reserved)}"
        for one in found
    ]


def wrong_counters(store: SqlStore) -> Sequence[str]:
    """Return a line for each stored counter that differs from a count of its rows."""
    counters = [
        f"mechanic {one.mechanic_id}, {one.span} of {one.start}: "
        f"{one.stored} tickets stored, {one.counted} counted"
        for one in store.miscounts()
    ]
    totals = [
        f"{one.list}: {one.stored} stored, {one.counted} counted" for one in store.wrong_totals()
    ]
    return counters + totals


def _line_of_price(wrong: WrongPrice) -> str:
    if wrong.stored is None or wrong.computed is None:
        return f"ticket {wrong.ticket_id}: its price cannot be read"
    stored, computed = money_to_decimal(wrong.stored), money_to_decimal(wrong.computed)
    members = ", ".join(wrong.members)
    return f"ticket {wrong.ticket_id}: total {stored} stored, {computed} computed; wrong: {members}"
