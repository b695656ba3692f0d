"""The printers of papers: a record becomes HTML or PDF by way of its paper."""

import base64
import functools
import hashlib
from collections.abc import Callable, Mapping
from importlib.resources import files
from types import MappingProxyType
from typing import Any, Final, TypeAlias

from attrs import asdict

from mechanic_core.estimates.printout import EstimatePrintout
from mechanic_core.invoices.credit_note import CreditNote
from mechanic_core.invoices.printout import InvoicePrintout
from mechanic_core.statements.statement import Statement
from mechanic_http.documents.paper.credit_note_paper import credit_note_paper
from mechanic_http.documents.paper.estimate_paper import estimate_paper
from mechanic_http.documents.paper.invoice_paper import invoice_paper
from mechanic_http.documents.paper.paper import Paper
from mechanic_http.documents.paper.statement_paper import statement_paper
from mechanic_http.documents.rendering import NOWHERE, rendered
from mechanic_http.endpoint.negotiation import HTML, PDF
from mechanic_http.endpoint.response import PrintedDocument, Printer
from mechanic_http.ports import PdfRenderer
from mechanic_http.problems.refusals import PdfNotInstalled

PaperOf: TypeAlias = Callable[[Any], Paper]

PAPERS: Final[Mapping[type, PaperOf]] = MappingProxyType(
    {
        EstimatePrintout: estimate_paper,
        InvoicePrintout: invoice_paper,
        CreditNote: credit_note_paper,
        Statement: statement_paper,
    }
)
"""What makes the paper of a record. A further kind of paper is a line here."""


def printers(pdf: PdfRenderer | None) -> Mapping[str, Printer]:
    """Return the printers by media type; without *pdf* that of PDF raises `PdfNotInstalled`."""
    return {HTML: print_html, PDF: functools.partial(_print_pdf, pdf)}


def print_html(record: object) -> PrintedDocument:
    """Return *record* as a page that has all it needs in itself, so that a saved copy prints well."""
    digest = base64.b64encode(hashlib.sha256(_style().encode()).digest()).decode()
    policy = f"default-src 'none'; style-src 'sha256-{digest}'; form-action 'none'; {NOWHERE}"
    page = page_of(paper_of(record))
    return PrintedDocument(page.encode(), {"Content-Security-Policy": policy})


def page_of(paper: Paper) -> str:
    """Return *paper* as HTML."""
    return rendered("paper/paper.html", paper=paper, style=_style())


def paper_of(record: object) -> Paper:
    """Return the paper of *record*."""
    return PAPERS[type(record)](record)


def _print_pdf(render: PdfRenderer | None, record: object) -> PrintedDocument:
    if render is None:
        raise PdfNotInstalled
    paper = paper_of(record)
    tree = {
        **asdict(paper),
        "name": paper.name,
        "has_discounts": paper.has_discounts,
        "has_tax_classes": paper.has_tax_classes,
    }
    disposition = f'inline; filename="{_file_name(paper)}"'
    return PrintedDocument(render(tree), {"Content-Disposition": disposition})


def _file_name(paper: Paper) -> str:
    """Return a name for a file, of plain letters and digits."""
    plain = (one if one.isascii() and one.isalnum() else "-" for one in paper.name.lower())
    return "-".join(filter(None, "".join(plain).split("-"))) + ".pdf"


@functools.cache
def _style() -> str:
    """Return the style sheet of papers."""
    path = files("mechanic_http.documents").joinpath("templates", "paper", "paper.css")
    return path.read_text("utf-8")
