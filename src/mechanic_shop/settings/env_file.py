"""The file `.env`: variables beside those of the environment."""

import os
from collections.abc import Mapping
from contextlib import suppress
from io import StringIO
from pathlib import Path
from typing import Final

from dotenv.parser import parse_stream

from mechanic_shop.settings.trusted_files import open_trusted
from mechanic_shop.settings.variables import PREFIX, WrongSettings

ENV_FILE: Final = Path(".env")


def read_env_file(path: Path) -> Mapping[str, str]:
    """Return the variables in *path*, none if it does not exist.

    Raises `WrongSettings`, also if other users can write to the file.
    """
    try:
        with open_trusted(path) as file:
            text = StringIO(file.read().decode(), newline=None)
    except FileNotFoundError:
        return {}
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", None) or error
        raise WrongSettings(f"{path} cannot be read: {reason}") from None
    bindings = list(parse_stream(text))
    for binding in bindings:
        if binding.error:
            raise WrongSettings(f"{path}, line {binding.original.line} is not NAME=value")
    return {binding.key: binding.value or "" for binding in bindings if binding.key}


def prefixed_names() -> Mapping[str, str]:
    """Return the variables that are set under a name with the prefix, by their plain name."""
    sources: list[Mapping[str, str]] = [os.environ]
    with suppress(WrongSettings):  # has been reported already
        sources.append(read_env_file(ENV_FILE))
    return {
        name.removeprefix(PREFIX): name
        for source in sources
        for name, text in source.items()
        if name.startswith(PREFIX) and text.strip()
    }
