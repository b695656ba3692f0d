"""Stored answers in SQL."""

from datetime import datetime
from typing import Final, final

from attrs import frozen
from sqlalchemy import BigInteger, LargeBinary, bindparam, delete, select, update
from sqlalchemy.dialects.postgresql import insert  # its ON CONFLICT works on SQLite too

from mechanic_adapters.sql.engine.column_types import KEY
from mechanic_adapters.sql.engine.executor import Executor
from mechanic_adapters.sql.engine.postgres.advisory_locks import TRY_LOCK, lock_number
from mechanic_adapters.sql.engine.row_mapping import column_parameters, json_text
from mechanic_adapters.sql.engine.sql_functions import rows_from_json
from mechanic_adapters.sql.queries.expiry import delete_oldest
from mechanic_adapters.sql.schema.stored_answers import (
    receipts,
    stored_answer_customers,
    stored_answers,
)
from mechanic_core.customers.customer import CustomerId
from mechanic_core.idempotency import ERASED, FirstStillRunning, StoredAnswer, StoredAnswers

_NOUN: Final = "stored_answers"
_answer, _customer = stored_answers.c, stored_answer_customers.c
_has_key = _answer.key == bindparam("the_key", type_=KEY)

_FIND = (
    select(_answer.fingerprint, _answer.content, _answer.at, _customer.customer_id)
    .select_from(stored_answers.outerjoin(stored_answer_customers))
    .where(_has_key)
)
_ADD = insert(stored_answers).values(column_parameters(stored_answers))
_ADD_CUSTOMERS = insert(stored_answer_customers).from_select(
    [_customer.customer_id, _customer.key], rows_from_json([_customer.customer_id, _customer.key])
)
_DELETE = delete(stored_answers).where(_has_key)
FORGET: Final = (
    update(stored_answers)
    .values({_answer.content: bindparam("erased", type_=LargeBinary)})
    .where(
        _answer.key.in_(
            select(_customer.key).where(
                _customer.customer_id == bindparam("the_customer", type_=BigInteger)
            )
        )
    )
)
_REASSIGN = (
    insert(stored_answer_customers)
    .from_select(
        [_customer.customer_id, _customer.key],
        select(bindparam("new_customer", type_=BigInteger), _customer.key).where(
            _customer.customer_id == bindparam("the_customer", type_=BigInteger)
        ),
    )
    .on_conflict_do_nothing()
)
_SWEEP = delete_oldest(_answer.key, _answer.at)
_SWEEP_RECEIPTS = delete_oldest(receipts.c.key, receipts.c.at)


@final
@frozen
class SqlStoredAnswers(StoredAnswers):
    """All stored answers.

    On PostgreSQL a second claim of a key raises `FirstStillRunning`; on SQLite it waits, since
    one transaction writes at a time.
    """

    _executor: Executor

    def claim(self, key: str, since: datetime) -> StoredAnswer | None:
        if self._executor.database.is_postgres:
            row = self._executor.first(TRY_LOCK, {"number": lock_number(key)})
            if not (row and row[0]):
                raise FirstStillRunning
        rows = self._executor.all(_FIND, {"the_key": key})
        if not rows:
            return None
        fingerprint, content, at, _ = rows[0]
        if at < since:
            self._executor.write(_NOUN, _DELETE, {"the_key": key})
            return None
        about = frozenset(CustomerId(row[-1]) for row in rows if row[-1] is not None)
        return StoredAnswer(key=key, fingerprint=fingerprint, content=content, about=about, at=at)

    def add(self, answer: StoredAnswer) -> None:
        values = {column.name: getattr(answer, column.name) for column in _answer}
        self._executor.write(_NOUN, _ADD, values)
        if answer.about:
            rows = json_text((customer_id, answer.key) for customer_id in answer.about)
            self._executor.write(_NOUN, _ADD_CUSTOMERS, {"rows": rows})

    def forget(self, customer_id: CustomerId) -> None:
        self._executor.write(_NOUN, FORGET, {"the_customer": customer_id, "erased": ERASED})

    def reassign(self, former: CustomerId, owner: CustomerId) -> None:
        params = {"the_customer": former, "new_customer": owner}
        self._executor.write(_NOUN, _REASSIGN, params)

    def sweep(self, before: datetime, limit: int) -> int:
        params = {"before": before, "limit": limit}
        return self._executor.write(_NOUN, _SWEEP_RECEIPTS, params) + self._executor.write(
            _NOUN, _SWEEP, params
        )
