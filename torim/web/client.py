"""The web client's files, if they were built, and a plain page that says what is here if they were not.

Decides how long a browser keeps what, and what a page may load: nothing from anywhere else.
"""

from __future__ import annotations

from pathlib import Path

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import FileResponse, HTMLResponse, Response
from starlette.routing import BaseRoute, Route

ASSETS = Path(__file__).parents[1] / "_web"
_HASHED = "assets"  # files with a hash in their name: they never change
_FOR_EVER = "public, max-age=31536000, immutable"
_ASK_AGAIN = "no-cache"
# Styles of components are set from scripts, so inline styles are allowed; scripts never are.
CSP = (
    "default-src 'self'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data: blob:;"
    " font-src 'self'; connect-src 'self'; media-src 'self' blob:; worker-src 'self' blob:; object-src 'none';"
    " base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
)
HEADERS = {
    "Content-Security-Policy": CSP,
    "Referrer-Policy": "same-origin",
    "Permissions-Policy": "microphone=(self), camera=(), geolocation=()",
    "X-Content-Type-Options": "nosniff",
}
_PLAIN = """<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>Torim</title>
<h1>Torim answers the telephone here.</h1>
<p>The web client is not part of this installation. What is here:</p>
<ul>
<li>the API under <code>/api/v1</code>, described by <a href="/openapi.json">/openapi.json</a> (log in or send an API
key)</li>
<li><a href="/healthz">/healthz</a> and <a href="/readyz">/readyz</a></li>
<li>on the command line: <code>torim appointments</code>, <code>torim accounts</code>, <code>torim doctor</code></li>
</ul>
</html>
"""


def client_routes(assets: Path = ASSETS) -> list[BaseRoute]:
    """Where the client is; to be put behind every other route."""

    async def page(request: Request) -> Response:
        return _page(assets, request.path_params.get("path", ""))

    return [Route("/", page), Route("/{path:path}", page)]


def _page(assets: Path, path: str) -> Response:
    """A file of the client; a path without a file is one of the client's own pages."""
    index = assets / "index.html"
    if path:
        file = (assets / path).resolve()
        if file.is_relative_to(assets.resolve()) and file.is_file() and file != index.resolve():
            kept = _FOR_EVER if path.startswith(f"{_HASHED}/") else _ASK_AGAIN
            return FileResponse(file, headers={**HEADERS, "Cache-Control": kept})
        if not index.is_file() or "." in path.rpartition("/")[2] or path.partition("/")[0] in _OTHERS:
            raise HTTPException(404)
    if not index.is_file():
        return HTMLResponse(_PLAIN, headers={**HEADERS, "Cache-Control": _ASK_AGAIN})
    return FileResponse(index, headers={**HEADERS, "Cache-Control": _ASK_AGAIN})


_OTHERS = frozenset({"api", "twilio", "browser", _HASHED})
