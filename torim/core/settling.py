"""The caller's turns: when one is settled, which engine items belong to it, and what becomes of false alarms."""

from __future__ import annotations

from torim.core.actions import CommitAudio, DeleteItem, Purpose
from torim.core.events import (
    CallerTranscript,
    SpeechStarted,
    SpeechStopped,
    TurnCommitted,
)
from torim.core.floor import Floor
from torim.core.floor import Input as FloorInput
from torim.core.moves import take_floor
from torim.core.outbox import Due
from torim.core.phases import Phase
from torim.core.reasons import Level, Reason
from torim.core.state import CallState
from torim.core.turns import Item, Judgement, Voice
from torim.core.words import takes_floor


def speech_started(s: CallState, event: SpeechStarted, now_ms: int) -> None:
    """The engine's word only confirms; it counts where it contradicts an end that it had caused itself."""
    s.turns.speech_started(event.item_id, event.audio_ms)
    s.due.clear(Due.DISPUTE)
    if s.turns.voice is Voice.OVERRULED:
        s.turns.sure(event.audio_ms)
        if s.floor is not Floor.CALLER and s.allowed():
            take_floor(s, Reason.CUT, now_ms, item=event.item_id)


def speech_stopped(s: CallState, event: SpeechStopped, now_ms: int) -> None:
    s.turns.speech_stopped(event.item_id, event.audio_ms)


def committed(s: CallState, event: TurnCommitted, now_ms: int) -> None:
    manners = s.manners
    start_ms = s.turns.start_of(event.item_id)
    began_ms = manners.audio_origin_ms + (start_ms if start_ms is not None else 0)
    heard_ms = now_ms if s.playout.sounding else manners.ai_silent_ms
    sounded = heard_ms is not None and heard_ms > began_ms
    # What the engine creates by itself cannot wait for words.
    words_come = s.answers.engine.transcribes and not manners.engine_creates
    item = s.turns.committed(event.item_id, now_ms - manners.audio_origin_ms, sounded, now_ms, words_come)
    judged(s, item, now_ms)


def judged(s: CallState, item: Item, now_ms: int) -> None:
    if item.judgement is Judgement.TURN:
        caller_turn(s, item, now_ms)
    elif item.judgement is Judgement.UNCONFIRMED:
        unconfirmed_words(s, item, now_ms)
        unconfirmed_wait(s)
    elif item.judgement is Judgement.FALSE:
        s.out.note(Reason.TURN_FALSE, Level.INFO, item=item.item_id)
        if not item.announced:
            delete(s, item)  # our commit crossed the engine's own: silence, and any words in it are made up
            return
        s.due.set_once(Due.FALSE_ITEMS, now_ms + s.settings.false_item_wait_ms)
        false_words(s, item, now_ms)


def pending_judged(s: CallState, now_ms: int) -> None:
    for item in s.turns.judge_pending(now_ms):
        judged(s, item, now_ms)


def caller_turn(s: CallState, item: Item, now_ms: int) -> None:
    take_down(s, item, now_ms)
    if item.voiced and not s.turns.open:
        return  # part of a turn that was settled before
    if s.turns.voice is Voice.SURE:
        s.due.set(Due.DISPUTE, now_ms + s.settings.endpoint_dispute_ms)
        return
    settle_turn(s, now_ms)


def take_down(s: CallState, item: Item, now_ms: int) -> None:
    """A turn has its place in the conversation, with its words or before they come."""
    origin_ms = s.manners.audio_origin_ms
    s.words.caller(item.item_id, origin_ms + s.turns.voice_start_ms(item), origin_ms + (item.end_ms or item.start_ms))
    if item.text is not None:
        written(s, item.item_id, item.text, now_ms)
    s.out.note(Reason.TURN_COMMITTED, Level.DEBUG, item=item.item_id, voiced=item.voiced)


def settle_turn(s: CallState, now_ms: int) -> None:
    """The caller's turn is complete: a reply is owed."""
    s.due.clear(Due.COMMIT, Due.DISPUTE, Due.TURN)
    s.turns.settle()
    s.manners.silences = 0
    s.undo_closing()
    if s.floor is Floor.CALLER:
        s.move(FloorInput.SETTLED)
    wait_ms = s.settings.engine_creates_wait_ms if s.manners.engine_creates else 0
    purpose = Purpose.GOODBYE if s.phase is Phase.CLOSING else Purpose.REPLY
    s.answers.want(purpose, not_before_ms=now_ms + wait_ms)


def commit(s: CallState, now_ms: int) -> None:
    """Commit the caller's audio ourselves; unanswered, the turn counts as settled all the same."""
    if s.turns.commit_asked is not None:
        settle_turn(s, now_ms)
    elif s.link.up:
        s.turns.commit_asked = s.out.command("commit")
        s.out.add(CommitAudio(s.turns.commit_asked))
        s.due.set(Due.COMMIT, now_ms + s.settings.commit_answer_ms)


def turn_too_long(s: CallState, now_ms: int) -> None:
    if s.floor is not Floor.CALLER or not s.turns.open:
        return
    s.out.note(Reason.TURN_TOO_LONG, Level.INFO)
    if s.turns.voice is not Voice.NONE:
        s.turns.overrule(now_ms - s.manners.audio_origin_ms)
    commit(s, now_ms)


def dispute_over(s: CallState, now_ms: int) -> None:
    """The engine's endpoint wins: what we still hear is background."""
    s.turns.overrule(now_ms - s.manners.audio_origin_ms)
    settle_turn(s, now_ms)


def caller_transcript(s: CallState, event: CallerTranscript, now_ms: int) -> None:
    item = s.turns.items.get(event.item_id)
    text = event.text or ""
    if item is not None and item.judgement is Judgement.UNCONFIRMED:
        item.text = event.text
        unconfirmed_words(s, item, now_ms)
        if event.text is None:
            written(s, item.item_id, text, now_ms)
            unconfirmed_turn(s, item, now_ms)
        unconfirmed_wait(s)
    elif item is not None and item.judgement is not Judgement.TURN:
        item.text = text
        false_words(s, item, now_ms)
    elif text or (item is not None and item.text is None):
        written(s, event.item_id, text, now_ms)
        if item is not None:
            item.text = text


def written(s: CallState, item_id: str, text: str, now_ms: int) -> None:
    """The words of a turn came, or nothing came of writing them down."""
    if text:
        s.manners.wordless_turns = 0
        s.words.caller_words(item_id, text, now_ms)
    else:
        s.manners.wordless_turns += 1


def ask(s: CallState, now_ms: int) -> None:
    """Ask for what is owed; the reply to a caller who is not understood offers a way out."""
    wish, wordless = s.answers.wish, s.manners.wordless_turns
    if wish is not None and wish.purpose is Purpose.REPLY and wordless >= s.settings.wordless_turns_max:
        s.out.note(Reason.NOT_UNDERSTOOD, Level.INFO, in_a_row=wordless)
        s.answers.want(Purpose.WAY_OUT, over_audio=wish.over_audio)
    s.answers.ask(now_ms)


def false_words(s: CallState, item: Item, now_ms: int) -> None:
    """The transcript of a false alarm came: it may still be a turn by its words, else it goes."""
    if item.judgement is not Judgement.FALSE or item.text is None:
        return
    if not takes_floor(item.text, s.words.newest()):
        delete(s, item)
        return
    item.judgement = Judgement.TURN
    s.words.caller_words(item.item_id, item.text, now_ms)
    if s.floor is not Floor.CALLER and s.allowed():
        take_floor(s, Reason.CUT_BY_WORDS, now_ms, item=item.item_id)
    if not s.turns.open:
        settle_turn(s, now_ms)


def unconfirmed_words(s: CallState, item: Item, now_ms: int) -> None:
    """The words of what only the engine heard came: it is a turn if there are any, and was a noise if not."""
    if item.text is None:
        return
    if item.text:
        unconfirmed_turn(s, item, now_ms)
        return
    item.judgement = Judgement.FALSE
    s.out.note(Reason.TURN_FALSE, Level.INFO, item=item.item_id)
    delete(s, item)


def unconfirmed_turn(s: CallState, item: Item, now_ms: int) -> None:
    """What only the engine heard is a turn; if the caller has begun another, one reply answers both."""
    item.judgement = Judgement.TURN
    if s.turns.open:
        take_down(s, item, now_ms)
    else:
        caller_turn(s, item, now_ms)


def unconfirmed_items_due(s: CallState, now_ms: int) -> None:
    """Words that have not come by now are not waited for: a caller may be waiting."""
    for item in s.turns.unconfirmed_items():
        if now_ms - (item.judged_ms or 0) >= s.settings.unconfirmed_wait_ms:
            unconfirmed_turn(s, item, now_ms)
    unconfirmed_wait(s)


def unconfirmed_wait(s: CallState) -> None:
    """Wait for the words of the oldest of what only the engine heard, if there is any."""
    s.due.clear(Due.UNCONFIRMED_ITEMS)
    waiting = [item.judged_ms or 0 for item in s.turns.unconfirmed_items()]
    if waiting:
        s.due.set(Due.UNCONFIRMED_ITEMS, min(waiting) + s.settings.unconfirmed_wait_ms)


def false_items_due(s: CallState, now_ms: int) -> None:
    for item in s.turns.false_items():
        if now_ms - (item.judged_ms or 0) >= s.settings.false_item_wait_ms:
            delete(s, item)
    waiting = [item.judged_ms or 0 for item in s.turns.false_items()]
    if waiting:
        s.due.set(Due.FALSE_ITEMS, min(waiting) + s.settings.false_item_wait_ms)


def delete(s: CallState, item: Item) -> None:
    s.turns.items.pop(item.item_id, None)
    s.words.forget(item.item_id)
    if s.answers.engine.deletes:
        s.out.add(DeleteItem(s.out.command("delete"), item.item_id))
