"""The project's checks, each one a session; `nox` alone runs all that must pass."""

import platform
import re
from pathlib import Path

import nox

PROJECT = nox.project.load_toml("pyproject.toml")
PYTHONS = nox.project.python_versions(PROJECT)
HERE = ".".join(platform.python_version_tuple()[:2])
PINS = "constraints.txt"

nox.needs_version = ">=2026.10"
nox.options.default_venv_backend = "uv|virtualenv"
nox.options.download_python = "never"
nox.options.reuse_venv = "yes"
nox.options.sessions = ["lint", "types", "layers", f"unit-{HERE}", f"integration-{HERE}"]


@nox.session
def lint(session: nox.Session) -> None:
    """Check style and form with ruff."""
    install(session, "lint")
    session.run("ruff", "check", *session.posargs)
    session.run("ruff", "format", "--check")


@nox.session
def types(session: nox.Session) -> None:
    """Check every type with mypy."""
    install(session, "tests", "types", project=True)
    session.run("mypy")


@nox.session
def layers(session: nox.Session) -> None:
    """Check that imports go one way."""
    install(session, "layers", project=True)
    session.run("lint-imports")


@nox.session(python=sorted({*PYTHONS, HERE}))
def unit(session: nox.Session) -> None:
    """Test records, rules and use cases, without input or output."""
    test(session, "tests/unit")


@nox.session(python=sorted({*PYTHONS, HERE}))
def integration(session: nox.Session) -> None:
    """Test against real databases, servers and sockets."""
    test(session, "tests/integration")


@nox.session(default=False)
def lock(session: nox.Session) -> None:
    """Pin the newest of everything anew, in `constraints.txt`."""
    session.install("uv", "-c", PINS)
    session.run(
        *("uv", "pip", "compile", "pyproject.toml", "--output-file", PINS, "--upgrade", "--quiet"),
        *("--universal", "--python-version", PYTHONS[0], "--all-extras", "--group", "dev"),
        *("--no-annotate", "--custom-compile-command", "nox -s lock"),
    )
    ruff = next(pin for pin in Path(PINS).read_text().splitlines() if pin.startswith("ruff=="))
    hooks = Path(".pre-commit-config.yaml")
    hooks.write_text(re.sub(r"ruff==[\w.]+", ruff, hooks.read_text()))


def install(session: nox.Session, *groups: str, project: bool = False) -> None:
    """Install the dependency *groups*, and the *project* itself, as they are pinned."""
    wanted = nox.project.dependency_groups(PROJECT, *groups)
    ours = ["."] if project else []
    session.install("-c", PINS, *wanted, *ours, env={"UV_BUILD_CONSTRAINT": PINS})


def test(session: nox.Session, folder: str) -> None:
    """Run the tests of *folder*, or what the command line names."""
    install(session, "tests", project=True)
    session.run("pytest", *(session.posargs or [folder]))
