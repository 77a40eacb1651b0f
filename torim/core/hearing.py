"""What follows from the caller's voice and keys, as the local detector and the carrier report them."""

from __future__ import annotations

from torim.core.actions import AddText
from torim.core.events import (
    KeyPressed,
    VoiceDropped,
    VoiceEnded,
    VoiceLeans,
    VoiceOnset,
    VoiceSure,
)
from torim.core.floor import Floor
from torim.core.moves import blocked, resume, take_floor, verify
from torim.core.outbox import Due
from torim.core.reasons import Level, Reason
from torim.core.settling import commit, pending_judged, settle_turn
from torim.core.state import CallState, numbers
from torim.core.turns import Voice


def voice_onset(s: CallState, event: VoiceOnset, now_ms: int) -> None:
    s.turns.onset(event.audio_ms)
    if s.floor in (Floor.CALLER, Floor.VERIFYING):
        return
    if s.allowed():
        verify(s, event.evidence, now_ms)
    else:
        blocked(s, now_ms)


def voice_leans(s: CallState, event: VoiceLeans, now_ms: int) -> None:
    """What is likely a turn is waited for in silence a little longer; what no longer is, is not."""
    held_ms = s.due.at_ms(Due.VERIFY)
    if s.floor is not Floor.VERIFYING or Due.DUCK not in s.due or held_ms is None:
        return
    settings = s.settings
    silence_ms = settings.hold_silence_likely_ms if event.likely else settings.hold_silence_max_ms
    s.due.set(Due.DUCK, max(now_ms, held_ms - settings.verify_max_ms + silence_ms))


def voice_sure(s: CallState, event: VoiceSure, now_ms: int) -> None:
    s.keep_audio_clock(event.audio_ms, now_ms)
    onset_seen = s.turns.voice is Voice.UNSURE
    s.turns.sure(event.audio_ms)
    s.caller_heard(now_ms)
    s.due.clear(Due.COMMIT, Due.DISPUTE)
    pending_judged(s, now_ms)
    if s.floor is Floor.CALLER:
        return
    if s.allowed():
        take_floor(s, Reason.CUT, now_ms, **numbers(event.evidence))
    elif not onset_seen:
        blocked(s, now_ms)


def voice_dropped(s: CallState, event: VoiceDropped, now_ms: int) -> None:
    s.keep_audio_clock(event.audio_ms, now_ms)
    s.turns.dropped(event.audio_ms)
    pending_judged(s, now_ms)
    verdict = {"verdict": event.verdict.value, **numbers(event.evidence)}
    if s.floor is Floor.VERIFYING:
        resume(s, Reason.RESUMED, now_ms, **verdict)
    else:
        s.out.note(Reason.IGNORED_SOUND, Level.DEBUG, **verdict)


def voice_ended(s: CallState, event: VoiceEnded, now_ms: int) -> None:
    s.keep_audio_clock(event.audio_ms, now_ms)
    s.turns.ended(event.audio_ms)
    s.manners.voice_ms = now_ms
    endpoint(s, now_ms)


def endpoint(s: CallState, now_ms: int) -> None:
    """The local endpoint: wait for the engine's commit, unless it came already."""
    if not s.turns.open:
        return
    if Due.DISPUTE in s.due:
        settle_turn(s, now_ms)
    elif s.answers.engine.detects_turns:
        s.due.set(Due.COMMIT, now_ms + s.settings.commit_wait_ms)
    else:
        commit(s, now_ms)


def key(s: CallState, event: KeyPressed, now_ms: int) -> None:
    s.caller_heard(now_ms)
    s.manners.keys.append(event.digit)
    if not s.allowed():
        blocked(s, now_ms)
        return
    if s.floor is not Floor.CALLER:
        take_floor(s, Reason.CUT_BY_KEY, now_ms, key=event.digit)
    if s.answers.engine.single_keys or event.digit == "#":
        hand_over_keys(s, now_ms)
    else:
        s.due.set(Due.KEYS, now_ms + s.settings.digits_gap_ms)


def hand_over_keys(s: CallState, now_ms: int) -> None:
    """Send gathered keys as one user text item; under the lock or without a link they wait."""
    manners = s.manners
    if not manners.keys or not s.allowed() or not s.link.up:
        return
    if s.floor is not Floor.CALLER:
        take_floor(s, Reason.CUT_BY_KEY, now_ms, key=manners.keys[-1])
    digits = "".join(manners.keys)
    manners.keys.clear()
    s.due.clear(Due.KEYS)
    text = f"[dtmf] {digits.rstrip('#') or '#'}"
    s.out.add(AddText(s.out.command("keys"), "user", text))
    manners.key_turns += 1
    manners.wordless_turns = 0
    item_id = f"keys-{manners.key_turns}"
    s.words.caller(item_id, now_ms, now_ms)
    s.words.caller_words(item_id, text, now_ms)
    s.out.note(Reason.KEYS_SENT, Level.DEBUG, keys=len(digits))
    if not s.turns.open:
        settle_turn(s, now_ms)
