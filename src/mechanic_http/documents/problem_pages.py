"""Pages that tell what a refusal means, and what to do about it."""

from collections.abc import Iterable
from html import escape
from typing import Final

import orjson

from mechanic_http.documents import explanations
from mechanic_http.documents.explanations import Explanation, ProblemUnexplained

_PROBLEM: Final = """\
<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title}</title>
<link rel="stylesheet" href="{root}/static/pages.css">
<main>
<p class="status">{status} {phrase} · <code>{code}</code></p>
<h1>{title}</h1>
{body}
<p><a href="{root}/docs">The whole interface</a></p>
</main>
</html>
"""


def page(code: str, root_path: str) -> str:
    """Return the page about *code*; raise `ProblemUnexplained` for what is never answered."""
    found = explanations.of(code)
    if found is None:
        raise ProblemUnexplained
    root = escape(root_path)
    return _PROBLEM.format(
        root=root,
        title=escape(found.title),
        status=int(found.status),
        phrase=escape(found.status.phrase),
        code=escape(found.code),
        body="\n".join(_body(found, root)),
    )


def _body(found: Explanation, root: str) -> Iterable[str]:
    yield from (f"<p>{escape(paragraph)}</p>" for paragraph in found.meaning)
    yield f"<h2>What to do</h2><p>{escape(found.advice)}</p>"
    shown = orjson.dumps(found.example, option=orjson.OPT_INDENT_2).decode()
    yield f"<h2>How it looks</h2><pre><code>{escape(shown, quote=False)}</code></pre>"
    if found.sources:
        yield "<h2>Where it may come from</h2><ul>"
        for operation in found.sources:
            where = f"{root}/docs#/{operation.tag}/{operation.name}"
            yield f'<li><a href="{escape(where)}">{escape(operation.summary)}</a></li>'
        yield "</ul>"
