"""Check the digests of an estimate or of a ticket's decisions, as the API serves them.

Usage: ``python check_decisions.py FILE…``, where each FILE has one estimate, or the ``items`` of
``GET /service_tickets/{id}/estimates`` or of ``GET /service_tickets/{id}/decisions``, oldest first.
Prints what is wrong, and exits 1 then; 2 for a file that it cannot read.
"""

import json
from argparse import ArgumentParser
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


def changed(document: dict[str, Any]) -> list[str]:
    """Return the estimates and decisions in an answer of the API that are not as they were."""
    records = document.get("items", [document])
    estimates = [one for one in records if "revised_total" in one]
    decisions = [one for one in records if "revised_total" not in one]
    found = [f"estimate {one['number']}" for one in estimates if one["digest"] != digest_of(one)]
    return found + [f"decision {decision_id}" for decision_id in wrong(decisions)]


if __name__ == "__main__":
    parser = ArgumentParser()
    parser.add_argument("files", metavar="FILE", nargs="+")
    lines: list[str] = []
    for name in parser.parse_args().files:
        try:
            found = changed(json.loads(Path(name).read_text("utf-8")))
        except OSError as error:
            parser.exit(2, f"{name}: {error.strerror}\n")
        except (AttributeError, KeyError, TypeError, ValueError):
            parser.exit(2, f"{name}: neither estimates nor decisions as the API serves them\n")
        lines += [f"{name}: {one} was changed" for one in found]
    raise SystemExit("\n".join(lines) or None)
