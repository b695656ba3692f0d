"""The project's checks, each one a session; `nox` alone runs all that must pass."""

import hashlib
import os
import platform
import re
import shutil
import tarfile
from pathlib import Path

import nox

PROJECT = nox.project.load_toml("pyproject.toml")
PYTHONS = nox.project.python_versions(PROJECT)
HERE = ".".join(platform.python_version_tuple()[:2])
PINS = "constraints.txt"
WORKFLOWS = [str(path) for path in Path(".github/workflows").glob("*.y*ml")]
LICENCES_PAGE = Path("docs/reference/licences.md")
LICENCES_HEAD = """# Licences

What is installed with the shop and its extras, as `constraints.txt` pins it. Made by
`nox -s licences`, which fails when a kind of licence comes in that nobody has looked at.
psycopg is LGPL-3.0: it is used as a library, unchanged.
"""
LICENCES = [
    *("3-Clause BSD License", "BSD License", "BSD-2-Clause", "BSD-3-Clause"),
    *("Apache Software License", "Apache-2.0", "Apache-2.0 AND BSD-2-Clause"),
    *("Apache-2.0 OR BSD-2-Clause", "Apache-2.0 OR BSD-3-Clause", "MIT OR Apache-2.0"),
    *("MIT", "MIT License", "MIT-0", "PSF-2.0", "Zope Public License"),
    *("MPL-2.0", "MPL-2.0 AND (Apache-2.0 OR MIT)", "Mozilla Public License 2.0 (MPL 2.0)"),
    "LGPL-3.0-only",
]

GENERATED = {
    "src/mechanic_http/static/swagger.yaml": ("openapi",),
    "mechanic_shop.postman_collection.json": ("postman",),
}
SWAGGER_UI = Path("src/mechanic_http/static/swagger-ui")

nox.needs_version = ">=2026.10"
nox.options.default_venv_backend = "uv|virtualenv"
nox.options.download_python = "never"
nox.options.reuse_venv = "yes"
nox.options.sessions = [
    *("lint", "types", "layers", "documents", "deployment", "licences"),
    *(f"unit-{HERE}", f"integration-{HERE}", "api", "browser", "faults"),
]


@nox.session
def lint(session: nox.Session) -> None:
    """Check style and form with ruff."""
    install(session, "lint")
    session.run("ruff", "check", *session.posargs)
    session.run("ruff", "format", "--check")


@nox.session
def types(session: nox.Session) -> None:
    """Check every type with mypy."""
    install(session, "tests", "api", "browser", "types", project=True)
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


@nox.session
def faults(session: nox.Session) -> None:
    """Take away the database, the disk and the processes, and count what is lost: nothing."""
    install(session, "tests", project=True)
    session.run("pytest", *(session.posargs or ["tests/faults"]))


@nox.session
def documents(session: nox.Session) -> None:
    """Make the generated files anew; fail where they were stale, or break what was released."""
    install(session, "tests", project=True)
    stale = [path for path, made in GENERATED.items() if made_anew(session, Path(path), made)]
    if "release" in session.posargs:
        made_anew(session, Path("tests/contract/released.json"), ("openapi", "--format=json"))
    session.run("pytest", "tests/contract")
    if stale:
        session.error(f"{' and '.join(stale)} changed: look at the difference and commit it")


@nox.session
def api(session: nox.Session) -> None:
    """Hold the served contract against tools of others: schemathesis, Spectral, newman, a client."""
    install(session, "tests", "api", project=True)
    bin_of_node = install_from_npm(session, Path("tests/api"))
    path = f"{bin_of_node}{os.pathsep}{os.environ['PATH']}"
    session.run("pytest", *(session.posargs or ["tests/api"]), env={"PATH": path})


@nox.session
def browser(session: nox.Session) -> None:
    """ReadOnly at the docs page in Chromium."""
    session.run(".ci/programs", "chromium", "chromedriver", external=True)
    install(session, "tests", "browser", project=True)
    session.run("pytest", *(session.posargs or ["tests/browser"]))


@nox.session
def deployment(session: nox.Session) -> None:
    """Check what can't be run here: image, blueprint, unit, workflows and scripts."""
    install(session, "deployment")
    session.run("hadolint", "--failure-threshold", "style", "Dockerfile")
    session.run("check-jsonschema", "--schemafile", "deploy/render.schema.json", "render.yaml")
    session.run("check-jsonschema", "--builtin-schema", "vendor.github-workflows", *WORKFLOWS)
    session.run("zizmor", "--offline", "--pedantic", *WORKFLOWS)
    session.run("shellcheck", "--enable=all", ".ci/run", ".ci/programs")
    if shutil.which("systemd-analyze"):
        unit = "deploy/mechanic-shop.service"
        security = ("systemd-analyze", "security", "--offline=true", "--threshold=15")
        session.run(*security, unit, external=True)


@nox.session(default=False)
def audit(session: nox.Session) -> None:
    """ReadOnly for known vulnerabilities; this asks the package index for each pin."""
    install(session, "audit")
    session.run("pip-audit", "--strict", "--disable-pip", "--no-deps", "--requirement", PINS)


@nox.session(reuse_venv=False)  # what an earlier run left behind would be listed too
def licences(session: nox.Session) -> None:
    """List the licences of all that is installed with the shop; refuse any of a new kind."""
    extras = ",".join(PROJECT["project"]["optional-dependencies"])
    install(session, "licences")
    session.install("-c", PINS, f".[{extras}]", env={"UV_BUILD_CONSTRAINT": PINS})
    table = session.run(
        *("pip-licenses", "--from=mixed", "--with-urls", "--order=name", "--format=markdown"),
        *("--ignore-packages", "mechanic-shop", f"--allow-only={';'.join(LICENCES)}"),
        silent=True,
    )
    LICENCES_PAGE.write_text(f"{LICENCES_HEAD}\n{table}")


@nox.session(default=False)
def long(session: nox.Session) -> None:
    """Walk the state machines and the interleavings for hours rather than minutes."""
    install(session, "tests", project=True)
    session.run(
        *("pytest", "--timeout=14400"),
        *(
            f"tests/integration/test_{name}.py"
            for name in ("shop_machine", "shop_machine_sql", "stock_interleavings")
        ),
        env={"HYPOTHESIS_PROFILE": "long", "INTERLEAVING_SECONDS": "300"},
    )


@nox.session(default=False)
def lock(session: nox.Session) -> None:
    """Pin the newest of everything anew, in `constraints.txt`."""
    session.install("uv", "-c", PINS)
    session.run(
        *("uv", "pip", "compile", "pyproject.toml", "--output-file", PINS, "--upgrade", "--quiet"),
        *("--universal", "--python-version", PYTHONS[0], "--all-extras"),
        *(f"--group={group}" for group in ("dev", "deployment", "audit", "licences")),
        *("--no-annotate", "--custom-compile-command", "nox -s lock"),
    )
    ruff = next(pin for pin in Path(PINS).read_text().splitlines() if pin.startswith("ruff=="))
    hooks = Path(".pre-commit-config.yaml")
    hooks.write_text(re.sub(r"ruff==[\w.]+", ruff, hooks.read_text()))


@nox.session(default=False)
def swagger_ui(session: nox.Session) -> None:
    """Bring the newest Swagger UI, or the version named: `nox -s swagger_ui -- 5.35.0`."""
    wanted = f"swagger-ui-dist@{''.join(session.posargs) or 'latest'}"
    folder = Path(session.create_tmp())
    session.run("npm", "pack", "--silent", "--pack-destination", str(folder), wanted, external=True)
    (archive,) = folder.glob("swagger-ui-dist-*.tgz")
    with tarfile.open(archive) as packed:
        packed.extractall(folder, filter="data")
    version = archive.stem.removeprefix("swagger-ui-dist-")
    told = [f"swagger-ui-dist {version} (npm), unchanged; nox -s swagger_ui brings another one"]
    for kept in sorted(SWAGGER_UI.iterdir()):
        if kept.name != "VERSION":
            shutil.copyfile(folder / "package" / kept.name, kept)
            told.append(f"{hashlib.sha256(kept.read_bytes()).hexdigest()}  {kept.name}")
    (SWAGGER_UI / "VERSION").write_text("\n".join([*told, ""]))
    archive.unlink()


def install(session: nox.Session, *groups: str, project: bool = False) -> None:
    """Install the dependency *groups*, and the *project* itself, as they are pinned."""
    wanted = nox.project.dependency_groups(PROJECT, *groups)
    ours = ["."] if project else []
    session.install("-c", PINS, *wanted, *ours, env={"UV_BUILD_CONSTRAINT": PINS})


def install_from_npm(session: nox.Session, folder: Path) -> str:
    """Install what *folder*'s lock file pins, where it is not yet, and return where programs are."""
    place = Path(session.virtualenv.location) / "node"
    lock, done = place / "package-lock.json", place / "node_modules" / ".package-lock.json"
    pinned = (folder / "package-lock.json").read_bytes()
    if not done.exists() or lock.read_bytes() != pinned:
        shutil.rmtree(place, ignore_errors=True)
        place.mkdir()
        shutil.copyfile(folder / "package.json", place / "package.json")
        lock.write_bytes(pinned)
        session.run(
            *("npm", "ci", "--prefix", str(place), "--ignore-scripts", "--no-audit", "--no-fund"),
        )
    return str(place / "node_modules" / ".bin")


def made_anew(session: nox.Session, path: Path, command: tuple[str, ...]) -> bool:
    """Write what *command* of ours prints, and return whether that was another file before."""
    printed = session.run("mechanic-shop", *command, silent=True, log=False)
    if path.exists() and path.read_text("utf-8") == printed:
        return False
    path.write_text(str(printed), "utf-8")
    return True


def test(session: nox.Session, folder: str) -> None:
    """Run the tests of *folder*, or what the command line names."""
    install(session, "tests", project=True)
    session.run("pytest", *(session.posargs or [folder]))
