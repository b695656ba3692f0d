"""The page of a link to an estimate: a form without scripts, and afterwards its receipt.

Programs that read mail open such links and send such forms, so that a GET changes nothing, and a
POST needs what none of them fills in.
"""

from collections.abc import Iterable, Mapping, Sequence
from http import HTTPStatus
from typing import Final, Self, final

from attrs import frozen
from falcon import Response

from mechanic_core.access import ANONYMOUS
from mechanic_core.accounts.links import LinkNotFound, LinkToken
from mechanic_core.errors import Problem, RuleBroken
from mechanic_core.estimates.approval import Approval, ApprovalForm
from mechanic_core.estimates.approval_links import ApprovalClosed, LinkEnd
from mechanic_core.estimates.decision import Answer, Channel, WorkStarted
from mechanic_core.estimates.estimate import Estimate
from mechanic_core.members import annotation_of
from mechanic_core.rules import Length
from mechanic_core.shop import Shop
from mechanic_core.tickets.bounds import MAX_JOBS
from mechanic_core.tickets.job import JobId
from mechanic_core.values import Name
from mechanic_http.context import ShopRequest
from mechanic_http.documents.links import CountAttempt, read_fields, send_not_found
from mechanic_http.documents.rendering import redirect, send_secret_page
from mechanic_http.json import codec
from mechanic_http.resources.password_resets import LINK, LINK_ATTEMPT

_MAX_BYTES: Final = 16 * 1024
_MAX_FIELDS: Final = MAX_JOBS + 10
_ANSWERS: Final = {"yes": Answer.AUTHORIZED.value, "no": Answer.DECLINED.value}
_CHANNELS: Final = {
    Channel.IN_PERSON: "in person",
    Channel.PHONE: "by phone",
    Channel.TEXT: "by text message",
    Channel.EMAIL: "by e-mail",
    Channel.PORTAL: "logged in",
    Channel.LINK: "on this page",
}
_CLOSED: Final = {
    LinkEnd.EXPIRED: ("This link has expired", "Please ask us for a new one."),
    LinkEnd.REPLACED: (
        "This link was replaced or withdrawn",
        "If we have sent you a newer one, please use that. Otherwise please call us.",
    ),
    LinkEnd.SUPERSEDED: (
        "There is a newer estimate",
        "This one has changed since. Please ask us for a link to the newer one.",
    ),
    LinkEnd.ANSWERED: (
        "This estimate is answered already",
        "What was decided before holds; nothing has changed.",
    ),
    LinkEnd.CLOSED: (
        "No more answers are needed",
        "We take no more answers for this service ticket. Please call us if that is wrong.",
    ),
}
_NAME_LENGTH: Final = annotation_of(Name, Length)
_ANSWERED: Final = (
    "{title} was answered otherwise after you opened this page, and that answer holds. Please call "
    "us to change it. You can still send the other answers."
)
_STARTED: Final = (
    "We have started on a job that you had said yes to before. Please call us if you want us to "
    "stop."
)


@final
@frozen
class SentForm:
    """What a customer has sent: `yes` or `no` by job, and their name as typed."""

    answers: Mapping[JobId, str]
    name: str

    @classmethod
    def of(cls, fields: Mapping[str, Sequence[str]], jobs: Iterable[JobId]) -> Self:
        """Return the answers for *jobs*; one that is given twice is none."""
        given = {job_id: fields.get(f"job-{job_id}", ()) for job_id in jobs}
        answers = {
            job_id: values[0]
            for job_id, values in given.items()
            if len(values) == 1 and values[0] in _ANSWERS
        }
        return cls(answers=answers, name=fields.get("name", [""])[0])

    def form(self) -> ApprovalForm:
        """Return it as a record; raise `RuleBroken` for a name that can't be one."""
        answers = [
            {"job_id": job_id, "answer": _ANSWERS[text]} for job_id, text in self.answers.items()
        ]
        return codec.structure({"answers": answers, "name": self.name}, ApprovalForm)


NOTHING_SENT: Final = SentForm(answers={}, name="")


@final
@frozen
class ApprovalPage:
    """`/a/{link_token}`: GET shows the form or the receipt, POST takes the form."""

    shop: Shop
    count_attempt: CountAttempt

    def on_get(self, req: ShopRequest, resp: Response, link_token: LinkToken) -> None:
        """Send the form, the receipt, or why there is neither."""
        approval = self._read(req, resp, link_token)
        if approval is None:
            return
        if approval.decisions:
            send_secret_page(
                req,
                resp,
                HTTPStatus.OK,
                "approval/receipt.html",
                approval=approval,
                channels=_CHANNELS,
            )
        else:
            _send_form(req, resp, HTTPStatus.OK, approval)

    on_head = on_get

    def on_post(self, req: ShopRequest, resp: Response, link_token: LinkToken) -> None:
        """Take the answers; send the form again with what is missing."""
        fields = read_fields(req, _MAX_BYTES, _MAX_FIELDS)
        approval = self._read(req, resp, link_token)
        if approval is None:
            return
        if approval.decisions:
            self._send_closed(req, resp, LinkEnd.ANSWERED)
            return
        given = SentForm.of(fields, [job.id for job in approval.estimate.jobs])
        try:
            self.shop.answer_by_link(ANONYMOUS, link_token, given.form())
        except RuleBroken as broken:
            problems = _problems(approval.estimate, given, broken.problems)
            status = HTTPStatus.UNPROCESSABLE_ENTITY
            _send_form(req, resp, status, approval, given, problems)
        except WorkStarted:
            _send_form(req, resp, HTTPStatus.CONFLICT, approval, given, {"": _STARTED})
        except ApprovalClosed as closed:
            self._send_closed(req, resp, closed.reason)
        else:
            redirect(resp, f"{req.root_path}/a/{link_token}")

    def _read(self, req: ShopRequest, resp: Response, link_token: LinkToken) -> Approval | None:
        """Return what the link shows; None after sending the page that says why it does not."""
        try:
            with self.count_attempt(req, LINK, LINK_ATTEMPT.failures):
                return self.shop.read_approval(ANONYMOUS, link_token)
        except LinkNotFound:
            send_not_found(req, resp)
        except ApprovalClosed as closed:
            self._send_closed(req, resp, closed.reason)
        return None

    def _send_closed(self, req: ShopRequest, resp: Response, reason: LinkEnd) -> None:
        title, text = _CLOSED[reason]
        send_secret_page(
            req,
            resp,
            HTTPStatus.GONE,
            "approval/closed.html",
            shop=self.shop.read_profile(ANONYMOUS),
            title=title,
            text=text,
            has_receipt=reason is LinkEnd.ANSWERED,
        )


def approval_pages(shop: Shop, count_attempt: CountAttempt) -> tuple[tuple[str, object], ...]:
    """Return the pages with their paths."""
    return (("/a/{link_token}", ApprovalPage(shop, count_attempt)),)


def _send_form(  # noqa: PLR0913 - a page has that many sides
    req: ShopRequest,
    resp: Response,
    status: HTTPStatus,
    approval: Approval,
    given: SentForm = NOTHING_SENT,
    problems: Mapping[str, str] | None = None,
) -> None:
    send_secret_page(
        req,
        resp,
        status,
        "approval/form.html",
        approval=approval,
        given=given,
        problems=problems or {},
        name_length=_NAME_LENGTH,
    )


def _problems(estimate: Estimate, given: SentForm, broken: Iterable[Problem]) -> Mapping[str, str]:
    """Return what is missing or wrong, by the field to correct, in the order of the page."""
    problems = {
        f"job-{job.id}": f"Choose yes or no for {job.title}"
        for job in estimate.jobs
        if job.id in estimate.unanswered and job.id not in given.answers
    }
    titles = {f"#/job-{job.id}": job.title for job in estimate.jobs if job.id in estimate.answered}
    for problem in broken:
        if title := titles.get(problem.pointer):
            problems[problem.pointer.removeprefix("#/")] = _ANSWERED.format(title=title)
        if problem.pointer == "#/name":
            is_missing = not given.name.strip()
            problems["name"] = "Type your name" if is_missing else f"Your name {problem.detail}"
    if not given.name.strip():
        problems["name"] = "Type your name"
    return problems
