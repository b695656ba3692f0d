"""Lists that can be filtered and searched: one statement for each combination of filters."""

import functools
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, TypeVar, final

from attrs import field, frozen
from sqlalchemy import ColumnElement, Select, Table

from mechanic_adapters.sql.engine.compiled_statements import Params, Row
from mechanic_adapters.sql.engine.executor import NO_PARAMS, Executor
from mechanic_adapters.sql.queries.keyset_pagination import PageQuery
from mechanic_adapters.sql.queries.word_search import SearchShape, search_each, search_rarest
from mechanic_core.paging import Page, PageRequest, empty_page
from mechanic_core.search import Terms

R = TypeVar("R")


@final
@frozen(eq=False, kw_only=True)
class FilteredList:
    """A list by id, whose rows have words in a word index."""

    rows: Select[Any]
    """The rows of the list, unordered."""
    key: ColumnElement[int]
    """The id of the rows."""
    words: Table
    """The word index."""
    filters: Mapping[str, ColumnElement[bool]] = field(factory=dict)
    """The conditions by which the list can be filtered, by name."""
    selective: frozenset[str] = frozenset()
    """The filters that leave so few rows that each of them can be checked for words."""
    total: Select[Any] | None = None
    """The stored total of the whole list."""

    def fetch(
        self,
        executor: Executor,
        page: PageRequest,
        read: Callable[[Sequence[Row]], Iterable[R]],
        wanted: Params = NO_PARAMS,
        terms: Terms | None = None,
    ) -> Page[R]:
        """Return a page of the rows that match the filters *wanted* and the *terms*, if given.

        The parameter of a filter has its name.
        """
        names = frozenset(wanted)
        if terms is None:
            return _query(self, names, None).fetch(executor, page, read, wanted)
        search = None
        if terms and not names.isdisjoint(self.selective):
            search = search_each(terms)
        elif terms:
            search = search_rarest(executor, self.words, terms)
        if search is None:
            return empty_page(page)
        query = _query(self, names, search.shape)
        return query.fetch(executor, page, read, {**wanted, **search.params})


@functools.cache
def _query(filtered: FilteredList, names: frozenset[str], shape: SearchShape | None) -> PageQuery:
    conditions = [filtered.filters[name] for name in sorted(names)]
    if shape is not None:
        conditions += shape.conditions(filtered.words, filtered.key)
    return PageQuery(
        rows=filtered.rows.where(*conditions),
        key=filtered.key,
        total=None if conditions else filtered.total,
    )
