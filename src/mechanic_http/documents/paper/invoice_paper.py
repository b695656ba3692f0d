"""Invoices on paper."""

from collections.abc import Iterator
from types import MappingProxyType
from typing import Final

from mechanic_core.estimates.decision import Answer, Channel, Decision
from mechanic_core.invoices.invoice import Invoice, InvoicedJob
from mechanic_core.invoices.printout import InvoicePrintout
from mechanic_core.mail.local_time import local_time
from mechanic_core.tickets.job import JobKind
from mechanic_http.documents.paper import figures
from mechanic_http.documents.paper.paper import Authorization, Fact, Paper, Section, Sum
from mechanic_http.documents.rendering import shown_money

_CHANNELS: Final = MappingProxyType(
    {
        Channel.IN_PERSON: "in person",
        Channel.PHONE: "by phone",
        Channel.TEXT: "by text message",
        Channel.EMAIL: "by e-mail",
        Channel.PORTAL: "with their login",
        Channel.LINK: "with a link",
    }
)


def invoice_paper(printed: InvoicePrintout) -> Paper:
    """Return the paper of an invoice: as it was issued, whatever was paid or credited since."""
    invoice = printed.invoice
    seller = invoice.seller
    gross_prices = figures.has_gross_prices(invoice.lines)
    return Paper(
        title="Invoice",
        number=invoice.number,
        day=str(invoice.issued_on),
        currency=seller.currency,
        facts=(
            Fact("Date", str(invoice.issued_on)),
            Fact("Due date", str(invoice.due_date)),
            Fact("Service date", str(invoice.service_date)),
            Fact("Service ticket", str(invoice.ticket_id)),
        ),
        seller=figures.seller_of(seller),
        buyer=figures.buyer_of(invoice.customer),
        vehicle=figures.vehicle_facts(invoice.vehicle),
        note=invoice.description,
        sections=tuple(_section(job, invoice) for job in invoice.jobs),
        sums=figures.document_sums(invoice.totals, invoice.tax, gross_prices=gross_prices),
        payments=tuple(_payments(invoice)),
        remarks=tuple(
            figures.remarks(invoice.discounts, seller.currency, gross_prices=gross_prices)
        ),
        authorizations=tuple(_authorization(one, printed) for one in invoice.decisions),
        disclosures=seller.disclosures,
        digest=invoice.digest,
    )


def _section(job: InvoicedJob, invoice: Invoice) -> Section:
    taxed = {tax.tax_class for tax in invoice.tax}
    return Section(
        title=job.title,
        kind="warranty" if job.kind is JobKind.WARRANTY else "",
        lines=tuple(
            figures.paper_line(line, taxed=taxed) for line in invoice.lines if line.job_id == job.id
        ),
        sums=figures.job_sums(job.totals),
    )


def _payments(invoice: Invoice) -> Iterator[Sum]:
    """Yield what had been paid ahead, and what was left to pay or left of it, on the day of issue."""
    total, deposit = invoice.totals.total, invoice.deposit
    if deposit:
        yield Sum(label="Paid before this invoice", amount=shown_money(-deposit))
    to_pay = shown_money(max(0, total - deposit))
    yield Sum(label=f"To pay by {invoice.due_date}", amount=to_pay, is_total=True)
    if deposit > total:
        yield Sum(label="Left of what was paid before", amount=shown_money(deposit - total))


def _authorization(decision: Decision, printed: InvoicePrintout) -> Authorization:
    how = f"{decision.person}, {_CHANNELS[decision.channel]}"
    if decision.contact:
        how += f" ({decision.contact})"
    return Authorization(
        at=local_time(decision.at, printed.invoice.seller.time_zone),
        who=how,
        what="; ".join(_decided(decision, printed)),
        total=shown_money(decision.authorized_total),
    )


def _decided(decision: Decision, printed: InvoicePrintout) -> Iterator[str]:
    if decision.amount is not None:
        limit = f"{shown_money(decision.amount)} {printed.invoice.seller.currency}"
        yield f"no more than {limit} without asking"
    for answer in (Answer.AUTHORIZED, Answer.DECLINED):
        jobs = [
            f"{printed.title_of(decision, one.job_id)} ({shown_money(one.amount)})"
            for one in decision.answers
            if one.answer is answer
        ]
        if jobs:
            yield f"{answer.value} {', '.join(jobs)}"
