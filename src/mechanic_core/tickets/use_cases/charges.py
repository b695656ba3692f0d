"""Add, change and remove charges of a ticket."""

from collections.abc import Callable
from typing import ClassVar, final

from attrs import frozen

from mechanic_core.access import STAFF_ONLY, Actor
from mechanic_core.errors import ProblemCollector
from mechanic_core.money import to_decimal
from mechanic_core.tickets.bounds import TooMany
from mechanic_core.tickets.history import Entry, HistoryEvent, describe_line
from mechanic_core.tickets.lines.charge import ChargeChange, ChargeForm, ChargeLine
from mechanic_core.tickets.lines.line import LineId, LineNotFound
from mechanic_core.tickets.price import priced
from mechanic_core.tickets.ticket import TicketChanged, TicketFrozen, TicketId, TicketNotFound
from mechanic_core.unit_of_work import Begin, retry_on_conflict
from mechanic_core.values import Clock


@final
@frozen
class AddCharge:
    """Add a fee, a sublet or a core to a ticket."""

    policy: ClassVar = STAFF_ONLY
    refuses: ClassVar = (TicketNotFound, TicketFrozen, TooMany, TicketChanged)

    begin: Begin
    now: Clock

    @retry_on_conflict
    def __call__(
        self, actor: Actor, ticket_id: TicketId, form: ChargeForm, expected: int | None = None
    ) -> ChargeLine:
        """Return the new charge."""
        self.policy.admit(actor)
        at = self.now()
        with self.begin(actor) as work:
            ticket = work.tickets.lock(ticket_id)
            ticket.require_version(expected)
            rules, problems = work.profiles.get().pricing_rules, ProblemCollector()
            line = ChargeLine.of(form)
            with problems:
                form.require_tax_class(rules)
            with problems:
                after = ticket.with_charge(line, at)
            problems.raise_if_any()
            entry = Entry.of(actor, at, HistoryEvent.CHARGE_ADDED, to=_describe(line))
            ticket = work.tickets.save(priced(after, rules), entry)
            return ticket.charge_line(ticket.charges[-1].id)


@final
@frozen
class ChangeCharge:
    """Change a charge; its kind stays."""

    policy: ClassVar = STAFF_ONLY
    refuses: ClassVar = (TicketNotFound, LineNotFound, TicketFrozen, TooMany, TicketChanged)

    begin: Begin
    now: Clock

    @retry_on_conflict
    def __call__(
        self,
        actor: Actor,
        ticket_id: TicketId,
        line_id: LineId,
        change: Callable[[ChargeChange], ChargeChange],
        expected: int | None = None,
    ) -> ChargeLine:
        """Apply *change* to the present form and return the changed charge."""
        self.policy.admit(actor)
        at = self.now()
        with self.begin(actor) as work:
            ticket = work.tickets.lock(ticket_id)
            ticket.require_version(expected)
            before = ticket.charge_line(line_id)
            ticket.require_changeable()
            form, rules = change(before.form), work.profiles.get().pricing_rules
            problems = ProblemCollector()
            with problems:
                form.require_tax_class(rules, before.tax_class)
            with problems:
                ticket.require_job(form.job_id)
            with problems:
                changed = before.with_form(form)
            problems.raise_if_any()
            after = ticket.with_charge(changed, at)
            line = after.charge_line(line_id)
            if line == before:
                return before
            texts = _describe(before, line), _describe(line, before)
            entry = Entry.of(actor, at, HistoryEvent.CHARGE_CHANGED, *texts)
            return work.tickets.save(priced(after, rules), entry).charge_line(line_id)


@final
@frozen
class RemoveCharge:
    """Remove a charge from a ticket."""

    policy: ClassVar = STAFF_ONLY
    refuses: ClassVar = (TicketNotFound, LineNotFound, TicketFrozen, TooMany, TicketChanged)

    begin: Begin
    now: Clock

    @retry_on_conflict
    def __call__(
        self, actor: Actor, ticket_id: TicketId, line_id: LineId, expected: int | None = None
    ) -> None:
        """Remove the charge."""
        self.policy.admit(actor)
        at = self.now()
        with self.begin(actor) as work:
            ticket = work.tickets.lock(ticket_id)
            ticket.require_version(expected)
            line = ticket.charge_line(line_id)
            after = ticket.without_charge(line_id, at)
            entry = Entry.of(actor, at, HistoryEvent.CHARGE_REMOVED, _describe(line))
            work.tickets.save(priced(after, work.profiles.get().pricing_rules), entry)


def _describe(line: ChargeLine, other: ChargeLine | None = None) -> str:
    return describe_line(f"{to_decimal(line.quantity)} × {line.description}", line, other)
