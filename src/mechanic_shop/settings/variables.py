"""Environment variables: what each field of the settings declares about its own."""

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

from attrs import Attribute, frozen

from mechanic_core.errors import Refused
from mechanic_core.rules import unwrap_annotated
from mechanic_shop.settings.parsers import Parser
from mechanic_shop.settings.url_passwords import mask_url


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
        """Return the name and text in the first of *sources* that sets the variable."""
        names = [name, self.alias] if self.alias else [name]
        for source in sources:
            for spelling in names:
                text = source.get(spelling, "").strip()
                if text or (self.parser.empty_is_value and spelling in source):
                    return spelling, text
        return None

    def display(self, value: object) -> str:
        """Return *value* as text that is safe to show."""
        if value in (None, ()):
            return ""
        return "(hidden)" if self.secret else mask_url(self.parser.format(value))


def hide_secrets(_: type, fields: "list[Attribute[Any]]") -> "list[Attribute[Any]]":
    """Transform the fields of an attrs class so that its `repr` shows no secret."""
    return [field.evolve(repr=Variable.of(field).display) for field in fields]
