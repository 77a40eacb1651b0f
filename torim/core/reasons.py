"""Every reason that a decision of the core can give, each with the log tag and the sentence it is shown with.

A reason is for people: it is logged, written into the call's timeline and shown on the call page. Adding a
decision means adding its reason here.
"""

from __future__ import annotations

from enum import Enum, IntEnum


class Level(IntEnum):
    """Severity of a note; ERROR means that somebody must act."""

    DEBUG = 10
    INFO = 20
    WARNING = 30
    ERROR = 40


class Reason(Enum):
    """Value: (log tag, sentence)."""

    # barge-in
    CUT = ("[BARGE-IN]", "detected: the caller has the floor")
    CUT_BY_KEY = ("[BARGE-IN]", "detected: a key gives the caller the floor")
    CUT_BY_WORDS = ("[BARGE-IN]", "detected late: the transcript has a stop word or a number")
    BLOCKED = ("[BARGE-IN]", "BLOCKED")
    CANCEL_RACED = ("[BARGE-IN]", "cancel raced with response.done")
    # hold and verification
    HELD = ("[ECHO_CHECK]", "held: a sound is being verified")
    RESUMED = ("[ECHO_CHECK]", "resumed: it was not the caller's voice")
    RESUMED_AT_DEADLINE = ("[ECHO_CHECK]", "resumed: no verdict before the deadline")
    VERIFIED = ("[ECHO_CHECK]", "verified: the caller's voice")
    IGNORED_SOUND = ("[ECHO_CHECK]", "not the caller's voice; nothing was sounding")
    # audio and floor
    FIRST_AUDIO = ("[AUDIO_STATE]", "first audio of the response is on its way")
    AUDIO_DONE = ("[AUDIO_STATE]", "the engine sent all audio; the response lives until response.done")
    AI_HEARD = ("[AUDIO_STATE]", "the last sample was heard")
    DEAD_DELTA = ("[AUDIO_STATE]", "dropped audio of a response that is over")
    STALE_MARK = ("[AUDIO_STATE]", "a mark of an earlier epoch came back")
    LOCK_OPENED = ("[AUDIO_STATE]", "greeting lock opened")
    # responses
    RESPONSE_REQUESTED = ("[RESPONSE]", "requested")
    RESPONSE_CREATED = ("[RESPONSE]", "created")
    RESPONSE_DONE = ("[RESPONSE]", "done")
    RESPONSE_ADOPTED = ("[RESPONSE]", "adopted: the engine created it by itself")
    RESPONSE_UNWANTED = ("[RESPONSE]", "cancelled on creation: nobody waits for it now")
    RESPONSE_OVERDUE = ("[RESPONSE]", "given up: the engine went silent about it")
    RESPONSE_RETRIED = ("[RESPONSE]", "asked for again")
    RETRIES_SPENT = ("[RESPONSE]", "no answer after every retry")
    LATE_EVENT = ("[RESPONSE]", "an event of a response that is over")
    # turns
    TURN_COMMITTED = ("[TURN]", "the caller's turn is committed")
    TURN_FALSE = ("[TURN]", "an engine turn holds no voice of the caller; no answer to it")
    TURN_TOO_LONG = ("[TURN]", "committed at the longest turn")
    NOT_UNDERSTOOD = ("[TURN]", "not understood: turn after turn had no words; the reply offers a way out")
    KEYS_SENT = ("[TURN]", "keys handed to the engine")
    # tools
    TOOL_STARTED = ("[TOOL]", "started")
    TOOL_FINISHED = ("[TOOL]", "finished")
    TOOL_NOT_RUN = ("[TOOL]", "not run: its response did not complete")
    TOOL_REPEATED = ("[TOOL]", "not run again: this call id has run")
    # the link and the call
    ENGINE_READY = ("[ENGINE]", "ready")
    ENGINE_LOST = ("[ENGINE]", "link lost; connecting again")
    ENGINE_REPLAYED = ("[ENGINE]", "conversation replayed on a new link")
    ENGINE_FAULT = ("[ENGINE]", "reported an error")
    ENGINE_BENIGN = ("[ENGINE]", "a benign error; nothing to do")
    FELL_BACK = ("[ENGINE]", "given up; the embedded engine goes on")
    PAUSED = ("[CALL]", "the AI is silent: somebody who watches asked for it")
    UNPAUSED = ("[CALL]", "the AI goes on")
    SILENCE_PROMPT = ("[CALL]", "nobody spoke; asking whether the caller is there")
    OWN_WORDS = ("[CALL]", "said without the engine")
    CLOSING = ("[CALL]", "saying goodbye")
    CLOSING_UNDONE = ("[CALL]", "the caller spoke; not hanging up")
    ENDED = ("[CALL]", "ended")

    @property
    def tag(self) -> str:
        return self.value[0]

    @property
    def sentence(self) -> str:
        return self.value[1]
