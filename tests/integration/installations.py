"""The shop's wheel, installed with some of its extras; no index is asked."""

import os
import subprocess
import sys
import sysconfig
from collections.abc import Iterable, Mapping
from importlib.metadata import distribution, distributions
from pathlib import Path
from typing import Final, Self

from attrs import evolve, frozen
from uv import find_uv_bin

from tests.integration.programs import PATIENCE_S, environment
from tests.requirements import required_by, requirements_of

ROOT: Final = Path(__file__).parents[2]


@frozen
class Installation:
    """A virtual environment in *folder*, and the folders of what is installed besides."""

    folder: Path
    others: tuple[Path, ...] = ()

    @property
    def site(self) -> Path:
        """Where the packages of the environment are."""
        places = {"base": str(self.folder), "platbase": str(self.folder)}
        return Path(sysconfig.get_path("purelib", "venv", places))

    @property
    def distributions(self) -> set[str]:
        """The names of the distributions in the environment."""
        return {one.name for one in distributions(path=[str(self.site)])}

    def with_extras(self, extras: Iterable[str], others: Iterable[str] = ()) -> Self:
        """Return the installation with *extras* of the shop, and *others*."""
        (shop,) = distributions(path=[str(self.site)], name="mechanic-shop")
        needed = sorted(required_by([*requirements_of(shop, extras), *others]) - {"attrs"})
        packages = self.folder / "packages"
        for name in needed:
            _link(name, packages / name)
        return evolve(self, others=tuple(packages / name for name in needed))

    def run_python(self, program: str, *args: str) -> subprocess.CompletedProcess[str]:
        """Run *program* with its Python, which sees no other packages."""
        return self._run({}, "python", "-c", program, *args)

    def run_shop(
        self, *args: str, env: Mapping[str, str] | None = None
    ) -> subprocess.CompletedProcess[str]:
        """Run the program `mechanic-shop` that the wheel has installed."""
        return self._run(env or {}, "mechanic-shop", *args)

    def _run(
        self, env: Mapping[str, str], program: str, *args: str
    ) -> subprocess.CompletedProcess[str]:
        own = {
            "PYTHONDONTWRITEBYTECODE": "",  # or each process would compile everything
            "PYTHONPATH": os.pathsep.join(map(str, self.others)),
            "PYTHONPYCACHEPREFIX": str(self.folder / "compiled"),
            "PYTHONSAFEPATH": "1",
        }
        return subprocess.run(
            [str(self.folder / "bin" / program), *args],
            cwd=self.folder,
            env=environment({**own, **env}),
            capture_output=True,
            text=True,
            check=False,
            timeout=PATIENCE_S,
        )


def install_wheel(folder: Path) -> Installation:
    """Build the wheel of the shop, and install it with attrs alone into a new environment.

    Its requirements are those that the tests run with, linked.
    """
    build = ("hatchling", "build", "--target", "wheel", "--directory", str(folder))
    subprocess.run([sys.executable, "-m", *build], cwd=ROOT, check=True, capture_output=True)
    (wheel,) = folder.glob("*.whl")
    installed = Installation(folder / "venv")
    _uv("venv", "--python", sys.executable, str(installed.folder))
    into = ("--python", str(installed.folder / "bin" / "python"))
    _uv("pip", "install", *into, "--no-cache", "--no-index", "--no-deps", str(wheel))
    _link("attrs", installed.site)
    return installed


def _link(name: str, folder: Path) -> None:
    """Link the packages and the metadata of the distribution *name* into *folder*."""
    folder.mkdir(parents=True, exist_ok=True)
    found = distribution(name)
    for entry in {file.parts[0] for file in found.files or ()} - {"..", "__pycache__"}:
        link = folder / entry
        if not link.is_symlink():
            link.symlink_to(Path(str(found.locate_file(entry))))


def _uv(*args: str) -> None:
    subprocess.run([find_uv_bin(), "--quiet", "--offline", *args], check=True, capture_output=True)
