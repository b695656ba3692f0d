"""Events in SQL: written in the transaction of the change, numbered once committed.

On PostgreSQL the statement that changes a record writes its event too: a statement of its own would
cost a round trip. All events of a transaction are written in their order, so as soon as one is left
for the end, those after it are too.
"""

import functools
from collections.abc import Iterable
from datetime import datetime
from typing import Any, final

from attrs import frozen
from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Insert,
    Select,
    Update,
    bindparam,
    delete,
    func,
    insert,
    literal,
    select,
    update,
)
from sqlalchemy.sql.dml import ReturningInsert

from mechanic_adapters.sql.engine.column_types import KEY, MOMENT
from mechanic_adapters.sql.engine.compiled_statements import Params, Row
from mechanic_adapters.sql.engine.executor import Executor
from mechanic_adapters.sql.engine.row_mapping import json_text
from mechanic_adapters.sql.engine.sql_functions import rows_from_json
from mechanic_adapters.sql.engine.transaction import Transaction
from mechanic_adapters.sql.schema.events import event_positions, events
from mechanic_core.events.event import (
    Event,
    EventBy,
    EventId,
    EventType,
    Initiator,
    Position,
    SubjectKind,
)
from mechanic_core.events.ports import EventBatch, Events
from mechanic_core.unit_of_work import ReadOnlyError

_WRITTEN = [column for column in events.columns if column.name not in ("number", "position")]
_NAMES = [column.name for column in _WRITTEN]
_ADD_ONE = insert(events).values({c.name: bindparam(c.name, type_=c.type) for c in _WRITTEN})
"""One event is sent as parameters, which saves the database parsing JSON."""

_ADD = insert(events).from_select(_NAMES, rows_from_json(_WRITTEN))

_EVENT = {
    **{
        name: bindparam(f"event_{name}", type_=events.c[name].type)
        for name in ("id", "type", "kind", "by_role", "by_id", "changes")
    },
    "version": bindparam("version", type_=BigInteger),
    "at": bindparam("updated_at", type_=MOMENT),
}

_IS_NUMBERED = events.c.position.is_not(None)
_LIMIT = bindparam("limit", type_=BigInteger)
_UNNUMBERED = select(events.c.number).where(events.c.position.is_(None)).limit(1)
_LOCK = select(event_positions.c.last).with_for_update()
_next = (
    select(
        events.c.number,
        (
            bindparam("last", type_=BigInteger) + func.row_number().over(order_by=events.c.number)
        ).label("position"),
    )
    .where(events.c.position.is_(None))
    .order_by(events.c.number)
    .limit(_LIMIT)
    .subquery("next")
)
_NUMBER = update(events).values(position=_next.c.position).where(events.c.number == _next.c.number)
_ADVANCE = update(event_positions).values(last=bindparam("new_last", type_=BigInteger))

_FIRST = select(func.min(events.c.position)).where(_IS_NUMBERED).scalar_subquery()


def _after(*, by_type: bool) -> Select[Any]:
    """Return the events after a position, each row behind the bounds; one row if there are none."""
    page = (
        select(*_WRITTEN, events.c.position)
        .where(
            _IS_NUMBERED,
            events.c.position > bindparam("after", type_=BigInteger),
            *([events.c.type == bindparam("type", type_=KEY)] if by_type else []),
        )
        .order_by(events.c.position)
        .limit(_LIMIT)
        .subquery("page")
    )
    bounds = select(_FIRST.label("first"), event_positions.c.last).subquery("bounds")
    return (
        select(bounds.c.first, bounds.c.last, *page.c)
        .select_from(bounds.outerjoin(page, literal(1) == 1))
        .order_by(page.c.position)
    )


_AFTER = {by_type: _after(by_type=by_type) for by_type in (False, True)}

_BEFORE = bindparam("before", type_=MOMENT)
_oldest = (
    select(events.c.number, events.c.position, events.c.at)
    .where(_IS_NUMBERED)
    .order_by(events.c.position)
    .limit(_LIMIT)
    .cte("oldest", nesting=True)  # sqlite3 counts no rows of a statement that begins WITH
)
_young = select(func.min(_oldest.c.position)).where(_oldest.c.at >= _BEFORE).scalar_subquery()
_SWEEP = delete(events).where(
    events.c.number.in_(
        select(_oldest.c.number).where((_oldest.c.position < _young) | _young.is_(None))
    )
)


@final
@frozen
class SqlEvents(Events):
    """The append-only table of events."""

    _executor: Executor

    def unnumbered(self) -> bool:
        return self._executor.first(_UNNUMBERED) is not None

    def number(self, limit: int) -> int:
        transaction = _transaction(self._executor)
        (last,) = transaction.first(_LOCK) or (0,)
        count = transaction.run(_NUMBER, {"last": last, "limit": limit})
        if count:
            transaction.run(_ADVANCE, {"new_last": last + count})
        return count

    def after(self, position: int, limit: int, type_: EventType | None = None) -> EventBatch:
        params: dict[str, object] = {"after": position, "limit": limit}
        if type_ is not None:
            params["type"] = type_.value
        rows = self._executor.all(_AFTER[type_ is not None], params)
        first, last = rows[0][:2]
        found = tuple(_read(row[2:]) for row in rows if row[2] is not None)
        return EventBatch(events=found, first=last + 1 if first is None else first, last=last)

    def sweep(self, before: datetime, limit: int) -> int:
        return _transaction(self._executor).run(_SWEEP, {"before": before, "limit": limit})


@functools.cache
def with_event(write: Insert | Update) -> Insert:
    """Return one statement for *write*, which returns an id, and the event of that subject.

    It affects as many rows, and needs PostgreSQL, which can write inside a WITH.
    """
    (subject_id,) = write.cte("saved").c
    return event_of(subject_id)


@functools.cache
def with_event_returning_id(write: Insert | Update) -> ReturningInsert[Any]:
    """Return `with_event` that returns the id too."""
    return with_event(write).returning(events.c.subject_id)


def event_of(subject_id: ColumnElement[int]) -> Insert:
    """Return a statement for the event of a subject, whose version and time it has as parameters.

    The statement that writes the subject has the same two.
    """
    values = {**_EVENT, "subject_id": subject_id}
    return insert(events).from_select(list(values), select(*values.values()))


def event_parameters(event: Event) -> Params:
    """Return the parameters of `event_of` that are its own."""
    return {
        "event_id": event.id,
        "event_type": event.type.value,
        "event_kind": event.kind.value,
        "event_by_role": event.by.role.value,
        "event_by_id": event.by.id,
        "event_changes": ",".join(event.changes),
    }


def note_changes(  # noqa: PLR0913 - all that the events record
    executor: Executor,
    type_: EventType,
    kind: SubjectKind,
    changed: Iterable[Row],
    at: datetime,
    changes: tuple[str, ...],
) -> None:
    """Note an event for each subject that one statement has *changed*, in the same members.

    The statement has returned their ids and new versions.
    """
    for subject_id, version in changed:
        event = Event.of(type_, kind, subject_id, version, at, executor.actor, changes)
        executor.note_event(event)


def write_events(transaction: Transaction) -> None:
    """Store the events of a transaction that are not stored yet, without positions."""
    written = transaction.events[transaction.stored_events :]
    if len(written) == 1:
        transaction.run(_ADD_ONE, dict(zip(_NAMES, _values(written[0]), strict=True)))
    else:
        transaction.run(_ADD, {"rows": json_text(map(_values, written))})


def _values(event: Event) -> tuple[Any, ...]:
    """Return the values of the columns `_WRITTEN`."""
    return (
        event.id,
        event.type.value,
        event.at,
        event.kind.value,
        event.subject_id,
        event.version,
        event.by.role.value,
        event.by.id,
        ",".join(event.changes),
    )


def _read(row: Row) -> Event:
    id_, type_, at, kind, subject_id, version, role, by_id, changes, position = row
    return Event(
        id=EventId(id_),
        position=Position(position),
        type=EventType(type_),
        at=at,
        kind=SubjectKind(kind),
        subject_id=subject_id,
        version=version,
        by=EventBy(role=Initiator(role), id=by_id),
        changes=tuple(changes.split(",")) if changes else (),
    )


def _transaction(executor: Executor) -> Transaction:
    if not isinstance(executor, Transaction):
        raise ReadOnlyError("numbering events needs a transaction: use begin()")
    return executor
