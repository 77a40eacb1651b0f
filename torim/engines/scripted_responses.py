"""How the scripted double generates responses: one at a time, beat by beat, until done or cancelled.

It performs the plan of an answer and owns the state of the response that is alive. It reads no client event.
"""

from __future__ import annotations

from base64 import b64encode
from dataclasses import dataclass, field
from typing import Any

from torim.engines.agenda import Agenda
from torim.engines.protocol_faults import ProtocolFault
from torim.engines.script import Answer, Behaviour
from torim.engines.script_plan import BYTES_PER_MS, Beat, Begin, CloseItem, Drop, End, OpenItem, Piece, plan
from torim.engines.scripted_events import EventWriter, nothing_to_cancel
from torim.engines.scripted_items import Conversation, Item

_GHOST = b"\x55"  # of leaked deltas: a loud constant that no made-up voice contains for long
_GHOST_GAP_MS = 20


@dataclass(slots=True)
class Response:
    """The response that is being generated."""

    response_id: str
    answer: Answer
    metadata: dict[str, str] | None
    begun: bool = False  # derived from: response.created was sent
    output: list[Item] = field(default_factory=list)
    open_item: Item | None = None

    def body(self, status: str, detail: str = "") -> dict[str, Any]:
        """The response object of an event."""
        done = status != "in_progress"
        return {
            "id": self.response_id,
            "object": "realtime.response",
            "status": status,
            "status_details": _status_details(status, detail),
            "output": [item.object(_item_status(status)) for item in self.output] if done else [],
            "output_modalities": ["audio"],
            "conversation_id": "conv_scripted",
            "metadata": self.metadata,
            "usage": self._usage() if done else None,
        }

    def _usage(self) -> dict[str, Any]:
        audio_tokens = sum(item.audio_bytes for item in self.output) // (50 * BYTES_PER_MS)
        text_tokens = sum(len(item.text) for item in self.output) // 4
        return {
            "total_tokens": audio_tokens + text_tokens,
            "input_tokens": 0,
            "output_tokens": audio_tokens + text_tokens,
            "output_token_details": {"audio_tokens": audio_tokens, "text_tokens": text_tokens},
        }


@dataclass(frozen=True, slots=True)
class Cancelled:
    """A cancel takes effect."""

    command_id: str | None
    reason: str


class Generation:
    """The responses of one session."""

    def __init__(self, behaviour: Behaviour, conversation: Conversation, writer: EventWriter, agenda: Agenda) -> None:
        self._behaviour = behaviour
        self._conversation = conversation
        self._event = writer.event
        self._error = writer.error
        self._agenda = agenda
        self._count = 0
        self.alive: Response | None = None

    def check_free(self) -> None:
        """Raise the fault of a server that is asked for a response while one is alive."""
        if self.alive is not None:
            raise ProtocolFault(
                "conversation_already_has_active_response",
                f"Conversation already has an active response in progress: {self.alive.response_id}.",
            )

    def begin(self, answer: Answer, metadata: dict[str, str] | None, now_ms: int) -> None:
        """Plan an answer and begin it."""
        self._count += 1
        beats = plan(answer, answer.speed or self._behaviour.speed, self._behaviour.delta_ms, self._count)
        if not beats:
            return
        self.alive = Response(self._conversation.new_id("resp"), answer, metadata)
        for after_ms, beat in beats:
            self._agenda.add(now_ms + after_ms, beat, self.alive)

    def cancel(self, response_id: str | None, command_id: str | None, now_ms: int) -> None:
        """Cancel by a client's wish; raises the fault of a server where there is nothing to cancel.

        A response that was not announced yet cannot be cancelled: it will come all the same.
        """
        response = self.alive
        if response is None or not response.begun or response.answer.deaf:
            raise nothing_to_cancel()
        if response_id not in (None, response.response_id):
            raise nothing_to_cancel()
        due_ms = now_ms + self._behaviour.cancel_delay_ms
        self._agenda.add(due_ms, Cancelled(command_id, "client_cancelled"), response)

    def interrupt(self, now_ms: int) -> None:
        """Cancel because the caller speaks, if anything is alive."""
        if self.alive is not None:
            self._agenda.add(now_ms, Cancelled(None, "turn_detected"), self.alive)

    def perform(self, beat: Beat | Cancelled, response: Response, now_ms: int) -> list[str]:
        """The events of one beat of a response."""
        match beat:
            case Begin():
                response.begun = True
                return [self._event("response.created", response=response.body("in_progress"))]
            case OpenItem():
                return self._open(beat, response)
            case Piece():
                return self._piece(beat, response)
            case CloseItem():
                return self._close(response, "completed")
            case End():
                return self._end(response, beat.status, beat.detail)
            case Cancelled():
                return self._cancelled(beat, response, now_ms)
            case Drop():
                return []  # the link's owner performs it

    def _open(self, beat: OpenItem, response: Response) -> list[str]:
        previous = self._conversation.last_id
        item = response.open_item = self._conversation.open(beat.part)
        item.output_index = len(response.output)
        response.output.append(item)
        where = _where(response, item)
        events = [
            self._event("response.output_item.added", item=item.object("in_progress"), **_response_of(where)),
            self._event("conversation.item.added", item=item.object("in_progress"), previous_item_id=previous),
        ]
        if item.is_call:
            call = {"call_id": item.wire["call_id"], "delta": item.wire["arguments"]}
            return [*events, self._event("response.function_call_arguments.delta", **where, **call)]
        part = {"type": "audio", "transcript": ""}
        return [*events, self._event("response.content_part.added", content_index=0, part=part, **where)]

    def _piece(self, piece: Piece, response: Response) -> list[str]:
        item = response.open_item
        if item is None:
            return []
        item.text += piece.text
        item.audio_bytes += len(piece.payload)
        where = {**_where(response, item), "content_index": 0}
        words = [self._event("response.output_audio_transcript.delta", delta=piece.text, **where)]
        sound = self._event("response.output_audio.delta", delta=b64encode(piece.payload).decode(), **where)
        return [*(words if piece.text else []), sound]

    def _close(self, response: Response, status: str) -> list[str]:
        item, response.open_item = response.open_item, None
        if item is None:
            return []
        where, shown = _where(response, item), item.object(status)
        return [
            *(self._call_done(item, where) if item.is_call else self._speech_done(item, where)),
            self._event("conversation.item.done", item=shown, previous_item_id=None),
            self._event("response.output_item.done", item=shown, **_response_of(where)),
        ]

    def _call_done(self, item: Item, where: dict[str, Any]) -> list[str]:
        call = {name: item.wire[name] for name in ("call_id", "name", "arguments")}
        return [self._event("response.function_call_arguments.done", **where, **call)]

    def _speech_done(self, item: Item, where: dict[str, Any]) -> list[str]:
        where = {**where, "content_index": 0}
        return [
            self._event("response.output_audio.done", **where),
            self._event("response.output_audio_transcript.done", transcript=item.text, **where),
            self._event("response.content_part.done", part={"type": "audio", "transcript": item.text}, **where),
        ]

    def _end(self, response: Response, status: str, detail: str) -> list[str]:
        self.alive = None
        return [self._event("response.done", response=response.body(status, detail))]

    def _cancelled(self, cancel: Cancelled, response: Response, now_ms: int) -> list[str]:
        if self.alive is not response:  # it ended while the cancel was on its way
            return [self._error(nothing_to_cancel(), cancel.command_id)]
        self._agenda.drop(response)
        self._haunt(response, now_ms)
        return [*self._close(response, "incomplete"), *self._end(response, "cancelled", cancel.reason)]

    def _haunt(self, response: Response, now_ms: int) -> None:
        """Deltas that leak out after the done of a cancelled response."""
        spoken = [item for item in response.output if not item.is_call]
        if not spoken:
            return
        audio = b64encode(_GHOST * self._behaviour.delta_ms * BYTES_PER_MS).decode()
        where = {**_where(response, spoken[-1]), "content_index": 0}
        for number in range(response.answer.ghost_deltas):
            ghost = self._event("response.output_audio.delta", delta=audio, **where)
            self._agenda.add(now_ms + _GHOST_GAP_MS * (number + 1), ghost)


def _where(response: Response, item: Item) -> dict[str, Any]:
    return {"response_id": response.response_id, "item_id": item.item_id, "output_index": item.output_index}


def _response_of(where: dict[str, Any]) -> dict[str, Any]:
    return {name: where[name] for name in ("response_id", "output_index")}


def _item_status(response_status: str) -> str:
    return "completed" if response_status == "completed" else "incomplete"


def _status_details(status: str, detail: str) -> dict[str, Any] | None:
    if status == "failed":
        return {"type": status, "error": {"type": detail, "code": detail}}
    return {"type": status, "reason": detail} if detail else None
