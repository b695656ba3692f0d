"""The file `.env`: variables beside those of the environment."""

from collections.abc import Mapping
from io import StringIO
from pathlib import Path

from dotenv.parser import parse_stream

from mechanic_shop.settings.trusted_files import open_trusted
from mechanic_shop.settings.variables import WrongSettings


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
        raise WrongSettings(f"{path} cannot be read: {error}") from None
    bindings = list(parse_stream(text))
    for binding in bindings:
        if binding.error:
            raise WrongSettings(f"{path}, line {binding.original.line} is not NAME=value")
    return {binding.key: binding.value or "" for binding in bindings if binding.key}
