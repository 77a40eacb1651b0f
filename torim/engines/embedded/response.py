"""One response while it is generated: what it still has to say, how fast it leaves, and how it ends.

It decides when each delta is due and closes whatever is open when it ends. It never decides what to say, and
it asks for speech only through `wanted`. Deltas leave one at a time, so that a cancel that arrives between
two of them takes effect before the next.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field
from enum import Enum
from typing import Any

from torim.engines.embedded.formats import BYTES_PER_MS, bytes_per_ms, encode_audio
from torim.engines.embedded.jobs import Speech, ToolCall, Word
from torim.engines.embedded.outputs import CallOutput, MessageOutput, Place
from torim.engines.embedded.plan import Beep, Message, Plan, Say
from torim.engines.embedded.tone import beep
from torim.engines.protocol import AudioFormat

TOKEN_MS = 50  # of assistant audio; a token of the caller's audio is twice as long
TEXT_WORD_MS = 200  # as fast as a written word leaves when audio would leave in real time


class Phase(Enum):
    """A response is THINKING until it has a plan, SPEAKING until its plan is carried out, then ENDED."""

    THINKING = "thinking"
    SPEAKING = "speaking"
    ENDED = "ended"


@dataclass(frozen=True, slots=True)
class Pace:
    """How fast audio is generated: ``speed`` times real time, ``delta_ms`` of it in each delta."""

    speed: float = 4.0
    delta_ms: int = 100


@dataclass(frozen=True, slots=True)
class ResponseSettings:
    """The configuration of one response: the session's, with what its `response.create` overrides."""

    modality: str
    audio_format: AudioFormat
    voice: Any
    instructions: str
    speed: float = 1.0
    max_output_tokens: int | str = "inf"
    metadata: dict[str, str] | None = None
    conversation_id: str | None = None
    tools: tuple[dict[str, Any], ...] = ()
    tool_choice: Any = "auto"


@dataclass(slots=True)
class Take:
    """A spoken piece on its way out, in mu-law and in the format of the session."""

    payload: bytes
    encoded: bytes
    words: deque[Word]
    sent_ms: int = 0

    @property
    def left_ms(self) -> int:
        return len(self.payload) // BYTES_PER_MS - self.sent_ms

    @property
    def until_next_word_ms(self) -> int:
        """How long a delta may be at most: the next word is announced just before its own audio."""
        return min(self.words[0].start_ms - self.sent_ms, self.left_ms) if self.words else self.left_ms

    def words_now(self) -> list[Word]:
        """The words that begin at this point, each given once; those beyond the audio at its end."""
        found = []
        while self.words and (self.words[0].start_ms <= self.sent_ms or self.left_ms <= 0):
            found.append(self.words.popleft())
        return found


@dataclass(slots=True)
class Usage:
    """Tokens, estimated from lengths: this engine has none of its own."""

    input_text: int = 0
    input_audio: int = 0
    output_text: int = 0
    output_audio: int = 0

    def wire(self) -> dict[str, Any]:
        given, made = self.input_text + self.input_audio, self.output_text + self.output_audio
        input_details = {
            "text_tokens": self.input_text,
            "audio_tokens": self.input_audio,
            "image_tokens": 0,
            "cached_tokens": 0,
        }
        output_details = {"text_tokens": self.output_text, "audio_tokens": self.output_audio}
        return {
            "total_tokens": given + made,
            "input_tokens": given,
            "output_tokens": made,
            "input_token_details": input_details,
            "output_token_details": output_details,
        }


@dataclass(slots=True)
class _Clock:
    """When the next delta is due: so much audio since the last start, at so many times real time."""

    pace: Pace
    base_ms: int | None = None
    sent_ms: int = 0

    def due_ms(self) -> int:
        return (self.base_ms or 0) + int(self.sent_ms / self.pace.speed)


@dataclass(slots=True)
class _Work:
    """What is still to be done: parts of the plan, pieces of the open message, takes of those pieces."""

    parts: deque[Message | ToolCall] = field(default_factory=deque)
    pieces: deque[Say | Beep] = field(default_factory=deque)
    takes: deque[Take] = field(default_factory=deque)
    asked: Say | None = None  # a piece that is being synthesised


class Response:
    """One response, from `response.created` to `response.done`."""

    def __init__(self, place: Place, settings: ResponseSettings, pace: Pace, usage: Usage) -> None:
        self.id = place.response_id
        self.settings = settings
        self.phase = Phase.THINKING
        self.audio_ms = 0
        self._place = place
        self._usage = usage
        self._clock = _Clock(pace)
        self._work = _Work()
        self._outputs: list[MessageOutput | CallOutput] = []
        self._open: MessageOutput | None = None
        place.out.emit("response.created", response=self._wire("in_progress"))

    @property
    def spoken(self) -> bool:
        return self.settings.modality == "audio"

    def begin(self, plan: Plan, now_ms: int) -> None:
        """Start carrying out a plan."""
        self.phase = Phase.SPEAKING
        self._work.parts.extend(plan)
        self.step(now_ms)

    def wanted(self) -> Say | None:
        """The sentence to synthesise next, given once; one is kept ahead of the one that is leaving."""
        work = self._work
        if self.phase is not Phase.SPEAKING or not self.spoken or work.asked or len(work.takes) > 1:
            return None
        self._render_tones()
        if not work.pieces or not isinstance(work.pieces[0], Say):
            return None
        work.asked = work.pieces[0]
        return work.asked

    def voiced(self, speech: Speech, now_ms: int) -> None:
        """Take the speech of the sentence that `wanted` gave."""
        if self.phase is not Phase.SPEAKING or not self._work.asked:
            return
        self._work.asked = None
        self._work.pieces.popleft()
        self._add_take(speech)
        self._render_tones()
        self.step(now_ms)

    def next_at_ms(self) -> int | None:
        """When the next delta is due; None while there is nothing to send."""
        if self.phase is not Phase.SPEAKING or self._starved():
            return None
        return self._clock.due_ms()

    def step(self, now_ms: int) -> None:
        """Do what is due, one delta at most."""
        while self.phase is Phase.SPEAKING and not self._starved():
            if self._open is not None and self._has_more():
                self._send(now_ms)
                return
            self._next_part()

    def end(self, status: str, reason: str | None = None, error: dict[str, Any] | None = None) -> None:
        """Close what is open and emit `response.done`."""
        if self._open is not None:
            self._close_message("completed" if status == "completed" else "incomplete")
        self.phase = Phase.ENDED
        details: dict[str, Any] | None = None
        if status != "completed":
            details = {"type": status}
            details |= {"reason": reason} if reason else {}
            details |= {"error": error} if error else {}
        self._usage.output_audio = -(-self.audio_ms // TOKEN_MS)
        self._place.out.emit("response.done", response=self._wire(status, details))

    # --- parts of the plan --------------------------------------------------------------------------------

    def _next_part(self) -> None:
        """The open message is said to its end: close it and open the next part, or end."""
        if self._open is not None:
            self._close_message("completed")
        elif not self._work.parts:
            self.end("completed")
        elif isinstance(part := self._work.parts.popleft(), Message):
            self._open_message(part)
        else:
            self._call(part)

    def _call(self, call: ToolCall) -> None:
        output = CallOutput(self._place, len(self._outputs), call)
        self._outputs.append(output)
        self._usage.output_text += 1 + len(call.arguments) // 4
        output.open()
        output.write()
        output.close("completed")

    def _open_message(self, message: Message) -> None:
        self._open = MessageOutput(self._place, len(self._outputs), self.spoken)
        self._outputs.append(self._open)
        self._open.open()
        if self.spoken:
            self._work.pieces.extend(message.pieces)
            self._render_tones()
        else:
            text = " ".join(piece.text for piece in message.pieces if isinstance(piece, Say))
            words = [Word(word, 0, 0) for word in split_words(text)]
            self._work.takes.append(Take(b"", b"", deque(words)))

    def _close_message(self, status: str) -> None:
        assert self._open is not None
        self._work.takes.clear()
        self._work.pieces.clear()
        self._open.close(status)
        self._open = None

    # --- audio --------------------------------------------------------------------------------------------

    def _render_tones(self) -> None:
        """Tones at the head of the queue need no voice."""
        pieces = self._work.pieces
        while pieces and isinstance(pieces[0], Beep):
            pieces.popleft()
            self._add_take(Speech(beep(), ()))

    def _add_take(self, speech: Speech) -> None:
        encoded = encode_audio(speech.payload, self.settings.audio_format)
        self._work.takes.append(Take(speech.payload, encoded, deque(speech.words)))

    def _starved(self) -> bool:
        """The open message has pieces left and none of them is spoken yet."""
        return bool(self._open and self._work.pieces and not self._work.takes)

    def _has_more(self) -> bool:
        return bool(self._work.takes)

    def _send(self, now_ms: int) -> None:
        clock = self._clock
        if clock.base_ms is None:
            clock.base_ms = now_ms
        if now_ms < clock.due_ms():
            return
        if self.spoken:
            self._send_audio(self._work.takes[0])
        else:
            self._send_word(self._work.takes[0])
        if self._starved() or not self._work.takes:
            clock.base_ms, clock.sent_ms = None, 0

    def _send_audio(self, take: Take) -> None:
        assert self._open is not None
        offset_ms = self._open.sent_ms - take.sent_ms
        separator = " " if take.sent_ms == 0 and not self._open.empty else ""
        self._say(take.words_now(), offset_ms, separator)
        span_ms = min(self._clock.pace.delta_ms, take.until_next_word_ms, self._allowed_ms())
        start_ms, end_ms = take.sent_ms, take.sent_ms + span_ms
        unit = bytes_per_ms(self.settings.audio_format)
        encoded = take.encoded[start_ms * unit : end_ms * unit]
        if encoded:
            self._open.audio(take.payload, end_ms * BYTES_PER_MS, encoded)
        take.sent_ms = end_ms
        self.audio_ms += span_ms
        self._clock.sent_ms += span_ms
        if take.left_ms <= 0:
            self._say(take.words_now(), self._open.sent_ms - take.sent_ms, "")
            self._work.takes.popleft()
        if self._allowed_ms() <= 0 and (self._work.takes or self._work.pieces):
            self.end("incomplete", "max_output_tokens")

    def _allowed_ms(self) -> int:
        limit = self.settings.max_output_tokens
        return limit * TOKEN_MS - self.audio_ms if isinstance(limit, int) else 1 << 30

    def _say(self, words: list[Word], offset_ms: int, separator: str) -> None:
        assert self._open is not None
        if words and separator:
            words[0] = Word(separator + words[0].text, words[0].start_ms, words[0].end_ms)
        self._open.words([Word(w.text, w.start_ms + offset_ms, w.end_ms + offset_ms) for w in words])
        self._usage.output_text += len(words)

    def _send_word(self, take: Take) -> None:
        if take.words:
            self._say([take.words.popleft()], 0, "")
            self._clock.sent_ms += TEXT_WORD_MS
        if not take.words:
            self._work.takes.popleft()
        elif self._usage.output_text >= self._text_limit():
            self.end("incomplete", "max_output_tokens")

    def _text_limit(self) -> int:
        limit = self.settings.max_output_tokens
        return limit if isinstance(limit, int) else 1 << 30

    # --- the wire -----------------------------------------------------------------------------------------

    def _wire(self, status: str, details: dict[str, Any] | None = None) -> dict[str, Any]:
        settings = self.settings
        done = status != "in_progress"
        return {
            "id": self.id,
            "object": "realtime.response",
            "status": status,
            "status_details": details,
            "output": [output.item.wire() for output in self._outputs] if done else [],
            "conversation_id": settings.conversation_id,
            "output_modalities": [settings.modality],
            "max_output_tokens": settings.max_output_tokens,
            "audio": {"output": {"format": settings.audio_format, "voice": settings.voice}},
            "usage": self._usage.wire() if done else None,
            "metadata": settings.metadata,
        }


def split_words(text: str) -> list[str]:
    """Words with the space before them, so that joined they are the text again."""
    words = text.split()
    return [word if index == 0 else f" {word}" for index, word in enumerate(words)]
