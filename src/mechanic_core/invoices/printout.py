"""What an invoice on paper has beside the invoice itself: the names of what was decided."""

from collections.abc import Mapping

from attrs import frozen

from mechanic_core.estimates.decision import Decision
from mechanic_core.estimates.estimate import Estimate, EstimateNumber
from mechanic_core.invoices.invoice import Invoice
from mechanic_core.tickets.job import JobId


@frozen(kw_only=True)
class InvoicePrintout:
    """An invoice as it is printed, with the *estimates* that its decisions are about."""

    invoice: Invoice
    estimates: Mapping[EstimateNumber, Estimate]

    def title_of(self, decision: Decision, job_id: JobId) -> str:
        """Return the title of a job as the customer has seen it: it may be off the ticket now."""
        estimate = self.estimates.get(EstimateNumber(decision.estimate or 0))
        job = estimate.job(job_id) if estimate else None
        return job.title if job else f"job {job_id}"
