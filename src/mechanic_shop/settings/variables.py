"""Variables: what a field of the settings says of the one that it is read from."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, ClassVar

from attrs import Attribute, frozen
from dotenv.parser import parse_stream

from mechanic_core.errors import Refused
from mechanic_core.rules import unwrap_annotated
from mechanic_shop.settings.parsers import Kind, without_password


class WrongSettings(Refused):
    """The settings are not ones that the shop can start with."""

    exit_code: ClassVar = 2


@frozen
class Variable:
    """One variable as people know it. *unset* tells what holds without it, where that depends."""

    says: str
    kind: Kind[Any]
    unset: str | None = None
    secret: bool = False
    alias: str | None = None

    @classmethod
    def of(cls, field: "Attribute[Any]") -> "Variable":
        """Return what the type of *field* says."""
        return next(note for note in unwrap_annotated(field.type)[1] if isinstance(note, cls))

    def given_in(self, name: str, sources: Sequence[Mapping[str, str]]) -> tuple[str, str] | None:
        """Return the name and the text under which the first of *sources* gives it."""
        names = [name, self.alias] if self.alias else [name]
        for source in sources:
            for known_as in names:
                text = source.get(known_as, "").strip()
                if text or (self.kind.off and known_as in source):
                    return known_as, text
        return None

    def shown(self, value: object) -> str:
        """Return *value* as it may be shown to anybody."""
        if value in (None, ()):
            return ""
        return "(hidden)" if self.secret else without_password(self.kind.write(value))


def discreet(_: type, fields: "list[Attribute[Any]]") -> "list[Attribute[Any]]":
    """Keep the secrets of an attrs class out of its `repr`."""
    return [field.evolve(repr=Variable.of(field).shown) for field in fields]


def read_env_file(path: Path) -> Mapping[str, str]:
    """Return the variables in *path*, nothing if it is not there. Raises `WrongSettings`."""
    try:
        with path.open(encoding="utf-8") as text:
            bindings = list(parse_stream(text))
    except FileNotFoundError:
        return {}
    except (OSError, UnicodeDecodeError) as error:
        raise WrongSettings(f"{path} can't be read: {error}") from None
    for binding in bindings:
        if binding.error:
            raise WrongSettings(f"{path}, line {binding.original.line} is not NAME=value")
    return {found.key: found.value or "" for found in bindings if found.key}
