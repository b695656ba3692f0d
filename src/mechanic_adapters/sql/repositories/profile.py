"""The shop's profile in SQL."""

from collections.abc import Collection, Iterable
from typing import Any, Final, final

from attrs import frozen
from sqlalchemy import (
    Integer,
    Select,
    Subquery,
    bindparam,
    exists,
    insert,
    literal,
    or_,
    select,
    text,
    update,
)

from mechanic_adapters.sql.engine.executor import Executor
from mechanic_adapters.sql.engine.row_mapping import (
    column_parameters,
    field_columns,
    field_values,
    record_maker,
    with_values,
)
from mechanic_adapters.sql.queries.keyset_pagination import PageQuery
from mechanic_adapters.sql.queries.person_names import columns_with_name, reader_with_name
from mechanic_adapters.sql.schema.inventory import parts
from mechanic_adapters.sql.schema.invoices.payments import payments
from mechanic_adapters.sql.schema.profile import profile_history, shop_profile
from mechanic_adapters.sql.schema.tickets import ticket_charges, ticket_labor
from mechanic_core.access import By
from mechanic_core.errors import LostRace
from mechanic_core.events.event import Event, SubjectKind
from mechanic_core.paging import Page, PageRequest
from mechanic_core.profile.ports import Profiles
from mechanic_core.profile.profile import Profile, ProfileChange

_NOUN: Final = shop_profile.name
_make_profile = record_maker(Profile)
_read = reader_with_name(ProfileChange)

_GET = select(*field_columns(shop_profile, Profile))
_LOCK = _GET.with_for_update(key_share=True)
_SAVE = (
    update(shop_profile)
    .values(column_parameters(shop_profile))
    .where(shop_profile.c.version == bindparam("expected_version", type_=Integer))
)
_PRICED: Final = (parts, ticket_labor, ticket_charges, payments)
"""The tables of what has a price or was paid; a part line has a part."""

_ANY_PRICE = select(literal(1)).where(or_(*(exists().select_from(t) for t in _PRICED)))
_LOCK_PRICES = text(f"LOCK TABLE {', '.join(table.name for table in _PRICED)} IN SHARE MODE")
_ADD_CHANGE = insert(profile_history).values(column_parameters(profile_history))


def _join(page: Subquery) -> Select[Any]:
    """Return entries with the names of those who made the changes."""
    return select(*columns_with_name(ProfileChange, {**page.c}))


_HISTORY = PageQuery(rows=select(profile_history), key=profile_history.c.id, join=_join)


@final
@frozen
class SqlProfiles(Profiles):
    """The table with the one profile, and that of its history."""

    _executor: Executor

    def get(self) -> Profile:
        return self._first(_GET)

    def lock(self) -> Profile:
        profile = self._executor.locked[_NOUN, 1] = self._first(_LOCK)
        return profile

    def save(self, profile: Profile, change: ProfileChange) -> Profile:
        executor = self._executor
        before: Profile = executor.locked.get((_NOUN, 1)) or self.get()
        saved = with_values(profile, version=profile.version + 1)
        values = {**field_values(saved), "expected_version": profile.version}
        if executor.write(_NOUN, _SAVE, values) != 1 or before.version != profile.version:
            raise LostRace
        executor.write(_NOUN, _ADD_CHANGE, field_values(change, by=By))
        executor.locked[_NOUN, 1] = saved
        executor.note_event(Event.between(before, saved, executor.actor))
        return saved

    def history(self, page: PageRequest) -> Page[ProfileChange]:
        return _HISTORY.fetch(self._executor, page, _read)

    def has_prices(self) -> bool:
        if self._executor.first(_ANY_PRICE):
            return True
        if self._executor.database.is_postgres:
            self._executor.write(_NOUN, _LOCK_PRICES)
        return self._executor.first(_ANY_PRICE) is not None

    def _first(self, statement: Select[Any]) -> Profile:
        (row,) = self._executor.all(statement)
        return _make_profile(row)


def read_profiles(executor: Executor, ids: Collection[int]) -> Iterable[Profile]:
    """Return those of *ids* that can be read."""
    profile = SqlProfiles(executor).get()
    return [profile] if profile.id in ids else []


SUBJECTS: Final = {SubjectKind.SHOP: read_profiles}
