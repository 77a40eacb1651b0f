"""API keys and calendar addresses: rights of programs, made and revoked by owners who are logged in.

A secret is shown once, when it is made; afterwards only its hash is known.
"""

from __future__ import annotations

import logging
from datetime import timedelta
from typing import Annotated

from fastapi import APIRouter, Depends
from pydantic import Field

from torim.storage.access import ApiKey, Feed
from torim.web.api.business_of import business_of
from torim.web.api.deps import Deps
from torim.web.api.models import Id, In, Out, PersonName, Utc
from torim.web.api.openapi import refuses
from torim.web.api.principal import Needs, Principal
from torim.web.api.problems import Refusal, not_found
from torim.web.api.scopes import KeyScope, Scope
from torim.web.links import feed_path
from torim.web.passwords import KEY_PREFIX, hash_token, new_id, new_token

router = APIRouter()
_log = logging.getLogger("torim.web")
Owner = Annotated[Principal, Depends(Needs(Scope.ACCESS))]
LIVE_MAX = 100  # keys or feeds that are not revoked


class ApiKeyOut(Out):
    """An API key, without its secret."""

    id: str
    name: str
    scopes: list[str]
    created_at: Utc
    expires_at: Utc | None
    used_at: Utc | None = Field(description="To the minute.")
    revoked_at: Utc | None


class ApiKeyList(Out):
    """The API keys of the business, newest first."""

    items: list[ApiKeyOut]


class NewApiKey(In):
    """An API key to be made."""

    name: PersonName
    scopes: Annotated[list[KeyScope], Field(min_length=1, max_length=20)]
    expires_in_days: Annotated[int, Field(ge=1, le=3650)] | None = Field(default=None, description="Null: never.")


class MadeApiKey(Out):
    """A new API key with its secret, which is shown only here."""

    api_key: ApiKeyOut
    secret: str


class FeedOut(Out):
    """A calendar address, without its secret."""

    id: str
    name: str
    staff_id: str | None = Field(description="Null: everybody's appointments.")
    created_at: Utc
    read_at: Utc | None = Field(description="To the minute.")
    revoked_at: Utc | None


class FeedList(Out):
    """The calendar addresses of the business, newest first."""

    items: list[FeedOut]


class NewFeed(In):
    """A calendar address to be made."""

    name: PersonName
    staff_id: Id | None = Field(default=None, description="Only this member's appointments.")


class MadeFeed(Out):
    """A new calendar address, which is shown only here."""

    feed: FeedOut
    path: str = Field(description="Below this installation's address; whoever knows it can read the appointments.")


@router.get("/api-keys", tags=["api keys"])
def list_api_keys(who: Owner, deps: Deps) -> ApiKeyList:
    """The API keys of the business, revoked ones included."""
    return ApiKeyList(items=[_key(key) for key in deps.access.keys(who.business_id)])


@router.post("/api-keys", status_code=201, tags=["api keys"], responses=refuses(409))
def make_api_key(body: NewApiKey, who: Owner, deps: Deps) -> MadeApiKey:
    """Make an API key; its secret is shown only in this answer."""
    if sum(key.revoked_at is None for key in deps.access.keys(who.business_id)) >= LIVE_MAX:
        raise Refusal(409, "access.too_many_keys", "Revoke a key first; there are very many.")
    now, secret = deps.now(), new_token(KEY_PREFIX)
    key = ApiKey(
        id=new_id(),
        business_id=who.business_id,
        name=body.name,
        scopes=tuple(dict.fromkeys(scope.value for scope in body.scopes)),
        created_by=who.account.id if who.account else None,
        created_at=now.replace(microsecond=0),
        expires_at=None if body.expires_in_days is None else now + timedelta(days=body.expires_in_days),
        used_at=None,
        revoked_at=None,
    )
    deps.access.add_key(key, hash_token(secret))
    _log.info("[ACCESS] API key made: key=%s scopes=%s by=%s", key.id, ",".join(key.scopes), who.name)
    return MadeApiKey(api_key=_key(key), secret=secret)


@router.delete("/api-keys/{key_id}", status_code=204, tags=["api keys"], responses=refuses(404))
def revoke_api_key(key_id: Id, who: Owner, deps: Deps) -> None:
    """Revoke an API key for good."""
    if not deps.access.revoke_key(who.business_id, key_id, deps.now()):
        raise not_found("key")
    _log.info("[ACCESS] API key revoked: key=%s by=%s", key_id, who.name)


@router.get("/calendar-feeds", tags=["calendar feeds"])
def list_feeds(who: Owner, deps: Deps) -> FeedList:
    """The secret calendar addresses of the business, revoked ones included."""
    return FeedList(items=[_feed(feed) for feed in deps.access.feeds(who.business_id)])


@router.post("/calendar-feeds", status_code=201, tags=["calendar feeds"], responses=refuses(404, 409))
def make_feed(body: NewFeed, who: Owner, deps: Deps) -> MadeFeed:
    """Make a calendar address (RFC 5545) for a calendar program; it is shown only in this answer."""
    if body.staff_id is not None:
        business_of(who, deps).member(body.staff_id)
    if sum(feed.revoked_at is None for feed in deps.access.feeds(who.business_id)) >= LIVE_MAX:
        raise Refusal(409, "access.too_many_feeds", "Revoke an address first; there are very many.")
    token = new_token()
    now = deps.now().replace(microsecond=0)
    feed = Feed(new_id(), who.business_id, body.name, body.staff_id, now, None, None)
    deps.access.add_feed(feed, hash_token(token))
    _log.info("[ACCESS] calendar address made: feed=%s by=%s", feed.id, who.name)
    return MadeFeed(feed=_feed(feed), path=feed_path(token))


@router.delete("/calendar-feeds/{feed_id}", status_code=204, tags=["calendar feeds"], responses=refuses(404))
def revoke_feed(feed_id: Id, who: Owner, deps: Deps) -> None:
    """Revoke a calendar address for good."""
    if not deps.access.revoke_feed(who.business_id, feed_id, deps.now()):
        raise not_found("feed")
    _log.info("[ACCESS] calendar address revoked: feed=%s by=%s", feed_id, who.name)


def _key(key: ApiKey) -> ApiKeyOut:
    return ApiKeyOut(
        id=key.id,
        name=key.name,
        scopes=list(key.scopes),
        created_at=key.created_at,
        expires_at=key.expires_at,
        used_at=key.used_at,
        revoked_at=key.revoked_at,
    )


def _feed(feed: Feed) -> FeedOut:
    return FeedOut(
        id=feed.id,
        name=feed.name,
        staff_id=feed.staff_id,
        created_at=feed.created_at,
        read_at=feed.read_at,
        revoked_at=feed.revoked_at,
    )
