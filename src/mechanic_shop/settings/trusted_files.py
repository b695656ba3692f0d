"""Files with secrets and settings: trusted if nobody but root and the own user can change them.

Those that are written here can be read by the own user only.
"""

import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO, Final

from mechanic_shop.settings.variables import WrongSettings

_ROOT: Final = 0
_OTHERS_CAN_WRITE: Final = stat.S_IWGRP | stat.S_IWOTH
_OWNER_ONLY: Final = 0o600


def write_private_file(path: Path, content: bytes) -> None:
    """Write *content* to a new file that only its owner can read.

    Raises `OSError`, also if *path* exists; then nothing of *content* is left there.
    """
    try:
        fd = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, _OWNER_ONLY)
    except FileExistsError:
        text = f"{path} already exists: give another name, or delete it first"
        raise FileExistsError(text) from None
    try:
        with open(fd, "wb") as file:  # noqa: PTH123 - of a descriptor
            file.write(content)
    except OSError:
        path.unlink()
        raise


@contextmanager
def open_trusted(path: Path) -> Iterator[BinaryIO]:
    """Open *path* to read it. Raises `OSError`, and `WrongSettings` if it is not trusted."""
    require_trusted(path, path.stat())  # before it is opened: another user's pipe could block
    with path.open("rb") as file:
        require_trusted(path, os.fstat(file.fileno()))  # it may be another file by now
        yield file


def require_trusted(path: Path, status: os.stat_result) -> None:
    """Raise `WrongSettings` if users other than root and the own one could have written *path*.

    Windows shows neither owner nor permissions in *status*: there the file is trusted.
    """
    if not hasattr(os, "geteuid"):
        return
    own = os.geteuid()
    if status.st_uid not in {_ROOT, own}:
        raise WrongSettings(
            f"{path} is not trusted: it belongs to {_name_of(status.st_uid)}, "
            f"not to {' or '.join(dict.fromkeys((_name_of(own), _name_of(_ROOT))))}"
        )
    if status.st_mode & _OTHERS_CAN_WRITE:
        raise WrongSettings(
            f"{path} is not trusted: other users can write to it "
            f"(mode {stat.S_IMODE(status.st_mode):04o}); chmod go-w {path} corrects this"
        )


def _name_of(user: int) -> str:
    import pwd  # noqa: PLC0415 - Windows does not have it

    try:
        return pwd.getpwuid(user).pw_name
    except KeyError:
        return f"user {user}"
