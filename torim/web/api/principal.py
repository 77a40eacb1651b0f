"""Who asks: the session cookie or API key of a request, checked before anything else happens.

It decides 401 and 403. A change made with a cookie needs the CSRF token and our own Origin; a program with an API
key needs neither, because no browser sends its key by itself.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from urllib.parse import urlsplit

from fastapi import Depends, Request
from fastapi.security import APIKeyCookie, HTTPBearer
from fastapi.security.utils import get_authorization_scheme_param

from torim.storage.access import Account, Session
from torim.web.api.deps import ApiDeps, Deps
from torim.web.api.problems import Refusal
from torim.web.api.scopes import SCOPES, Role, Scope
from torim.web.passwords import KEY_PREFIX, csrf_token, hash_token, same
from torim.web.requests import approach

COOKIE = "torim_session"
CSRF_HEADER = "X-CSRF-Token"
SESSION_DAYS, IDLE_DAYS = 30, 7
_SAFE = frozenset({"GET", "HEAD", "OPTIONS"})

_cookie = APIKeyCookie(
    name=COOKIE,
    scheme_name="session",
    auto_error=False,
    description=f"Set by the login. What changes something also sends `{CSRF_HEADER}`, as `GET /session` gives it.",
)
_bearer = HTTPBearer(
    scheme_name="apiKey",
    auto_error=False,
    description="An API key of the business: `Authorization: Bearer torim_...`.",
)


@dataclass(frozen=True, slots=True)
class Principal:
    """Who asks, for which business, and what they may do."""

    business_id: str
    scopes: frozenset[Scope]
    name: str  # for the log
    account: Account | None = None  # None: a program
    session: Session | None = None
    role: Role | None = None
    csrf: str = field(default="", repr=False)


class Needs:
    """A dependency that gives the principal if it has a scope; None: being logged in is enough."""

    def __init__(self, scope: Scope | None) -> None:
        self.scope = scope

    def __call__(
        self, request: Request, deps: Deps, cookie: str | None = Depends(_cookie), bearer: object = Depends(_bearer)
    ) -> Principal:
        principal = identify(request, deps)
        if principal.session is not None and request.method not in _SAFE:
            check_page(request, deps, principal)
        if self.scope is None or self.scope in principal.scopes:
            return principal
        if self.scope is Scope.ACCESS:
            raise Refusal(403, "access.forbidden", "Only an owner who is logged in may do this.")
        raise Refusal(403, "access.forbidden", f"This needs the scope `{self.scope}`; ask an owner for it.")


def identify(request: Request, deps: ApiDeps) -> Principal:
    """Who asks; blocks.

    Raises:
        Refusal: 401, if nobody is known.
    """
    scheme, credential = get_authorization_scheme_param(request.headers.get("Authorization"))
    if scheme:
        return _program(scheme, credential, deps)
    token = request.cookies.get(COOKIE, "")
    found = deps.access.session(hash_token(token), deps.now(), IDLE_DAYS * 86_400) if token else None
    if found is None:
        raise _unknown("Log in first, or send an API key.")
    session, account = found
    role = account.roles.get(session.business_id)
    if role is None:
        raise _unknown("This account is not a member of the business any more; log in again.")
    scopes = SCOPES[Role(role)]
    return Principal(session.business_id, scopes, account.email, account, session, Role(role), csrf_token(token))


def _program(scheme: str, credential: str, deps: ApiDeps) -> Principal:
    key = None
    if scheme.lower() == "bearer" and credential.startswith(KEY_PREFIX):
        key = deps.access.key(hash_token(credential), deps.now())
    if key is None:
        raise _unknown("This API key is unknown, expired or revoked; an owner can make a new one.")
    known = frozenset(scope for scope in Scope if scope.value in key.scopes)
    return Principal(key.business_id, known - {Scope.ACCESS}, f"key {key.id} {key.name}")


def check_page(request: Request, deps: ApiDeps, principal: Principal) -> None:
    """Refuse a change that no page of ours sent."""
    check_origin(request, deps)
    if not same(request.headers.get(CSRF_HEADER, ""), principal.csrf):
        raise Refusal(403, "access.csrf", f"Send the `csrf_token` of GET /api/v1/session in the header {CSRF_HEADER}.")


def check_origin(request: Request, deps: ApiDeps) -> None:
    """Refuse what a page of another site makes a browser send."""
    origin = request.headers.get("Origin")
    if origin is None:
        foreign = request.headers.get("Sec-Fetch-Site", "none") not in ("none", "same-origin")
    else:
        foreign = _netloc(origin) not in (_netloc(address(request, deps)), request.headers.get("Host"))
    if foreign:
        raise Refusal(403, "access.origin", "A page of another site sent this; open Torim's own address instead.")


def address(request: Request, deps: ApiDeps) -> str:
    """The address under which this request was made, as far as it can be known."""
    return deps.doorkeeper.called_url(approach(request))


def _netloc(url: str) -> str:
    try:
        return urlsplit(url).netloc
    except ValueError:
        return ""


def _unknown(advice: str) -> Refusal:
    return Refusal(401, "access.unauthenticated", advice, headers={"WWW-Authenticate": "Bearer"})
