"""The moves of the floor: hold, resume, and the cut by which the caller takes it.

A cut, from whatever state: clear, cancel, truncate, in this order. Whether it is allowed is decided by
`floor.barge_in_allowed` and nowhere else.
"""

from __future__ import annotations

from torim.core.events import (
    Evidence,
)
from torim.core.floor import Floor
from torim.core.floor import Input as FloorInput
from torim.core.outbox import Due
from torim.core.phases import Phase
from torim.core.reasons import Level, Reason
from torim.core.state import CallState, numbers


def verify(s: CallState, evidence: Evidence, now_ms: int) -> None:
    """Fall silent at once, decide later."""
    sounding = s.floor is Floor.AI
    if s.playout.sounding:
        s.ai_stops(now_ms)
    s.out.add(*s.playout.hold(now_ms))
    s.move(FloorInput.ONSET)
    s.due.set(Due.VERIFY, now_ms + s.settings.verify_max_ms)
    if sounding:
        s.due.set(Due.DUCK, now_ms + s.settings.hold_silence_max_ms)
    since = s.far_end(now_ms).since_played_ms
    echo_window = since is not None and since <= s.settings.echo_window_ms
    s.out.note(Reason.HELD, Level.INFO, sounding=sounding, echo_window=echo_window, **numbers(evidence))


def resume(s: CallState, reason: Reason, now_ms: int, **evidence: object) -> None:
    """It was not the caller: go on from the sample after the last heard one."""
    s.due.clear(Due.VERIFY, Due.DUCK)
    s.playout.resume()
    if s.playout.busy or s.mid_item():
        s.move(FloorInput.DROPPED_AI)
    else:
        s.move(FloorInput.DROPPED_OWING if s.owing() else FloorInput.DROPPED)
        heard_out(s, now_ms)
    s.out.note(reason, Level.INFO, floor=s.floor.value, **evidence)


def heard_out(s: CallState, now_ms: int) -> None:
    """Nothing is left to be heard, though it ended ducked, under an open verdict."""
    if not any(item.heard_samples for item in s.playout.items.values()):
        return
    s.ai_stops(min(now_ms, s.playout.ends_ms()))
    s.truncation.all_heard()
    if s.phase is Phase.GREETING and not s.answers.owing_greeting:
        s.greeted()


def take_floor(s: CallState, reason: Reason, now_ms: int, **evidence: object) -> None:
    """The caller has the floor: clear, cancel, truncate."""
    alive = s.answers.responses.alive
    stopped = s.playout.busy or alive is not None
    status = alive.state.value if alive else "done"
    name = alive.name if alive else s.answers.responses.last_name
    queued_ms = s.playout.waiting_samples // 8
    if s.playout.sounding:
        s.ai_stops(now_ms)
    actions, items = s.playout.cut(now_ms)
    s.out.add(*actions)
    s.answers.cancel(now_ms)
    s.truncation.cut(items)
    s.due.clear(Due.VERIFY, Due.DUCK)
    s.due.set(Due.TURN, now_ms + s.settings.max_turn_ms)
    floor, s.answers.wish = s.floor, None
    s.move(FloorInput.TAKEN)
    if s.phase is Phase.GREETING:
        s.greeted()
    s.undo_closing()
    level = Level.INFO if stopped else Level.DEBUG
    heard_ms = sum(item.heard_ms for item in items)
    if floor is Floor.VERIFYING and reason is Reason.CUT:
        s.out.note(Reason.VERIFIED, Level.INFO, **evidence)
    s.out.note(
        reason, level, response=name, status=status, floor=floor.value, heard_ms=heard_ms,
        queued_ms=queued_ms, **evidence,
    )  # fmt: skip


def blocked(s: CallState, now_ms: int) -> None:
    s.out.note(
        Reason.BLOCKED,
        Level.INFO,
        greeting_lock=s.greeting_locked,
        barge_in_enabled=s.manners.barge_in_enabled,
        response=s.active_response_id or s.answers.responses.last_name,
    )
