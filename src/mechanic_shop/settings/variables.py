"""Environment variables: what each field of the settings declares about its own."""

import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from ipaddress import IPv4Network, IPv6Network
from pathlib import Path
from typing import Any, ClassVar, Final

from attrs import Attribute, frozen

from mechanic_core.errors import Refused
from mechanic_core.rules import unwrap_annotated
from mechanic_shop.settings.parsers import Parser
from mechanic_shop.settings.url_passwords import mask_url

PREFIX: Final = "MECHANIC_"
"""Begins the name of a variable that belongs to this program alone.

The program of a host may have a `DATABASE_URL` of its own.
"""

_NAME: Final = re.compile(r"\b[A-Z]+(?:_[A-Z]+)+\b")


class WrongSettings(Refused):
    """The shop cannot start with these settings."""

    exit_code: ClassVar = 2


@frozen
class Variable:
    """An environment variable, declared in the type of its field.

    Attributes:
        meaning: What it sets, for people.
        parser: Reads and formats its value.
        default: The default in words, where it depends on other settings.
        secret: Whether its value is never shown.
        alias: Another name that is accepted too.
    """

    meaning: str
    parser: Parser[Any]
    default: str | None = None
    secret: bool = False
    alias: str | None = None

    @classmethod
    def of(cls, field: "Attribute[Any]") -> "Variable":
        """Return the variable that the type of *field* declares."""
        return next(note for note in unwrap_annotated(field.type)[1] if isinstance(note, cls))

    def find(self, name: str, sources: Sequence[Mapping[str, str]]) -> tuple[str, str] | None:
        """Return the name and text in the first of *sources* that sets the variable.

        In any source, the name with `PREFIX` precedes the one without it, and its alias.
        """
        plain = (name, self.alias) if self.alias else (name,)
        for spellings in ((f"{PREFIX}{name}",), plain):
            for source in sources:
                for spelling in spellings:
                    text = source.get(spelling, "").strip()
                    if text or (self.parser.empty_is_value and spelling in source):
                        return spelling, text
        return None

    def check(self, value: object) -> Any:
        """Return a Python *value* as its text would be parsed. Raises `ValueError`."""
        return self.parser.parse(_text_of(value))

    def display(self, value: object) -> str:
        """Return *value* as text that is safe to show."""
        if value in (None, ()):
            return ""
        return "(hidden)" if self.secret else mask_url(self.parser.format(value))


def hide_secrets(_: type, fields: "list[Attribute[Any]]") -> "list[Attribute[Any]]":
    """Transform the fields of an attrs class so that its `repr` shows no secret."""
    return [field.evolve(repr=Variable.of(field).display) for field in fields]


def rename_variables(sentence: str, spellings: Mapping[str, str]) -> str:
    """Return *sentence* with each variable under the name that it was set by."""
    return _NAME.sub(lambda name: spellings.get(name[0], name[0]), sentence)


@contextmanager
def name_as_set(spellings: Mapping[str, str]) -> Iterator[None]:
    """Let a refusal in this block show each variable under the name that it was set by."""
    try:
        yield
    except Refused as refused:
        refused.detail = rename_variables(refused.detail, spellings)
        refused.args = (refused.detail,)
        raise


def _text_of(value: object) -> str:
    """Return a Python *value* as the text of its variable. Raises `ValueError`."""
    match value:
        case bool():
            return str(value).lower()
        case str() | int() | Path() | IPv4Network() | IPv6Network():
            return str(value).strip()
        case list() | tuple():
            texts = [_text_of(member) for member in value]
            if any("," in text for text in texts):
                raise ValueError("a member with a comma would become two")
            return ",".join(texts)
        case _:
            raise ValueError(type(value))
