"""What must agree in a shop: balances with the ledger, and counters with the rows they count."""

from collections.abc import Iterable, Sequence

from mechanic_adapters.sql.store import SqlStore
from mechanic_core.inventory.movement import Disagreement
from mechanic_core.money import to_decimal


def disagreements(store: SqlStore) -> Sequence[str]:
    """Return a line for everything that does not agree."""
    with store.read_only() as work:
        balances = work.ledger.disagreements()
    return [*wrong_balances(balances), *wrong_counters(store)]


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
