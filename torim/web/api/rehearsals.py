"""Rehearsals: a synthetic caller plays a script on this installation's own engine, and its result is measured.

One at a time in a business, for its owners. Nothing real is booked and nobody is told; the call itself is kept like
any other, marked as a rehearsal.
"""

from __future__ import annotations

import logging
from typing import Annotated, Literal

from fastapi import APIRouter, Depends
from pydantic import Field
from starlette.concurrency import run_in_threadpool

from torim.web.api.deps import ApiDeps, Deps
from torim.web.api.models import Id, In, Out, Utc
from torim.web.api.openapi import refuses
from torim.web.api.principal import Needs, Principal
from torim.web.api.problems import Refusal, not_found
from torim.web.api.scopes import Scope
from torim.web.rehearsals import Rehearsal, Rehearsals, Script

router = APIRouter(prefix="/rehearsals", tags=["rehearsals"])
_log = logging.getLogger("torim.web")

Owns = Annotated[Principal, Depends(Needs(Scope.BUSINESS_WRITE))]
Language = Literal["he", "en"]


class ScriptOut(Out):
    """A scenario that can be rehearsed."""

    id: str
    language: str = Field(description="Of what the caller says.")
    title: str
    text: str = Field(description="The scenario itself; docs/scenarios.md describes its grammar.")


class ScriptList(Out):
    """What can be rehearsed."""

    items: list[ScriptOut]


class StepOut(Out):
    """Something that the caller did or began to wait for."""

    at_ms: int
    text: str


class FindingOut(Out):
    """What became of one expectation or wait of the script."""

    line: int
    source: str
    good: bool
    detail: str


class CutOut(Out):
    """One time that the caller cut in; milliseconds from the first sample of speech, null: not measured."""

    stage: str
    words: str = Field(description="What was said, or the key.")
    at_ms: int
    sounding: bool = Field(description="The AI was being heard.")
    hold_ms: float | None = Field(description="Until the line was told to be silent.")
    first_silence_ms: float | None = Field(description="Until the line was silent, the sound still being judged.")
    silence_ms: float | None = Field(description="Until the caller heard nothing more of the answer.")
    stale_ms: float = Field(description="Old audio that was heard after the cut.")
    heard_ms: float | None = Field(description="Of the answer that was cut.")
    resumes: int = Field(description="How often the AI went on before the voice was recognised.")
    problems: list[str]


class RehearsalOut(Out):
    """One rehearsal, as far as it is."""

    id: str
    script: ScriptOut
    stage: Literal["preparing", "calling", "over", "stopped", "failed"]
    good: bool = Field(description="It is over, and everything that the script expects came true.")
    started_at: Utc
    call_id: str | None = Field(description="The call's own page has its timeline; null: no call yet.")
    steps: list[StepOut]
    findings: list[FindingOut]
    cuts: list[CutOut]
    late_ms: float = Field(
        description="How late the synthetic caller itself was, at worst; above 20 ms the machine was too busy."
    )
    problem: str = Field(description="Why it failed, as advice.")


class RehearsalList(Out):
    """The last rehearsals of the business since the server started, newest first."""

    items: list[RehearsalOut]


class Wanted(In):
    """What to rehearse."""

    script_id: Annotated[str, Field(max_length=100)]
    language: Language = "he"


@router.get("", responses=refuses(409))
def list_rehearsals(who: Owns, deps: Deps) -> RehearsalList:
    """The last rehearsals, one that goes on among them."""
    return RehearsalList(items=[_shown(item) for item in _port(deps).of_business(who.business_id)])


@router.get("/scripts", responses=refuses(409))
def list_scripts(who: Owns, deps: Deps, language: Language = "he") -> ScriptList:
    """What can be rehearsed, in a language."""
    return ScriptList(items=[ScriptOut.model_validate(script) for script in _scripts(deps, language)])


@router.post("", status_code=202, responses=refuses(404, 409))
async def start_rehearsal(body: Wanted, who: Owns, deps: Deps) -> RehearsalOut:
    """Place the call; ask for the list until it is over."""
    port = _port(deps)
    scripts = await run_in_threadpool(_scripts, deps, body.language)
    script = next((script for script in scripts if script.id == body.script_id), None)
    if script is None:
        raise not_found("script")
    begun = port.start(who.business_id, script)
    _log.info("[LIVE] rehearsal %s of %s by=%s", begun.id, script.id, who.name)
    return _shown(begun)


@router.post("/{rehearsal_id}/stop", status_code=204, responses=refuses(404, 409))
async def stop_rehearsal(rehearsal_id: Id, who: Owns, deps: Deps) -> None:
    """Have the synthetic caller hang up."""
    if not _port(deps).stop(who.business_id, rehearsal_id):
        raise not_found("rehearsal")


def _port(deps: ApiDeps) -> Rehearsals:
    if deps.rehearsals is None:
        raise Refusal(
            409, "rehearsal.unavailable", "This process rehearses nothing; start the server by `torim serve`."
        )
    return deps.rehearsals


def _scripts(deps: ApiDeps, language: str) -> list[Script]:
    return [script for script in _port(deps).scripts() if script.language == language]


def _shown(rehearsal: Rehearsal) -> RehearsalOut:
    return RehearsalOut.model_validate(rehearsal)
