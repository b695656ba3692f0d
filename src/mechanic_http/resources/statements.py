"""Statements of customers' accounts, and receivables by age."""

from datetime import date
from typing import Annotated, Final, final

from attrs import frozen

from mechanic_core.access import Actor
from mechanic_core.customers.customer import CustomerId
from mechanic_core.rules import Description, Example, checked
from mechanic_core.shop import Shop
from mechanic_core.statements.receivables import Receivables
from mechanic_core.statements.statement import Statement
from mechanic_core.statements.use_cases import ReadReceivables, ReadStatement
from mechanic_http.endpoint.negotiation import HTML, PDF
from mechanic_http.endpoint.operation import endpoint
from mechanic_http.endpoint.query import PeriodQuery, Query
from mechanic_http.endpoint.route import Route


@frozen(kw_only=True, field_transformer=checked)
class StatementQuery(PeriodQuery):
    """The period of a statement."""

    from_: Annotated[
        date | None,
        Example(date(2026, 1, 1)),
        Description("First day of the entries, inclusive; what came before it is the opening."),
    ] = None
    to: Annotated[
        date | None,
        Example(date(2026, 12, 31)),
        Description("Last day of the entries, inclusive."),
    ] = None


@frozen(kw_only=True, field_transformer=checked)
class ReceivablesQuery(Query):
    """The day of the receivables."""

    as_of: Annotated[
        date | None,
        Example(date(2026, 3, 31)),
        Description("The day, which may be to come; today unless it is given."),
    ] = None


@final
@frozen
class StatementItem:
    """The statement of one customer's account."""

    shop: Shop

    @endpoint(ReadStatement)
    def on_get(self, actor: Actor, customer_id: CustomerId, query: StatementQuery) -> Statement:
        """Get the statement of a customer's account."""
        return self.shop.read_statement(actor, customer_id, query.period)


@final
@frozen
class StatementHtml:
    """A statement as a page to be printed."""

    shop: Shop

    @endpoint(ReadStatement, operation_id="read_statement_html", media_type=HTML)
    def on_get(self, actor: Actor, customer_id: CustomerId, query: StatementQuery) -> Statement:
        """Get the statement of a customer's account as a page to be printed."""
        return self.shop.read_statement(actor, customer_id, query.period)


@final
@frozen
class StatementPdf:
    """A statement as PDF."""

    shop: Shop

    @endpoint(ReadStatement, operation_id="read_statement_pdf", media_type=PDF)
    def on_get(self, actor: Actor, customer_id: CustomerId, query: StatementQuery) -> Statement:
        """Get the statement of a customer's account as PDF."""
        return self.shop.read_statement(actor, customer_id, query.period)


@final
@frozen
class ReceivablesItem:
    """What all customers owe."""

    shop: Shop

    @endpoint(ReadReceivables)
    def on_get(self, actor: Actor, query: ReceivablesQuery) -> Receivables:
        """Get what every customer owes on a day, by how long it is overdue."""
        return self.shop.read_receivables(actor, query.as_of)


ROUTES: Final = (
    Route("/customers/{customer_id}/statement", StatementItem),
    Route("/customers/{customer_id}/statement.html", StatementHtml),
    Route("/customers/{customer_id}/statement.pdf", StatementPdf),
    Route("/receivables", ReceivablesItem),
)
