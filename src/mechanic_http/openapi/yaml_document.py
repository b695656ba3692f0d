"""The OpenAPI document as YAML, for the file that is served; PyYAML is not needed at run time."""

from typing import Any

import orjson
import yaml

from mechanic_http.openapi.document import as_json


def as_yaml() -> bytes:
    """Return the document as YAML."""
    return yaml.dump(
        orjson.loads(as_json()),
        Dumper=_Dumper,
        allow_unicode=True,
        encoding="utf-8",
        sort_keys=False,
        width=100,
    )


class _Dumper(yaml.SafeDumper):
    """Writes multi-line text as block scalars, and no aliases."""

    def ignore_aliases(self, _: Any) -> bool:
        """Return True: equal values are written in full."""
        return True


def _text(dumper: yaml.SafeDumper, text: str) -> yaml.ScalarNode:
    style = "|" if "\n" in text else None
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style)


_Dumper.add_representer(str, _text)
