"""What the desk does with estimates, in few words."""

from collections.abc import Mapping
from typing import Any

from attrs import evolve, frozen

from mechanic_core.access import Actor
from mechanic_core.estimates.authorization import Authorization
from mechanic_core.estimates.decision import (
    Answer,
    Channel,
    Decision,
    DecisionForm,
    JobAnswerForm,
    LimitForm,
)
from mechanic_core.estimates.estimate import Estimate, EstimateForm, EstimateNumber
from mechanic_core.money import money, quantity
from mechanic_core.pricing.line import LineKind
from mechanic_core.profile.profile import Profile
from mechanic_core.recommendations.ports import RecommendationFilter
from mechanic_core.recommendations.recommendation import Recommendation
from mechanic_core.tickets.job import Job, JobDraft
from mechanic_core.tickets.lines.charge import ChargeForm, ChargeLine
from mechanic_core.tickets.lines.labor_line import LaborLine, LaborLineForm
from mechanic_core.tickets.lines.part_line import PartLine, PartLineForm
from mechanic_core.tickets.ticket import Ticket
from mechanic_core.tickets.workflow import Status
from tests.shops import MANAGER, MECHANIC
from tests.unit.core.conftest import ALL, Premises

YES, NO = Answer.AUTHORIZED, Answer.DECLINED


@frozen(eq=False)
class Desk:
    """A ticket at the desk of the small shop."""

    premises: Premises
    ticket: Ticket

    def follow(self, **values: Any) -> Profile:
        """Change the shop's profile."""
        return self.premises.shop.change_profile(MANAGER, lambda form: evolve(form, **values))

    def job(self, title: str = "Brakes", price: str | None = None, **given: Any) -> Job:
        """Add a job, with a fee of that *price* if there is one."""
        form = JobDraft(title=title, **given)
        job = self.premises.shop.add_job(MECHANIC, self.ticket.id, form)
        if price is not None:
            self.fee(job, price)
        return job

    def fee(self, job: Job, price: str) -> ChargeLine:
        """Add a fee to a job."""
        form = ChargeForm(
            kind=LineKind.FEE,
            description="Inspection",
            quantity=quantity(1),
            unit_price=money(price),
            job_id=job.id,
        )
        return self.premises.shop.add_charge(MECHANIC, self.ticket.id, form)

    def labor(self, job: Job, rate: str, hours: str = "1") -> LaborLine:
        """Add labour to a job."""
        form = LaborLineForm(
            description="Work", hours=quantity(hours), rate=money(rate), job_id=job.id
        )
        return self.premises.shop.add_labor_line(MECHANIC, self.ticket.id, form)

    def part(self, job: Job, pieces: int = 1) -> PartLine:
        """Add brake pads to a job."""
        form = PartLineForm(part_id=1, quantity=quantity(pieces), job_id=job.id)
        return self.premises.shop.add_part_line(MECHANIC, self.ticket.id, form)

    def estimate(self, *jobs: Job, **given: Any) -> Estimate:
        """Make an estimate of some jobs, or of those that need one."""
        ids = tuple(job.id for job in jobs) or None
        form = EstimateForm(job_ids=ids, **given)
        return self.premises.shop.make_estimate(MECHANIC, self.ticket.id, form)

    def decide(
        self,
        estimate: Estimate,
        answers: Mapping[Job, Answer],
        actor: Actor = MECHANIC,
        **told: Any,
    ) -> Decision:
        """Take answers, in person by default."""
        if actor.is_staff:
            told = {"person": "Ada", "channel": Channel.IN_PERSON} | told
        form = DecisionForm(
            answers=tuple(JobAnswerForm(job_id=job.id, answer=one) for job, one in answers.items()),
            **told,
        )
        return self.premises.shop.decide_on_estimate(
            actor, self.ticket.id, EstimateNumber(estimate.number), form
        )

    def authorize(self, *jobs: Job) -> Decision:
        """Have jobs estimated and authorized."""
        return self.decide(self.estimate(*jobs), dict.fromkeys(jobs, YES))

    def limit(self, amount: str) -> Decision:
        """Take down a spending limit."""
        form = LimitForm(amount=money(amount), person="Ada", channel=Channel.IN_PERSON)
        return self.premises.shop.set_spending_limit(MECHANIC, self.ticket.id, form)

    def read(self) -> Ticket:
        """Return the ticket as it is."""
        return self.premises.read(self.ticket)

    def read_estimate(self, estimate: Estimate, actor: Actor = MECHANIC) -> Estimate:
        """Return an estimate as it is."""
        return self.premises.shop.read_estimate(actor, self.ticket.id, estimate.number)

    def authorization(self) -> Authorization:
        """Return what is authorized."""
        return self.premises.shop.read_authorization(MECHANIC, self.ticket.id)

    def decisions(self) -> tuple[Decision, ...]:
        """Return what was decided."""
        return self.premises.shop.list_decisions(MECHANIC, self.ticket.id, ALL).items

    def recommendations(self, **wanted: Any) -> tuple[Recommendation, ...]:
        """Return declined work."""
        found = RecommendationFilter(**wanted)
        return self.premises.shop.list_recommendations(MECHANIC, found, ALL).items

    def blockers(self, to: Status) -> list[str]:
        """Return what blocks a transition."""
        items = self.premises.shop.read_transitions(MECHANIC, self.ticket.id).items
        (found,) = [one for one in items if one.to is to]
        assert found.allowed == (not found.blockers)
        return [blocker.code for blocker in found.blockers]

    def go(self, *statuses: Status) -> Ticket:
        """Move the ticket."""
        return self.premises.go(self.ticket, *statuses)
