"""The deployment files match the shop's commands, settings and files."""

import re
import shlex
import tomllib
from configparser import ConfigParser
from fnmatch import fnmatch
from itertools import chain
from pathlib import Path
from typing import Any

import pytest
import yaml
from click.testing import CliRunner

from mechanic_shop.cli import cli
from mechanic_shop.settings.settings import Settings, variables

ROOT = Path(__file__).parents[2]
DOCKERFILE = (ROOT / "Dockerfile").read_text()
BLUEPRINT: dict[str, Any] = yaml.safe_load((ROOT / "render.yaml").read_text())
WEB = next(service for service in BLUEPRINT["services"] if service["type"] == "web")
KNOWN = {name for _, name, _, _ in variables(Settings)}
FOREIGN = {"PYTHON_VERSION"}


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


def test_licences_are_those_of_what_is_installed() -> None:
    """
    The list of licences has every dependency in its pinned version.
    """
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    extras: dict[str, list[str]] = project["optional-dependencies"]
    declared = [*project["dependencies"], *chain.from_iterable(extras.values())]
    pins = dict(
        re.findall(r"^([\w.-]+)==([\w.]+)", (ROOT / "constraints.txt").read_text(), re.MULTILINE)
    )
    listed = {
        re.sub(r"[-_.]+", "-", name).lower(): version
        for name, version in re.findall(
            r"^\| (\S+) +\| (\S+) +\|",
            (ROOT / "docs" / "reference" / "licences.md").read_text(),
            re.MULTILINE,
        )
    }
    names = {re.split(r"[\[<>=]", wanted)[0] for wanted in declared}

    assert {name: pins[name] for name in names} == {name: listed.get(name) for name in names}
