"""HTML pages that explain problem types."""

from collections.abc import Iterator
from html import escape
from typing import Final

import orjson

from mechanic_http.documents.problem_explanations import Explanation, explain

_PAGE: Final = """\
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
<p><a href="{root}/docs">API documentation</a></p>
</main>
</html>
"""


def problem_page(code: str, root_path: str) -> str:
    """Return the page about a problem type; raise `ProblemUnexplained` for an unknown code."""
    problem = explain(code)
    root = escape(root_path)
    return _PAGE.format(
        root=root,
        title=escape(problem.title),
        status=int(problem.status),
        phrase=escape(problem.status.phrase),
        code=escape(problem.code),
        body="\n".join(_body(problem, root)),
    )


def _body(problem: Explanation, root: str) -> Iterator[str]:
    yield from (f"<p>{escape(paragraph)}</p>" for paragraph in problem.paragraphs)
    yield f"<h2>What to do</h2><p>{escape(problem.advice)}</p>"
    addresses = {name: f"{root}{problem.example[name]}" for name in ("type", "instance")}
    shown = {**problem.example, **addresses}
    example = orjson.dumps(shown, option=orjson.OPT_INDENT_2).decode()
    yield f"<h2>Example</h2><pre><code>{escape(example, quote=False)}</code></pre>"
    if problem.sources:
        yield "<h2>Operations that may respond with it</h2><ul>"
        for source in problem.sources:
            href = f"{root}/docs#/{source.tag}/{source.operation_id}"
            yield f'<li><a href="{escape(href)}">{escape(source.summary)}</a></li>'
        yield "</ul>"
