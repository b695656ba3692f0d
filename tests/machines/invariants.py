"""Invariants of every shop, checked on the records that it returns.

They do not use the model: each is written from the contract, so a fault that the model shares
with the shop still breaks one of them.
"""

from decimal import ROUND_HALF_UP, Decimal
from functools import partial

from attrs import astuple

from mechanic_core.mechanics.mechanic import MechanicId
from mechanic_core.profile.calendar import Period
from mechanic_core.tickets.ticket import TicketId
from mechanic_core.tickets.workflow import EDITABLE_STATUSES, UNWORKED_STATUSES, Status
from tests.machines.inventory_model import Fields
from tests.machines.shop_driver import ShopDriver, read_all
from tests.shops import MANAGER

MOST = 100


def reserved_is_the_sum_of_open_lines(driver: ShopDriver, tickets: dict[str, Fields]) -> None:
    """Check that each part's reserved quantity is the sum of its lines on changeable tickets."""
    required: dict[str, int] = {}
    for ticket in tickets.values():
        if ticket["status"] in EDITABLE_STATUSES:
            for line in ticket["parts"]:
                required[line["part"]] = required.get(line["part"], 0) + line["quantity"]
    for key, part in driver.parts().items():
        assert required.pop(key, 0) == part["reserved"] <= part["on_hand"]
        assert part["reserved"] >= 0
    assert not any(driver.parts().get(key) for key in required)


def credit_is_kept(tickets: dict[str, Fields]) -> None:
    """Check that who has labour on a ticket is on it, and that finished work is somebody's."""
    for ticket in tickets.values():
        assert {line["mechanic"] for line in ticket["labor"]} - {None} <= ticket["staff"].keys()
        assert ticket["staff"] or ticket["status"] not in (Status.COMPLETED, Status.CLOSED)


def archived_parts_are_not_in_use(driver: ShopDriver, tickets: dict[str, Fields]) -> None:
    """Check that archived parts have no stock, and are on tickets in a final status only."""
    archived = driver.parts(archived=True)
    assert {(0, 0)} >= {(part["on_hand"], part["reserved"]) for part in archived.values()}
    for ticket in tickets.values():
        if archived.keys() & {line["part"] for line in ticket["parts"]}:
            assert ticket["status"] in (Status.CLOSED, Status.CANCELLED)


def balances_are_sums_of_movements(driver: ShopDriver, part: str, balance: tuple[int, int]) -> None:
    """Check that each balance of a part is the sum of its movements so far."""
    on_hand = reserved = 0
    for movement in driver.movements(part):
        on_hand += movement["change"][0]
        reserved += movement["change"][1]
        assert (on_hand, reserved) == movement["after"]
        assert 0 <= reserved <= on_hand
    assert balance == (on_hand, reserved)


def totals_are_sums_of_lines(tickets: dict[str, Fields]) -> None:
    """Check that totals are the sums of the lines, each rounded half away from zero to the cent."""
    for ticket in tickets.values():
        sums = (
            sum(cents(line["quantity"], line["price"]) for line in ticket["parts"]),
            sum(cents(line["hours"], line["rate"]) for line in ticket["labor"]),
            sum(cents(line["quantity"], line["price"]) for line in ticket["charges"]),
        )
        *amounts, supplies, discount, net, tax, total = ticket["totals"]
        assert sums == tuple(amounts)
        assert total == net + tax
        if not tax:
            assert net == sum(sums) + supplies - discount


def totals_are_those_of_the_price(driver: ShopDriver, tickets: dict[str, Fields]) -> None:
    """Check that the figures of each ticket, its jobs and its lines are what the function says."""
    for key, ticket in tickets.items():
        price = driver.shop.read_price(MANAGER, TicketId(driver.id(key)))
        assert astuple(price.totals) == ticket["totals"]
        lines = [line for kind in ("parts", "labor", "charges") for line in ticket[kind]]
        assert [one.net for one in price.lines if one.id] == [line["net"] for line in lines]
        for job in ticket["jobs"]:
            assert astuple(price.totals_of_job(driver.id(job["job"]))) == job["totals"]
            of_job = [line["net"] for line in lines if line["job"] == job["job"]]
            assert sum(of_job) == price.totals_of_job(driver.id(job["job"])).net


def lines_are_on_jobs_of_their_ticket(tickets: dict[str, Fields]) -> None:
    """Check that each line belongs to a job, which no other ticket has."""
    seen: list[str] = []
    for ticket in tickets.values():
        jobs = [job["job"] for job in ticket["jobs"]]
        lines = [line for kind in ("parts", "labor", "charges") for line in ticket[kind]]
        assert {line["job"] for line in lines} <= set(jobs)
        seen += jobs
    assert len(set(seen)) == len(seen)


def cents(thousandths: int, price: int) -> int:
    """Return the amount of one line in cents."""
    exact = Decimal(thousandths) * Decimal(price) / 1000
    return int(exact.quantize(Decimal(1), ROUND_HALF_UP))


def leaderboard_is_a_recount(
    driver: ShopDriver, tickets: dict[str, Fields], period: Period
) -> None:
    """Check the leaderboard against a count of each mechanic's tickets, by its definition."""
    board = driver.shop.read_leaderboard(MANAGER, MOST, period)
    counted: dict[str, list[str]] = {driver.name("m", one.id): [] for one in board.items}
    for key, ticket in tickets.items():
        day = (period.since is None or period.since.isoformat() <= ticket["day"]) and (
            period.until is None or ticket["day"] <= period.until.isoformat()
        )
        if day and ticket["status"] not in UNWORKED_STATUSES:
            for one in ticket["staff"]:
                counted[one].append(key)
    assert {driver.name("m", one.id): one.tickets for one in board.items} == {
        one: len(keys) for one, keys in counted.items()
    }
    order = [(-one.tickets, one.name, one.id) for one in board.items]
    assert sorted(order) == order
    for one in board.items:
        assert 1 + sum(other.tickets > one.tickets for other in board.items) == one.rank


def leaderboard_matches_worked_tickets(driver: ShopDriver) -> None:
    """Check that each mechanic's worked tickets are as many as the leaderboard counts."""
    for one in driver.shop.read_leaderboard(MANAGER, MOST, Period()).items:
        mechanic = MechanicId(one.id)
        worked = read_all(partial(driver.shop.list_worked, MANAGER, mechanic, Period()))
        assert one.tickets == len(worked)
        for ticket in worked:
            assert one.id in {worker.id for worker in ticket.mechanics}
            assert ticket.status not in UNWORKED_STATUSES


def stock_agrees_with_the_ledger(driver: ShopDriver) -> None:
    """Check that the shop finds no disagreement between its stock and its ledger."""
    assert () == driver.shop.check_stock(MANAGER)
