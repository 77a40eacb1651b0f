"""The scripted double: a Realtime server that answers as a script says, shipped for tests and demonstrations.

It speaks the GA protocol as strictly as a real server and misbehaves only as told: late, deaf, silent, rude.
Time is virtual: it comes in as an argument and waiting goes out as a deadline. It understands nothing; what it
says is made-up sound with the script's words as its transcript.
"""

from __future__ import annotations

import json
from collections import deque
from collections.abc import Callable, Iterable
from typing import Any

from torim.engines import protocol as client
from torim.engines.agenda import Agenda, Entry
from torim.engines.energy_turns import Edge, Found
from torim.engines.link_closed import LinkClosed
from torim.engines.protocol_faults import ProtocolFault
from torim.engines.script import Answer, Behaviour, Request, says
from torim.engines.script_plan import BYTES_PER_MS, Drop
from torim.engines.scripted_events import EventWriter, not_implemented
from torim.engines.scripted_input import CallerInput, Transcribed
from torim.engines.scripted_items import Conversation
from torim.engines.scripted_responses import Generation
from torim.engines.scripted_session import Session


class ScriptedPeer:
    """One connection to the double; implements `torim.engines.peer.RealtimePeer`.

    Answers of the script are used up in order, one per response; then ``otherwise`` decides.
    """

    def __init__(
        self,
        script: Iterable[Answer] = (),
        *,
        otherwise: Callable[[Request], Answer] | None = None,
        behaviour: Behaviour | None = None,
        session_id: str = "1",
    ) -> None:
        self.behaviour = behaviour or Behaviour()
        self.received: list[dict[str, Any]] = []  # every client event but appended audio, in order
        self.closed: LinkClosed | None = None
        self.conversation = Conversation(session_id)
        self._script = deque(script)
        self._otherwise = otherwise or (lambda _: says("All right."))
        self._instead: dict[str, deque[tuple[str, ...]]] = {}
        self._asked = 0  # responses that were asked for
        self._writer = EventWriter()
        self._agenda = Agenda()
        self._session = Session(session_id, self.behaviour.capabilities.detects_turns)
        self._generation = Generation(self.behaviour, self.conversation, self._writer, self._agenda)
        self._input = CallerInput(self.behaviour, self._session, self.conversation, self._writer, self._agenda)

    # --- the script ---------------------------------------------------------------------------------------

    def on_create(self, answer: Answer) -> ScriptedPeer:
        """Answer the next response that is asked for; `then` is the same and reads better afterwards."""
        self._script.append(answer)
        return self

    then = on_create

    def when(self, kind: str, *messages: str) -> ScriptedPeer:
        """Expect a client event of that type, and emit these messages once instead of the usual reaction."""
        self._instead.setdefault(kind, deque()).append(messages)
        return self

    def at(self, at_ms: int, message: str) -> ScriptedPeer:
        """Emit a raw message, garbage for instance, at an instant of the link."""
        self._agenda.add(at_ms, message)
        return self

    def breaks_link(self, at_ms: int, code: int = 1006) -> ScriptedPeer:
        """Break the link at an instant."""
        self._agenda.add(at_ms, Drop(code))
        return self

    def caller_turn(self, start_ms: int, stop_ms: int, text: str | None = None) -> ScriptedPeer:
        """Report speech between two instants and commit it, whatever the appended audio holds."""
        if text is not None:
            self._input.texts.append(text)
        self._agenda.add(start_ms, Found(Edge.STARTED, start_ms))
        self._agenda.add(stop_ms, Found(Edge.STOPPED, stop_ms))
        return self

    def hears(self, edge: Edge, at_ms: int, audio_ms: int) -> ScriptedPeer:
        """Report the start or the end of speech at an instant, as found at ``audio_ms`` of the appended audio."""
        self._agenda.add(at_ms, Found(edge, audio_ms))
        return self

    def caller_says(self, *texts: str) -> ScriptedPeer:
        """Transcripts of the caller's next turns."""
        self._input.texts.extend(texts)
        return self

    @property
    def appended_ms(self) -> int:
        """Caller audio that has arrived."""
        return self._input.appended_bytes // BYTES_PER_MS

    def commands(self, kind: str) -> list[dict[str, Any]]:
        """Client events of one type that have arrived."""
        return [event for event in self.received if event["type"] == kind]

    def left_over(self) -> list[object]:
        """Answers and expectations of the script that nothing has used."""
        return [*self._script, *(kind for kind, queue in self._instead.items() for _ in queue)]

    # --- RealtimePeer -------------------------------------------------------------------------------------

    def open(self, now_ms: int) -> list[str]:
        """Greet a new connection."""
        return [self._writer.event("session.created", session=self._session.body), *self.wake(now_ms)]

    def receive(self, message: str | bytes, now_ms: int) -> list[str]:
        """Take one client event; events that were due before it come first."""
        events = self.wake(now_ms)
        if self.closed is None:
            events += self._receive(message, now_ms)
        return events + self.wake(now_ms)

    def wake(self, now_ms: int) -> list[str]:
        """Everything that is due."""
        events: list[str] = []
        while self.closed is None and (entry := self._agenda.take(now_ms)):
            events += self._perform(entry)
        return events

    def next_deadline_ms(self) -> int | None:
        """When the next event is due."""
        return None if self.closed else self._agenda.next_ms

    def _perform(self, entry: Entry) -> list[str]:
        match entry.what:
            case str():
                return [entry.what]
            case Drop():
                self.closed = LinkClosed(entry.what.close_code)
                return []
            case Found():
                return self._heard(entry.what, entry.due_ms)
            case Transcribed():
                return self._input.transcribed(entry.what)
        return self._generation.perform(entry.what, entry.owner, entry.due_ms)

    # --- client events ------------------------------------------------------------------------------------

    def _receive(self, message: str | bytes, now_ms: int) -> list[str]:
        command_id = None
        try:
            command = client.decode_client_event(message)
            command_id = command.event_id
            if isinstance(command, client.Append):
                found = self._input.append(command.audio)
                return [event for change in found for event in self._heard(change, now_ms)]
            wire = json.loads(message)
            self.received.append(wire)
            if self._instead.get(wire["type"]):
                return list(self._instead[wire["type"]].popleft())
            return self._obey(command, wire, now_ms)
        except ProtocolFault as fault:
            return [self._writer.error(fault, command_id)]

    def _obey(self, command: client.ClientEvent, wire: dict[str, Any], now_ms: int) -> list[str]:
        match command:
            case client.SessionUpdate():
                self._session.update(wire["session"])
                return [self._writer.event("session.updated", session=self._session.body)]
            case client.ResponseCreate():
                return self._create(wire.get("response") or {}, now_ms)
            case client.ResponseCancel():
                return self._cancel(command, now_ms)
            case client.ItemCreate():
                previous = self.conversation.last_id
                return self._input.added(self.conversation.add(wire["item"]), previous)
            case client.ItemTruncate():
                return self._truncate(command)
            case client.ItemDelete():
                return self._delete(command.item_id)
            case client.ItemRetrieve():
                item = self.conversation.find(command.item_id, "retrieve")
                return [self._writer.event("conversation.item.retrieved", item=item.object("completed"))]
            case client.Commit():
                return self._input.commit_by_client(now_ms)
            case client.Clear():
                return self._input.clear()
            case _:
                raise not_implemented(wire["type"])

    def _create(self, wanted: dict[str, Any], now_ms: int) -> list[str]:
        self._generation.check_free()
        answer = self._script.popleft() if self._script else self._otherwise(self._request(wanted))
        self._asked += 1
        if answer.rejected:
            raise ProtocolFault(answer.rejected, f"Rejected by the script: {answer.rejected}.")
        self._generation.begin(answer, wanted.get("metadata"), now_ms)
        return []

    def _request(self, wanted: dict[str, Any]) -> Request:
        return Request(
            number=self._asked,
            instructions=wanted.get("instructions") or "",
            last_item=self.conversation.last,
            tools=self._session.tools,
        )

    def _cancel(self, command: client.ResponseCancel, now_ms: int) -> list[str]:
        if not self.behaviour.capabilities.cancels:
            raise not_implemented("response.cancel")
        self._generation.cancel(command.response_id, command.event_id, now_ms)
        return []

    def _truncate(self, command: client.ItemTruncate) -> list[str]:
        if not self.behaviour.capabilities.truncates:
            return []  # servers that cannot truncate are known to ignore it in silence
        self.conversation.truncate(command.item_id, command.audio_end_ms)
        where = {"item_id": command.item_id, "content_index": command.content_index}
        end_ms = command.audio_end_ms
        return [self._writer.event("conversation.item.truncated", audio_end_ms=end_ms, **where)]

    def _delete(self, item_id: str) -> list[str]:
        if not self.behaviour.capabilities.deletes:
            raise not_implemented("conversation.item.delete")
        self.conversation.delete(item_id)
        return [self._writer.event("conversation.item.deleted", item_id=item_id)]

    # --- the caller's turn --------------------------------------------------------------------------------

    def _heard(self, change: Found, now_ms: int) -> list[str]:
        detection = self._session.turn_detection or {}
        if change.edge is Edge.STARTED:
            if detection.get("interrupt_response"):
                self._generation.interrupt(now_ms)
            return self._input.speech_started(change)
        events = self._input.speech_stopped(change, now_ms)
        if events and detection.get("create_response") and self._generation.alive is None:
            events += self._create({}, now_ms)
        return events
