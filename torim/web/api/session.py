"""Logging in and out, the first account, and choosing a password by a one-time link.

The only part of the API that is reachable by strangers: each of its handlers says why it may be.
"""

from __future__ import annotations

import logging
from datetime import datetime, timedelta
from typing import Annotated, Literal

from fastapi import APIRouter, Depends, Request, Response
from pydantic import Field

from torim.storage.access import Account, Session
from torim.web.api.deps import ApiDeps, Deps
from torim.web.api.models import Email, In, Out, PersonName
from torim.web.api.openapi import refuses
from torim.web.api.principal import COOKIE, SESSION_DAYS, Needs, Principal, address, check_origin
from torim.web.api.problems import Refusal
from torim.web.api.scopes import SCOPES, Role, Scope
from torim.web.passwords import (
    PASSWORD_MAX_CHARS,
    PASSWORD_MIN_CHARS,
    csrf_token,
    fits,
    hash_password,
    hash_token,
    new_id,
    new_token,
    outdated,
)

router = APIRouter(tags=["session"])
_log = logging.getLogger("torim.web")

Password = Annotated[str, Field(min_length=PASSWORD_MIN_CHARS, max_length=PASSWORD_MAX_CHARS)]
LoggedIn = Annotated[Principal, Depends(Needs(None))]


class Login(In):
    """An e-mail address and its password."""

    email: Email
    password: Annotated[str, Field(min_length=1, max_length=PASSWORD_MAX_CHARS)]


class FirstRun(In):
    """The first account, made with the link on the console."""

    token: Annotated[str, Field(min_length=1, max_length=200)]
    email: Email
    name: PersonName
    password: Password


class NewPassword(In):
    """A password chosen with a one-time link."""

    token: Annotated[str, Field(min_length=1, max_length=200)]
    password: Password


class ChangedPassword(In):
    """A new password in place of the present one."""

    current_password: Annotated[str, Field(min_length=1, max_length=PASSWORD_MAX_CHARS)]
    password: Password


class LinkToken(In):
    """The token of a one-time link."""

    token: Annotated[str, Field(min_length=1, max_length=200)]


class BusinessChoice(In):
    """The business to work on."""

    business_id: Annotated[str, Field(min_length=1, max_length=64)]


class BusinessRole(Out):
    """A business that an account belongs to."""

    id: str
    name: str
    role: Role


class Me(Out):
    """Who is logged in, and what they may do."""

    account_id: str
    email: str
    name: str
    language: str | None
    business_id: str
    role: Role
    scopes: list[Scope]
    businesses: list[BusinessRole]
    csrf_token: str = Field(description="To be sent as `X-CSRF-Token` with every request that changes something.")


class LinkInfo(Out):
    """What a one-time link is for."""

    purpose: Literal["first_account", "set_password"]
    email: str | None


class SessionInfo(Out):
    """One browser in which this account is logged in."""

    id: str
    current: bool
    user_agent: str
    created_at: datetime
    seen_at: datetime
    expires_at: datetime


class SessionList(Out):
    """The account's sessions, latest first."""

    items: list[SessionInfo]


@router.post("/session", responses=refuses(401, 403, 429))
def log_in(body: Login, request: Request, response: Response, deps: Deps) -> Me:
    """Log in with e-mail and password. Open to strangers because nobody is known before it; rate-limited."""
    check_origin(request, deps)
    peer = _peer(request, deps)
    wait_s = deps.attempts.begin(peer, body.email, deps.now().timestamp())
    if wait_s:
        advice = f"Too many attempts; try again in {-(-wait_s // 60)} minutes."
        raise Refusal(429, "access.too_many_attempts", advice, headers={"Retry-After": str(wait_s)})
    account = deps.access.account_by_email(body.email)
    usable = account is not None and account.disabled_at is None and bool(account.roles)
    good = fits(account.password_hash if account else None, body.password)
    if account is None or not (good and usable):
        _log.warning("[ACCESS] login refused: peer=%s", peer)
        raise Refusal(401, "access.password", "E-mail address or password is wrong.")
    deps.attempts.succeeded(peer, body.email)
    if account.password_hash and outdated(account.password_hash):
        deps.access.rehash(account.id, hash_password(body.password))
    return begin_session(account, request, response, deps)


@router.get("/session")
def get_session(who: LoggedIn, deps: Deps) -> Me:
    """Who is logged in, with the CSRF token of this session."""
    if who.account is None:
        raise Refusal(403, "access.forbidden", "An API key has no session.")
    return _me(who.account, who.business_id, who.csrf, deps)


@router.put("/session/business", responses=refuses(404))
def choose_business(body: BusinessChoice, who: LoggedIn, deps: Deps) -> Me:
    """Work on another business that this account belongs to."""
    account, session = _person(who)
    if body.business_id not in account.roles:
        raise Refusal(404, "business.not_found", "This account does not belong to such a business.")
    deps.access.move_session(session.id, body.business_id)
    return _me(account, body.business_id, who.csrf, deps)


@router.delete("/session", status_code=204)
def log_out(request: Request, response: Response, who: LoggedIn, deps: Deps) -> None:
    """Log this browser out."""
    account, session = _person(who)
    deps.access.end_session(account.id, session.id)
    response.delete_cookie(COOKIE, path="/", httponly=True, samesite="lax", secure=_secure(request, deps))


@router.get("/sessions")
def list_sessions(who: LoggedIn, deps: Deps) -> SessionList:
    """The browsers in which this account is logged in."""
    account, current = _person(who)
    found = deps.access.sessions(account.id, deps.now())
    return SessionList(items=[_session_info(item, current) for item in found])


@router.delete("/sessions/{session_id}", status_code=204, responses=refuses(404))
def end_session(session_id: str, who: LoggedIn, deps: Deps) -> None:
    """Log another browser of this account out."""
    account, _ = _person(who)
    if not deps.access.end_session(account.id, session_id):
        raise Refusal(404, "session.not_found", "There is no such session any more.")


@router.put("/session/password", status_code=204, responses=refuses(429))
def change_password(body: ChangedPassword, request: Request, who: LoggedIn, deps: Deps) -> None:
    """Change one's own password; the account's other browsers are logged out."""
    account, session = _person(who)
    peer = _peer(request, deps)
    if wait_s := deps.attempts.begin(peer, account.email, deps.now().timestamp()):
        raise Refusal(429, "access.too_many_attempts", "Too many attempts.", headers={"Retry-After": str(wait_s)})
    if not fits(account.password_hash, body.current_password):
        raise Refusal(403, "access.password_mismatch", "The present password is wrong.")
    deps.attempts.succeeded(peer, account.email)
    deps.access.set_password(account.id, hash_password(body.password), session.id)
    _log.info("[ACCESS] password changed: by=%s", account.email)


@router.post("/links/check", responses=refuses(403, 410))
def check_link(body: LinkToken, request: Request, deps: Deps) -> LinkInfo:
    """What a one-time link is for. Open to strangers: the token is the credential."""
    check_origin(request, deps)
    account = deps.access.link(hash_token(body.token), deps.now())
    if account is None:
        return LinkInfo(purpose="first_account", email=None)
    return LinkInfo(purpose="set_password", email=account.email)


@router.post("/links/first-account", status_code=201, responses=refuses(403, 410))
def make_first_account(body: FirstRun, request: Request, response: Response, deps: Deps) -> Me:
    """Make the first account, its owner, and log in. Open to strangers: the console's link is the credential."""
    check_origin(request, deps)
    link_hash = hash_token(body.token)
    if deps.access.link(link_hash, deps.now()) is not None:
        raise Refusal(410, "access.link", "This link is for an account that exists.")
    roles = dict.fromkeys(deps.office.business_ids(), Role.OWNER.value)
    account = deps.access.add_first_account(
        body.email, body.name, roles, deps.now(), hash_password(body.password), link_hash
    )
    _log.info("[ACCESS] first account made: email=%s", account.email)
    return begin_session(account, request, response, deps)


@router.post("/links/password", responses=refuses(403, 410))
def set_password(body: NewPassword, request: Request, response: Response, deps: Deps) -> Me:
    """Choose a password with a one-time link, and log in. Open to strangers: the token is the credential."""
    check_origin(request, deps)
    link_hash = hash_token(body.token)
    account = deps.access.link(link_hash, deps.now())
    if account is None or account.disabled_at is not None or not account.roles:
        raise Refusal(410, "access.link", "This link is of no use for a password; ask an owner for a new one.")
    account = deps.access.set_password_by_link(link_hash, hash_password(body.password), deps.now())
    _log.info("[ACCESS] password chosen by link: email=%s", account.email)
    return begin_session(account, request, response, deps)


# --- parts ----------------------------------------------------------------------------------------------------


def begin_session(account: Account, request: Request, response: Response, deps: ApiDeps) -> Me:
    """Log an account in, in the browser that asks."""
    now, token = deps.now(), new_token()
    business_id = next(iter(account.roles))
    session = Session(
        id=new_id(),
        account_id=account.id,
        business_id=business_id,
        user_agent=request.headers.get("User-Agent", "")[:200],
        created_at=now,
        seen_at=now,
        expires_at=now + timedelta(days=SESSION_DAYS),
    )
    deps.access.add_session(hash_token(token), session)
    response.set_cookie(
        COOKIE,
        token,
        max_age=SESSION_DAYS * 86_400,
        path="/",
        httponly=True,
        samesite="lax",
        secure=_secure(request, deps),
    )
    response.headers["Cache-Control"] = "no-store"
    return _me(account, business_id, csrf_token(token), deps)


def _secure(request: Request, deps: ApiDeps) -> bool:
    return address(request, deps).startswith("https:")


def _peer(request: Request, deps: ApiDeps) -> str:
    """The address of the browser; a proxy that is believed says it."""
    peer = request.client.host if request.client else ""
    return deps.doorkeeper.client_of(peer, request.headers.get("X-Forwarded-For", ""))


def _me(account: Account, business_id: str, csrf: str, deps: ApiDeps) -> Me:
    role = Role(account.roles[business_id])
    names = deps.office.business_names(tuple(account.roles))
    return Me(
        account_id=account.id,
        email=account.email,
        name=account.name,
        language=account.language,
        business_id=business_id,
        role=role,
        scopes=sorted(SCOPES[role]),
        businesses=[
            BusinessRole(id=key, name=names.get(key, key), role=Role(value)) for key, value in account.roles.items()
        ],
        csrf_token=csrf,
    )


def _person(who: Principal) -> tuple[Account, Session]:
    if who.account is None or who.session is None:
        raise Refusal(403, "access.forbidden", "An API key has no session.")
    return who.account, who.session


def _session_info(session: Session, current: Session) -> SessionInfo:
    return SessionInfo(
        id=session.id,
        current=session.id == current.id,
        user_agent=session.user_agent,
        created_at=session.created_at,
        seen_at=session.seen_at,
        expires_at=session.expires_at,
    )
