"""Why a connection to PostgreSQL could not be opened, from the text of the driver's error.

libpq has no SQLSTATE of a refused connection, so it is found by what the server says. Where the
server speaks another language than English, only the kind of the failure is known.
"""

import re
from typing import Final, final

from attrs import frozen
from sqlalchemy import URL

from mechanic_adapters.sql.engine.driver_errors import reason_of
from mechanic_adapters.sql.engine.postgres.server_places import multiple_failures, places

_SILENT: Final = "does not answer"
_REFUSES: Final = "refuses the connection"
_UNFIT: Final = "cannot be connected to"
_USELESS: Final = "cannot be used"

_REFUSAL: Final = "FATAL: "

_PASSING: Final = (
    (
        r"too many (clients|connections)|connection slots|no more connections",
        "no connection is free",
        "53300",
    ),
    (r"starting up|shutting down|recovery mode|not yet accepting", "it starts or stops", "57P03"),
    (r"is read-only|hot standby|is in recovery", "it takes no writes", ""),
    (
        r"server_login_retry|server login|query_wait_timeout|cannot connect to server",
        "its pooler waits for it",
        "",
    ),
    (r"Temporary failure in name resolution", "its name cannot be looked up now", ""),
    (r"Connection refused", "connection refused", ""),
    (r"No such file or directory\s+Is the server", "no server has this socket", ""),
    (r"timeout expired", "it took too long", ""),
)
"""What may be over a moment later, its cause in words, and the SQLSTATE that the server had."""

_LASTING: Final = (
    (r"authentication failed|no password supplied|no such user", "wrong credentials", "28P01"),
    (r"role \".*\" does not exist", "wrong credentials", "28000"),
    (r"not permitted to log in", "the user may not log in", "28000"),
    (r"database \".*\" does not exist|no such database", "it has no such database", "3D000"),
    (r"database \".*\" is not currently accepting", "this database is closed", "55000"),
    (r"permission denied for database", "the user may not use this database", "42501"),
    (r"pg_hba\.conf.*no encryption", "pg_hba.conf allows none like it without TLS", "28000"),
    (r"pg_hba\.conf", "pg_hba.conf allows none like it", "28000"),
    (
        r"unsupported startup parameter",
        "its pooler needs ignore_startup_parameters = options",
        "08P01",
    ),
)
"""What a server refuses until the operator changes something."""

_MISTAKES: Final = (
    (r"failed to resolve|could not translate host", _SILENT, "no host has this name"),
    (r"invalid (?:\w+ value|port number)", _UNFIT, "a parameter has a wrong value"),
)
"""What libpq cannot do until then."""

_TLS: Final = (
    (r"does not support SSL", "it offers no TLS, which sslmode requires"),
    (r"does not match host name", "its certificate is for another name"),
    (r"root certificate file", "sslrootcert names no file that can be read"),
    (r"certificate file|private key", "the files in sslcert and sslkey cannot be used"),
    (r"certificate verify failed", "its certificate is not trusted"),
    (r"alert|certificate", "it does not accept the certificate in sslcert"),
)
"""What makes TLS fail until then."""

_LASTING_CODES: Final = re.compile("28|3D|42501")


@final
@frozen
class Refusal:
    """What an error says about one server.

    Attributes:
        verb: What the server does.
        cause: Why, in words; empty if that is not known.
        code: The SQLSTATE; empty if that is not known.
        is_lasting: Whether trying again is in vain until the operator changes something.
        is_tls: Whether it is about TLS.
    """

    verb: str
    cause: str = ""
    code: str = ""
    is_lasting: bool = True
    is_tls: bool = False

    @property
    def why(self) -> str:
        """The cause with the SQLSTATE, as far as they are known."""
        return f"{self.cause} ({self.code})" if self.code else self.cause


@final
@frozen
class ConnectionFailure:
    """Why a database cannot be used.

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
    where = ", ".join(places(url))
    if code := getattr(error, "sqlstate", None):  # the server has answered a statement
        refusal = Refusal(_USELESS, reason_of(code), code)
        why = f"{refusal.why}{_lacking_object(error)}"
        return ConnectionFailure(
            _sentence(where, refusal.verb, why), bool(_LASTING_CODES.match(code))
        )
    several = [*multiple_failures(text := str(error))]
    if not several:
        refusal = refusal_in(text)
        return ConnectionFailure(_sentence(where, refusal.verb, refusal.why), refusal.is_lasting)
    refusals = {place: refusal_in(failure) for place, failure in several}
    causes = "; ".join(f"{place}: {one.why or one.verb}" for place, one in refusals.items())
    is_lasting = all(one.is_lasting for one in refusals.values())
    verb = next(iter(refusals.values())).verb if is_lasting else _SILENT
    return ConnectionFailure(_sentence(where, verb, causes), is_lasting)


def refusal_in(text: str) -> Refusal:
    """Return what the *text* of an error without an SQLSTATE says."""
    for pattern, cause, code in _PASSING:
        if re.search(pattern, text):
            return Refusal(_SILENT, cause, code, is_lasting=False)
    for pattern, cause, code in _LASTING:
        if re.search(pattern, text, re.DOTALL):
            return Refusal(_REFUSES, cause, code)
    for pattern, verb, cause in _MISTAKES:
        if re.search(pattern, text):
            return Refusal(verb, cause)
    for pattern, cause in _TLS:
        if re.search(pattern, text):
            return Refusal(_UNFIT, cause, is_tls=True)
    is_refused = _REFUSAL in text
    return Refusal(_REFUSES if is_refused else _SILENT, is_lasting=is_refused)


def _lacking_object(error: BaseException) -> str:
    """Return what rights are missing for, if the server says that; it names no values then."""
    message = str(error).partition("\n")[0]
    return f", {message}" if message.startswith("permission denied for ") else ""


def _sentence(where: str, verb: str, cause: str) -> str:
    return f"the database at {where} {verb}{cause and f': {cause}'}"
