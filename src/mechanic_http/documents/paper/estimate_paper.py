"""Estimates on paper."""

from collections.abc import Iterator

from mechanic_core.estimates.estimate import Estimate, EstimatedJob
from mechanic_core.estimates.printout import EstimatePrintout
from mechanic_core.profile.calendar import day_in
from mechanic_core.tickets.job import JobKind
from mechanic_http.documents.paper import figures
from mechanic_http.documents.paper.paper import Fact, Paper, Section
from mechanic_http.documents.rendering import shown_money

_CONSENT = (
    "Please mark for each job whether we may do it. I authorize the jobs marked Yes at the prices "
    "above{}, and decline those marked No."
)


def estimate_paper(printed: EstimatePrintout) -> Paper:
    """Return the paper of an estimate: as it was made, whatever was answered since."""
    estimate = printed.estimate
    profile = estimate.profile
    taxed = {tax.tax_class for tax in estimate.tax}
    return Paper(
        title="Estimate",
        number=f"{estimate.ticket_id}-{estimate.number}",
        day=str(day_in(profile.time_zone, estimate.created_at)),
        currency=profile.currency,
        facts=tuple(_facts(estimate)),
        seller=figures.seller_of(profile),
        buyer=figures.buyer_of(estimate.customer),
        vehicle=figures.vehicle_facts(estimate.vehicle),
        note=estimate.note or "",
        sections=tuple(_section(job, taxed) for job in estimate.jobs),
        sums=figures.document_sums(
            estimate.totals,
            estimate.tax,
            estimate.supplies.rule if estimate.supplies else None,
            gross_prices=profile.prices_include_tax,
        ),
        remarks=tuple(_remarks(estimate)),
        consent=_CONSENT.format(" and their shop supplies" if estimate.supplies else ""),
        disclosures=profile.disclosures,
        digest=estimate.digest,
    )


def _facts(estimate: Estimate) -> Iterator[Fact]:
    day = day_in(estimate.profile.time_zone, estimate.created_at)
    yield Fact("Date", str(day))
    yield Fact("Service ticket", str(estimate.ticket_id))
    if estimate.valid_until:
        yield Fact("Valid until", str(estimate.valid_until))


def _section(job: EstimatedJob, taxed: set[str]) -> Section:
    return Section(
        title=job.title,
        kind="warranty" if job.kind is JobKind.WARRANTY else "",
        lines=tuple(figures.paper_line(line, taxed=taxed) for line in job.lines),
        sums=figures.job_sums(job.totals),
        asks=job.kind is not JobKind.WARRANTY,  # which needs no authorization
    )


def _remarks(estimate: Estimate) -> Iterator[str]:
    currency = estimate.profile.currency
    gross_prices = estimate.profile.prices_include_tax and bool(estimate.tax)
    yield from figures.remarks(estimate.discounts, currency, gross_prices=gross_prices)
    if estimate.revised_total != estimate.totals.total:
        whole = f"{shown_money(estimate.revised_total)} {currency}"
        yield f"With the work that is not part of this estimate, your bill comes to {whole}."
