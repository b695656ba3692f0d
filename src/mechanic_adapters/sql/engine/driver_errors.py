"""What an error of psycopg or sqlite3 means: a lost race, an outage, a broken constraint."""

import re
from collections.abc import Mapping
from typing import Final, final

from attrs import frozen

from mechanic_core.errors import LostRace, Refused, Unavailable

_LOST_STATES: Final = frozenset({"40001", "40P01", "55P03"})
"""Serialization failure, deadlock, lock timeout."""

_AWAY_STATES: Final = re.compile(r"08|28|3D|53|57|58|25006|25P0[34]|26000|42501|42P05")
"""Connection lost, login or database refused, out of resources, cancelled or shut down,
input/output, read-only, idle, missing rights; and prepared statements that a pooler has lost or
mixed up."""

_BY_CODE: Final = (
    ("25006|SQLITE_READONLY", "read only"),
    ("25P0[34]", "transaction timed out"),
    ("28P01", "wrong password"),
    ("28", "login refused"),
    ("3D000", "no such database"),
    ("42501", "missing rights"),
    ("53100|SQLITE_FULL", "disk full"),
    ("53300", "slots full"),
    ("53|SQLITE_NOMEM", "out of resources"),
    ("55P03|SQLITE_(BUSY|LOCKED)", "locked"),
    ("57014", "statement timed out"),
    ("58|SQLITE_IOERR", "input/output error"),
    ("SQLITE_CANTOPEN", "file cannot be opened"),
    ("SQLITE_(NOTADB|CORRUPT)", "file damaged"),
)
"""Reasons of outages by how an SQLSTATE, or SQLite's name of an error, begins; the first one counts."""

_LOST_NAMES: Final = re.compile(r"SQLITE_(BUSY|LOCKED)")
_AWAY_NAMES: Final = re.compile(r"SQLITE_(FULL|IOERR|READONLY|CANTOPEN|NOMEM|NOTADB|CORRUPT)")


def reason_of(code: str) -> str:
    """Return in words what makes a database fail with an SQLSTATE, or SQLite's name of an error."""
    return next((reason for begins, reason in _BY_CODE if re.match(begins, code)), "database away")


@final
@frozen
class DriverErrors:
    """Translates driver errors, given what the schema says about its constraints."""

    _refusals: Mapping[str, type[Refused]]

    def refusal(self, error: Exception) -> Refused | None:
        """Return the refusal that *error* means, or None for a mistake in the program."""
        if state := getattr(error, "sqlstate", None):
            constraint = getattr(getattr(error, "diag", None), "constraint_name", None)
            lost, away = state in _LOST_STATES, bool(_AWAY_STATES.match(state))
        elif name := getattr(error, "sqlite_errorname", None):
            constraint = str(error).partition("constraint failed: ")[2]
            lost, away = bool(_LOST_NAMES.match(name)), bool(_AWAY_NAMES.match(name))
        else:  # without a code the error is the driver's own: it could not reach the database
            away = any(family.__name__ == "OperationalError" for family in type(error).__mro__)
            constraint, lost = None, False
        if lost:
            return LostRace()
        if away:
            return Unavailable()
        refusal = self._refusals.get(constraint or "")
        return refusal() if refusal else None
