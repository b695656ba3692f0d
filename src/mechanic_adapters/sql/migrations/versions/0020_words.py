"""Word indexes: the words that customers, mechanics, vehicles and parts are found by.

The application writes a record's words into a column of its row, as a JSON array, and triggers
write them into the word index, one row for each word. Vehicles are found by the words of their
owner's name too.

The previous release, which may run until a deployment is complete, writes no words. On PostgreSQL
triggers do it for it, without special case foldings; a later migration drops them, and the columns
*name_key* and the index of phone numbers, which only the previous release reads.
"""

import json
import re
import unicodedata
from collections.abc import Callable, Iterable, Mapping
from functools import partial
from typing import Any

import sqlalchemy as sa
from alembic import op

from mechanic_adapters.sql.migrations.operations import is_postgres, separately

revision = "0020"
down_revision = "0014"

ID = sa.BigInteger()
KEY = sa.Text(collation="C").with_variant(sa.Text(), "sqlite")

BATCH = 500
MAX_LENGTH = 100

INDEXES = {
    "customers": "customer_words",
    "mechanics": "mechanic_words",
    "parts": "part_words",
    "vehicles": "vehicle_words",
}
"""The word index of each table."""

OWNED = "vehicles AS r JOIN customers ON customers.id = r.customer_id"
SOURCES = {
    "customers": (("customers AS r", "r.name_words"), ("customers AS r", "r.contact_words")),
    "mechanics": (("mechanics AS r", "r.words"),),
    "parts": (("parts AS r", "r.words"),),
    "vehicles": (
        ("vehicles AS r", "r.plate_words"),
        ("vehicles AS r", "r.other_words"),
        (OWNED, "customers.name_words"),
    ),
}
"""Where the words of each table are: the tables to read, and the column."""

INDEXED = {
    "customers": ("name_words", "contact_words"),
    "mechanics": ("words",),
    "parts": ("words",),
    "vehicles": ("plate_words", "other_words", "customer_id"),
}
"""The columns of each table whose change changes its word index."""

DECOMPOSED = partial(unicodedata.normalize, "NFKD")
RUNS = re.compile(r"[^\W_]+")
SHORT_CODES = "[17]|2[07]|3[0-469]|4[013-9]|5[1-8]|6[0-6]|8[1246]|9[0-58]"
COUNTRY_CODE = re.compile(f"{SHORT_CODES}|[0-9]{{3}}")


def upgrade() -> None:
    """Add columns and word indexes, and fill them; owners before their vehicles."""
    for table in INDEXES:
        separately(partial(_add_columns, table))
        separately(partial(_create_index, table))
        if table == "vehicles":
            separately(_create_trigger_of_owners)
        if is_postgres():
            separately(partial(_create_fallback, table))
        separately(partial(_create_trigger, table))
        after: int | None = 0
        while after is not None:
            after = separately(partial(_fill, table, after))


def downgrade() -> None:
    """Drop the triggers, the word indexes and the columns."""
    _drop_trigger("customers", "index_words_of_vehicles")
    for table, index in INDEXES.items():
        _drop_trigger(table, f"index_{index}")
        if is_postgres():
            _drop_trigger(table, f"fill_{index}")
        op.drop_table(index)
        for column in WORDS[table]:
            op.drop_column(table, column)


def _add_columns(table: str) -> None:
    for column in WORDS[table]:
        op.add_column(table, sa.Column(column, sa.Text), if_not_exists=is_postgres() or None)


def _create_index(table: str) -> None:
    index = INDEXES[table]
    op.create_table(
        index,
        sa.Column("word", KEY, primary_key=True),
        sa.Column(
            "subject_id", ID, sa.ForeignKey(f"{table}.id", ondelete="CASCADE"), primary_key=True
        ),
        sqlite_with_rowid=False,
        if_not_exists=True,
    )
    op.create_index(
        f"ix_{index}_subject_id_word", index, ["subject_id", "word"], if_not_exists=True
    )


def _rewrite(table: str, condition: str) -> list[str]:
    """Return the statements that write the words of the rows *r* that meet a condition."""
    index = INDEXES[table]
    words = " UNION ".join(
        f"SELECT each.value, r.id FROM {source}, {_each(column)} WHERE {condition}"  # noqa: S608 - our own names
        for source, column in SOURCES[table]
    )
    chosen = f"SELECT r.id FROM {table} AS r WHERE {condition}"  # noqa: S608 - as above
    return [
        f"DELETE FROM {index} WHERE subject_id IN ({chosen})",  # noqa: S608 - as above
        f"INSERT INTO {index} (word, subject_id) {words}",
    ]


def _each(column: str) -> str:
    if is_postgres():
        return f"json_array_elements_text(CAST({column} AS json)) AS each(value)"
    return f"json_each({column}) AS each"


def _create_trigger(table: str) -> None:
    """Create the triggers that write the word index of *table*."""
    body = _rewrite(table, "r.id = NEW.id")
    _write_trigger(table, f"index_{INDEXES[table]}", INDEXED[table], body, inserts=True)


def _create_trigger_of_owners() -> None:
    """Create the trigger that writes the words of the vehicles of a renamed customer."""
    body = _rewrite("vehicles", "r.customer_id = NEW.id")
    if is_postgres():  # or words that a concurrent change of a vehicle writes could stay
        body = [
            "PERFORM id FROM vehicles WHERE customer_id = NEW.id ORDER BY id FOR NO KEY UPDATE",
            *body,
        ]
    _write_trigger("customers", "index_words_of_vehicles", ("name_words",), body, inserts=False)


def _write_trigger(
    table: str, name: str, columns: Iterable[str], body: Iterable[str], *, inserts: bool
) -> None:
    """Create a trigger that runs *body* when one of *columns* changes, and for new rows."""
    different = "IS DISTINCT FROM" if is_postgres() else "IS NOT"
    changed = " OR ".join(f"NEW.{column} {different} OLD.{column}" for column in columns)
    text = " ".join(f"{statement};" for statement in body)
    events = [("UPDATE", f" WHEN ({changed})"), *([("INSERT", "")] if inserts else [])]
    if is_postgres():
        op.execute(
            f"CREATE OR REPLACE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql AS $$"
            f" BEGIN {text} RETURN NULL; END $$"
        )
    for event, condition in events:
        head = f"TRIGGER {name}_{event.lower()} AFTER {event} ON {table} FOR EACH ROW{condition}"
        if is_postgres():
            op.execute(f"CREATE OR REPLACE {head} EXECUTE FUNCTION {name}()")
        else:
            op.execute(f"CREATE {head} BEGIN {text} END")


def _drop_trigger(table: str, name: str) -> None:
    """Drop the triggers of a name, and their function."""
    for event in ("insert", "update"):
        of_table = f" ON {table}" if is_postgres() else ""
        op.execute(f"DROP TRIGGER IF EXISTS {name}_{event}{of_table}")
    if is_postgres():
        op.execute(f"DROP FUNCTION {name}()")


# What the previous release writes: words as PostgreSQL can compute them.

PLAIN = r"regexp_replace(normalize({text}, NFKD), '[\u0300-\u036f]', '', 'g')"
SPLIT = r"regexp_split_to_table(lower({plain}), '(\W|_)+')"
PLATE = r"'+' || regexp_replace(lower({plain}), '(\W|_)+', '', 'g')"
DIGITS = r"regexp_replace({phone}, '\D', '', 'g')"
NATIONAL = "regexp_replace({digits}, '^({codes}|(?!{codes})[0-9]{{3}})', '')"


def _sql_words(*texts: str, codes: Iterable[str] = ()) -> str:
    """Return the SQL of a JSON array of the words of *texts* and of *codes*."""
    plain = PLAIN.format(text=f"concat_ws(' ', {', '.join(texts)})")
    rows = [f"SELECT {SPLIT.format(plain=plain)}", *(f"SELECT {code}" for code in codes)]
    union = " UNION ".join(rows)
    return (
        "(SELECT coalesce(json_agg(word ORDER BY word), '[]')::text"  # noqa: S608 - as above
        f" FROM ({union}) AS words(word) WHERE word NOT IN ('', '+'))"
    )


def _sql_code(text: str) -> str:
    return PLATE.format(plain=PLAIN.format(text=text))


def _sql_phone(phone: str) -> list[str]:
    digits = DIGITS.format(phone=phone)
    national = NATIONAL.format(digits=digits, codes=SHORT_CODES)
    return [f"'+' || {digits}", f"CASE WHEN left({phone}, 1) = '+' THEN '+' || {national} END"]


FALLBACKS: Mapping[str, tuple[tuple[str, ...], Callable[[str], Mapping[str, str]]]] = {
    "customers": (
        ("name", "email", "phone", "erased_at"),
        lambda row: {
            column: f"CASE WHEN {row}.erased_at IS NULL THEN {words} END"
            for column, words in {
                "name_words": _sql_words(f"{row}.name"),
                "contact_words": _sql_words(f"{row}.email", codes=_sql_phone(f"{row}.phone")),
            }.items()
        },
    ),
    "mechanics": (("name",), lambda row: {"words": _sql_words(f"{row}.name")}),
    "parts": (
        ("name", "sku"),
        lambda row: {
            "words": _sql_words(f"{row}.name", f"{row}.sku", codes=[_sql_code(f"{row}.sku")])
        },
    ),
    "vehicles": (
        ("plate", "make", "model", "vin"),
        lambda row: {
            "plate_words": _sql_words(f"{row}.plate", codes=[_sql_code(f"{row}.plate")]),
            "other_words": _sql_words(
                *(f"{row}.{name}" for name in ("make", "model", "vin")),
                codes=[_sql_code(f"{row}.vin")],
            ),
        },
    ),
}
"""For each table the columns that have words, and the SQL of its columns of words."""


def _create_fallback(table: str) -> None:
    """Create the triggers that write the words of rows that are written without them.

    A change of case, for one, changes no words: they are written only if they should change.
    """
    columns, words = FALLBACKS[table]
    name = f"fill_{INDEXES[table]}"
    after, before = words("NEW"), words("OLD")
    filled = " ".join(f"NEW.{column} := {sql};" for column, sql in after.items())
    differ = " OR ".join(f"{after[c]} IS DISTINCT FROM {before[c]}" for c in after)
    op.execute(
        f"CREATE OR REPLACE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql AS $$"
        f" BEGIN IF TG_OP = 'INSERT' THEN {filled} ELSIF ({differ}) THEN {filled} END IF;"
        " RETURN NEW; END $$"
    )
    unwritten = " AND ".join(f"NEW.{column} IS NULL" for column in after)
    same = " AND ".join(f"NEW.{column} IS NOT DISTINCT FROM OLD.{column}" for column in after)
    changed = " OR ".join(f"NEW.{column} IS DISTINCT FROM OLD.{column}" for column in columns)
    for event, condition in (("INSERT", unwritten), ("UPDATE", f"{same} AND ({changed})")):
        op.execute(
            f"CREATE OR REPLACE TRIGGER {name}_{event.lower()} BEFORE {event} ON {table}"
            f" FOR EACH ROW WHEN ({condition}) EXECUTE FUNCTION {name}()"
        )


# What this migration writes: words as the application computes them.


def without_marks(text: str) -> str:
    """Return a text in compatibility decomposition, without marks."""
    letters = "".join(map(DECOMPOSED, text))
    return "".join(c for c in letters if not unicodedata.category(c).startswith("M"))


def words_in(text: str | None) -> list[str]:
    """Return the words of a text, in their order."""
    folded = without_marks(without_marks(text or "").casefold())
    return [word[:MAX_LENGTH] for word in RUNS.findall(folded)]


def words_of(*texts: str | None) -> set[str]:
    """Return the words of several texts."""
    return {word for text in texts for word in words_in(text)}


def codes_of(*texts: str | None) -> set[str]:
    """Return the code of each of several texts."""
    return {f"+{''.join(words_in(text))}"[:MAX_LENGTH] for text in texts if text}


def phone_codes(phone: str | None) -> set[str]:
    """Return the codes of a phone number."""
    digits = "".join(filter(str.isdigit, phone or ""))
    international = digits.removeprefix("00")
    numbers = [digits]
    if (phone or "").lstrip(" (").startswith("+"):
        numbers.append(_national(digits))
    elif international != digits:
        numbers += [international, _national(international)]
    return {f"+{number}" for number in numbers if number}


def _national(digits: str) -> str:
    code = COUNTRY_CODE.match(digits)
    return digits[code.end() :] if code else ""


WORDS: Mapping[str, Mapping[str, Callable[[Any], set[str]]]] = {
    "customers": {
        "name_words": lambda row: words_of(row.name),
        "contact_words": lambda row: words_of(row.email) | phone_codes(row.phone),
    },
    "mechanics": {"words": lambda row: words_of(row.name)},
    "parts": {"words": lambda row: words_of(row.name, row.sku) | codes_of(row.sku)},
    "vehicles": {
        "plate_words": lambda row: words_of(row.plate) | codes_of(row.plate),
        "other_words": lambda row: words_of(row.make, row.model, row.vin) | codes_of(row.vin),
    },
}
"""The columns of words of each table, and how the application computes them."""


def _fill(table: str, after: int) -> int | None:
    """Write the words of the next rows that have none, and return the last id if there are any."""
    columns, _ = FALLBACKS[table]
    first = next(iter(WORDS[table]))
    present = " AND erased_at IS NULL" if "erased_at" in columns else ""
    lock = " FOR NO KEY UPDATE" if is_postgres() else ""
    select = sa.text(
        f"SELECT id, {', '.join(columns)} FROM {table} WHERE id > :after"  # noqa: S608 - our own names
        f" AND {first} IS NULL{present} ORDER BY id LIMIT {BATCH}{lock}"
    )
    rows = op.get_bind().execute(select, {"after": after}).all()
    values = [
        {"id": row.id, **{name: _json(words(row)) for name, words in WORDS[table].items()}}
        for row in rows
    ]
    if values:
        assignments = ", ".join(f"{name} = :{name}" for name in WORDS[table])
        update = sa.text(f"UPDATE {table} SET {assignments} WHERE id = :id")  # noqa: S608 - as above
        op.get_bind().execute(update, values)
    return rows[-1].id if rows else None


def _json(words: Iterable[str]) -> str:
    return json.dumps(sorted(words), ensure_ascii=False, separators=(",", ":"))
