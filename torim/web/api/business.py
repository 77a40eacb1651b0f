"""The settings of the business: read as a whole, written as a whole, checked value by value."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from typing import Annotated, Any

import msgspec
from fastapi import APIRouter, Body, Depends, Response
from pydantic import Field, WithJsonSchema

from torim.desk import business_checks
from torim.desk.business import Business
from torim.desk.businesses import BusinessRecord
from torim.errors import ConfigError
from torim.web.api.business_of import record_of
from torim.web.api.deps import Deps
from torim.web.api.models import Out, Utc
from torim.web.api.openapi import BUSINESS_SCHEMA, refuses
from torim.web.api.principal import Needs, Principal
from torim.web.api.problems import Complaint, Refusal
from torim.web.api.scopes import Scope
from torim.web.api.versions import Expected, tag

router = APIRouter(prefix="/business", tags=["business"])
_log = logging.getLogger("torim.web")

Reads = Annotated[Principal, Depends(Needs(Scope.BUSINESS_READ))]
Writes = Annotated[Principal, Depends(Needs(Scope.BUSINESS_WRITE))]
Settings = Annotated[dict[str, Any], WithJsonSchema(BUSINESS_SCHEMA)]


class BusinessOut(Out):
    """The settings of the business."""

    version: int
    settings_hash: str
    updated_at: Utc
    settings: Settings = Field(
        description="The webhook's secret and the addresses of linked calendars are shown only to those who may change"
        " them."
    )


class SpeechOut(Out):
    """The engine that answers calls."""

    engine: str
    voice: str | None = Field(description="Where the settings name none; null: the engine has no choice of voices.")
    voices: list[str] = Field(description="Those that the engine is known to have; it may have others.")


class Checked(Out):
    """What is wrong with settings that were not stored."""

    problems: list[Complaint]


@router.get("", responses=refuses(404))
def get_business(who: Reads, deps: Deps, response: Response) -> BusinessOut:
    """The settings as they are in force."""
    return _shown(record_of(who, deps), who, response)


@router.put("", responses=refuses(404, 409, 412, 428))
def put_business(
    body: Annotated[Settings, Body()], who: Writes, deps: Deps, response: Response, expected: Expected
) -> BusinessOut:
    """Replace the settings; `errors` of a refusal say what to change, by path. Calls that go on keep their own."""
    record = record_of(who, deps)
    business = _business(body, record.id)
    version = record.version if expected is None else expected
    saved = deps.store.businesses.save(business, version, deps.now())
    _log.info("[ACCESS] settings saved: business=%s version=%d by=%s", saved.id, saved.version, who.name)
    return _shown(saved, who, response)


@router.get("/speech")
def get_speech(who: Reads, deps: Deps) -> SpeechOut:
    """With which engine calls are answered, and the voices to choose from."""
    return SpeechOut.model_validate(deps.speaks)


@router.post("/check", responses=refuses(404))
def check_business(body: Annotated[Settings, Body()], who: Writes, deps: Deps) -> Checked:
    """Say what is wrong with settings, without storing them."""
    try:
        _business(body, record_of(who, deps).id)
    except Refusal as refusal:
        return Checked(problems=list(refusal.errors))
    return Checked(problems=[])


def _business(raw: dict[str, Any], business_id: str) -> Business:
    """Settings that can work; raises `Refusal` 422 with everything that is wrong."""
    try:
        business = msgspec.convert(raw, Business)
        problems = list(_problems(business, business_id))
    except msgspec.ValidationError as error:
        path, _, message = business_checks.readable(error).partition(": ")
        problems = [Complaint(path=path if message else "", message=message or path)]
    if problems:
        advice = "These settings cannot work; `errors` says what to change."
        raise Refusal(422, "config.business", advice, errors=problems)
    return business


def _problems(business: Business, business_id: str) -> Iterator[Complaint]:
    if business.id != business_id:
        yield Complaint(path="id", message=f"it stays {business_id!r}: appointments and calls are kept under it.")
    try:
        for path, message in business_checks.problems(business):
            yield Complaint(path=path, message=message)
    except (ConfigError, ValueError, OverflowError) as error:
        yield Complaint(path="", message=str(error))


def _shown(record: BusinessRecord, who: Principal, response: Response) -> BusinessOut:
    tag(response, record.version)
    settings: dict[str, Any] = msgspec.to_builtins(record.business)
    if Scope.BUSINESS_WRITE not in who.scopes:
        settings["notifications"]["webhook_secret"] = settings["calendar"] = None
        for member in settings["staff"]:
            member["calendar"] = None
    return BusinessOut(
        version=record.version,
        settings_hash=record.settings_hash,
        updated_at=record.updated_at,
        settings=settings,
    )
