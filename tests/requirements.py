"""What distributions require, as their metadata say."""

from collections.abc import Iterable
from importlib.metadata import Distribution, distribution

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name


def requirements_of(one: Distribution, extras: Iterable[str] = ()) -> list[str]:
    """Return what *one* needs here, with *extras* of it."""
    return [
        text
        for text in one.requires or ()
        for marker in [Requirement(text).marker]
        if marker is None or any(marker.evaluate({"extra": extra}) for extra in ("", *extras))
    ]


def required_by(requirements: list[str]) -> set[str]:
    """Return the names of *requirements* and of everything that they need here."""
    found: set[tuple[str, frozenset[str]]] = set()
    waiting = [Requirement(text) for text in requirements]
    while waiting:
        one = waiting.pop()
        key = canonicalize_name(one.name), frozenset(one.extras)
        if key not in found:
            found.add(key)
            waiting += map(Requirement, requirements_of(distribution(one.name), one.extras))
    return {name for name, _ in found}
