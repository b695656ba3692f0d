"""Word indexes: the words that customers, mechanics, vehicles and parts are found by.

The application writes a record's words into a column of its row, as a JSON array, and triggers
write them into the word index, one row for each word. Vehicles are found by the words of their
owner's name too.

The previous release, which may run until a deployment is complete, writes no words. On PostgreSQL
triggers do it for it, without special case foldings; a later migration drops them, and the columns
*name_key* and the index of phone numbers, which only the previous release reads.

On SQLite a later migration that recreates one of these tables must recreate its triggers.
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
down_revision = "0019"

ID = sa.BigInteger()
KEY = sa.Text(collation="C").with_variant(sa.Text(), "sqlite")

BATCH = 500
MAX_LENGTH = 100
INDEX = {table: f"{table[:-1]}_words" for table in ("customers", "mechanics", "parts", "vehicles")}
"""The word index of each table."""

COLUMNS = {
    "customers": ("name", "email", "phone", "erased_at"),
    "mechanics": ("name",),
    "parts": ("name", "sku"),
    "vehicles": ("plate", "make", "model", "vin"),
}
"""The columns of each table that have words, or hide them."""

IN_THIS_SCHEMA = "SET search_path FROM CURRENT"
"""For functions: a connection that writes a row may have another search path, as a host's has."""
DECOMPOSED = partial(unicodedata.normalize, "NFKD")
RUNS = re.compile(r"[^\W_]+")
SHORT_CODES = "[17]|2[07]|3[0-469]|4[013-9]|5[1-8]|6[0-6]|8[1246]|9[0-58]"
COUNTRY_CODE = re.compile(f"{SHORT_CODES}|[0-9]{{3}}")


def upgrade() -> None:
    """Add columns and word indexes, and fill them; owners before their vehicles."""
    for table in INDEX:
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
    triggers = [("customers", "index_words_of_vehicles")]
    triggers += [(table, f"index_{index}") for table, index in INDEX.items()]
    triggers += [(table, f"fill_{index}") for table, index in INDEX.items() if is_postgres()]
    for table, name in triggers:
        for event in ("insert", "update"):
            place = f" ON {table}" if is_postgres() else ""
            op.execute(f"DROP TRIGGER IF EXISTS {name}_{event}{place}")
        if is_postgres():
            op.execute(f"DROP FUNCTION {name}()")
    if is_postgres():
        op.execute("DROP FUNCTION words_in(text, text)")
    for table, index in INDEX.items():
        op.drop_table(index)
        for column in WORDS[table]:
            op.drop_column(table, column)


def _add_columns(table: str) -> None:
    for column in WORDS[table]:
        op.add_column(table, sa.Column(column, sa.Text), if_not_exists=is_postgres() or None)


def _create_index(table: str) -> None:
    index, subject = INDEX[table], sa.ForeignKey(f"{table}.id", ondelete="CASCADE")
    op.create_table(
        index,
        sa.Column("word", KEY, primary_key=True),
        sa.Column("subject_id", ID, subject, primary_key=True),
        sqlite_with_rowid=False,
        if_not_exists=True,
    )
    name = f"ix_{index}_subject_id_word"
    op.create_index(name, index, ["subject_id", "word"], if_not_exists=True)


def _rewrite(table: str, condition: str) -> list[str]:
    """Return the statements that write the words of the rows *r* that meet a condition."""
    index = INDEX[table]
    sources = [(f"{table} AS r", f"r.{column}") for column in WORDS[table]]
    if table == "vehicles":
        owned = "vehicles AS r JOIN customers ON customers.id = r.customer_id"
        sources.append((owned, "customers.name_words"))
    words = " UNION ".join(
        f"SELECT each.value, r.id FROM {source}, {_each(column)} WHERE {condition}"  # noqa: S608 - our own names
        for source, column in sources
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
    columns = [*WORDS[table], *(["customer_id"] if table == "vehicles" else [])]
    body = _rewrite(table, "r.id = NEW.id")
    _write_trigger(table, f"index_{INDEX[table]}", columns, body, ("INSERT", "UPDATE"))


def _create_trigger_of_owners() -> None:
    """Create the trigger that writes the words of the vehicles of a renamed customer."""
    body = _rewrite("vehicles", "r.customer_id = NEW.id")
    if is_postgres():  # or words that a concurrent change of a vehicle writes could stay
        lock = "PERFORM id FROM vehicles WHERE customer_id = NEW.id ORDER BY id FOR NO KEY UPDATE"
        body.insert(0, lock)
    _write_trigger("customers", "index_words_of_vehicles", ["name_words"], body, ("UPDATE",))


def _write_trigger(
    table: str, name: str, columns: Iterable[str], body: Iterable[str], events: Iterable[str]
) -> None:
    """Create triggers that run *body* for new rows, or when one of *columns* changes."""
    different = "IS DISTINCT FROM" if is_postgres() else "IS NOT"
    changed = " OR ".join(f"NEW.{column} {different} OLD.{column}" for column in columns)
    text = " ".join(f"{statement};" for statement in body)
    if is_postgres():
        _create_function(name, f"{text} RETURN NULL;")
    for event in events:
        condition = f" WHEN ({changed})" if event == "UPDATE" else ""
        head = f"TRIGGER {name}_{event.lower()} AFTER {event} ON {table} FOR EACH ROW{condition}"
        if is_postgres():
            op.execute(f"CREATE OR REPLACE {head} EXECUTE FUNCTION {name}()")
        else:
            op.execute(f"CREATE {head} BEGIN {text} END")


def _create_function(name: str, body: str) -> None:
    head = f"FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql {IN_THIS_SCHEMA}"
    op.execute(f"CREATE OR REPLACE {head} AS $$ BEGIN {body} END $$")


# What the previous release writes: words as PostgreSQL can compute them.

PLAIN = r"lower(regexp_replace(normalize({text}, NFKD), '[\u0300-\u036f]', '', 'g'))"
WORDS_IN = (
    "CREATE OR REPLACE FUNCTION words_in(line text, codes text) RETURNS text LANGUAGE sql"  # noqa: S608 - our own names
    f" {IN_THIS_SCHEMA} AS $$"
    " SELECT coalesce(json_agg(word ORDER BY word), '[]')::text FROM ("
    rf" SELECT regexp_split_to_table({PLAIN.format(text='line')}, '(\W|_)+') UNION"
    r" SELECT '+' || regexp_replace(code, '(\W|_)+', '', 'g')"
    rf" FROM regexp_split_to_table({PLAIN.format(text='codes')}, '\n') AS code"
    " ) AS words(word) WHERE word NOT IN ('', '+') $$"
)
"""The words of a text, and the code in each line of another one."""

NATIONAL = (
    rf"CASE WHEN {{row}}.phone LIKE '+%' THEN regexp_replace(regexp_replace({{row}}.phone, '\D',"
    rf" '', 'g'), '^({SHORT_CODES}|(?!{SHORT_CODES})[0-9]{{{{3}}}})', '') END"
)
IF_PRESENT = "CASE WHEN {{row}}.erased_at IS NULL THEN words_in({words}) END"
MODEL = "concat_ws(' ', {row}.make, {row}.model, {row}.vin)"
FALLBACKS = {
    "customers": {
        "name_words": IF_PRESENT.format(words="{row}.name, NULL"),
        "contact_words": IF_PRESENT.format(
            words=rf"{{row}}.email, concat_ws(E'\n', {{row}}.phone, {NATIONAL})"
        ),
    },
    "mechanics": {"words": "words_in({row}.name, NULL)"},
    "parts": {"words": "words_in({row}.name || ' ' || {row}.sku, {row}.sku)"},
    "vehicles": {
        "plate_words": "words_in({row}.plate, {row}.plate)",
        "other_words": f"words_in({MODEL}, {{row}}.vin)",
    },
}
"""The SQL of the columns of words of each table."""


def _create_fallback(table: str) -> None:
    """Create the triggers that write the words of rows that are written without them.

    A change of case, for one, changes no words: they are written only if they should change.
    """
    name, words = f"fill_{INDEX[table]}", FALLBACKS[table]
    filled = " ".join(f"NEW.{c} := {sql.format(row='NEW')};" for c, sql in words.items())
    differ = " OR ".join(
        f"{sql.format(row='NEW')} IS DISTINCT FROM {sql.format(row='OLD')}"
        for sql in words.values()
    )
    op.execute(WORDS_IN)
    body = f"IF TG_OP = 'INSERT' THEN {filled} ELSIF ({differ}) THEN {filled} END IF; RETURN NEW;"
    _create_function(name, body)
    unwritten = " AND ".join(f"NEW.{column} IS NULL" for column in words)
    same = " AND ".join(f"NEW.{column} IS NOT DISTINCT FROM OLD.{column}" for column in words)
    changed = " OR ".join(f"NEW.{c} IS DISTINCT FROM OLD.{c}" for c in COLUMNS[table])
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


def words_of(*texts: str | None) -> list[str]:
    """Return the words of *texts*, in their order."""
    text = " ".join(filter(None, texts))
    return [w[:MAX_LENGTH] for w in RUNS.findall(without_marks(without_marks(text).casefold()))]


def codes_of(*texts: str | None) -> set[str]:
    """Return the code of each of several texts."""
    return {f"+{''.join(words_of(text))}"[:MAX_LENGTH] for text in texts if text}


def phone_codes(phone: str | None) -> set[str]:
    """Return the codes of a phone number."""
    digits = "".join(filter(str.isdigit, phone or ""))
    international = digits.removeprefix("00")
    numbers = [digits]
    if (phone or "").lstrip(" (").startswith("+") or international != digits:
        code = COUNTRY_CODE.match(international)
        numbers += [international, international[code.end() :] if code else ""]
    return {f"+{number}" for number in numbers if number}


WORDS: Mapping[str, Mapping[str, Callable[[Any], Iterable[str]]]] = {
    "customers": {
        "name_words": lambda row: words_of(row.name),
        "contact_words": lambda row: {*words_of(row.email), *phone_codes(row.phone)},
    },
    "mechanics": {"words": lambda row: words_of(row.name)},
    "parts": {"words": lambda row: {*words_of(row.name, row.sku), *codes_of(row.sku)}},
    "vehicles": {
        "plate_words": lambda row: {*words_of(row.plate), *codes_of(row.plate)},
        "other_words": lambda row: {*words_of(row.make, row.model, row.vin), *codes_of(row.vin)},
    },
}
"""The columns of words of each table, and how the application computes them."""


def _fill(table: str, after: int) -> int | None:
    """Write the words of the next rows that have none, and return the last id if there are any."""
    unfilled = f"{next(iter(WORDS[table]))} IS NULL"
    if table == "customers":
        unfilled += " AND erased_at IS NULL"
    lock = " FOR NO KEY UPDATE" if is_postgres() else ""
    select = sa.text(
        f"SELECT id, {', '.join(COLUMNS[table])} FROM {table} WHERE id > :after"  # noqa: S608 - our own names
        f" AND {unfilled} ORDER BY id LIMIT {BATCH}{lock}"
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
    return json.dumps(sorted(set(words)), ensure_ascii=False, separators=(",", ":"))
