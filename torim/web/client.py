"""The web client's files, if they were built, and a plain page that says what is here if they were not.

Decides how long a browser keeps what, and what a page may load: nothing from anywhere else, and no script or style
that this server did not send. Files that were compressed when they were built are sent so.
"""

from __future__ import annotations

import mimetypes
import secrets
from pathlib import Path

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import FileResponse, HTMLResponse, Response
from starlette.routing import BaseRoute, Route

ASSETS = Path(__file__).parents[1] / "_web"
NONCE = "__TORIM_NONCE__"  # in the built index.html
_HASHED = "assets"  # files with a hash in their name: they never change
_FOR_EVER = "public, max-age=31536000, immutable"
_ASK_AGAIN = "no-cache"
HEADERS = {
    "Referrer-Policy": "same-origin",
    "Permissions-Policy": "microphone=(self), camera=(), geolocation=()",
    "X-Content-Type-Options": "nosniff",
    "Cross-Origin-Opener-Policy": "same-origin",
}
_PLAIN = """<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>Torim</title>
<h1>Torim answers the telephone here.</h1>
<p>The web client is not part of this installation: <code>make client</code> builds it. What is here:</p>
<ul>
<li>the API under <code>/api/v1</code>, described by <a href="/openapi.json">/openapi.json</a> (log in or send an API
key)</li>
<li><a href="/healthz">/healthz</a> and <a href="/readyz">/readyz</a></li>
<li>on the command line: <code>torim appointments</code>, <code>torim accounts</code>, <code>torim doctor</code></li>
</ul>
</html>
"""


def content_security_policy(nonce: str) -> str:
    """What a page may do; components add styles of their own, which carry the page's nonce."""
    return (
        f"default-src 'none'; script-src 'self'; style-src 'self' 'nonce-{nonce}'; img-src 'self' data: blob:;"
        " font-src 'self'; connect-src 'self'; media-src 'self' blob:; worker-src 'self'; manifest-src 'self';"
        " object-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
    )


def client_routes(assets: Path = ASSETS) -> list[BaseRoute]:
    """Where the client is; to be put behind every other route."""

    def page(request: Request) -> Response:
        packed = "gzip" in request.headers.get("Accept-Encoding", "")
        return _page(assets, request.path_params.get("path", ""), packed)

    return [Route("/", page), Route("/{path:path}", page)]


def _page(assets: Path, path: str, packed: bool) -> Response:
    """A file of the client; a path without a file is one of the client's own pages."""
    index = assets / "index.html"
    if path:
        file = (assets / path).resolve()
        if file.is_relative_to(assets.resolve()) and file.is_file() and file != index.resolve():
            return _file(file, _FOR_EVER if path.startswith(f"{_HASHED}/") else _ASK_AGAIN, packed)
        if not index.is_file() or "." in path.rpartition("/")[2] or path.partition("/")[0] in _OTHERS:
            raise HTTPException(404)
    nonce = secrets.token_urlsafe(16)
    text = index.read_text(encoding="utf-8").replace(NONCE, nonce) if index.is_file() else _PLAIN
    policy = {"Content-Security-Policy": content_security_policy(nonce)}
    return HTMLResponse(text, headers={**HEADERS, **policy, "Cache-Control": "no-store"})


def _file(file: Path, kept: str, packed: bool) -> Response:
    headers = {**HEADERS, "Content-Security-Policy": "default-src 'none'", "Cache-Control": kept}
    smaller = file.with_name(f"{file.name}.gz")
    if not smaller.is_file():
        return FileResponse(file, headers=headers)
    headers["Vary"] = "Accept-Encoding"
    if not packed:
        return FileResponse(file, headers=headers)
    kind = mimetypes.guess_type(file.name)[0]
    return FileResponse(smaller, media_type=kind, headers={**headers, "Content-Encoding": "gzip"})


_OTHERS = frozenset({"api", "twilio", "browser", _HASHED})
