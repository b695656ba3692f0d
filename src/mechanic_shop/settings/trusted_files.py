"""Files with secrets and settings: trusted if nobody but root and the own user can change them."""

import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO, Final

from mechanic_shop.settings.variables import WrongSettings

_ROOT: Final = 0
_OTHERS_CAN_WRITE: Final = stat.S_IWGRP | stat.S_IWOTH


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
