"""The state machine of consent: edits, estimates, decisions and moves of one ticket, in any order.

Whatever happens, a ticket is never completed above what its customer has authorized.
"""

from collections.abc import Callable, Collection, Sequence
from functools import partial
from itertools import cycle

import pytest
from attrs import evolve
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from mechanic_core.access import Actor
from mechanic_core.customers.customer import Registration
from mechanic_core.estimates.decision import (
    Answer,
    Channel,
    DecisionForm,
    JobAnswerForm,
    LimitForm,
    broken_links,
)
from mechanic_core.estimates.estimate import Estimate, EstimateForm, EstimateNumber
from mechanic_core.inventory.part import PartForm, PartId
from mechanic_core.mechanics.mechanic import Hiring
from mechanic_core.money import Money, Percent, Quantity
from mechanic_core.pricing.discounts import Scope, TicketDiscount
from mechanic_core.pricing.line import LineKind, PricingLine
from mechanic_core.profile.billing import AuthorizationMode, Tolerance
from mechanic_core.recommendations.ports import RecommendationFilter
from mechanic_core.recommendations.recommendation import Recommendation, RecommendationStatus
from mechanic_core.tickets.forms import DiscountsForm, TicketDraft, TransitionForm
from mechanic_core.tickets.job import JobDraft, JobId, JobKind
from mechanic_core.tickets.lines.charge import ChargeForm
from mechanic_core.tickets.lines.part_line import PartLineForm
from mechanic_core.tickets.ticket import Ticket
from mechanic_core.tickets.workflow import Status, TransitionBlocked
from mechanic_core.unit_of_work import Store
from tests.machines.consent_model import ConsentModel, ModelJob, ModelLine
from tests.machines.price_model import RULES
from tests.machines.refusals import refusal_code
from tests.machines.shop_driver import read_all
from tests.shops import CUSTOMER, MANAGER, MECHANIC, ManualClock, follow, shop_on
from tests.strategies import sample

prices = st.sampled_from([1, 333, 999, 1000, 1001, 20_000]).map(Money)
places = st.integers(0, 5)
MOST_JOBS = 6
PART_PRICE = Money(1999)
DISCOUNT = TicketDiscount(scope=Scope.ALL, percent=Percent(75_000), reason="Regular")
TOLERANCES = [
    Tolerance(),
    Tolerance(percent=Percent(100_000), amount=Money(1000), most=Money(5000)),
    Tolerance(percent=Percent(3333)),
]


class ConsentMachine(RuleBasedStateMachine):
    """One ticket with brake pads, fees and a customer who decides."""

    def __init__(self, store: Store) -> None:
        """Open a shop on *store*, and a ticket."""
        super().__init__()
        self.clock, self.model = ManualClock(), ConsentModel()
        self.shop = shop_on(store, self.clock)
        for name in ("eve", "bob"):
            self.shop.hire_mechanic(MANAGER, sample(Hiring, name=name, email=f"{name}@x.example"))
        self.shop.register_customer(MANAGER, sample(Registration, name="Ada"))
        stock = Quantity(9_000_000)
        form = sample(PartForm, sku="PAD", quantity=stock, price=PART_PRICE)
        self.part = self.shop.add_part(MANAGER, form).id
        draft = sample(TicketDraft, customer_id=1, mechanic_ids=(2,))
        self.ticket_id = self.shop.open_ticket(MECHANIC, draft).id
        self.shown: dict[int, Estimate] = {}
        self.follow(AuthorizationMode.CEILING, "taxed", TOLERANCES[0])
        for place in range(2):
            self.add_job(warranty=False)
            self.add_fee(place, Money(999))
        self.estimate(set())

    @property
    def ticket(self) -> Ticket:
        """The ticket as it is."""
        return self.shop.read_ticket(MECHANIC, self.ticket_id)

    def attempt(self, act: Callable[[], object], code: str | None = None) -> bool:
        """Return whether *act* succeeds; it must be refused with *code* if there is one."""
        self.clock.advance(minutes=1)
        if not self.model.is_changeable:
            code = "ticket-frozen"
        refused = refusal_code(act)
        assert code == refused
        return refused is None

    def job_at(self, place: int) -> JobId:
        """Return a job of the ticket."""
        jobs = list(self.model.jobs)
        return JobId(jobs[place % len(jobs)])

    def take_lines(self, *jobs: int) -> None:
        """Take the ticket's lines over into the model; they are of these jobs where they differ."""
        ticket = self.ticket
        parts = {
            (LineKind.PART, int(one.id)): ModelLine(
                LineKind.PART, one.job_id, one.quantity, one.unit_price
            )
            for one in ticket.parts
        }
        fees = {
            (LineKind.FEE, int(one.id)): ModelLine(
                one.kind, one.job_id, one.quantity, one.unit_price
            )
            for one in ticket.charges
        }
        self.model.edit(jobs, parts | fees)

    @precondition(lambda self: len(self.model.jobs) < MOST_JOBS)
    @rule(warranty=st.sampled_from([False, False, True]))
    def add_job(self, warranty: bool) -> None:  # noqa: FBT001 - drawn
        """Add a job."""
        kind = JobKind.WARRANTY if warranty else JobKind.REPAIR
        form = JobDraft(title="Brakes", kind=kind)
        if self.attempt(partial(self.shop.add_job, MECHANIC, self.ticket_id, form)):
            self.model.jobs[self.ticket.jobs[-1].id] = ModelJob(warranty)

    @precondition(lambda self: self.model.jobs)
    @rule(place=places, price=prices)
    def add_fee(self, place: int, price: Money) -> None:
        """Add a fee to a job."""
        job = self.job_at(place)
        form = ChargeForm(
            kind=LineKind.FEE,
            description="Fee",
            quantity=Quantity(1000),
            unit_price=price,
            job_id=job,
        )
        if self.attempt(partial(self.shop.add_charge, MECHANIC, self.ticket_id, form)):
            self.take_lines(job)

    @precondition(lambda self: self.model.jobs)
    @rule(place=places)
    def add_part(self, place: int) -> None:
        """Add brake pads to a job."""
        job = self.job_at(place)
        form = PartLineForm(part_id=self.part, quantity=Quantity(1500), job_id=job)
        if self.attempt(partial(self.shop.add_part_line, MECHANIC, self.ticket_id, form)):
            self.take_lines(job)

    @precondition(lambda self: self.ticket.charges)
    @rule(place=places, to=places, price=prices)
    def change_fee(self, place: int, to: int, price: Money) -> None:
        """Change the price of a fee, and move it to a job, perhaps its own."""
        charges = self.ticket.charges
        line, job = charges[place % len(charges)], self.job_at(to)
        change = partial(evolve, unit_price=price, job_id=job)
        act = partial(self.shop.change_charge, MECHANIC, self.ticket_id, line.id, change)
        if self.attempt(act):
            self.take_lines(line.job_id, job)

    @precondition(lambda self: self.ticket.charges)
    @rule(place=places)
    def remove_fee(self, place: int) -> None:
        """Remove a fee."""
        charges = self.ticket.charges
        line = charges[place % len(charges)]
        if self.attempt(partial(self.shop.remove_charge, MECHANIC, self.ticket_id, line.id)):
            self.take_lines(line.job_id)

    @precondition(lambda self: self.model.jobs)
    @rule(place=places, warranty=st.booleans())
    def change_kind(self, place: int, warranty: bool) -> None:  # noqa: FBT001 - drawn
        """Put a job under warranty, or take it out."""
        job = self.job_at(place)
        kind = JobKind.WARRANTY if warranty else JobKind.REPAIR
        change = partial(evolve, kind=kind)
        if self.attempt(partial(self.shop.change_job, MECHANIC, self.ticket_id, job, change)):
            before: dict[int, Sequence[PricingLine]] = {job: self.model.lines_of(job)}
            self.model.jobs[job].warranty = warranty
            self.model.mark(before)

    @precondition(lambda self: self.model.jobs)
    @rule(place=places)
    def remove_job(self, place: int) -> None:
        """Remove a job, unless it has lines."""
        job = self.job_at(place)
        code = "job-has-lines" if self.model.lines_of(job) else None
        if self.attempt(partial(self.shop.remove_job, MECHANIC, self.ticket_id, job), code):
            for estimate in self.model.estimates:
                estimate.superseded |= job in estimate.jobs.keys() - estimate.answered
            del self.model.jobs[job]

    @rule(on=st.booleans())
    def discount(self, on: bool) -> None:  # noqa: FBT001 - drawn
        """Give the ticket a discount, or take it back."""
        items = (DISCOUNT,) if on else ()
        form = DiscountsForm(items=items)
        if self.attempt(partial(self.shop.replace_discounts, MECHANIC, self.ticket_id, form)):
            self.model.discounts = items

    @rule(
        mode=st.sampled_from([*AuthorizationMode, AuthorizationMode.CEILING]),
        name=st.sampled_from(sorted(RULES)),
        tolerance=st.sampled_from(TOLERANCES),
    )
    def follow(self, mode: AuthorizationMode, name: str, tolerance: Tolerance) -> None:
        """Change the rules of the shop."""
        follow(self.shop, RULES[name])
        self.shop.change_profile(
            MANAGER, lambda form: evolve(form, authorization=mode, tolerance=tolerance)
        )
        self.model.mode, self.model.tolerance = mode, tolerance
        self.model.rules = RULES[name]

    @rule(some=st.sets(places, max_size=3))
    def estimate(self, some: set[int]) -> None:
        """Estimate some jobs, or those that need an answer."""
        named = sorted({self.job_at(place) for place in some}) if self.model.jobs else []
        needed = [
            job for job, one in self.model.jobs.items() if one.authorized_in is None or one.changed
        ]
        code = None if named or needed else "nothing-to-estimate"
        form = EstimateForm(job_ids=tuple(named) or None)
        if self.attempt(partial(self.shop.make_estimate, MECHANIC, self.ticket_id, form), code):
            self.model.estimate(named or needed)

    @precondition(lambda self: self.model.estimates)
    @rule(
        place=places,
        answers=st.lists(st.sampled_from([*Answer, None]), min_size=1, max_size=6),
        actor=st.sampled_from([MECHANIC, CUSTOMER]),
    )
    def decide(self, place: int, answers: Sequence[Answer | None], actor: Actor) -> None:
        """Answer for jobs of an estimate, mostly of the newest."""
        number = max(1, len(self.model.estimates) - place)
        estimate = self.model.estimates[number - 1]
        given = {
            job: answer
            for job, answer in zip(estimate.jobs, cycle(answers), strict=False)
            if answer is not None
        } or dict.fromkeys(estimate.jobs, Answer.AUTHORIZED)
        told = {"person": "Ada", "channel": Channel.IN_PERSON} if actor.is_staff else {}
        form = DecisionForm(
            answers=tuple(JobAnswerForm(job_id=job, answer=one) for job, one in given.items()),
            **told,  # type: ignore[arg-type]
        )
        sides = {one: [job for job, given_ in given.items() if given_ is one] for one in Answer}
        code = self._refusal(number, sides[Answer.DECLINED], given.keys(), actor)
        shop, at = self.shop, EstimateNumber(number)
        if self.attempt(partial(shop.decide_on_estimate, actor, self.ticket_id, at, form), code):
            self.model.decide(number, sides[Answer.AUTHORIZED], sides[Answer.DECLINED])

    @precondition(lambda self: self.model.is_changeable and self.model.jobs)
    @rule(some=st.sets(places, max_size=3))
    def agree(self, some: set[int]) -> None:
        """Have some jobs, or all that need it, estimated and authorized."""
        known = len(self.model.estimates)
        self.estimate(some)
        if len(self.model.estimates) > known:
            self.decide(0, [Answer.AUTHORIZED], MECHANIC)

    @precondition(lambda self: self.model.is_changeable and self.model.jobs)
    @rule(place=places, price=st.sampled_from([1, 2, 1000]).map(Money))
    def finish(self, place: int, price: Money) -> None:
        """Do a little more than was agreed to, and complete the ticket."""
        self.add_fee(place, price)
        self.move(Status.IN_PROGRESS)
        self.move(Status.COMPLETED)
        if self.model.status is Status.COMPLETED:
            self.move(Status.IN_PROGRESS)

    def _refusal(
        self, number: int, declined: Collection[int], answered: Collection[int], actor: Actor
    ) -> str | None:
        """Return why an estimate takes no such answers."""
        model = self.model
        if model.estimates[number - 1].superseded:
            return "estimate-superseded"
        if not model.jobs.keys() >= set(answered):
            return "unknown"
        taken_back = any(model.jobs[job].authorized_in for job in declined)
        return "work-started" if taken_back and model.started and not actor.is_staff else None

    @rule(amount=st.sampled_from([0, 500, 1000, 5000, 100_000]))
    def set_limit(self, amount: int) -> None:
        """Set a spending limit, also when the ticket is completed."""
        form = LimitForm(amount=Money(amount), person="Ada", channel=Channel.IN_PERSON)
        act = partial(self.shop.set_spending_limit, MECHANIC, self.ticket_id, form)
        if self.model.status is Status.COMPLETED:
            act()
        elif not self.attempt(act):
            return
        self.model.limit = amount

    @rule(to=st.sampled_from([*Status, Status.IN_PROGRESS, Status.COMPLETED, Status.COMPLETED]))
    def move(self, to: Status) -> None:
        """Move the ticket; what blocks it is what its transitions show."""
        if to in (Status.CLOSED, Status.CANCELLED) or to is self.model.status:
            return
        blockers = self.model.blockers(to)
        items = self.shop.read_transitions(MECHANIC, self.ticket_id).items
        assert {to: blockers}.items() <= {
            one.to: [blocker.code for blocker in one.blockers] for one in items
        }.items()
        form = TransitionForm(to=to)
        if blockers:
            with pytest.raises(TransitionBlocked):
                self.shop.move_ticket(MECHANIC, self.ticket_id, form)
            return
        moved = self.shop.move_ticket(MECHANIC, self.ticket_id, form)
        self.model.move(to)
        if to is Status.COMPLETED and self.model.mode is not AuthorizationMode.OFF:
            assert moved.totals.total <= self.model.ceiling

    @precondition(lambda self: len(self.model.jobs) < MOST_JOBS and self.recommendations())
    @rule(place=places)
    def offer(self, place: int) -> None:
        """Put declined work on the ticket again, where it is not on it already."""
        found = self.recommendations()
        chosen = found[place % len(found)]
        is_there = any(job.recommendation == chosen.id for job in self.model.jobs.values())
        is_open = chosen.status is RecommendationStatus.OPEN and not is_there
        form = JobDraft(title=chosen.title, recommendation_id=chosen.id)
        code = None if is_open else "recommendation-closed"
        if self.attempt(partial(self.shop.add_job, MECHANIC, self.ticket_id, form), code):
            self.model.jobs[self.ticket.jobs[-1].id] = ModelJob(
                warranty=False, recommendation=chosen.id
            )
            self.take_lines()

    def recommendations(self) -> list[Recommendation]:
        """Return all declined work."""
        return read_all(
            lambda page: self.shop.list_recommendations(MECHANIC, RecommendationFilter(), page)
        )

    @invariant()
    def the_authorization_is_that_of_the_model(self) -> None:
        """What is authorized, the ceiling and the jobs without an answer agree, whatever the mode."""
        found, model = self.shop.read_authorization(MECHANIC, self.ticket_id), self.model
        assert (model.authorized, model.ceiling, model.limit) == (
            found.authorized,
            found.ceiling,
            found.limit,
        )
        assert (model.current, found.ceiling - found.current) == (found.current, found.headroom)
        assert (model.undecided, model.changed) == ([*found.undecided], [*found.changed])

    @invariant()
    def estimates_never_change(self) -> None:
        """All of an estimate is as it was when it was first read, but for its status."""
        estimates = read_all(partial(self.shop.list_estimates, MECHANIC, self.ticket_id))
        assert [one.status for one in self.model.estimates] == [one.status for one in estimates]
        for one in estimates:
            first = self.shown.setdefault(one.number, one)
            assert first.digest == one.digest == one.digested().digest

    @invariant()
    def decisions_are_a_chain(self) -> None:
        """Nothing was changed, and each decision names the one before."""
        decisions = read_all(partial(self.shop.list_decisions, MECHANIC, self.ticket_id))
        assert () == broken_links(decisions)

    @invariant()
    def only_lines_of_the_ticket_are_reserved(self) -> None:
        """What is declined is released, and what is offered again is reserved."""
        part = self.shop.read_part(MECHANIC, PartId(self.part))
        needed = sum(line.quantity for line in self.ticket.parts)
        assert (needed if self.model.is_changeable else 0) == part.reserved

    @invariant()
    def declined_work_is_somewhere(self) -> None:
        """Each recommendation is open, or accepted by a job of the ticket that is authorized."""
        for one in self.recommendations():
            authorized = any(
                job.recommendation == one.id and job.authorized_in is not None
                for job in self.model.jobs.values()
            )
            if authorized:
                assert RecommendationStatus.ACCEPTED is one.status
