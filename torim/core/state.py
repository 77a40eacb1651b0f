"""The state of one call: the parts that each know one life, and what follows from them together.

Everything here is either a part with a single writer or derived from the parts on the spot. The functions that
act on it live beside it: moves (hold, resume, cut), hearing (the caller's voice and keys), settling (the
caller's turns), replying (the engine's responses), recovering (faults and links), playing (what was heard) and
courtesies (greeting, silence, goodbye).
"""

from __future__ import annotations

from dataclasses import dataclass, field

from torim.core.actions import Purpose
from torim.core.answers import Answers
from torim.core.echo import FarEnd
from torim.core.events import EndReason, Evidence
from torim.core.floor import Floor, barge_in_allowed, step
from torim.core.floor import Input as FloorInput
from torim.core.links import EngineLink
from torim.core.outbox import Deadlines, Due, Outbox
from torim.core.own_words import OwnWords
from torim.core.phases import FINAL, PHASES, Phase
from torim.core.phases import Input as PhaseInput
from torim.core.playout import Gate, Playout
from torim.core.reasons import Level, Reason
from torim.core.responses import Response, State
from torim.core.settings import TurnSettings
from torim.core.tools import Tools
from torim.core.transcript import Transcript
from torim.core.truncation import Truncation
from torim.core.turns import CallerTurns, Voice

# made once: the listener is told fifty times a second
_SOUNDING = {asked: FarEnd(sounding=True, since_played_ms=0, asked=asked) for asked in (False, True)}


@dataclass(slots=True)
class Manners:
    """What one call is allowed, and the small facts that courtesy needs."""

    greeting_lock: bool
    barge_in_enabled: bool
    engine_creates: bool
    streaming: bool = False  # the carrier's stream has started
    paused: bool = False  # somebody who watches wants the AI to be silent
    end_reason: EndReason | None = None  # of the goodbye that is on its way, then of the end
    silences: int = 0  # prompts into mutual silence since the caller was last heard
    keys: list[str] = field(default_factory=list)  # gathered, not yet handed over
    key_turns: int = 0
    wordless_turns: int = 0  # in a row, whose transcription failed or was empty
    audio_origin_ms: int = 0  # call clock at which the clock of appended audio began
    voice_ms: int = -1_000_000  # when the caller's voice was last known
    ai_silent_ms: int | None = None  # when an echo of the AI's last played sample can reach us


@dataclass(slots=True)
class CallState:
    """One call's parts."""

    settings: TurnSettings
    manners: Manners
    out: Outbox
    playout: Playout
    words: Transcript
    answers: Answers
    truncation: Truncation
    tools: Tools
    link: EngineLink
    turns: CallerTurns
    own: OwnWords
    due: Deadlines = field(default_factory=Deadlines)
    phase: Phase = Phase.RINGING
    floor: Floor = Floor.OPEN

    def allowed(self) -> bool:
        """Lock and flag protect sounding audio only; elsewhere the caller always takes the floor."""
        return self.floor is not Floor.AI or barge_in_allowed(self.greeting_locked, self.manners.barge_in_enabled)

    def move(self, given: FloorInput) -> None:
        """Move the floor along."""
        self.floor = step(self.floor, given)

    def advance_phase(self, given: PhaseInput) -> None:
        """Move the phase along; an input that it does not know leaves it where it is."""
        self.phase = PHASES.get((self.phase, given), self.phase)

    def live(self, response_id: str) -> Response | None:
        """The response of this id, if the engine speaks it and we want it."""
        response = self.answers.responses.get(response_id)
        return response if response is not None and response.state is State.LIVE else None

    def mid_item(self) -> bool:
        """Whether the response that is alive has begun an item whose audio is not complete."""
        alive = self.answers.responses.alive
        return alive is not None and alive.state is State.LIVE and self.playout.unfinished(alive.response_id)

    def owing(self) -> bool:
        """Whether the caller waits for something that has no sound yet."""
        return self.answers.owing or self.tools.running or self.turns.open

    def greeted(self) -> None:
        """The greeting is over, one way or another; so is its lock."""
        self.due.clear(Due.LOCK)
        self.advance_phase(PhaseInput.GREETED)
        if self.manners.greeting_lock:
            self.out.note(Reason.LOCK_OPENED, Level.DEBUG)

    def undo_closing(self) -> None:
        """A caller who speaks into a goodbye is not hung up on, unless the end is final."""
        if self.phase is not Phase.CLOSING or self.manners.end_reason in FINAL:
            return
        self.advance_phase(PhaseInput.SPOKE)
        self.manners.end_reason = None
        if self.answers.wish is not None and self.answers.wish.purpose in (Purpose.GOODBYE, Purpose.HANDOVER):
            self.answers.wish = None
        self.due.clear(Due.HANG_UP, Due.CLOSING, Due.FAREWELL)
        self.out.note(Reason.CLOSING_UNDONE, Level.INFO)

    def caller_heard(self, now_ms: int) -> None:
        """The caller is there."""
        self.manners.voice_ms = now_ms
        self.manners.silences = 0

    def wait_no_more(self) -> None:
        """A floor on which nothing is owed any longer waits for nothing."""
        if self.floor is Floor.WAITING and not self.owing():
            self.move(FloorInput.GIVEN_UP)

    def cut_short(self, response: Response) -> bool:
        """Whether a lost response had not said that its audio was complete."""
        return not self.playout.finished_by_engine(response.response_id)

    @property
    def greeting_locked(self) -> bool:
        """Whether the greeting lock of this call is closed now."""
        return self.manners.greeting_lock and self.phase in (Phase.RINGING, Phase.GREETING)

    def keep_audio_clock(self, audio_ms: int, now_ms: int) -> None:
        """The clock of appended audio stands at ``audio_ms`` now."""
        self.manners.audio_origin_ms = now_ms - audio_ms

    def ai_stops(self, now_ms: int) -> None:
        """The AI falls silent now; its echo may come for another round trip."""
        self.manners.ai_silent_ms = now_ms + self.playout.round_trip_ms

    @property
    def active_response_id(self) -> str | None:
        """The id of the response that the engine has not ended; derived, so nothing can clear it early."""
        return self.answers.responses.active_id

    def overdue_ms(self) -> int | None:
        """When the response that is alive is given up; never while its audio still plays."""
        alive = self.answers.responses.alive
        if alive is None or (alive.state is State.LIVE and self.playout.playable):
            return None
        return self.answers.overdue_ms()

    def ask_ms(self) -> int | None:
        """From when on the owed response may be asked for; None while it may not."""
        wish = self.answers.wish
        if wish is None or not self.link.up or not self.manners.streaming or self.manners.paused:
            return None
        quiet = self.turns.voice in (Voice.NONE, Voice.OVERRULED) and not self.turns.open and not self.tools.running
        free = self.floor in (Floor.OPEN, Floor.WAITING) or (self.floor is Floor.AI and wish.over_audio)
        free = free and Due.KEYS not in self.due  # a number is answered whole
        return wish.not_before_ms if quiet and free and self.answers.responses.alive is None else None

    def may_release(self) -> bool:
        """Whether samples may leave the queue now."""
        if self.manners.paused:
            return False
        if self.floor is Floor.VERIFYING:
            return self.playout.gate is Gate.DUCKED
        return self.floor is not Floor.CALLER

    def far_end(self, now_ms: int) -> FarEnd:
        """What the listener must know of our side to judge a sound."""
        if self.playout.sounding:
            return _SOUNDING[self._last_words(now_ms)]
        silent_ms = self.manners.ai_silent_ms
        asked = not self.playout.busy or self._last_words(now_ms)
        return FarEnd(since_played_ms=None if silent_ms is None else max(0, now_ms - silent_ms), asked=asked)

    def _last_words(self, now_ms: int) -> bool:
        """Whether the AI is about to fall silent, so that a short word is an answer."""
        return self.playout.remaining_ms(now_ms) <= self.settings.last_words_ms and not self.mid_item()


def numbers(evidence: Evidence) -> dict[str, object]:
    """A detector's numbers as a note shows them."""
    shown: dict[str, object] = {
        "speech": round(evidence.speech, 2),
        "level_db": round(evidence.level_db, 1),
        "echo": round(evidence.echo, 2),
        "voiced_ms": evidence.voiced_ms,
    }
    return shown if evidence.odds is None else shown | {"odds": round(evidence.odds, 1)}
