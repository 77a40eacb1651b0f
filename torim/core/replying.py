"""What follows from the engine's responses: their voice, their words, their end, their tools."""

from __future__ import annotations

from torim.core.actions import Purpose
from torim.core.events import (
    AudioDelta,
    AudioDone,
    ResponseCreated,
    ResponseDone,
    ResponseStatus,
    TextDelta,
    ToolFinished,
)
from torim.core.floor import Floor
from torim.core.floor import Input as FloorInput
from torim.core.phases import Phase
from torim.core.reasons import Level, Reason
from torim.core.recovering import fell_short
from torim.core.responses import Input as ResponseInput
from torim.core.responses import Response, State
from torim.core.state import CallState
from torim.core.turns import Voice


def response_created(s: CallState, event: ResponseCreated, now_ms: int) -> None:
    recent = now_ms - s.manners.voice_ms <= s.settings.voice_before_create_ms
    heard = s.turns.voice is Voice.SURE or (s.turns.open and recent)
    listening = s.floor in (Floor.CALLER, Floor.VERIFYING) or heard
    wanted = not listening and not s.turns.nobody_spoke and s.active_response_id is None
    s.answers.created(event, now_ms, wanted)


def audio_delta(s: CallState, event: AudioDelta, now_ms: int) -> None:
    response = s.live(event.response_id)
    if response is None:
        dead_delta(s, event.response_id, event.item_id)
        return
    response.changed_ms = now_ms
    response.audio_ms += len(event.payload) // 8
    s.playout.add((event.item_id, event.content_index), event.response_id, event.payload, now_ms)


def text_delta(s: CallState, event: TextDelta, now_ms: int) -> None:
    response = s.live(event.response_id)
    if response is None:
        dead_delta(s, event.response_id, event.item_id)
        return
    response.changed_ms = now_ms
    response.has_text = True
    key = (event.item_id, event.content_index)
    s.words.words(key, s.playout.item(key, event.response_id), event.text, now_ms)


def dead_delta(s: CallState, response_id: str, item_id: str) -> None:
    response = s.answers.responses.get(response_id)
    if response is not None and response.state is State.CANCELLING:
        s.truncation.dead_delta(response_id, item_id)
    s.out.note(Reason.DEAD_DELTA, Level.DEBUG, response=response_id)


def audio_done(s: CallState, event: AudioDone, now_ms: int) -> None:
    response = s.answers.responses.get(event.response_id)
    if response is None or not s.answers.responses.take(response, ResponseInput.AUDIO_DONE, now_ms):
        s.out.note(Reason.LATE_EVENT, Level.DEBUG, response=event.response_id)
    elif response.state is State.LIVE:
        s.playout.finish((event.item_id, event.content_index), event.response_id)
        s.out.note(Reason.AUDIO_DONE, Level.DEBUG, response=response.name, status=response.state.value)


def response_done(s: CallState, event: ResponseDone, now_ms: int) -> None:
    response = s.answers.responses.get(event.response_id)
    if response is None or response.state is State.ENDED:
        s.out.note(Reason.LATE_EVENT, Level.DEBUG, response=event.response_id)
        return
    was = response.state
    s.answers.end(response, ResponseInput.DONE, event.status, now_ms)
    s.out.note(
        Reason.RESPONSE_DONE,
        Level.DEBUG,
        response=response.name,
        status=event.status.value,
        detail=event.detail,
    )
    s.playout.finish_response(event.response_id)
    s.truncation.response_done(event.response_id)
    if was is State.CANCELLING or event.status is not ResponseStatus.COMPLETED:
        s.tools.refuse(event.calls)
    if was is State.LIVE:
        outcome(s, response, event, now_ms)


def outcome(s: CallState, response: Response, event: ResponseDone, now_ms: int) -> None:
    """What a response that we let end leaves owing."""
    if event.status is ResponseStatus.COMPLETED:
        started = s.tools.start(event.calls, audible=response.audio_ms > 0)
        if response.audio_ms > 0 or event.calls:
            s.answers.retries = 0
        if started or (response.purpose is Purpose.WAY_OUT and response.audio_ms > 0):
            s.manners.wordless_turns = 0  # an engine that asks for a tool has heard something
        if started and s.floor is Floor.OPEN:
            s.move(FloorInput.OWED)
        if response.audio_ms > 0 or started:
            return
    if event.status is not ResponseStatus.CANCELLED:
        fell_short(s, response, now_ms)
    else:
        s.wait_no_more()  # the engine stopped by itself, for speech that it heard


def tool_finished(s: CallState, event: ToolFinished, now_ms: int) -> None:
    if not s.tools.finished(event.call_id, event.output, now_ms, s.link.up) or s.tools.running:
        return
    if s.phase is not Phase.CLOSING:  # else the goodbye is the answer
        s.answers.want(Purpose.REPLY, over_audio=True)
    s.wait_no_more()
