"""Log records of a whole test run, searched for secrets at its end."""

import logging
import re
from pathlib import Path
from typing import Final

SECRET_SHAPES: Final = re.compile(
    r"\$argon2id?\$"  # a password's hash
    r"|\beyJ[\w-]{8,}\.eyJ[\w-]{8,}"  # a token that is signed
    r"|\b[Bb]earer +[\w.~+/-]{8,}"  # what follows an Authorization header
    r"|[\"']?[Aa]uthorization[\"']? *[:=]"
    r"|PRIVATE KEY"
    r"|correct horse|another horse|another good one|a horse that nobody knows"  # passwords of the tests
    r"|://[^\s:/@]*:(?!\*\*\*)[^\s:/@]+@"  # a password in an address
)


class LogRecorder(logging.Handler):
    """A logging handler that stores every record with its extra fields."""

    def __init__(self) -> None:
        """Start without records."""
        super().__init__(logging.DEBUG)
        self.lines: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        """Store one record."""
        given = {name: value for name, value in vars(record).items() if name != "exc_info"}
        self.lines.append(f"{record.getMessage()} {given} {self._traceback(record)}")

    def _traceback(self, record: logging.LogRecord) -> str:
        trace = logging.Formatter().formatException(record.exc_info) if record.exc_info else ""
        # Source lines in a traceback are no secrets; the text of an exception may be one.
        return "\n".join(line for line in trace.splitlines() if not line.startswith("    "))


def lines_with_secrets(lines: list[str], folder: Path) -> list[str]:
    """Return the lines that contain a secret, of *lines* and of the log files under *folder*."""
    files = [file for file in folder.rglob("log") if file.is_file()]
    written = [line for file in files for line in file.read_text(errors="replace").splitlines()]
    return [line[:500] for line in (*lines, *written) if SECRET_SHAPES.search(line)]
