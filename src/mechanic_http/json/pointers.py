"""JSON Pointers in URI fragments (RFC 6901, section 6): where in a body something is wrong."""

from collections.abc import Iterator, Mapping
from typing import Final
from urllib.parse import quote

import attrs

from mechanic_core.errors import Invalid, Problem

_FRAGMENT: Final = "!$&'()*+,;=:@?~"
_LONGEST: Final = 100


def step(name: str) -> str:
    """Return *name* as one step of a pointer; an absurdly long one is clipped."""
    escaped = name[:_LONGEST].replace("~", "~0").replace("/", "~1")
    return quote(escaped, safe=_FRAGMENT, errors="replace")


def below(place: str, refused: Invalid) -> Iterator[Problem]:
    """Return the problems of a member as problems of the whole, which has it at *place*."""
    for problem in refused.problems:
        yield attrs.evolve(problem, pointer=f"#/{place}{problem.pointer[1:]}")


def renamed(problem: Problem, names: Mapping[str, str]) -> Problem:
    """Return *problem* with the first step of its pointer called as the client called it."""
    first, slash, rest = problem.pointer.removeprefix("#/").partition("/")
    if first not in names:
        return problem
    return attrs.evolve(problem, pointer=f"#/{names[first]}{slash}{rest}")
