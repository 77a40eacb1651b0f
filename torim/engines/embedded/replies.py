"""The responses of a session: which exist, what each is thinking or saying, and when they move.

It decides that at most one response writes to the conversation, and carries each from its plan to its end.
What is said is the mind's business, the pace is the response's.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import msgspec

from torim.engines.embedded.errands import Errands
from torim.engines.embedded.items import Conversation, Item
from torim.engines.embedded.jobs import Converse, Failed, Said, Spoken, Synthesize
from torim.engines.embedded.making import new_item
from torim.engines.embedded.mind import Ask, Mind, verbatim
from torim.engines.embedded.outputs import Place
from torim.engines.embedded.response import Pace, Phase, Response, ResponseSettings, Usage
from torim.engines.embedded.wire import Ids, Outbox
from torim.engines.protocol import ItemReference, ResponseParams, SessionSettings
from torim.engines.protocol_faults import ProtocolFault

USER_TOKEN_MS = 100


@dataclass(slots=True)
class _Live:
    """A response under way and the items it answers; None: the conversation as it is by then."""

    response: Response
    context: list[Item] | None


class Replies:
    """All responses that have not ended."""

    def __init__(
        self,
        out: Outbox,
        ids: Ids,
        conversation: Conversation,
        errands: Errands,
        mind: Mind,
        pace: Pace,
        session: Callable[[], SessionSettings],
    ) -> None:
        self.conversation_id = ids.new("conv")
        self._out, self._ids = out, ids
        self._conversation = conversation
        self._errands = errands
        self._mind = mind
        self._pace = pace
        self._session = session  # the settings in force at the moment of asking
        self._live: dict[str, _Live] = {}
        self.last_done_ms: int | None = None  # when the last answer has been played, if played at once
        self.has_spoken = False

    @property
    def active(self) -> Response | None:
        """The response that writes to the conversation, if there is one."""
        responses = (live.response for live in self._live.values())
        return next((r for r in responses if r.settings.conversation_id is not None), None)

    @property
    def any_live(self) -> bool:
        return bool(self._live)

    def create(self, params: ResponseParams | None, now_ms: int) -> None:
        """Begin a response.

        Raises:
            ProtocolFault: one is already writing to the conversation, or the input names unknown items.
        """
        params = params or ResponseParams()
        aside = params.conversation == "none"
        if not aside and self.active is not None:
            message = (
                f"Conversation already has an active response in progress: {self.active.id}. "
                "Wait until the response is finished before creating a new one."
            )
            raise ProtocolFault("conversation_already_has_active_response", message)
        context = self._context(params, aside)
        settings = response_settings(self._session(), params, None if aside else self.conversation_id)
        place = Place(self._out, self._ids, None if aside else self._conversation, self._ids.new("resp"))
        usage = _input_usage(settings, context if context is not None else list(self._conversation))
        response = Response(place, settings, self._pace, usage)
        self._live[response.id] = _Live(response, context)
        self._move(now_ms)

    def cancel(self, response_id: str | None, reason: str, now_ms: int) -> None:
        """End a response now.

        Raises:
            ProtocolFault: no such response is alive.
        """
        if response_id is None:
            response = self.active
        else:
            live = self._live.get(response_id)
            response = live.response if live else None
        if response is None:
            message = "Cancellation failed: no active response found"
            raise ProtocolFault("response_cancel_not_active", message)
        response.end("cancelled", reason)
        self._move(now_ms)

    def spoken(self, response_id: str, result: Spoken, now_ms: int) -> None:
        """Speech for a response has arrived."""
        if live := self._live.get(response_id):
            live.response.voiced(result.speech, now_ms)
            self._move(now_ms)

    def said(self, response_id: str, result: Said, now_ms: int) -> None:
        """The chat model has answered."""
        if live := self._live.get(response_id):
            live.response.begin(self._mind.said(result), now_ms)
            self._move(now_ms)

    def failed(self, response_id: str, result: Failed, now_ms: int) -> None:
        """A job of a response has failed: without the chat model the keys remain, without a voice nothing."""
        live = self._live.get(response_id)
        if live is None:
            return
        if live.response.phase is Phase.THINKING:
            tools = live.response.settings.tools
            plan = self._mind.speechless(self._items(live), self._session(), tools)
            live.response.begin(plan, now_ms)
        else:
            error = {"type": "server_error", "code": result.code, "message": result.message}
            live.response.end("failed", error=error)
        self._move(now_ms)

    def caller_speaks(self) -> None:
        """The silence after the last answer is over."""
        self.last_done_ms = None

    def go_on(self, now_ms: int) -> None:
        """Something a response may have waited for has happened."""
        self._move(now_ms)

    def wake(self, now_ms: int) -> None:
        """Send what is due, one delta for each response."""
        for live in list(self._live.values()):
            live.response.step(now_ms)
        self._move(now_ms)

    def next_at_ms(self) -> int | None:
        """When the next delta of any response is due."""
        due = [live.response.next_at_ms() for live in self._live.values()]
        return min((at_ms for at_ms in due if at_ms is not None), default=None)

    # --- inside -------------------------------------------------------------------------------------------

    def _move(self, now_ms: int) -> None:
        """Let every response think or ask for speech, and let go of those that have ended."""
        for response_id, live in list(self._live.items()):
            if live.response.phase is Phase.THINKING:
                self._think(live, now_ms)
            if wanted := live.response.wanted():
                settings = live.response.settings
                job = Synthesize(self._ids.new("job"), wanted.text, wanted.language, settings.speed)
                self._errands.ask(job, response_id)
            if live.response.phase is Phase.ENDED:
                self._let_go(live.response, now_ms)

    def _think(self, live: _Live, now_ms: int) -> None:
        items = self._items(live)
        if self._must_wait(live.response, items):
            return
        thought = self._mind.think(items, self._session(), live.response.settings)
        if isinstance(thought, Ask):
            job = Converse(self._ids.new("job"), thought.messages, thought.tools, thought.tool_choice)
            self._errands.ask(job, live.response.id)
        else:
            live.response.begin(thought, now_ms)

    def _must_wait(self, response: Response, items: list[Item]) -> bool:
        """Whether the chat model is thinking, or words that belong to the question are still being written."""
        busy = self._errands.owners()
        if response.id in busy:
            return True
        return verbatim(response.settings.instructions) is None and any(item.id in busy for item in items)

    def _items(self, live: _Live) -> list[Item]:
        return live.context if live.context is not None else list(self._conversation)

    def _let_go(self, response: Response, now_ms: int) -> None:
        del self._live[response.id]
        self._errands.drop(response.id)
        self.has_spoken = self.has_spoken or response.audio_ms > 0
        if response.settings.conversation_id is not None:
            self.last_done_ms = now_ms + response.audio_ms

    def _context(self, params: ResponseParams, aside: bool) -> list[Item] | None:
        if params.input is None:
            return list(self._conversation) if aside else None
        return [self._input_item(item) for item in params.input]

    def _input_item(self, item: Any) -> Item:
        if isinstance(item, ItemReference):
            return self._conversation.get(item.id, "retrieve")
        return new_item(item, self._ids, self._session().audio.input.format)


def response_settings(
    session: SessionSettings, params: ResponseParams, conversation_id: str | None
) -> ResponseSettings:
    """The session's configuration with what one `response.create` overrides."""
    output = params.audio.output if params.audio else None
    modalities = params.output_modalities or session.output_modalities
    tools = params.tools if params.tools is not None else session.tools
    choice = params.tool_choice or session.tool_choice
    voice = output.voice if output and output.voice else session.audio.output.voice
    return ResponseSettings(
        modality=modalities[0],
        audio_format=output.format if output and output.format else session.audio.output.format,
        voice=voice if isinstance(voice, str) else voice.id,
        instructions=session.instructions if params.instructions is None else params.instructions,
        speed=session.audio.output.speed,
        max_output_tokens=params.max_output_tokens or session.max_output_tokens,
        metadata=params.metadata,
        conversation_id=conversation_id,
        tools=() if choice == "none" else tuple(msgspec.to_builtins(tool) for tool in tools),
        tool_choice=msgspec.to_builtins(choice),
    )


def _input_usage(settings: ResponseSettings, items: list[Item]) -> Usage:
    letters = len(settings.instructions)
    audio_ms = 0
    for item in items:
        letters += len(item.arguments) + len(item.output)
        letters += sum(len(part.heard_text()) for part in item.content)
        audio_ms += sum(part.audio_ms for part in item.content if part.kind == "input_audio")
    return Usage(input_text=letters // 4, input_audio=audio_ms // USER_TOKEN_MS)
