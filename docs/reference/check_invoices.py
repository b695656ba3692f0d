"""Check the digests and the series of invoices and credit notes, as the API serves them.

Usage: ``python check_invoices.py FILE…``, where each FILE has an invoice, a credit note, or the
``items`` of ``GET /invoices`` or ``GET /invoices/{id}/credit_notes``; all are checked together.
Prints what is wrong, and exits 1 then; 2 for a file that it cannot read.
"""

import json
import re
from argparse import ArgumentParser
from collections import defaultdict
from hashlib import sha256
from itertools import pairwise
from pathlib import Path
from typing import Any

INVOICE_CHANGES = {"customer_id", "credited", "paid", "due", "payment_status"}
"""What changes of an invoice after it was issued."""


def digest_of(document: dict[str, Any]) -> str:
    """Return the SHA-256 of a document's canonical text."""
    left_out = {"id", "digest"} | (set() if "invoice_id" in document else INVOICE_CHANGES)
    members = {name: value for name, value in document.items() if name not in left_out}
    text = json.dumps(
        without_names(members), sort_keys=True, separators=(",", ":"), ensure_ascii=False
    )
    return sha256(text.encode("utf-8")).hexdigest()


def without_names(value: Any) -> Any:
    """Return a JSON value without the names in ``by``, which are looked up when they are shown."""
    if isinstance(value, list):
        return [without_names(one) for one in value]
    if not isinstance(value, dict):
        return value
    kept = {name: without_names(one) for name, one in value.items()}
    if isinstance(kept.get("by"), dict):
        kept["by"].pop("name", None)
    return kept


def place_of(document: dict[str, Any]) -> tuple[str, int]:
    """Return the series of a document, and its number there: ``INV-`` and 7 for ``INV-7``."""
    prefix, number = re.fullmatch(r"(.*?)(\d+)", document["number"]).groups()  # type: ignore[union-attr]
    return prefix, int(number)


def wrong(documents: list[dict[str, Any]]) -> list[str]:
    """Return a line for each document that was changed, repeated, missing, or not chained.

    Missing is what is between the first and the last of a series among *documents*.
    """
    found = [f"{one['number']} was changed" for one in documents if one["digest"] != digest_of(one)]
    series: dict[str, dict[int, dict[str, Any]]] = defaultdict(dict)
    for one in documents:
        prefix, number = place_of(one)
        if series[prefix].setdefault(number, one) is not one:
            found.append(f"{one['number']} is there twice")
    for prefix, known in series.items():
        if 1 in known and known[1]["previous"] is not None:
            found.append(f"{prefix}1 is not the first")
        for before, after in pairwise(sorted(known)):
            found += [f"{prefix}{number} is missing" for number in range(before + 1, after)]
            if after == before + 1 and known[after]["previous"] != known[before]["digest"]:
                found.append(f"{prefix}{after} does not follow {prefix}{before}")
    return found


def documents_in(name: str) -> list[dict[str, Any]]:
    """Return the documents in a file; raise `OSError`, or another error if it has others."""
    content = json.loads(Path(name).read_text("utf-8"))
    documents: list[dict[str, Any]] = content.get("items", [content])
    wrong(documents)
    return documents


if __name__ == "__main__":
    parser = ArgumentParser()
    parser.add_argument("files", metavar="FILE", nargs="+")
    read: list[dict[str, Any]] = []
    for name in parser.parse_args().files:
        try:
            read += documents_in(name)
        except OSError as error:
            parser.exit(2, f"{name}: {error.strerror}\n")
        except (AttributeError, KeyError, TypeError, ValueError):
            parser.exit(2, f"{name}: no invoices or credit notes as the API serves them\n")
    raise SystemExit("\n".join(wrong(read)) or None)
