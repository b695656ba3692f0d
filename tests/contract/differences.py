"""Breaking changes between two OpenAPI documents."""

from collections.abc import Iterator

from attrs import field, frozen

from tests.contract.schemas import Document, SchemaComparison, Tree


@frozen
class Comparison:
    """The breaking changes from the *old* document to the *new* one."""

    old: Document
    new: Document
    requests: SchemaComparison = field(init=False)
    responses: SchemaComparison = field(init=False)

    def __attrs_post_init__(self) -> None:
        """Old requests must be accepted by the new API, new responses by old clients."""
        object.__setattr__(self, "requests", SchemaComparison(self.old, self.new))
        object.__setattr__(self, "responses", SchemaComparison(self.new, self.old))

    def breaking_changes(self) -> Iterator[str]:
        """Return every change that may break a client."""
        new = dict(operations_of(self.new.tree))
        for name, old in operations_of(self.old.tree):
            if name not in new:
                yield f"{name}: is removed"
            else:
                yield from self._operation(name, old, new[name])

    def _operation(self, name: str, old: Tree, new: Tree) -> Iterator[str]:
        if old["operationId"] != new["operationId"]:
            yield f"{name}: is renamed to {new['operationId']}"
        if new["security"] and {} not in new["security"] and old["security"] != new["security"]:
            yield f"{name}: requires a token"
        yield from self._parameters(name, old, new)
        yield from self._body(name, old, new)
        yield from self._responses(name, old, new)

    def _parameters(self, name: str, old: Tree, new: Tree) -> Iterator[str]:
        before, after = _parameters(self.old, old), _parameters(self.new, new)
        for key in sorted(before.keys() - after.keys()):
            yield f"{name} {key}: is unknown"
        for key, parameter in after.items():
            was = before.get(key, {})
            if parameter.get("required") and not was.get("required"):
                yield f"{name} {key}: is required"
            if was:
                yield from self.requests.incompatibilities(
                    was["schema"], parameter["schema"], f"{name} {key}"
                )

    def _body(self, name: str, old: Tree, new: Tree) -> Iterator[str]:
        before, after = old.get("requestBody", {}), new.get("requestBody", {})
        if after.get("required") and not before.get("required"):
            yield f"{name} body: is required"
        for media_type, content in before.get("content", {}).items():
            if media_type not in after.get("content", {}):
                yield f"{name} body: {media_type} is not accepted"
            else:
                schema = after["content"][media_type]["schema"]
                yield from self.requests.incompatibilities(
                    content["schema"], schema, f"{name} body"
                )

    def _responses(self, name: str, old: Tree, new: Tree) -> Iterator[str]:
        for status, response in old["responses"].items():
            if not status.startswith("2"):
                continue
            if status not in new["responses"]:
                yield f"{name}: does not respond with {status}"
                continue
            before, after = self.old.resolve(response), self.new.resolve(new["responses"][status])
            for header in sorted(before.get("headers", {}).keys() - after.get("headers", {})):
                yield f"{name} {status}: has no {header}"
            for media_type, content in before.get("content", {}).items():
                if media_type not in after.get("content", {}):
                    yield f"{name} {status}: is no longer {media_type}"
                else:
                    schema = after["content"][media_type]["schema"]
                    where = f"{name} {status}"
                    yield from self.responses.incompatibilities(schema, content["schema"], where)


def operations_of(document: Tree) -> Iterator[tuple[str, Tree]]:
    """Return the operations by method and path, each with the parameters of its path."""
    for path, item in document["paths"].items():
        for method, operation in item.items():
            if method != "parameters":
                shared = item.get("parameters", [])
                parameters = [*shared, *operation.get("parameters", [])]
                yield f"{method.upper()} {path}", {**operation, "parameters": parameters}


def breaking_changes(old: Tree, new: Tree) -> list[str]:
    """Return every breaking change between two documents."""
    return list(Comparison(Document(old), Document(new)).breaking_changes())


def allows_breaking_changes(old: str, new: str) -> bool:
    """Return whether the new version permits breaking changes (Semantic Versioning, 4 and 8)."""
    was, now = ([int(part) for part in one.split(".")] for one in (old, new))
    return now[0] > was[0] or (was[0] == 0 == now[0] and now[1] > was[1])


def _parameters(document: Document, operation: Tree) -> dict[str, Tree]:
    resolved = map(document.resolve, operation["parameters"])
    return {f"{one['in']} {one['name']}": one for one in resolved}
