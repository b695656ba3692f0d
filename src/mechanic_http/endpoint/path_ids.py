"""Ids in paths."""

import re
from typing import Final

from falcon.routing import BaseConverter

_ID: Final = re.compile(r"[1-9][0-9]{0,18}")
_MOST: Final = 2**63 - 1


class IdConverter(BaseConverter):
    """Takes an id that a store can hold; anything else names nothing, which is 404."""

    def convert(self, value: str) -> int | None:
        """Return the id, or None where there can't be one."""
        if not _ID.fullmatch(value):
            return None
        found = int(value)
        return found if found <= _MOST else None
