"""The extras of the distribution: which of them has a package that is not installed."""

import re
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from typing import ClassVar, Final

DISTRIBUTION: Final = "mechanic-shop"

ALL: Final = "all"
"""The extra of the command line."""

_PROVIDERS: Final = {
    "argon2": "argon2-cffi",
    "dotenv": "python-dotenv",
    "jwt": "pyjwt",
    "opentelemetry": "opentelemetry-api",
    "yaml": "pyyaml",
}
"""What to install for a module, where the names differ."""

_OF_AN_EXTRA: Final = re.compile(r"""([\w.-]+).*\bextra == ['"]([\w.-]+)['"]""")


class ExtraMissing(ImportError):
    """Something needs a package of an extra that is not installed."""

    exit_code: ClassVar = 2

    def __init__(self, user: str, extra: str) -> None:
        """Remember what needs the package, for people, and the *extra*."""
        super().__init__(user, extra)
        self.user = user
        self.extra = extra

    def __str__(self) -> str:
        """Return a sentence with what to install."""
        return self.advice(self.extra)

    def advice(self, extra: str) -> str:
        """Return a sentence that advises to install *extra*, which may have more in it."""
        command = f"pip install '{DISTRIBUTION}[{extra}]'"
        return f"{self.user} needs the extra `{self.extra}`: {command}"


@contextmanager
def name_missing_extra(user: str) -> Iterator[None]:
    """Raise `ExtraMissing` for a package of an extra that is missing in this block.

    *user* is what needs the package, for people. A module of no extra is a `ModuleNotFoundError`.
    """
    try:
        yield
    except ModuleNotFoundError as missing:
        extra = extra_of(missing.name or "")
        if extra is None:
            raise
        raise ExtraMissing(user, extra) from missing


def extra_of(module: str) -> str | None:
    """Return the smallest extra that installs *module*; None if there is none."""
    from importlib.metadata import requires  # noqa: PLC0415 - slow, for failures only

    package = module.partition(".")[0]
    provider = _PROVIDERS.get(package, _normalized(package))
    sizes: Counter[str] = Counter()
    having = set()
    for requirement in requires(DISTRIBUTION) or ():
        if found := _OF_AN_EXTRA.match(requirement):
            sizes[found[2]] += 1
            if _normalized(found[1]) == provider:
                having.add(found[2])
    return min(having, key=sizes.__getitem__, default=None)


def _normalized(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()
