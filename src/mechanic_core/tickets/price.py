"""The price of a ticket: under the shop's rules, or under those that it was finished with."""

from collections.abc import Collection
from typing import TypeVar

from attrs import evolve

from mechanic_core.pricing import price
from mechanic_core.pricing.document import PricedDocument
from mechanic_core.pricing.line import CHARGES, LineKind
from mechanic_core.pricing.pricing_rules import PricingRules
from mechanic_core.tickets.lines.charge import ChargeLine
from mechanic_core.tickets.lines.labor_line import LaborLine
from mechanic_core.tickets.lines.part_line import PartLine
from mechanic_core.tickets.ticket import Ticket
from mechanic_core.tickets.work import lines_to_price
from mechanic_core.tickets.workflow import EDITABLE_STATUSES

Line = TypeVar("Line", PartLine, LaborLine, ChargeLine)


def document_of(ticket: Ticket, rules: PricingRules) -> PricedDocument:
    """Return the priced document of *ticket*, under its own rules if it has any, or *rules*."""
    return price(lines_to_price(ticket), ticket.rules or rules, ticket.discounts)


def priced(ticket: Ticket, rules: PricingRules) -> Ticket:
    """Return *ticket* with the nets of its lines, the totals of its jobs and its own.

    Until it is finished it follows *rules*, the present ones of the shop; then it keeps those under
    which it was finished.
    """
    finished = ticket.status not in EDITABLE_STATUSES
    ticket = evolve(ticket, rules=(ticket.rules or rules) if finished else None)
    document = document_of(ticket, rules)
    jobs = [evolve(job, totals=document.totals_of_job(job.id)) for job in ticket.jobs]
    return evolve(
        ticket,
        jobs=tuple(jobs),
        parts=_with_nets(ticket.parts, document, (LineKind.PART,)),
        labor=_with_nets(ticket.labor, document, (LineKind.LABOR,)),
        charges=_with_nets(ticket.charges, document, CHARGES),
        totals=document.totals,
    )


def _with_nets(
    lines: tuple[Line, ...], document: PricedDocument, kinds: Collection[LineKind]
) -> tuple[Line, ...]:
    """Return *lines* with their nets; those that have no id yet are the last, in their order."""
    figures = [one for one in document.lines if one.kind in kinds]
    nets = {one.id: one.net for one in figures}
    new = iter([one.net for one in figures if one.id is None])
    return tuple([evolve(line, net=nets[line.id] if line.id else next(new)) for line in lines])
