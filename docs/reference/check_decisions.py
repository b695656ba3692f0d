"""Check the digests of an estimate or of a ticket's decisions, as the API serves them.

Usage: ``python check_decisions.py FILE``, where FILE has one estimate, or the ``items`` of
``GET /service_tickets/{id}/decisions``, oldest first.
"""

import json
import sys
from hashlib import sha256
from pathlib import Path
from typing import Any


def digest_of(record: dict[str, Any]) -> str:
    """Return the SHA-256 of a record's canonical text."""
    left_out = {"digest", "status"} if "revised_total" in record else {"digest", "id"}
    members = {name: value for name, value in record.items() if name not in left_out}
    if members["by"]:
        members["by"] = {name: value for name, value in members["by"].items() if name != "name"}
    text = json.dumps(members, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return sha256(text.encode("utf-8")).hexdigest()


def wrong(decisions: list[dict[str, Any]]) -> list[int]:
    """Return the ids of decisions that were changed, or that do not follow the one before."""
    found, previous = [], None
    for one in decisions:
        if one["digest"] != digest_of(one) or one["previous"] != previous:
            found.append(one["id"])
        previous = one["digest"]
    return found


if __name__ == "__main__":
    document = json.loads(Path(sys.argv[1]).read_text("utf-8"))
    decisions = document.get("items", [])
    if wrong(decisions) or (not decisions and document["digest"] != digest_of(document)):
        raise SystemExit(f"changed: {wrong(decisions) or 'the estimate'}")
