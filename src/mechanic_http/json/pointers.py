"""JSON Pointers in URI fragments (RFC 6901, section 6): the place of a problem in a body."""

from collections.abc import Iterator, Mapping
from typing import Final
from urllib.parse import quote

import attrs

from mechanic_core.errors import Invalid, Problem

_UNESCAPED: Final = "!$&'()*+,;=:@?~"
_MAXIMUM_LENGTH: Final = 100


def escape(name: str) -> str:
    """Return *name* as one token of a pointer, truncated if it is very long."""
    token = name[:_MAXIMUM_LENGTH].replace("~", "~0").replace("/", "~1")
    return quote(token, safe=_UNESCAPED, errors="replace")


def nest(token: str, refused: Invalid) -> Iterator[Problem]:
    """Return the problems of the value at *token* as problems of the object around it."""
    for problem in refused.problems:
        yield attrs.evolve(problem, pointer=f"#/{token}{problem.pointer[1:]}")


def rename(problem: Problem, names: Mapping[str, str]) -> Problem:
    """Return *problem* with the first token of its pointer replaced as *names* say."""
    first, slash, others = problem.pointer.removeprefix("#/").partition("/")
    if first not in names:
        return problem
    return attrs.evolve(problem, pointer=f"#/{names[first]}{slash}{others}")
