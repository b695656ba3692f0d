"""What a customer has decided: jobs authorized or declined, or a spending limit."""

from collections.abc import Collection, Iterable, Iterator
from datetime import datetime
from enum import StrEnum
from typing import Annotated, ClassVar, Final, NewType

from attrs import frozen

from mechanic_core.access import Actor, By, RoleForbids
from mechanic_core.digests import Digest, Digested
from mechanic_core.errors import Problem, ProblemCollector, RuleBroken, Unknown, WrongState
from mechanic_core.money import Money, Price
from mechanic_core.rules import Description, Example, Length, OneOf, checked
from mechanic_core.texts import ONE_LINE
from mechanic_core.tickets.bounds import MAX_JOBS
from mechanic_core.tickets.job import JobId
from mechanic_core.tickets.ticket import TicketId
from mechanic_core.values import LINE, IdNumber, Name, Note

DecisionId = NewType("DecisionId", Annotated[int, Example(4)])


class WorkStarted(WrongState):
    """Once work has started, only the shop can take back what was authorized."""


class DecisionKind(StrEnum):
    """What was decided: the jobs of an estimate, or a spending limit."""

    ESTIMATE = "estimate"
    LIMIT = "limit"


class Answer(StrEnum):
    """The customer's answer for one job."""

    AUTHORIZED = "authorized"
    DECLINED = "declined"


class Channel(StrEnum):
    """How a decision came to the shop: to its staff, by a login, or with a link."""

    IN_PERSON = "in_person"
    PHONE = "phone"
    TEXT = "text"
    EMAIL = "email"
    PORTAL = "portal"
    LINK = "link"


STAFF_CHANNELS: Final = (Channel.IN_PERSON, Channel.PHONE, Channel.TEXT, Channel.EMAIL)
"""The channels of decisions that staff write down."""

_WITH_CONTACT: Final = STAFF_CHANNELS[1:]
_NOTHING: Final = (None,) * 4

StaffChannel = Annotated[Channel, OneOf(STAFF_CHANNELS)]
Person = Annotated[Name, Description("Who has decided."), Example("Ada Moore")]
Contact = Annotated[
    str,
    LINE,
    Length(1, 254),
    ONE_LINE,
    Description("The number that was called, or the address; not for what was said in person."),
    Example("+1-555-0100"),
]


def contact_problems(channel: Channel | None, contact: str | None) -> Iterator[Problem]:
    """Yield the problem of a decision by phone, text or e-mail that does not say with whom."""
    if channel in _WITH_CONTACT and contact is None:
        yield Problem("#/contact", f"is required for the channel {channel}")


@frozen(kw_only=True, field_transformer=checked)
class JobAnswerForm:
    """The answer for one job."""

    job_id: Annotated[IdNumber, Example(7)]
    answer: Annotated[Answer, Example(Answer.AUTHORIZED)]


@frozen(kw_only=True, field_transformer=checked)
class DecisionForm:
    """The customer's answers for jobs of an estimate; from customers themselves nothing else."""

    answers: Annotated[tuple[JobAnswerForm, ...], Length(1, MAX_JOBS)]
    person: Annotated[Person | None, Description("Required from staff.")] = None
    contact: Contact | None = None
    channel: Annotated[
        StaffChannel | None, Description("Required from staff."), Example(Channel.PHONE)
    ] = None
    note: Note | None = None

    def require_suitable(self, actor: Actor, jobs: Collection[JobId]) -> None:
        """Check the form of *actor* for an estimate of *jobs*.

        Raises `RoleForbids` for members that customers must leave out; `Unknown` for other jobs, or
        `RuleBroken` with all problems: a job that is answered twice, and what staff must give.
        """
        if not actor.is_staff and (self.person, self.channel, self.contact, self.note) != _NOTHING:
            raise RoleForbids("customers send `answers` and nothing else")
        problems = ProblemCollector()
        with problems:
            broken = [*self._repeated(), *(self._missing() if actor.is_staff else ())]
            if broken:
                raise RuleBroken(*broken)
        with problems:
            self.require_jobs(jobs)
        problems.raise_if_any()

    def require_jobs(self, jobs: Collection[JobId]) -> None:
        """Raise `Unknown` for answers for other jobs than *jobs*."""
        unknown = [one for one, answer in enumerate(self.answers) if answer.job_id not in jobs]
        if unknown:
            raise Unknown(*(f"#/answers/{index}/job_id" for index in unknown))

    def _repeated(self) -> Iterator[Problem]:
        ids = [one.job_id for one in self.answers]
        for index, one in enumerate(ids):
            if one in ids[:index]:
                yield Problem(f"#/answers/{index}/job_id", "is answered twice")

    def _missing(self) -> Iterator[Problem]:
        for name, value in (("person", self.person), ("channel", self.channel)):
            if value is None:
                yield Problem(f"#/{name}", "is required")
        yield from contact_problems(self.channel, self.contact)


@frozen(kw_only=True, field_transformer=checked)
class LimitForm:
    """How much a customer lets the shop spend without asking; the latest limit holds."""

    amount: Annotated[Price, Example(1000)]
    person: Person
    channel: Annotated[StaffChannel, Example(Channel.IN_PERSON)]
    contact: Contact | None = None
    note: Note | None = None

    def __attrs_post_init__(self) -> None:
        """Check the contact."""
        if problems := [*contact_problems(self.channel, self.contact)]:
            raise RuleBroken(*problems)


@frozen(kw_only=True)
class JobAnswer:
    """The answer for one job, and what it came to in the estimate."""

    job_id: JobId
    answer: Annotated[Answer, Example(Answer.AUTHORIZED)]
    amount: Annotated[Money, Example(189.32)]


@frozen(kw_only=True)
class Decision(Digested):
    """One decision of a customer, as it was entered. Nothing of it ever changes.

    *digest* is over all other members but the id and the name in *by*; *previous* is that of the
    ticket's decision before.
    """

    not_digested: ClassVar = frozenset({"id", "digest"})

    id: DecisionId = DecisionId(0)  # until it is stored
    ticket_id: TicketId
    kind: Annotated[DecisionKind, Example(DecisionKind.ESTIMATE)]
    estimate: Annotated[int | None, Description("The number of the estimate."), Example(2)] = None
    answers: tuple[JobAnswer, ...] = ()
    amount: Annotated[Money | None, Description("The spending limit."), Example(None)] = None
    authorized_total: Annotated[
        Money, Description("What all authorized jobs come to after it."), Example(840)
    ]
    person: Person
    channel: Annotated[Channel, Example(Channel.PHONE)]
    contact: Contact | None
    note: Note | None
    at: datetime
    by: Annotated[
        By | None, Description("Who has entered it; null for one that was made with a link.")
    ]
    previous: Annotated[Digest | None, Description("The digest of the decision before.")]
    digest: Digest = ""


def broken_links(decisions: Iterable[Decision]) -> tuple[DecisionId, ...]:
    """Return the decisions of one ticket, oldest first, that are not as they were written.

    Each must have its own digest, and name that of the one before.
    """
    broken, previous = [], None
    for decision in decisions:
        if decision.previous != previous or not decision.has_own_digest:
            broken.append(decision.id)
        previous = decision.digest
    return tuple(broken)
