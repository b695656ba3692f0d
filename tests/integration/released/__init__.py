"""The demo of the released version, in databases that the released version itself has made."""

import gzip
import json
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any, Final

import psycopg

HERE: Final = Path(__file__).parent

VERSION: Final = "0006"
"""The version of the released schema."""

PASSWORD: Final = "demo-password"

LAST_IDS: Final = {"customers": 40, "vehicles": 60, "parts": 60, "tickets": 200}
"""The last id that each list has given."""


def load_released(url: str) -> None:
    """Load the released database into the empty one at *url*."""
    if url.startswith("sqlite"):
        with closing(sqlite3.connect(url.removeprefix("sqlite:///"))) as file:
            file.executescript(_text("sqlite.sql.gz"))
        return
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(_text("postgresql.sql.gz").encode())


def released_answers() -> dict[str, Any]:
    """Return what the released API answered to a manager, by path."""
    answers: dict[str, Any] = json.loads(_text("answers.json.gz"))
    return answers


def _text(name: str) -> str:
    return gzip.decompress((HERE / name).read_bytes()).decode()
