"""The ledger of engine audio: what is queued, what was sent, and what the caller's ear has heard.

It decides when each sample leaves and where a hold, a resume or a cut falls. It never decides *whether* the AI
may speak; that is the floor's business.

    QUEUED --release--> SENT --plays out--> HEARD
    hold:  SENT but unheard samples return to the head of QUEUED, under a new epoch; nothing leaves
    cut:   QUEUED and SENT end; each item is cut at its heard sample

Instants inside are on the *sample clock*: 8 samples a millisecond since the stream started. The carrier plays
what it gets in order and in real time, so a sample released at ``t`` plays at ``max(t, end of what was sent
before)``. That is the *paced clock*. A clear sent now takes effect one transit later, and what plays by then is
what the paced clock shows now: the transit cancels out. What remains is the carrier's own start-up delay, which
marks reveal: a mark's delay beyond the bare round trip (measured by a mark sent before any audio).
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from enum import Enum

from torim.core.actions import Action, ClearAudio, PlayAudio, SendMark
from torim.core.line_clock import SAMPLES_PER_MS, LineClock
from torim.core.settings import TurnSettings

FRAME_SAMPLES = 160
SILENCE = b"\xff"  # mu-law zero

ItemKey = tuple[str, int]  # (item_id, content_index)


class Gate(Enum):
    """Whether samples may leave the queue."""

    OPEN = "open"
    DUCKED = "ducked"
    CLOSED = "closed"


@dataclass(slots=True)
class ItemAudio:
    """One message item's audio: how much came, how much was heard."""

    key: ItemKey
    response_id: str
    received_samples: int = 0
    heard_samples: int = 0
    done: bool = False  # the engine said that all audio was sent
    first_played_ms: int | None = None
    last_played_ms: int | None = None

    @property
    def heard_ms(self) -> int:
        return self.heard_samples // SAMPLES_PER_MS

    @property
    def received_ms(self) -> int:
        return self.received_samples // SAMPLES_PER_MS

    @property
    def fully_heard(self) -> bool:
        return self.done and self.heard_samples >= self.received_samples


@dataclass(slots=True)
class _Piece:
    """Consecutive samples of one item; ``plays_at`` is set once they are sent."""

    item: ItemAudio
    payload: bytes
    plays_at: int = 0
    heard_samples: int = 0


class Playout:
    """The audio of one call on its way to the ear."""

    def __init__(self, settings: TurnSettings, can_clear: bool, can_mark: bool, path_delay_ms: int) -> None:
        self._settings = settings
        self._can_clear = can_clear
        lead_ms = settings.playout_lead_ms if can_clear else settings.playout_lead_unclearable_ms
        self._lead_samples = lead_ms * SAMPLES_PER_MS
        self._start_samples = settings.playout_start_ms * SAMPLES_PER_MS
        self._chunk_samples = min(settings.playout_chunk_ms * SAMPLES_PER_MS, self._lead_samples)
        self._can_mark = can_mark
        self._queue: deque[_Piece] = deque()
        self._sent: deque[_Piece] = deque()
        self.waiting_samples = 0  # queued and not sent
        self._waiting_since = 0  # when the first of them came
        self.items: dict[ItemKey, ItemAudio] = {}
        self._coming: dict[ItemKey, str] = {}  # the response of each that began and is not done
        self.gate = Gate.OPEN
        self.epoch = 0
        self._line_end = 0  # sample clock at which everything sent will have played
        self._since_mark_samples = 0
        self._clock = LineClock(0 if can_mark else path_delay_ms)

    # --- filling ----------------------------------------------------------------------------------------

    def item(self, key: ItemKey, response_id: str) -> ItemAudio:
        """The record of one item, made when it is first named."""
        item = self.items.get(key)
        if item is None:
            item = self.items[key] = ItemAudio(key, response_id)
        return item

    def add(self, key: ItemKey, response_id: str, payload: bytes, now_ms: int) -> None:
        """Queue a delta of any length; an empty one is none."""
        if not payload:
            return
        if not self._queue:
            self._waiting_since = now_ms * SAMPLES_PER_MS
        item = self.item(key, response_id)
        item.received_samples += len(payload)
        if not item.done:
            self._coming[key] = response_id
        self.waiting_samples += len(payload)
        self._queue.append(_Piece(item, payload))

    def finish(self, key: ItemKey, response_id: str) -> None:
        """The engine has sent all audio of an item: its tail may be padded to a whole frame."""
        self.item(key, response_id).done = True
        self._coming.pop(key, None)

    def discard(self, response_id: str) -> None:
        """Drop what is queued of a response that was given up: less than a frame, else it would have played."""
        kept = [piece for piece in self._queue if piece.item.response_id != response_id]
        self._queue = deque(kept)
        self.waiting_samples = sum(len(piece.payload) for piece in kept)
        self.finish_response(response_id)

    def finish_response(self, response_id: str) -> None:
        """A response is over: no item of it will get more audio."""
        for item in self.items.values():
            if item.response_id == response_id:
                self.finish(item.key, response_id)

    # --- asking -----------------------------------------------------------------------------------------

    @property
    def busy(self) -> bool:
        """Whether any sample is queued, or sent and not yet heard."""
        return bool(self._queue or self._sent)

    @property
    def playable(self) -> bool:
        """Whether there is anything that the ear will hear without more audio from the engine."""
        return bool(self._sent) or self._releasable()

    @property
    def sounding(self) -> bool:
        """Whether the carrier holds samples that the ear has not heard."""
        return bool(self._sent)

    def ends_ms(self) -> int:
        """The instant at which everything sent will have been heard."""
        return -(-(self._line_end + self._clock.behind) // SAMPLES_PER_MS)

    @property
    def round_trip_ms(self) -> int:
        """To the carrier and back, as the fastest mark measured it."""
        return self._clock.round_trip_ms

    def remaining_ms(self, now_ms: int) -> int:
        """Speech still to be heard, as far as it has been received."""
        sounding_ms = max(0, self._line_end // SAMPLES_PER_MS - now_ms) if self._sent else 0
        return sounding_ms + self.waiting_samples // SAMPLES_PER_MS

    def unfinished(self, response_id: str | None) -> bool:
        """Whether a response has an item with audio of which more is to come."""
        return response_id in self._coming.values()

    def unheard_items(self) -> list[ItemAudio]:
        """Items that the ear has not heard to their end."""
        return [item for item in self.items.values() if not item.fully_heard]

    def finished_by_engine(self, response_id: str | None) -> bool:
        """Whether the engine has sent all audio of a response that has any."""
        return not self.unfinished(response_id)

    # --- the clock --------------------------------------------------------------------------------------

    def advance(self, now_ms: int) -> None:
        """Move heard positions up to ``now_ms``, on the safe side by the jitter seen."""
        self._hear(now_ms * SAMPLES_PER_MS - self._clock.behind)

    def mark_returned(self, token: int, epoch: int, now_ms: int) -> bool:
        """Learn from a mark of this epoch; False if it belongs to an earlier one."""
        position = self._clock.returned(token, now_ms * SAMPLES_PER_MS) if epoch == self.epoch else None
        if position is None:
            return False
        self._hear(position)
        return True

    def _hear(self, clock: int) -> None:
        while self._sent and self._sent[0].plays_at + len(self._sent[0].payload) <= clock:
            piece = self._sent.popleft()
            self._count(piece, len(piece.payload))
        if self._sent:
            piece = self._sent[0]
            heard_samples = clock - piece.plays_at
            if heard_samples > piece.heard_samples:
                self._count(piece, heard_samples)

    def _count(self, piece: _Piece, heard_samples: int) -> None:
        """The ear has heard this much of a piece."""
        item = piece.item
        if item.first_played_ms is None:
            item.first_played_ms = piece.plays_at // SAMPLES_PER_MS
        item.heard_samples += heard_samples - piece.heard_samples
        item.last_played_ms = (piece.plays_at + heard_samples) // SAMPLES_PER_MS
        piece.heard_samples = heard_samples

    # --- releasing --------------------------------------------------------------------------------------

    def next_release_ms(self) -> int | None:
        """When the next samples should leave; None while there is nothing to send or the gate is closed."""
        if self.gate is Gate.CLOSED or not self._releasable():
            return None
        due = max(0, self._line_end - self._lead_samples + self._chunk_samples)
        if self._may_run_dry():
            due = max(due, self._waiting_since + self._start_samples)
        return due // SAMPLES_PER_MS

    def release(self, now_ms: int) -> list[Action]:
        """Send what is due: at most the lead ahead of the ear, in whole frames, with marks."""
        actions: list[Action] = []
        due = self.next_release_ms()
        while due is not None and due <= now_ms:
            actions += self._release_chunk(now_ms)
            due = self.next_release_ms()
        if self._can_mark and self._since_mark_samples and self._ends_here():
            actions += self._mark()
        return actions

    def calibrate(self, now_ms: int) -> list[Action]:
        """A mark before any audio: it comes back at once and so measures the bare round trip."""
        self._line_end = max(self._line_end, now_ms * SAMPLES_PER_MS)
        return self._mark() if self._can_mark else []

    def _ends_here(self) -> bool:
        """Whether the last that was sent is the end of its item."""
        return not self._queue and bool(self._sent) and self._sent[-1].item.done

    def _releasable(self) -> bool:
        if not self._queue:
            return False
        return self._queue[-1].item.done or self.waiting_samples >= FRAME_SAMPLES

    def _may_run_dry(self) -> bool:
        """Whether speech would begin with so little in hand that an engine no faster than real time stutters."""
        return not self._sent and self.waiting_samples < self._start_samples and not self._queue[-1].item.done

    def _release_chunk(self, now_ms: int) -> list[Action]:
        fresh = not self._sent
        if fresh:
            self._clock.begin()
        self._line_end = max(self._line_end, now_ms * SAMPLES_PER_MS)
        payload = self._take(self._chunk_samples)
        gain_db = self._settings.duck_db if self.gate is Gate.DUCKED else 0
        actions: list[Action] = [PlayAudio(payload, gain_db)]
        self._since_mark_samples += len(payload)
        due = self._since_mark_samples >= self._settings.mark_every_ms * SAMPLES_PER_MS
        if self._can_mark and (fresh or due):
            actions += self._mark()
        return actions

    def _take(self, most: int) -> bytes:
        available = self.waiting_samples
        tail = self._queue[-1].item.done and available <= most
        left = min(most, available if tail else available // FRAME_SAMPLES * FRAME_SAMPLES)
        out: list[bytes] = []
        while left > 0:
            piece = self._queue.popleft()
            if len(piece.payload) > left:
                self._queue.appendleft(_Piece(piece.item, piece.payload[left:]))
                piece = _Piece(piece.item, piece.payload[:left])
            left -= len(piece.payload)
            piece.plays_at = self._line_end
            self._line_end += len(piece.payload)
            self._sent.append(piece)
            out.append(piece.payload)
        payload = b"".join(out)
        self.waiting_samples -= len(payload)
        pad = -len(payload) % FRAME_SAMPLES
        self._line_end += pad
        return payload + SILENCE * pad if pad else payload

    def _mark(self) -> list[Action]:
        self._since_mark_samples = 0
        return [SendMark(self._clock.mark(self._line_end), self.epoch)]

    # --- hold, resume, cut ------------------------------------------------------------------------------

    def hold(self, now_ms: int) -> list[Action]:
        """Fall silent, reversibly: unheard samples return to the queue and nothing leaves it."""
        self.advance(now_ms)
        self.gate = Gate.CLOSED
        return self._clear(now_ms, requeue=True)

    def duck(self, now_ms: int) -> None:
        """Go on at low level while a verdict is still open."""
        self.gate = Gate.DUCKED
        self.advance(now_ms)

    def resume(self) -> None:
        """Go on, from the sample after the last heard one."""
        self.gate = Gate.OPEN

    def cut(self, now_ms: int) -> tuple[list[Action], list[ItemAudio]]:
        """Stop for good: the clear to send, and every item that was not fully heard. The ledger is empty then."""
        self.advance(now_ms)
        if not self._can_clear:
            self._hear(self._line_end)  # what was sent will be heard
        actions = self._clear(now_ms, requeue=False)
        self._queue.clear()
        self.waiting_samples = 0
        self.gate = Gate.OPEN
        cut = self.unheard_items()
        self.items.clear()
        self._coming.clear()
        return actions, cut

    def _clear(self, now_ms: int, *, requeue: bool) -> list[Action]:
        if not self._sent or not self._can_clear:
            return []
        if requeue:
            unheard = [_Piece(piece.item, piece.payload[piece.heard_samples :]) for piece in self._sent]
            self._queue.extendleft(reversed(unheard))
            self.waiting_samples += sum(len(piece.payload) for piece in unheard)
        self._sent.clear()
        self._clock.forget()
        self._line_end = now_ms * SAMPLES_PER_MS
        self._since_mark_samples = 0
        self.epoch += 1
        return [ClearAudio(self.epoch)]
