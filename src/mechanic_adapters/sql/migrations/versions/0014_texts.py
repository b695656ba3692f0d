"""Texts in Unicode's normalization form C and trimmed, and the keys of SKUs and plates.

A text that the new rules refuse stays as it is. Two parts on sale whose SKUs differ in case or
white space only are distinguished by a suffix of the second, which the log reports. The histories of
tickets and the ledger are append-only: their notes stay.

The previous release, which may run until a deployment is complete, writes keys with white space
and punctuation. On PostgreSQL a trigger removes them; a later migration drops it.
"""

import logging
import re
import unicodedata
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from functools import partial
from typing import Any
from uuid import uuid4

import sqlalchemy as sa
from alembic import op

from mechanic_adapters.sql.migrations.operations import (
    create_index,
    drop_index,
    is_postgres,
    separately,
)

revision = "0014"
down_revision = "0013"

Row = Mapping[str, Any]
Clean = Callable[[str], str]

LOG = logging.getLogger("mechanic_migrations")
BATCH = 500
ON_SALE = "archived_at IS NULL"
MOST = 64
"""The length of the longest SKU."""

BLANKS = "\t\n\x0b\x0c\r \x85\xa0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000"
AROUND = re.compile(rf"\A[{BLANKS}\ufeff]+|[{BLANKS}\ufeff]+\Z")
BLANK_RUNS = re.compile(f"[{BLANKS}]+")
LINE_BREAKS = re.compile("\r\n?|[\x85\u2028\u2029]")
PUNCTUATION = r"[\s!-/:-@\[-`{-~]"

NO_PUNCTUATION = f"regexp_replace(NEW.plate_key, '{PUNCTUATION}', '', 'g')"
TRIGGERS = (
    ("parts", "sku_key", r"\s", r"regexp_replace(NEW.sku_key, '\s', '', 'g')"),
    (
        "vehicles",
        "plate_key",
        PUNCTUATION,
        f"coalesce(nullif({NO_PUNCTUATION}, ''), NEW.plate_key)",
    ),
)


def upgrade() -> None:
    """Normalize the texts and the keys, and make SKUs unique under their keys."""
    if is_postgres():
        for trigger in TRIGGERS:
            separately(partial(_create_trigger, *trigger))
    _tell_skus_apart()
    for table in TEXTS:
        _rewrite(table, _normalized)
    create_index("uq_parts_sku_key", "parts", ["sku_key"], ON_SALE, unique=True)
    drop_index("ix_parts_sku")
    drop_index("ix_parts_sku_key")


def downgrade() -> None:
    """Compute the keys as before; the texts stay normalized."""
    if is_postgres():
        for table, key, *_ in TRIGGERS:
            op.execute(f"DROP TRIGGER {table}_clean_{key} ON {table}")
            op.execute(f"DROP FUNCTION clean_{key}()")
    op.drop_index("uq_parts_sku_key")
    for table in ("vehicles", "parts"):
        _rewrite(table, _with_former_keys)
    create_index("ix_parts_sku", "parts", ["sku"], ON_SALE, unique=True)
    create_index("ix_parts_sku_key", "parts", ["sku_key"])


def _create_trigger(table: str, key: str, wrong: str, right: str) -> None:
    op.execute(
        f"CREATE OR REPLACE FUNCTION clean_{key}() RETURNS trigger LANGUAGE plpgsql AS $$"
        f" BEGIN NEW.{key} := {right}; RETURN NEW; END $$"
    )
    op.execute(
        f"CREATE OR REPLACE TRIGGER {table}_clean_{key} BEFORE INSERT OR UPDATE ON {table}"
        f" FOR EACH ROW WHEN (NEW.{key} ~ '{wrong}') EXECUTE FUNCTION clean_{key}()"
    )


def trim(text: str) -> str:
    """Return a text in form C without white space around it."""
    return AROUND.sub("", unicodedata.normalize("NFC", text))


def unify(text: str) -> str:
    """Return a long text, trimmed, with line feeds."""
    return LINE_BREAKS.sub("\n", trim(text))


def clean_phone(text: str) -> str:
    """Return a phone number, trimmed, with single blanks."""
    return BLANK_RUNS.sub(" ", trim(text))


def fold(text: str) -> str:
    """Return the key of a text that is compared without regard to case."""
    return unicodedata.normalize("NFC", text.casefold())


def sku_key(sku: str) -> str:
    """Return the key of a SKU."""
    return fold(BLANK_RUNS.sub("", sku))


def plate_key(plate: str) -> str:
    """Return the key of a plate."""
    key = "".join(filter(str.isalnum, fold(plate))) or fold(plate)
    return unicodedata.normalize("NFC", key)


TEXTS: Mapping[str, Mapping[str, Clean]] = {
    "customers": {"name": trim, "phone": clean_phone, "address": unify},
    "mechanics": {"name": trim, "specialty": trim, "phone": clean_phone},
    "parts": {"sku": trim, "name": trim, "unit": trim, "description": unify},
    "vehicles": {"plate": trim, "make": trim, "model": trim},
    "tickets": {
        "description": unify,
        "vehicle_plate": trim,
        "vehicle_make": trim,
        "vehicle_model": trim,
    },
    "ticket_parts": {"sku": trim, "name": trim},
    "ticket_labor": {"description": unify},
}

KEYS: Mapping[str, Mapping[str, tuple[str, Clean]]] = {
    "customers": {"name_key": ("name", fold)},
    "parts": {"name_key": ("name", fold), "sku_key": ("sku", sku_key)},
    "vehicles": {"plate_key": ("plate", plate_key)},
}
FORMER_KEYS = {"sku_key": str.casefold, "plate_key": str.casefold}

KINDS = {
    "customers": ("customer.changed", "customers"),
    "mechanics": ("mechanic.changed", "mechanics"),
    "parts": ("part.changed", "inventory"),
    "vehicles": ("vehicle.changed", "vehicles"),
    "tickets": ("ticket.changed", "service_tickets"),
}
"""The type and the kind of the event of a changed record."""

Rewrite = Callable[[str, Row], dict[str, Any]]


def _tell_skus_apart() -> None:
    """Give each part on sale whose SKU an earlier one has a SKU that no part has."""
    owners: dict[str, int] = {}
    doubles: list[int] = []
    rows: list[Row] = [{"id": 0}]
    while rows:
        rows = separately(partial(_on_sale_after, rows[-1]["id"]))
        doubles.extend(
            row["id"]
            for row in rows
            if owners.setdefault(sku_key(trim(row["sku"])), row["id"]) != row["id"]
        )
    for part_id in doubles:
        separately(partial(_rename, part_id, owners))


def _on_sale_after(part_id: int) -> list[Row]:
    listed = sa.text(
        f"SELECT id, sku FROM parts WHERE {ON_SALE} AND id > :after ORDER BY id LIMIT {BATCH}"  # noqa: S608 - our own names
    )
    return _rows(listed.bindparams(after=part_id))


def _rename(part_id: int, owners: dict[str, int]) -> None:
    """Add the first free number to the SKU of a part."""
    (row,) = _locked("parts", [part_id])
    sku, number = trim(row["sku"]), 1
    while owners.setdefault(sku_key(sku), part_id) != part_id:
        number += 1
        suffix = f"~{number}"
        sku = f"{trim(row['sku'])[: MOST - len(suffix)]}{suffix}"
    LOG.warning("part %s: its SKU %r is now %r", part_id, row["sku"], sku)
    _save("parts", row, {"sku": sku, "sku_key": sku_key(sku)})


def _normalized(table: str, row: Row) -> dict[str, Any]:
    """Return the texts and keys of *row* as they must be."""
    new = {name: _cleaned(row[name], clean) for name, clean in TEXTS[table].items()}
    for key, (name, make) in KEYS.get(table, {}).items():
        of = new[name]
        new[key] = None if row[key] is None or of is None else make(of)
    return new


def _cleaned(text: str | None, clean: Clean) -> str | None:
    """Return the clean text; one that shows nothing as it is, since its column may not be NULL."""
    return text and (clean(text) or text)


def _with_former_keys(table: str, row: Row) -> dict[str, Any]:
    """Return the keys of *row* as they were."""
    keys = {key: FORMER_KEYS.get(key, fold) for key in KEYS[table]}
    names = {key: name for key, (name, _) in KEYS[table].items()}
    return {key: row[names[key]] and make(row[names[key]]) for key, make in keys.items()}


def _rewrite(table: str, rewrite: Rewrite) -> None:
    """Rewrite all rows, some hundred at a time."""
    after: int | None = 0
    while after is not None:
        after = separately(partial(_rewrite_batch, table, rewrite, after))


def _rewrite_batch(table: str, rewrite: Rewrite, after: int) -> int | None:
    """Rewrite the rows after an id; return the last id, if any."""
    listed = _select(table).where(sa.column("id") > after).order_by(sa.column("id")).limit(BATCH)
    rows = _rows(listed)
    ids = [row["id"] for row in rows if _changes(row, rewrite(table, row))]
    for row in _locked(table, ids) if ids else ():
        if changes := _changes(row, rewrite(table, row)):
            _save(table, row, changes)
    return rows[-1]["id"] if rows else None


def _locked(table: str, ids: list[int]) -> list[Row]:
    """Return rows after locking them; SQLite has one writer at a time."""
    listed = _select(table).where(sa.column("id").in_(ids)).order_by(sa.column("id"))
    return _rows(listed.with_for_update(key_share=True) if is_postgres() else listed)


def _changes(row: Row, new: Row) -> dict[str, Any]:
    return {name: value for name, value in new.items() if row[name] != value}


def _select(table: str) -> Any:
    names = ["id", *TEXTS[table], *KEYS.get(table, ())]
    names += ["version", "updated_at"] if table in KINDS else []
    return sa.select(*map(sa.column, names)).select_from(sa.table(table))


def _rows(statement: Any) -> list[Row]:
    return [dict(row._mapping) for row in op.get_bind().execute(statement)]  # noqa: SLF001 - SQLAlchemy's name


def _save(table: str, row: Row, changes: dict[str, Any]) -> None:
    """Store *changes* and, where they show, their event."""
    shown = [name for name in changes if name in TEXTS[table]]
    if shown and table in KINDS:
        at: Any = datetime.now(UTC)
        at = at if is_postgres() else at.isoformat(" ", "microseconds")
        changes = {**changes, "version": row["version"] + 1, "updated_at": at}
        _note(table, row["id"], row["version"] + 1, at, shown)
    listed = ", ".join(f"{name} = :{name}" for name in changes)
    op.get_bind().execute(
        sa.text(f"UPDATE {table} SET {listed} WHERE id = :id"),  # noqa: S608 - our own names
        {**changes, "id": row["id"]},
    )


def _note(table: str, subject: int, version: int, at: Any, changed: list[str]) -> None:
    type_, kind = KINDS[table]
    members = dict.fromkeys("vehicle" if n.startswith("vehicle_") else n for n in changed)
    op.get_bind().execute(
        sa.text(
            "INSERT INTO events (id, type, at, kind, subject_id, version, by_role, changes)"
            " VALUES (:id, :type, :at, :kind, :subject, :version, 'system', :changes)"
        ),
        {
            "id": f"evt_{uuid4().hex}",
            "type": type_,
            "at": at,
            "kind": kind,
            "subject": subject,
            "version": version,
            "changes": ",".join(members),
        },
    )
