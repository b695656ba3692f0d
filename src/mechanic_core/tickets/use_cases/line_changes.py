"""The steps of a change of a line, which are the same for each kind of line."""

from attrs import evolve

from mechanic_core.errors import ProblemCollector
from mechanic_core.tickets.history import Entry, describe_line
from mechanic_core.tickets.lines.rows import Line
from mechanic_core.tickets.price import priced
from mechanic_core.tickets.ticket import Ticket
from mechanic_core.unit_of_work import Work


def save_line(
    work: Work, ticket: Ticket, line: Line, entry: Entry, before: Line | None = None
) -> Ticket:
    """Return *ticket* as saved with a new *line*, or with it in place of what it was *before*.

    It is the ticket itself if that changes nothing. The *entry* gets the texts of the line.
    """
    rules, problems = work.profiles.get().pricing_rules, ProblemCollector()
    with problems:
        if before is None or line.tax_class != before.tax_class:
            rules.require_known(line.tax_class)
    with problems:
        after = ticket.with_line(line, entry.at)
    problems.raise_if_any()
    if before is None:
        entry = evolve(entry, to=describe_line(line))
    else:
        line = after.line(type(line), line.id)
        if line == before:
            return ticket
        texts = describe_line(before, line), describe_line(line, before)
        entry = evolve(entry, from_=texts[0], to=texts[1])
    return work.tickets.save(priced(after, rules), entry)


def remove_line(work: Work, ticket: Ticket, line: Line, entry: Entry) -> Ticket:
    """Return *ticket* as saved without *line*. The *entry* gets the text of the line."""
    after = priced(ticket.without_line(line, entry.at), work.profiles.get().pricing_rules)
    return work.tickets.save(after, evolve(entry, from_=describe_line(line)))
