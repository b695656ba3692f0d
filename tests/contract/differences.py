"""What a new document takes from those who rely on the old one."""

from collections.abc import Iterator

from attrs import field, frozen

from tests.contract.schemas import Fitting, Side, Tree


@frozen
class Comparison:
    """Two documents, and what breaks on the way from the *old* to the *new*."""

    old: Side
    new: Side
    sent: Fitting = field(init=False)
    told: Fitting = field(init=False)

    def __attrs_post_init__(self) -> None:
        """What was sent must still be taken; what is told now must be what was told."""
        object.__setattr__(self, "sent", Fitting(given=self.old, wanted=self.new))
        object.__setattr__(self, "told", Fitting(given=self.new, wanted=self.old))

    def breaks(self) -> Iterator[str]:
        """Return every difference that may break a client."""
        new = dict(operations_of(self.new.document))
        for name, old in operations_of(self.old.document):
            if name not in new:
                yield f"{name}: is gone"
            else:
                yield from self._operation(name, old, new[name])

    def _operation(self, name: str, old: Tree, new: Tree) -> Iterator[str]:
        if old["operationId"] != new["operationId"]:
            yield f"{name}: is called {new['operationId']} now"
        if new["security"] and {} not in new["security"] and old["security"] != new["security"]:
            yield f"{name}: needs a token"
        yield from self._parameters(name, old, new)
        yield from self._body(name, old, new)
        yield from self._answers(name, old, new)

    def _parameters(self, name: str, old: Tree, new: Tree) -> Iterator[str]:
        before, after = _parameters(self.old, old), _parameters(self.new, new)
        for key in sorted(before.keys() - after.keys()):
            yield f"{name} {key}: is not known"
        for key, parameter in after.items():
            was = before.get(key, {})
            if parameter.get("required") and not was.get("required"):
                yield f"{name} {key}: is required"
            if was:
                yield from self.sent.misfits(was["schema"], parameter["schema"], f"{name} {key}")

    def _body(self, name: str, old: Tree, new: Tree) -> Iterator[str]:
        before, after = old.get("requestBody", {}), new.get("requestBody", {})
        if after.get("required") and not before.get("required"):
            yield f"{name} body: is required"
        for kind, content in before.get("content", {}).items():
            if kind not in after.get("content", {}):
                yield f"{name} body: {kind} is not taken"
            else:
                schema = after["content"][kind]["schema"]
                yield from self.sent.misfits(content["schema"], schema, f"{name} body")

    def _answers(self, name: str, old: Tree, new: Tree) -> Iterator[str]:
        for status, told in old["responses"].items():
            if not status.startswith("2"):
                continue
            if status not in new["responses"]:
                yield f"{name}: does not answer {status}"
                continue
            before, after = self.old.resolve(told), self.new.resolve(new["responses"][status])
            for header in sorted(before.get("headers", {}).keys() - after.get("headers", {})):
                yield f"{name} {status}: has no {header}"
            for kind, content in before.get("content", {}).items():
                if kind not in after.get("content", {}):
                    yield f"{name} {status}: is no {kind}"
                else:
                    schema = after["content"][kind]["schema"]
                    where = f"{name} {status}"
                    yield from self.told.misfits(schema, content["schema"], where)


def operations_of(document: Tree) -> Iterator[tuple[str, Tree]]:
    """Return the operations by method and path, each with the parameters of its path."""
    for path, item in document["paths"].items():
        for method, told in item.items():
            if method != "parameters":
                shared = item.get("parameters", [])
                parameters = [*shared, *told.get("parameters", [])]
                yield f"{method.upper()} {path}", {**told, "parameters": parameters}


def breaks(old: Tree, new: Tree) -> list[str]:
    """Return what breaks on the way from one document to another."""
    return list(Comparison(Side(old), Side(new)).breaks())


def may_break(old: str, new: str) -> bool:
    """Return whether a version says that it breaks (Semantic Versioning, items 4 and 8)."""
    was, now = ([int(part) for part in one.split(".")] for one in (old, new))
    return now[0] > was[0] or (was[0] == 0 == now[0] and now[1] > was[1])


def _parameters(side: Side, operation: Tree) -> dict[str, Tree]:
    found = map(side.resolve, operation["parameters"])
    return {f"{one['in']} {one['name']}": one for one in found}
