"""Why a connection to PostgreSQL could not be opened, from the text of the driver's error.

libpq tells no SQLSTATE of a refused connection. Where the server speaks another language than
English, only the kind of the failure is known.
"""

import re
from typing import Final, final

from attrs import frozen
from sqlalchemy import URL

from mechanic_adapters.sql.engine.postgres.server_places import multiple_failures, places

_SILENT: Final = "does not answer"
_REFUSES: Final = "refuses the connection"
_UNFIT: Final = "cannot be connected to"

_REFUSAL: Final = "FATAL: "

_PASSING: Final = (
    (r"too many (clients|connections)|connection slots|no more connections", "it is full"),
    (r"starting up|shutting down|recovery mode|accepting connections$", "it starts or stops"),
    (r"is read-only|hot standby|is in recovery", "it takes no writes"),
    (
        r"server_login_retry|server login|query_wait_timeout|cannot connect to server",
        "its pooler waits for it",
    ),
    (r"Temporary failure in name resolution", "its name cannot be looked up now"),
    (r"Connection refused", "connection refused"),
    (r"No such file or directory\s+Is the server", "no server has this socket"),
    (r"timeout expired", "it took too long"),
)
"""What may be over a moment later, and its cause in words."""

_LASTING: Final = (
    (r"authentication failed|no password supplied|no such user", _REFUSES, "wrong credentials"),
    (r"role \".*\" does not exist", _REFUSES, "wrong credentials"),
    (r"database \".*\" does not exist|no such database", _REFUSES, "it has no such database"),
    (r"permission denied for database", _REFUSES, "the user may not use this database"),
    (r"pg_hba\.conf.*no encryption", _REFUSES, "pg_hba.conf allows none like it without TLS"),
    (r"pg_hba\.conf", _REFUSES, "pg_hba.conf allows none like it"),
    (
        r"unsupported startup parameter",
        _REFUSES,
        "its pooler needs ignore_startup_parameters = options",
    ),
    (r"failed to resolve|could not translate host", _SILENT, "no host has this name"),
    (r"does not support SSL", _UNFIT, "it offers no TLS, which sslmode requires"),
    (r"does not match host name", _UNFIT, "its certificate is for another name"),
    (r"root certificate file", _UNFIT, "the file in sslrootcert cannot be read"),
    (r"certificate file|private key", _UNFIT, "the files in sslcert and sslkey cannot be used"),
    (r"certificate verify failed", _UNFIT, "its certificate is not trusted"),
    (r"alert|certificate", _UNFIT, "it does not accept the certificate in sslcert"),
    (r"invalid (?:\w+ value|port number)", _UNFIT, "a parameter has a wrong value"),
)
"""What lasts until the operator changes something: what happens, and its cause in words."""


@final
@frozen
class ConnectionFailure:
    """Why no connection could be opened.

    Attributes:
        sentence: What happened, where, and why; without user name and password.
        is_lasting: Whether trying again is in vain until the operator changes something.
    """

    sentence: str
    is_lasting: bool


def is_refusal(error: Exception) -> bool:
    """Return whether a server, or a pooler before it, has refused a connection."""
    return _REFUSAL in str(error)


def connection_failure(url: URL, error: BaseException) -> ConnectionFailure:
    """Return what the driver's *error* says about the servers of *url*."""
    several = [*multiple_failures(text := str(error))]
    where = ", ".join(places(url))
    if not several:
        verb, cause, is_lasting = _meaning(text)
        return ConnectionFailure(_sentence(where, verb, cause), is_lasting)
    meanings = {place: _meaning(failure) for place, failure in several}
    causes = "; ".join(f"{place}: {cause or verb}" for place, (verb, cause, _) in meanings.items())
    is_lasting = all(lasting for _, _, lasting in meanings.values())
    verb = next(iter(meanings.values()))[0] if is_lasting else _SILENT
    return ConnectionFailure(_sentence(where, verb, causes), is_lasting)


def _meaning(text: str) -> tuple[str, str, bool]:
    """Return what happened, its cause if it is known, and whether it lasts."""
    for pattern, cause in _PASSING:
        if re.search(pattern, text.strip()):
            return _SILENT, cause, False
    for pattern, verb, cause in _LASTING:
        if re.search(pattern, text, re.DOTALL):
            return verb, cause, True
    is_refused = _REFUSAL in text
    return (_REFUSES if is_refused else _SILENT), "", is_refused


def _sentence(where: str, verb: str, cause: str) -> str:
    return f"the database at {where} {verb}{cause and f': {cause}'}"
