"""A page that lists what the service answers, without a request to anywhere else."""

from __future__ import annotations

from html import escape

from fastapi import APIRouter, Request
from starlette.responses import HTMLResponse

router = APIRouter(include_in_schema=False)
_STYLE = (
    "body{font:16px/1.5 system-ui,sans-serif;max-width:60rem;margin:2rem auto;padding:0 1rem;color-scheme:light dark}"
    "code{font-family:ui-monospace,monospace}dt{margin-top:.7rem}h2{margin-top:2rem}"
)


@router.get("/docs")
async def get_docs(request: Request) -> HTMLResponse:
    """Operations by tag; the whole description is ``openapi.json`` beside it."""
    document = request.app.openapi()
    parts = [f"<h1>{escape(document['info']['title'])}</h1><p>{escape(document['info']['description'])}</p>"]
    parts.append('<p><a href="openapi.json">openapi.json</a></p>')
    for tag in document["tags"]:
        rows = [
            f"<dt><code>{method.upper()} {escape(path)}</code></dt><dd>{escape(operation.get('summary', ''))}</dd>"
            for path, methods in document["paths"].items()
            for method, operation in methods.items()
            if tag["name"] in operation.get("tags", ())
        ]
        parts.append(f"<h2>{escape(tag['name'])}</h2><p>{escape(tag['description'])}</p><dl>{''.join(rows)}</dl>")
    html = f"<!doctype html><html lang=en><meta charset=utf-8><title>Qorgan API</title><style>{_STYLE}</style>{''.join(parts)}"
    return HTMLResponse(html, headers={"Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'"})
