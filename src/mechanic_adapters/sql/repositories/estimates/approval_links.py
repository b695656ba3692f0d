"""Links to estimates in SQL."""

from datetime import datetime
from typing import Final, final

from attrs import evolve, frozen
from sqlalchemy import BigInteger, Text, bindparam, delete, select, update
from sqlalchemy.dialects.postgresql import insert  # its ON CONFLICT works on SQLite too

from mechanic_adapters.sql.engine.column_types import MOMENT
from mechanic_adapters.sql.engine.executor import Executor
from mechanic_adapters.sql.engine.row_mapping import (
    RECORD_ID,
    column_parameters,
    field_columns,
    field_values,
    record_maker,
)
from mechanic_adapters.sql.queries.expiry import delete_oldest
from mechanic_adapters.sql.schema.estimates import approval_links
from mechanic_adapters.sql.schema.tickets import tickets
from mechanic_core.customers.customer import CustomerId
from mechanic_core.estimates.approval_links import ApprovalLink
from mechanic_core.estimates.ports import ApprovalLinks
from mechanic_core.tickets.ticket import TicketId

_LINKS: Final = "approval_links"
_make_link = record_maker(ApprovalLink)
_link = approval_links.c
_columns = column_parameters(approval_links)
_START = (
    insert(approval_links)
    .values(_columns)
    .on_conflict_do_update(
        index_elements=[_link.ticket_id, _link.number],
        set_={name: _columns[name] for name in ("nonce", "expires_at", "used_at")},
    )
    .returning(_link.id)
)
_GET_LINK = select(*field_columns(approval_links, ApprovalLink)).where(_link.id == RECORD_ID)
_USE = (
    update(approval_links)
    .values(used_at=bindparam("at", type_=MOMENT))
    .where(
        _link.id == RECORD_ID,
        _link.nonce == bindparam("the_nonce", type_=Text),
        _link.used_at.is_(None),
    )
)
_of_customer = select(tickets.c.id).where(
    tickets.c.customer_id == bindparam("owner_id", type_=BigInteger)
)
_FORGET = delete(approval_links).where(_link.ticket_id.in_(_of_customer))
_FORGET_ONE = _FORGET.where(_link.ticket_id == RECORD_ID)
_SWEEP = delete_oldest(_link.id, _link.expires_at)


@final
@frozen
class SqlApprovalLinks(ApprovalLinks):
    """The table of links to estimates."""

    _executor: Executor

    def start(self, link: ApprovalLink) -> ApprovalLink:
        rows = self._executor.write_returning(_LINKS, _START, field_values(link))
        return evolve(link, id=rows[0][0])

    def get(self, link_id: int) -> ApprovalLink | None:
        row = self._executor.first(_GET_LINK, {"record_id": link_id})
        return _make_link(row) if row else None

    def use(self, link: ApprovalLink, at: datetime) -> bool:
        params = {"record_id": link.id, "the_nonce": link.nonce, "at": at}
        return self._executor.write(_LINKS, _USE, params) == 1

    def forget(self, customer_id: CustomerId, ticket_id: TicketId | None = None) -> None:
        params: dict[str, int] = {"owner_id": customer_id}
        if ticket_id is None:
            self._executor.write(_LINKS, _FORGET, params)
        else:
            self._executor.write(_LINKS, _FORGET_ONE, params | {"record_id": ticket_id})

    def sweep(self, before: datetime, limit: int) -> int:
        return self._executor.write(_LINKS, _SWEEP, {"before": before, "limit": limit})
