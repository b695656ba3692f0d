"""The deployment files match the shop's commands, settings and files."""

import os
import re
import shlex
import subprocess
import tomllib
from configparser import ConfigParser
from fnmatch import fnmatch
from importlib.metadata import distribution
from itertools import chain
from pathlib import Path
from typing import Any

import pytest
import yaml
from click.testing import CliRunner

from mechanic_server.supervisor import STOP_TIMEOUT_S
from mechanic_shop.cli import cli
from mechanic_shop.extras import ALL, DISTRIBUTION
from mechanic_shop.settings.settings import Settings, variables
from tests.requirements import required_by, requirements_of

ROOT = Path(__file__).parents[2]
DOCKERFILE = (ROOT / "Dockerfile").read_text()
BLUEPRINT: dict[str, Any] = yaml.safe_load((ROOT / "render.yaml").read_text())
WEB = next(service for service in BLUEPRINT["services"] if service["type"] == "web")
KNOWN = {name for _, name, _, _ in variables(Settings)}
FOREIGN = {"PYTHON_VERSION"}


SYSTEMD_GUIDE = (ROOT / "docs" / "how-to" / "run-with-systemd.md").read_text()
WORKFLOW = ROOT / ".github" / "workflows" / "main.yaml"
LOCKS = ("requirements.lock", "build.lock")
DEPLOYMENTS = (
    DOCKERFILE.replace("\\\n", " "),
    WEB["buildCommand"],
    SYSTEMD_GUIDE,
)


def installations(text: str) -> list[str]:
    """Return every command of pip in *text*."""
    return re.findall(r"pip (?:--python \S+ )?(?:install|wheel) [^&\n]*", text)


def unit() -> ConfigParser:
    """Parse the systemd unit; of a repeated key the last value counts."""
    parser = ConfigParser(strict=False, interpolation=None)
    parser.optionxform = str  # type: ignore[assignment,method-assign]
    parser.read(ROOT / "deploy" / "mechanic-shop.service")
    return parser


def commands() -> list[str]:
    """Return every command of the shop that the deployment files run."""
    service = unit()["Service"]
    return [
        WEB["startCommand"],
        WEB["preDeployCommand"],
        service["ExecStart"],
        service["ExecStartPre"],
        *re.findall(r"exec (mechanic-shop [^\]]*)\"\]", DOCKERFILE.replace('\\"', "")),
    ]


@pytest.mark.parametrize("command", commands())
def test_commands_exist(command: str) -> None:
    """
    Each command is a valid command line of the shop.
    """
    program, *words = shlex.split(command.replace("$PORT", "8000"))

    result = CliRunner().invoke(cli, [*words, "--help"])

    assert Path(program).name == "mechanic-shop"
    assert result.exit_code == 0, result.output


def test_there_are_five_commands() -> None:
    """
    Image, blueprint and unit start the shop; the latter two upgrade the schema first.
    """
    assert len(commands()) == 5


def test_blueprint_sets_known_variables() -> None:
    """
    Every variable of the blueprint is known to the shop or to Render, and valid.
    """
    given = {one["key"]: one.get("value", "") for one in WEB["envVars"]}
    stand_ins = {
        "SECRET_KEY": "x" * 44,
        "METRICS_TOKEN": "x" * 44,
        "DATABASE_URL": "postgresql://shop:secret@dpg-1/mechanic_shop",
        "CACHE_REDIS_URL": "redis://red-1:6379",
    }

    settings = Settings.read({**given, **stand_ins}, env_file=None)

    assert set(given) <= KNOWN | FOREIGN
    assert settings.production
    assert len(settings.trusted_proxies) == 23


def test_blueprint_refers_to_its_own_databases() -> None:
    """
    The blueprint defines the databases that it refers to, and closes them to the internet.
    """
    names = {one["name"] for one in (*BLUEPRINT["databases"], *BLUEPRINT["services"])}
    stores = [*BLUEPRINT["databases"], *BLUEPRINT["services"][:1]]
    wanted = {
        one[source]["name"]
        for one in WEB["envVars"]
        for source in ("fromDatabase", "fromService")
        if source in one
    }

    assert wanted <= names
    assert [[], []] == [store["ipAllowList"] for store in stores]


def test_service_and_commands_run_as_one_user() -> None:
    """
    The unit, the command for root and the guide name one user: another one would take its folder.
    """
    service = unit()["Service"]
    command = (ROOT / "deploy" / "mechanic-shop.sh").read_text()
    (created,) = re.findall(
        r"# useradd --system --user-group .* (\S+)$", SYSTEMD_GUIDE, re.MULTILINE
    )

    assert [service["User"]] == re.findall(r"runuser -u (\S+) -- ", command)
    assert service["User"] == service["Group"] == created
    assert "DynamicUser" not in service
    assert service["ExecStart"].split()[0] in command
    assert not re.findall(r"# /opt/mechanic-shop/bin/mechanic-shop|systemd-run", SYSTEMD_GUIDE)


def test_the_command_for_root_has_the_settings_of_the_service(tmp_path: Path) -> None:
    """
    What the shell of root exports does not replace a setting; the target of a copy is passed on.
    """
    (tmp_path / ".env").touch()
    script = (ROOT / "deploy" / "mechanic-shop.sh").read_text()
    script = re.sub("^exec runuser .*$", "env", script, flags=re.MULTILINE)
    given = {"PATH": os.environ["PATH"], "COPY_TO": "sqlite:///new.db", "PGPASSWORD": "w0rd"}
    strays = {"APP_ENV": "development", "DATABASE_URL": "sqlite:///a\nb", "MECHANIC_LOG_LEVEL": "x"}

    shown = subprocess.run(
        ["/bin/sh", "-c", script.replace("/var/lib/mechanic-shop", str(tmp_path))],
        env=given | strays,
        capture_output=True,
        text=True,
        check=True,
    )

    lines = {line for line in shown.stdout.splitlines() if not line.startswith(("PWD=", "_="))}
    assert {f"{name}={text}" for name, text in given.items()} | {"APP_ENV=production"} == lines


def test_commands_of_the_guide_exist() -> None:
    """
    Each command of the shop in the guide to systemd is valid.
    """
    found = re.findall(
        r"(?:^# |root  \(?|&& )mechanic-shop ([a-z]+(?: [a-z]+)?)", SYSTEMD_GUIDE, re.MULTILINE
    )

    assert len(found) > 8
    for words in found:
        result = CliRunner().invoke(cli, [*words.split(), "--help"])
        assert result.exit_code == 0, words


def test_the_samples_for_kubernetes_match_the_shop() -> None:
    """
    A pod may drain and finish its requests before it is killed, and the job's command exists.
    """
    text = (ROOT / "docs" / "how-to" / "scale-out.md").read_text()
    pod, job = map(yaml.safe_load, re.findall(r"```yaml\n(.*?)```", text, re.DOTALL))
    (shop,) = pod["spec"]["containers"]
    (upgrade,) = job["spec"]["template"]["spec"]["containers"]
    draining = {one["name"]: int(one["value"]) for one in shop["env"]}
    probes = {
        kind: shop[f"{kind}Probe"]["httpGet"] for kind in ("startup", "liveness", "readiness")
    }
    result = CliRunner().invoke(cli, [*upgrade["command"][1:], "--help"])

    assert draining.keys() <= KNOWN
    assert (
        pod["spec"]["terminationGracePeriodSeconds"] >= draining["DRAIN_SECONDS"] + STOP_TIMEOUT_S
    )
    assert {"startup": "/healthz", "liveness": "/healthz", "readiness": "/readyz"} == {
        kind: probe["path"] for kind, probe in probes.items()
    }
    assert ("mechanic-shop", 0) == (upgrade["command"][0], result.exit_code)
    assert upgrade["image"] == shop["image"]


def test_unit_waits_for_a_database_without_end() -> None:
    """
    Systemd starts the shop again after each failure, however often, and lets it stop by itself.
    """
    assert unit()["Unit"]["StartLimitIntervalSec"] == "0"
    assert unit()["Service"]["Restart"] == "on-failure"
    assert int(unit()["Service"]["TimeoutStopSec"]) > STOP_TIMEOUT_S


def test_a_deploy_waits_for_every_job() -> None:
    """
    The job that requests a deploy needs all other jobs.
    """
    jobs: dict[str, Any] = yaml.safe_load(WORKFLOW.read_text())["jobs"]

    assert sorted(jobs.keys() - {"deploy"}) == sorted(jobs["deploy"]["needs"])


def test_unit_sets_a_known_variable() -> None:
    """
    The variable that the unit sets is a setting of the shop.
    """
    name, _, value = unit()["Service"]["Environment"].partition("=")

    assert name in KNOWN
    assert value == "production"


def test_image_is_pinned_small_and_unprivileged() -> None:
    """
    The base image is pinned by digest, the last stage has only the build result, and no root.
    """
    bases = re.findall(r"^FROM (\S+)", DOCKERFILE, re.MULTILINE)
    last = DOCKERFILE.rpartition("FROM ")[2]

    assert len(set(bases)) == 1
    assert re.fullmatch(r"python:3\.13\.\d+-slim-trixie@sha256:[0-9a-f]{64}", bases[0])
    assert re.findall(r"^COPY (.*)$", last, re.MULTILINE) == [
        "--from=build /opt/mechanic-shop /opt/mechanic-shop"
    ]
    assert re.search(r"^USER [1-9]\d+$", last, re.MULTILINE)
    assert re.search(r"^HEALTHCHECK .*\\\n.*/healthz", last, re.MULTILINE)


def test_dockerignore_matches_the_image() -> None:
    """
    `.dockerignore` excludes everything except the files that the image copies.
    """
    lines = (ROOT / ".dockerignore").read_text().splitlines()
    included = [line[1:] for line in lines if line.startswith("!")]
    copied = [
        name
        for words in re.findall(r"^COPY (?!--from)(.*)$", DOCKERFILE, re.MULTILINE)
        for name in words.split()[:-1]
    ]

    assert "*" in lines
    assert sorted(included) == sorted(copied)
    assert all((ROOT / name).exists() for name in copied)
    assert not any(fnmatch(".env", name) for name in included)


def pins(file: str) -> dict[str, str]:
    """Return the packages of a file of pinned versions, each with its requirement as written."""
    text = (ROOT / file).read_text().replace("\\\n", " ")
    lines = [line for line in text.splitlines() if line and not line.startswith("#")]
    return {line.partition("==")[0]: line for line in lines}


@pytest.mark.parametrize("file", LOCKS)
def test_every_line_of_a_lock_has_a_hash_and_the_pinned_version(file: str) -> None:
    """
    A lock has a hash on each line, no option, and the versions of `constraints.txt`.
    """
    pinned = pins("constraints.txt")
    version, marker, digest = r"==[\w.]+", r"( ; [^;]+?)?", r"( +--hash=sha256:[0-9a-f]{64})+"

    assert len(pins(file)) > 5
    for name, line in pins(file).items():
        assert re.fullmatch(rf"{name}{version}{marker}{digest}", line), line
        assert line.split()[0] == pinned[name].split()[0]


def test_the_locks_are_complete() -> None:
    """
    The locks have everything that the deployed shop and its builder need.
    """
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    needed = requirements_of(distribution(DISTRIBUTION), [ALL])

    assert required_by(needed) <= pins("requirements.lock").keys()
    assert project["build-system"]["requires"] == project["dependency-groups"]["build"]
    assert "hatchling" in pins("build.lock")


def test_a_deployment_installs_nothing_without_its_hash() -> None:
    """
    Image, blueprint and guide install by hash and never build a package, or use no index at all.
    """
    found = [installations(text) for text in DEPLOYMENTS]

    assert [4, 2, 4] == [len(commands) for commands in found]
    for command in chain.from_iterable(found):
        by_hash = "--require-hashes --only-binary :all:" in command
        files = re.findall(r"--requirement (\S+)", command)
        assert by_hash == bool(files), command
        assert by_hash != ("--no-index" in command and "--no-deps" in command), command
        assert set(files) <= set(LOCKS)


def test_licences_are_those_of_what_is_installed() -> None:
    """
    The list of licences has every dependency in its pinned version.
    """
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    extras: dict[str, list[str]] = project["optional-dependencies"]
    declared = [*project["dependencies"], *chain.from_iterable(extras.values())]
    versions = {
        name: line.removeprefix(f"{name}==").split()[0]
        for name, line in pins("constraints.txt").items()
    }
    listed = {
        re.sub(r"[-_.]+", "-", name).lower(): version
        for name, version in re.findall(
            r"^\| (\S+) +\| (\S+) +\|",
            (ROOT / "docs" / "reference" / "licences.md").read_text(),
            re.MULTILINE,
        )
    }
    names = {re.split(r"[\[<>=]", wanted)[0] for wanted in declared} - {DISTRIBUTION}

    assert {name: versions[name] for name in names} == {name: listed.get(name) for name in names}
