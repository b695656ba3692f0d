"""Query parameters, parsed into records as strictly as bodies.

A parameter without a value, which any HTML form sends, is as if it were not there.
"""

import functools
import re
from collections.abc import Callable
from datetime import date
from typing import Annotated, Any, Final, Generic, TypeAlias, TypeVar, final
from urllib.parse import parse_qsl

import attrs
from attrs import frozen

from mechanic_core.errors import Invalid, Problem, RuleBroken
from mechanic_core.paging import DEFAULT_PAGE_SIZE, MAX_OFFSET, MAX_PAGE_SIZE
from mechanic_core.profile.calendar import Period
from mechanic_core.rules import (
    Between,
    Description,
    Example,
    Length,
    checked,
    union_members,
    unwrap_annotated,
)
from mechanic_http.json import codec
from mechanic_http.json.members import member_name
from mechanic_http.problems.refusals import BadRequest

Pairs: TypeAlias = tuple[tuple[str, str], ...]
Q = TypeVar("Q", bound="Query")

MAX_CACHED_LENGTH: Final = 200
"""Longer query strings are parsed each time, which bounds the memory of the cache."""

_CACHE_SIZE: Final = 256
_MAX_PARAMETERS: Final = 64
_INTEGER: Final = re.compile(r"-?(?:0|[1-9][0-9]{0,399})")
_BOOLEANS: Final = {"true": True, "false": False}
_BEYOND_MAX_OFFSET: Final = (
    f"page * per_page must be at most {MAX_OFFSET}: use the cursor (next_cursor) to go further"
)


@final
@frozen
class PageNumber(Between):
    """The allowed page numbers; the message for a later page names the cursor."""

    def violation(self, value: int) -> str | None:
        """Return the violated bound, if any."""
        return _BEYOND_MAX_OFFSET if value > self.maximum else super().violation(value)


@frozen(kw_only=True)
class Query:
    """The query parameters of a request: none."""

    def __attrs_post_init__(self) -> None:
        """Check the rules between parameters; subclasses extend it."""


@frozen(kw_only=True, field_transformer=checked)
class ListQuery(Query):
    """The pagination parameters of a list."""

    page: Annotated[
        Annotated[int, PageNumber(1, MAX_OFFSET), Example(1)] | None,
        Description("Page number, from 1. `page * per_page` must be at most 10,000."),
    ] = None
    per_page: Annotated[
        int, Between(1, MAX_PAGE_SIZE), Example(20), Description("Number of items on a page.")
    ] = DEFAULT_PAGE_SIZE
    cursor: Annotated[
        Annotated[str, Length(1, 200)] | None,
        Description("The `next_cursor` of the previous page. Use instead of `page`."),
    ] = None
    include_total: Annotated[
        bool, Description("Whether to count all items that match, up to 10,000.")
    ] = False

    def __attrs_post_init__(self) -> None:
        """Refuse a page together with a cursor, and a page beyond the maximum offset."""
        super().__attrs_post_init__()
        if self.page is not None and self.cursor is not None:
            raise RuleBroken(
                Problem("", "must not be given together with page", parameter="cursor")
            )
        if (self.page or 1) * self.per_page > MAX_OFFSET:
            raise RuleBroken(Problem("", _BEYOND_MAX_OFFSET, parameter="page"))


LIST_PARAMETERS: Final = frozenset(member_name(f.name) for f in attrs.fields(ListQuery))


@frozen(kw_only=True, slots=False)
class PeriodQuery(Query):
    """A period of service dates, both included; without slots for multiple inheritance."""

    from_: Annotated[
        date | None, Example(date(2026, 1, 1)), Description("Earliest service date, inclusive.")
    ] = None
    to: Annotated[
        date | None, Example(date(2026, 12, 31)), Description("Latest service date, inclusive.")
    ] = None

    def __attrs_post_init__(self) -> None:
        """Refuse a period that ends before it begins."""
        super().__attrs_post_init__()
        self.period  # noqa: B018 - constructing the period checks it

    @functools.cached_property
    def period(self) -> Period:
        """The period."""
        return Period(since=self.from_, until=self.to)


class QueryParser(Generic[Q]):
    """Parses query strings into one query record; *cached* remembers recent results."""

    def __init__(self, cls: type[Q]) -> None:
        """Prepare the parameters of *cls*."""
        self.cached = functools.lru_cache(_CACHE_SIZE)(self.parse)
        self._structure = codec.structure_hook(cls)
        self._cls = cls
        self._convert = {member_name(f.name): _converter(f.type) for f in attrs.fields(cls)}

    def parse(self, query_string: str) -> tuple[Q, Pairs]:
        """Return the record and the given parameters, without those that have no value.

        Raises `RuleBroken` with every problem.
        """
        given = _parse_pairs(query_string)
        pairs = tuple(pair for pair in given if pair[1])
        tree: dict[str, Any] = {}
        problems: list[Problem] = []
        for name, text in given:
            if name not in self._convert:
                problems.append(Problem("", "is not a known parameter", parameter=name))
            elif not text:
                continue
            elif name in tree:
                problems.append(Problem("", "must not be given more than once", parameter=name))
            else:
                tree[name] = self._convert[name](text)
        try:
            query = self._structure(tree, self._cls)
        except Invalid as refused:
            raise RuleBroken(*problems, *map(_of_parameter, refused.problems)) from None
        if problems:
            raise RuleBroken(*problems)
        return query, pairs


def _parse_pairs(query_string: str) -> Pairs:
    try:
        return tuple(
            parse_qsl(
                query_string,
                keep_blank_values=True,
                errors="strict",
                max_num_fields=_MAX_PARAMETERS,
            )
        )
    except ValueError:
        raise BadRequest("the query string cannot be parsed") from None


def _of_parameter(problem: Problem) -> Problem:
    if problem.parameter is not None:
        return problem
    return Problem("", problem.detail, parameter=problem.pointer.removeprefix("#/"))


def _converter(declared: Any) -> Callable[[str], object]:
    (member, *_), _ = union_members(unwrap_annotated(declared)[0])
    bare, _ = unwrap_annotated(member)
    return {int: _integer, bool: _boolean}.get(bare, str)


def _integer(text: str) -> object:
    return int(text) if _INTEGER.fullmatch(text) else text


def _boolean(text: str) -> object:
    return _BOOLEANS.get(text, text)
