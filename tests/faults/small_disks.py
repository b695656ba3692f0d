"""A disk of a few megabytes, which a test can fill."""

import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from attrs import frozen

ROOT: Final = () if os.geteuid() == 0 else ("sudo", "--non-interactive")


@frozen
class SmallDisk:
    """A file system of its own in memory."""

    folder: Path

    def fill(self) -> None:
        """Leave no free block."""
        with (self.folder / "filler").open("wb", buffering=0) as filler:
            try:
                while True:
                    filler.write(bytes(4096))
            except OSError:
                return

    def free(self) -> None:
        """Free what `fill` took."""
        (self.folder / "filler").unlink()


@contextmanager
def small_disk(folder: Path, megabytes: int) -> Iterator[SmallDisk]:
    """Mount a small disk at *folder* within the block: as root, or with sudo's permission."""
    folder.mkdir()
    options = f"size={megabytes}m,mode=0777"
    subprocess.run([*ROOT, "mount", "-t", "tmpfs", "-o", options, "tmpfs", folder], check=True)
    try:
        yield SmallDisk(folder)
    finally:
        subprocess.run([*ROOT, "umount", "--lazy", folder], check=True)
