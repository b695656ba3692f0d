"""The use cases of estimates and of the customer's authorization, constructed by hand."""

from mechanic_core.estimates.approval_links import ApprovalLinkTokens
from mechanic_core.estimates.consent import Consent
from mechanic_core.estimates.use_cases import decisions, estimates, links
from mechanic_core.mail.ports import Mailer
from mechanic_core.recommendations import use_cases as recommendations
from mechanic_core.shop import EstimateUseCases, RecommendationUseCases
from mechanic_core.tickets.stock import TicketStock
from mechanic_core.unit_of_work import Begin, ReadLagging, ReadOnly
from mechanic_core.values import Clock


def estimate_use_cases(  # noqa: PLR0913 - everything that they need
    begin: Begin,
    read_only: ReadOnly,
    read_lagging: ReadLagging,
    now: Clock,
    stock: TicketStock,
    tokens: ApprovalLinkTokens,
    mailer: Mailer | None,
) -> EstimateUseCases:
    """Return the use cases of estimates, decisions and approval links."""
    consent = Consent(stock)
    return EstimateUseCases(
        make_estimate=estimates.MakeEstimate(begin, now),
        list_estimates=estimates.ListEstimates(read_lagging, now),
        read_estimate=estimates.ReadEstimate(read_only, now),
        print_estimate=estimates.PrintEstimate(read_only),
        decide_on_estimate=decisions.DecideOnEstimate(begin, now, consent),
        set_spending_limit=decisions.SetSpendingLimit(begin, now, consent),
        list_decisions=decisions.ListDecisions(read_lagging),
        read_authorization=decisions.ReadAuthorization(read_only),
        issue_approval_link=links.IssueApprovalLink(begin, now, tokens, mailer is not None),
        read_approval=links.ReadApproval(read_only, now, tokens),
        answer_by_link=links.AnswerByLink(begin, now, tokens, consent),
    )


def recommendation_use_cases(
    begin: Begin, read_only: ReadOnly, read_lagging: ReadLagging, now: Clock
) -> RecommendationUseCases:
    """Return the use cases of recommendations."""
    return RecommendationUseCases(
        list_recommendations=recommendations.ListRecommendations(read_lagging),
        read_recommendation=recommendations.ReadRecommendation(read_only),
        dismiss_recommendation=recommendations.DismissRecommendation(begin, now),
    )
