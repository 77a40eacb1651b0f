"""Calls that are going on: who calls, what is said, who has the floor, as it happens; and three orders to a call.

Orders are logged with who gave them. The process that carries a call obeys them; this one only passes them on.
"""

from __future__ import annotations

import json
import logging
from collections.abc import AsyncIterator, Awaitable, Callable, Set
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends, Request
from fastapi.responses import StreamingResponse
from pydantic import Field
from starlette.concurrency import run_in_threadpool

from torim.desk.business import Business
from torim.web.api.appointments import AppointmentOut, appointment_out
from torim.web.api.business_of import business_of, phone_of
from torim.web.api.calls import CallOut, call_out
from torim.web.api.deps import ApiDeps, Deps
from torim.web.api.messages import MessageOut, message_out
from torim.web.api.models import Id, In, Line, Out, Utc
from torim.web.api.openapi import refuses
from torim.web.api.principal import Needs, Principal, identify
from torim.web.api.problems import Refusal
from torim.web.api.scopes import Scope
from torim.web.live_calls import Command, LiveCall
from torim.web.news import Booked, Calls, Closed, Left, News, Quiet

router = APIRouter(tags=["live"])
_log = logging.getLogger("torim.web")

Reads = Annotated[Principal, Depends(Needs(Scope.CALLS_READ))]
Controls = Annotated[Principal, Depends(Needs(Scope.CALLS_CONTROL))]
RECHECK_S = 20  # how long a stream outlives the right to read it, at most until its next event
_AS_A_CALLER = frozenset({Scope.APPOINTMENTS_READ, Scope.APPOINTMENTS_WRITE})  # what a number opens to who calls by it
_DIALLING = frozenset({"twilio"})  # carriers that dial a person after the stream


class LiveTurnOut(Out):
    """One turn of the transcript as it stands."""

    speaker: Literal["caller", "ai"]
    start_ms: int
    end_ms: int
    heard_text: str
    unheard_text: str = Field(description="The AI's words that were not heard, or not yet.")
    interrupted: bool


class LiveCallOut(Out):
    """A call that is going on, at one instant."""

    call_id: str
    carrier: str
    engine: str
    language: str
    from_number: str | None = Field(description="Null: withheld.")
    to_number: str | None
    started_at: Utc
    duration_ms: int
    phase: Literal["ringing", "greeting", "conversing", "closing", "ended"]
    floor: Literal["open", "waiting", "ai", "verifying", "caller"] = Field(description="Who has the right to speak.")
    paused: bool = Field(description="Somebody told the AI to be silent.")
    barge_ins: int
    turns: list[LiveTurnOut]


class LiveLevel(Out):
    """How loud both lanes of a call are, the loudest of the last moments; 0 to 1000."""

    call_id: str
    duration_ms: int
    caller: int
    ai: int


class LiveCallList(Out):
    """The calls that are going on, oldest first."""

    items: list[LiveCallOut]
    elsewhere: list[CallOut] = Field(
        default=[],
        description="Calls that other machines carry, as the database has them; orders do not reach them.",
    )


class LiveEvent(Out):
    """One event of the stream: its name is `type`, its data one of these.

    `calls` replaces the whole list of live calls and comes first; `call` brings one call that began or changed;
    `levels` says how loud the calls are, at most a few times a second;
    `call_ended` names one that is over; `appointment` and `message` were made or changed just now, and come to those
    who may read appointments and messages.
    """

    type: Literal["calls", "call", "levels", "call_ended", "appointment", "message", "closed"]
    calls: list[LiveCallOut] | None = None
    call: LiveCallOut | None = None
    levels: list[LiveLevel] | None = None
    call_id: str | None = None
    appointment: AppointmentOut | None = None
    message: MessageOut | None = None


class TransferTo(In):
    """Where to transfer a call."""

    number: Annotated[Line, Field(max_length=40)] | None = Field(
        default=None, description="Null: the business's person for transfers, or its owner."
    )


class Pause(In):
    """Whether the AI is to be silent."""

    paused: bool


class TestCall(In):
    """A call from the browser."""

    caller: Annotated[Line, Field(max_length=40)] | None = Field(
        default=None,
        description="The number that the call seems to come from; null: withheld. Its appointments can be heard of and "
        "changed by the call, so a number needs the scopes `appointments:read` and `appointments:write`, too.",
    )


class BrowserCallOut(Out):
    """What a page needs in order to call from the browser."""

    call_sid: str
    path: str = Field(description="Of the WebSocket, at this address; Twilio's media protocol.")
    parameters: dict[str, str] = Field(description="For the start message.")


@router.get("/live/calls")
async def list_live_calls(who: Reads, deps: Deps) -> LiveCallList:
    """The calls that are going on: at this machine as they look now, at others that they began."""
    here = await deps.live.calls(who.business_id)
    elsewhere = await run_in_threadpool(_elsewhere, who, deps, {call.call_id for call in here})
    return LiveCallList(items=[live_out(call) for call in here], elsewhere=elsewhere)


@router.get(
    "/live/events",
    responses={
        200: {
            "model": LiveEvent,
            "content": {"text/event-stream": {}},
            "description": "Server-sent events; the data of each is a `LiveEvent`.",
        }
    },
    response_class=StreamingResponse,
)
async def stream_events(request: Request, who: Reads, deps: Deps) -> StreamingResponse:
    """Calls, transcripts, floor and bookings as they happen; reconnect when it ends."""
    news = deps.news.follow(who.business_id)
    headers = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}
    return StreamingResponse(
        _events(news, _still(request, deps), who.scopes), media_type="text/event-stream", headers=headers
    )


@router.post("/live/calls/{call_id}/hang-up", status_code=204, responses=refuses(404, 409))
async def hang_up(call_id: Id, who: Controls, deps: Deps) -> None:
    """Say goodbye and end a call."""
    await _order(call_id, Command.HANG_UP, who, deps)


@router.post("/live/calls/{call_id}/transfer", status_code=204, responses=refuses(404, 409))
async def transfer(call_id: Id, body: TransferTo, who: Controls, deps: Deps) -> None:
    """Put the caller through to a person."""
    business = await run_in_threadpool(business_of, who, deps)
    number = phone_of(business, body.number or business.transfer.number or business.owner.phone, "number")
    if not number:
        raise Refusal(409, "live.no_number", "Name a number, or set one for transfers in the settings.")
    if body.number and Scope.BUSINESS_WRITE not in who.scopes and number not in _known(business):
        raise Refusal(403, "access.forbidden", "Only an owner may transfer to a number that is not in the settings.")
    call = next((call for call in await deps.live.calls(who.business_id) if call.call_id == call_id), None)
    if call is not None and call.carrier not in _DIALLING:
        raise Refusal(409, "live.cannot_dial", "This call came in by a line that cannot be put through.")
    if call is not None:
        deps.transfers.want(call.call_sid, number)
    await _order(call_id, Command.TRANSFER, who, deps)


@router.put("/live/calls/{call_id}/pause", status_code=204, responses=refuses(404, 409))
async def pause(call_id: Id, body: Pause, who: Controls, deps: Deps) -> None:
    """Have the AI be silent in a call, or go on; the caller is heard either way."""
    await _order(call_id, Command.PAUSE if body.paused else Command.RESUME, who, deps)


@router.post("/test-calls", status_code=201, responses=refuses(409))
async def begin_test_call(body: TestCall, who: Controls, deps: Deps) -> BrowserCallOut:
    """Begin a call from the browser: the token opens one media stream within a minute."""
    if deps.browser is None:
        raise Refusal(409, "live.no_browser_calls", "This process takes no calls from browsers.")
    if body.caller and not who.scopes >= _AS_A_CALLER:
        advice = "Calling from a number needs the scopes `appointments:read` and `appointments:write`; withhold it."
        raise Refusal(403, "access.forbidden", advice)
    business = await run_in_threadpool(business_of, who, deps)
    caller = phone_of(business, body.caller, "caller") or ""
    begun = await run_in_threadpool(deps.browser.begin, business.id, next(iter(business.numbers), ""), caller)
    _log.info("[LIVE] test call: call=%s by=%s", begun.call_sid, who.name)
    return BrowserCallOut(call_sid=begun.call_sid, path=begun.path, parameters=begun.parameters)


# --- parts ----------------------------------------------------------------------------------------------------


def _elsewhere(who: Principal, deps: ApiDeps, here: set[str]) -> list[CallOut]:
    """The calls without an end that this machine does not carry; an SQLite database has no other machines."""
    if deps.store.database.is_sqlite:
        return []
    found = deps.office.open_calls(who.business_id, deps.now() - deps.longest_call)
    return [call_out(row, deps) for row in found if row.id not in here]


async def _order(call_id: str, command: Command, who: Principal, deps: ApiDeps) -> None:
    done = await deps.live.command(who.business_id, call_id, command)
    _log.info("[LIVE] %s: call=%s by=%s %s", command, call_id, who.name, "passed on" if done else "not here")
    if done:
        return
    if any(call.id == call_id for call in await run_in_threadpool(_elsewhere, who, deps, set())):
        advice = "Another machine carries this call: give the order there, or end the call at the carrier."
        raise Refusal(409, "live.elsewhere", advice)
    raise Refusal(404, "call.not_found", "This call does not go on at this machine (any more).")


def _known(business: Business) -> set[str | None]:
    return {phone_of(business, text, "number") for text in (business.transfer.number, business.owner.phone) if text}


def live_out(call: LiveCall) -> LiveCallOut:
    """A live call as the API shows it."""
    return LiveCallOut.model_validate(call)


def _level(call: LiveCall) -> LiveLevel:
    return LiveLevel(call_id=call.call_id, duration_ms=call.duration_ms, caller=call.caller_level, ai=call.ai_level)


def _still(request: Request, deps: ApiDeps) -> Callable[[], Awaitable[bool]]:
    """Whether whoever opened a stream may still read it: a session may have ended, a key been revoked."""
    checked_at = deps.now()

    async def still() -> bool:
        nonlocal checked_at
        if (deps.now() - checked_at).total_seconds() < RECHECK_S:
            return True
        checked_at = deps.now()
        try:
            return Scope.CALLS_READ in (await run_in_threadpool(identify, request, deps)).scopes
        except Refusal:
            return False

    return still


async def _events(
    news: AsyncIterator[News], still: Callable[[], Awaitable[bool]], scopes: Set[Scope]
) -> AsyncIterator[str]:
    yield "retry: 2000\n\n"
    known: dict[str, LiveCall] | None = None
    async for item in news:
        if not await still():
            return
        if isinstance(item, Calls):
            now = {call.call_id: call for call in item.calls}
            for event in _changes(known, now):
                yield _sent(event)
            known = now
        elif isinstance(item, Booked) and Scope.APPOINTMENTS_READ in scopes:
            yield _sent(LiveEvent(type="appointment", appointment=appointment_out(item.appointment)))
        elif isinstance(item, Left) and Scope.MESSAGES_READ in scopes:
            yield _sent(LiveEvent(type="message", message=message_out(item.message)))
        elif isinstance(item, Closed):
            yield _sent(LiveEvent(type="closed"))
        elif isinstance(item, Quiet):
            yield ": quiet\n\n"


def _changes(before: dict[str, LiveCall] | None, now: dict[str, LiveCall]) -> list[LiveEvent]:
    if before is None:
        return [LiveEvent(type="calls", calls=[live_out(call) for call in now.values()])]
    events = [LiveEvent(type="call_ended", call_id=call_id) for call_id in before if call_id not in now]
    events += [
        LiveEvent(type="call", call=live_out(call))
        for call_id, call in now.items()
        if call_id not in before or before[call_id].news != call.news
    ]
    if any(_sounds(call) or _sounds(before.get(call_id)) for call_id, call in now.items()):
        events.append(LiveEvent(type="levels", levels=[_level(call) for call in now.values()]))
    return events


def _sounds(call: LiveCall | None) -> bool:
    return call is not None and (call.caller_level, call.ai_level) != (0, 0)


def _sent(event: LiveEvent) -> str:
    data: Any = event.model_dump(mode="json", exclude_none=True)
    return f"event: {event.type}\ndata: {json.dumps(data, ensure_ascii=False)}\n\n"
