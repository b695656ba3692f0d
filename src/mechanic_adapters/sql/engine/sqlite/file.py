"""The file of an SQLite database, which only its owner may read."""

import os
from contextlib import suppress
from pathlib import Path
from typing import Final

OWNER_ONLY: Final = 0o600


def create_file(path: Path) -> None:
    """Create an empty file unless *path* exists, readable by its owner only whatever the umask.

    SQLite gives its other files (`-wal`, `-shm`, `-journal`) the permissions of this one.
    """
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL
    with suppress(FileExistsError):  # a symbolic link would count as a file, so resolve it
        fd = os.open(path.resolve(), flags, OWNER_ONLY)
        try:
            if hasattr(os, "fchmod"):  # Windows inherits the permissions of the folder
                os.fchmod(fd, OWNER_ONLY)
        finally:
            os.close(fd)
