"""The model of what a ticket is made of, beside its lines: jobs, charges and discounts."""

from collections.abc import Sequence

from tests.machines.inventory_model import Fields, Refusal
from tests.machines.model import Model, decimal_text, labor_text, part_text
from tests.machines.price_model import (
    CLASSES,
    RULES,
    cents,
    described_jobs,
    has_class,
    line_text,
)

KINDS = {"l": "parts", "w": "labor", "x": "charges"}
"""The lines that the letter of a name stands for."""

TEXTS = {"l": part_text, "w": labor_text}
EVENTS = {"l": "part", "w": "labor", "x": "charge"}


class JobModel(Model):
    """Jobs j1, charges x1, and so on."""

    def follow(self, name: str) -> None:
        """Change the rules of the shop: tickets that are not finished follow them."""
        self.rules = RULES[name]

    def add_job(self, by: str, key: str, title: str, kind: str) -> Fields:
        """Add a job to a ticket."""
        ticket = self.ticket(key)
        self._require_changeable(ticket)
        job = self._next("j", key)
        ticket["jobs"][job] = {"job": job, "title": title, "kind": kind}
        self._record(key, by, "job_added", to=f"{kind}: {title}")
        return self._describe_job(job)

    def change_job(self, by: str, job: str, title: str, kind: str) -> Fields:
        """Change a job."""
        ticket = self._ticket_of_job(job)
        self._require_changeable(ticket)
        before, after = ticket["jobs"][job], {"job": job, "title": title, "kind": kind}
        if before != after:
            ticket["jobs"][job] = after
            texts = (f"{before['kind']}: {before['title']}", f"{kind}: {title}")
            self._record(self.owner[job], by, "job_changed", *texts)
        return self._describe_job(job)

    def remove_job(self, by: str, job: str) -> None:
        """Remove a job that has no lines."""
        ticket = self._ticket_of_job(job)
        self._require_changeable(ticket)
        lines = sum(line["job"] == job for kind in KINDS.values() for line in ticket[kind].values())
        if lines:
            raise Refusal("job-has-lines", lines=lines)
        fields = ticket["jobs"].pop(job)
        text = f"{fields['kind']}: {fields['title']}"
        self._record(self.owner[job], by, "job_removed", text)

    def add_charge(self, by: str, key: str, charge: Fields) -> Fields:
        """Add a charge to the first job of a ticket."""
        ticket = self.ticket(key)
        self._require_changeable(ticket)
        line = self._next("x", key)
        ticket["charges"][line] = {"line": line} | self._terms(key, charge["kind"]) | charge
        self._record(key, by, "charge_added", to=_charge_text(ticket["charges"][line]))
        return self.describe_line(key, line)

    def remove_charge(self, by: str, line: str) -> None:
        """Remove a charge from a ticket."""
        ticket, fields = self._line("charges", line)
        self._require_changeable(ticket)
        del ticket["charges"][line]
        self._record(self.owner[line], by, "charge_removed", _charge_text(fields))

    def change_terms(
        self, by: str, line: str, job: str | None, discount: str, tax_class: str | None
    ) -> Fields:
        """Change the job, the discount and the tax class of a line."""
        letter = line[0]
        ticket, before = self._line(KINDS[letter], line)
        self._require_changeable(ticket)
        class_ = tax_class or CLASSES[before["kind"]]
        problems = []
        if tax_class not in {None, before["tax_class"]} and not has_class(self.rules, class_):
            problems.append(("rule-broken", "#/tax_class"))
        if letter == "x" and discount != "none" and cents(before["quantity"], before["price"]) < 0:
            problems.append(("rule-broken", "#/discount"))
        elif job and job not in ticket["jobs"]:
            problems.append(("unknown", "#/job_id"))
        if problems:
            code = min(code for code, _ in problems)
            raise Refusal(code, pointers=[pointer for _, pointer in problems])
        home = job or next(iter(ticket["jobs"]))
        after = before | {"job": home, "discount": discount, "tax_class": class_}
        if after != before:
            ticket[KINDS[letter]][line] = after
            text = TEXTS.get(letter, _charge_text)
            texts = text(before, after), text(after, before)
            self._record(self.owner[line], by, f"{EVENTS[letter]}_changed", *texts)
        return self.describe_line(self.owner[line], line)

    def discount(self, by: str, key: str, texts: Sequence[str]) -> Fields:
        """Replace the discounts on the whole of a ticket."""
        ticket = self.ticket(key)
        self._require_changeable(ticket)
        before, ticket["discounts"] = ticket["discounts"], list(texts)
        if before != ticket["discounts"]:
            entry = [("; ".join(one) or None) for one in (before, ticket["discounts"])]
            self._record(key, by, "discounts", *entry)
        return self.describe(key)

    def _ticket_of_job(self, job: str) -> Fields:
        ticket = self.ticket(self.owner[job])
        if job not in ticket["jobs"]:
            raise Refusal("job-not-found")
        return ticket

    def _describe_job(self, job: str) -> Fields:
        jobs = described_jobs(self.ticket(self.owner[job]), self.rules)
        return next(one for one in jobs if one["job"] == job)


def _charge_text(line: Fields, other: Fields | None = None) -> str:
    return line_text(f"{decimal_text(line['quantity'])} × {line['description']}", line, other)
