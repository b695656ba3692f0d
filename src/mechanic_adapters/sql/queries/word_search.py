"""Search by words: rows with words that begin with the terms of a query, by a word index.

A search takes two statements. The first counts what matches each term, up to a limit; the second
starts with the rarest term: it looks up the rows that have it, and checks the other terms for each
of these. If all terms are common it checks the rows of the list in their order instead, until the
page is full. So the cost grows with the matches of the rarest term, not with the table.
"""

import functools
from collections.abc import Iterator
from typing import Any, Final, final

from attrs import evolve, frozen
from sqlalchemy import (
    ColumnElement,
    Integer,
    Select,
    Table,
    Text,
    and_,
    bindparam,
    case,
    func,
    literal_column,
    select,
    union_all,
)

from mechanic_adapters.sql.engine.compiled_statements import Params
from mechanic_adapters.sql.engine.executor import Executor
from mechanic_adapters.sql.engine.sql_functions import selected_id
from mechanic_core.search import Terms

_MANY: Final = 10_000
"""A term that begins more words than this is not looked up, but checked row by row."""

_FEW: Final = 100
"""A term that begins no more words than this is rare enough not to look for a rarer one."""

_MOST_COUNTED: Final = 8
"""The number of terms that are counted: the longest ones."""

_LAST_CODE_POINT: Final = 0x10FFFF
_LAST_BEFORE_SURROGATES: Final = 0xD7FF
_FIRST_AFTER_SURROGATES: Final = "\ue000"


@final
@frozen
class SearchShape:
    """The parts of a search that change the text of its statement."""

    terms: int
    """The number of terms."""
    prefixes: int
    """The number of prefixes of each term."""
    is_rare: bool = False
    """Whether the rows of the first term are looked up."""

    def conditions(self, words: Table, key: ColumnElement[int]) -> Iterator[ColumnElement[bool]]:
        """Yield the conditions on a row whose id is *key*, and whose words are in *words*."""
        if self.is_rare:
            ranges = (_range(words, 0, number) for number in range(self.prefixes))
            found = union_all(*(select(words.c.subject_id).where(one) for one in ranges))
            yield selected_id(key, found)
        for term in range(self.is_rare, self.terms):
            yield self._has_word(words, key, term)

    def _has_word(self, words: Table, key: ColumnElement[int], term: int) -> ColumnElement[bool]:
        """Return whether a row has a word of the *term*.

        PostgreSQL would join an EXISTS, and read the whole index when it misjudges the range.
        """
        prefixes = [_range(words, term, number) for number in range(self.prefixes)]
        any_prefix = functools.reduce(ColumnElement.__or__, prefixes)
        word = (
            select(words.c.word)
            .where(words.c.subject_id == key, any_prefix)
            .limit(literal_column("1", Integer))
        )
        return word.scalar_subquery().is_not(None)


@final
@frozen
class Search:
    """A search: the shape of its statement, and its parameters."""

    shape: SearchShape
    params: Params


def search_each(terms: Terms) -> Search:
    """Return the search that checks every row of its list, for one that other filters shorten.

    Terms are repeated up to a power of two, so that there are few different statements.
    """
    count, prefixes = 1 << (len(terms) - 1).bit_length(), max(map(len, terms))
    params: dict[str, str] = {}
    for term, texts in enumerate((*terms, *terms[-1:] * (count - len(terms)))):
        for number, prefix in enumerate((*texts, *texts[-1:] * (prefixes - len(texts)))):
            lower, upper = _names(term, number)
            params |= {lower: prefix, upper: first_after(prefix)}
    return Search(SearchShape(count, prefixes), params)


def search_rarest(executor: Executor, words: Table, terms: Terms) -> Search | None:
    """Return the search that starts with the rarest of *terms*; None if one matches nothing."""
    counted = search_each(terms[:_MOST_COUNTED])
    row = executor.all(_counts(words, counted.shape), counted.params)[0]
    few, many = row[: counted.shape.terms], row[counted.shape.terms :]
    least, rarest = min(zip(few if many[0] is None else many, range(len(terms)), strict=False))
    if least == 0:
        return None
    search = search_each((terms[rarest], *terms[:rarest], *terms[rarest + 1 :]))
    return evolve(search, shape=evolve(search.shape, is_rare=least <= _MANY))


@functools.cache
def _counts(words: Table, shape: SearchShape) -> Select[Any]:
    """Return the statement for the number of words that each term begins, up to `_FEW` + 1.

    If all terms begin more than a few, they are counted again, up to `_MANY` + 1.
    """

    def counts(limit: int) -> Iterator[ColumnElement[int]]:
        for term in range(shape.terms):
            numbers = range(shape.prefixes)
            prefixes = (_count(words, term, number, limit) for number in numbers)
            yield functools.reduce(ColumnElement.__add__, prefixes)

    columns = [count.label(f"few_{term}") for term, count in enumerate(counts(_FEW))]
    few = select(*columns).cte("few").prefix_with("MATERIALIZED")
    all_begin_more = and_(*(count > literal_column(str(_FEW), Integer) for count in few.c))
    statement: Select[Any] = select(
        *few.c, *(case((all_begin_more, count), else_=None) for count in counts(_MANY))
    )
    return statement


def _count(words: Table, term: int, number: int, limit: int) -> ColumnElement[int]:
    """Return the number of words that a prefix begins, at most *limit* + 1.

    They are counted in the order of the index, or PostgreSQL might read the table instead.
    """
    found = select(words.c.word).where(_range(words, term, number)).order_by(words.c.word)
    counted = found.limit(literal_column(str(limit + 1), Integer)).subquery()
    return select(func.count()).select_from(counted).scalar_subquery()


def _names(term: int, number: int) -> tuple[str, str]:
    return f"from_{term}_{number}", f"to_{term}_{number}"


def _range(words: Table, term: int, number: int) -> ColumnElement[bool]:
    """Return whether a word begins with prefix *number* of a *term*."""
    lower, upper = (bindparam(name, type_=Text) for name in _names(term, number))
    return (words.c.word >= lower) & (words.c.word < upper)


def first_after(prefix: str) -> str:
    """Return the first text, by code points, after all that start with *prefix*."""
    stem = prefix.rstrip(chr(_LAST_CODE_POINT))
    if not stem:  # no text comes after, and no word is as long as this
        return chr(_LAST_CODE_POINT) * 1_000
    last = ord(stem[-1])
    after = _FIRST_AFTER_SURROGATES if last == _LAST_BEFORE_SURROGATES else chr(last + 1)
    return stem[:-1] + after
