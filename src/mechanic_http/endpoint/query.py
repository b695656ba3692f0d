"""Query parameters, read into records as strictly as bodies."""

import functools
import re
from datetime import date
from typing import Annotated, Any, Final, Generic, TypeAlias, TypeVar, final
from urllib.parse import parse_qsl

import attrs
from attrs import frozen

from mechanic_core.errors import Invalid, Problem, RuleBroken
from mechanic_core.mechanics.leaderboard import Period
from mechanic_core.paging import DEFAULT_PAGE_SIZE, MAX_OFFSET, MAX_PAGE_SIZE
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
from mechanic_http.json.structure_records import published_name
from mechanic_http.problems.refusals import BadRequest

Pairs: TypeAlias = tuple[tuple[str, str], ...]
Q = TypeVar("Q", bound="Query")

_MOST_PARAMETERS: Final = 64
_REMEMBERED: Final = 256
_SHORT: Final = 200
"""How long a query may be that is remembered: so many of them are never much."""

_INTEGER: Final = re.compile(r"-?(?:0|[1-9][0-9]{0,399})")
_TRUTH: Final = {"true": True, "false": False}
_TOO_FAR: Final = (
    f"page * per_page must not be above {MAX_OFFSET}: use the cursor (next_cursor) to go further"
)


@final
@frozen
class PagesWithin(Between):
    """Which pages there may be; whoever wants a later one is told what goes on from there."""

    def violation(self, value: int) -> str | None:
        """Return the broken bound, if any."""
        return _TOO_FAR if value > self.maximum else super().violation(value)


@frozen(kw_only=True)
class Query:
    """The query parameters of a request; this one knows none."""


@frozen(kw_only=True, field_transformer=checked)
class ListQuery(Query):
    """Which piece of a list is wanted."""

    page: Annotated[
        Annotated[int, PagesWithin(1, MAX_OFFSET), Example(1)] | None,
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
        """A page or a cursor, and pages only near the start."""
        if self.page is not None and self.cursor is not None:
            raise RuleBroken(Problem("", "give either page or cursor", parameter="cursor"))
        if (self.page or 1) * self.per_page > MAX_OFFSET:
            raise RuleBroken(Problem("", _TOO_FAR, parameter="page"))


LIST_PARAMETERS: Final = frozenset(published_name(f.name) for f in attrs.fields(ListQuery))


@frozen(kw_only=True, slots=False)
class PeriodQuery(Query):
    """Service dates, both included; without slots, so that a list can have them too."""

    from_: Annotated[
        date | None, Example(date(2026, 1, 1)), Description("Earliest service date, inclusive.")
    ] = None
    to: Annotated[
        date | None, Example(date(2026, 12, 31)), Description("Latest service date, inclusive.")
    ] = None

    def __attrs_post_init__(self) -> None:
        """Refuse a period that ends before it begins."""
        self.period  # noqa: B018 - making it is checking it

    @property
    def period(self) -> Period:
        """The days meant."""
        return Period(since=self.from_, until=self.to)


class QueryReader(Generic[Q]):
    """Reads one kind of query; what is not given, or was read a moment ago, costs nothing."""

    def __init__(self, cls: type[Q]) -> None:
        """Look once at which parameters there are."""
        self._remembered = functools.lru_cache(_REMEMBERED)(self._read)
        self._cls = cls
        self._absent = cls()
        self._convert = {published_name(f.name): _from_text(f.type) for f in attrs.fields(cls)}

    def read(self, query_string: str) -> tuple[Q, Pairs]:
        """Return the record and what was given; raise `RuleBroken` with every problem."""
        if not query_string:
            return self._absent, ()
        read = self._remembered if len(query_string) <= _SHORT else self._read
        return read(query_string)

    def _read(self, query_string: str) -> tuple[Q, Pairs]:
        pairs = _pairs(query_string)
        tree: dict[str, Any] = {}
        problems: list[Problem] = []
        for name, text in pairs:
            if name not in self._convert:
                problems.append(Problem("", "is not a known parameter", parameter=name))
            elif name in tree:
                problems.append(Problem("", "is given more than once", parameter=name))
            else:
                tree[name] = self._convert[name](text)
        try:
            found = codec.read(tree, self._cls)
        except Invalid as refused:
            raise RuleBroken(*problems, *map(_of_parameter, refused.problems)) from None
        if problems:
            raise RuleBroken(*problems)
        return found, pairs


def _pairs(query_string: str) -> Pairs:
    try:
        return tuple(
            parse_qsl(
                query_string,
                keep_blank_values=True,
                errors="strict",
                max_num_fields=_MOST_PARAMETERS,
            )
        )
    except ValueError:
        raise BadRequest("the query can't be parsed") from None


def _of_parameter(problem: Problem) -> Problem:
    if problem.parameter is not None:
        return problem
    return Problem("", problem.detail, parameter=problem.pointer.removeprefix("#/"))


def _from_text(declared: Any) -> Any:
    (member, *_), _ = union_members(unwrap_annotated(declared)[0])
    bare, _ = unwrap_annotated(member)
    return {int: _integer, bool: _truth}.get(bare, str)


def _integer(text: str) -> object:
    return int(text) if _INTEGER.fullmatch(text) else text


def _truth(text: str) -> object:
    return _TRUTH.get(text, text)
