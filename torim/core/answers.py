"""The replies we owe: one serialised wish for a response, its requests, retries and cancellation.

At most one response is alive, and the next is asked for only after `response.done` of the last. Whether now is
the moment to speak is the floor's decision, not made here.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from torim.core.abilities import EngineCapabilities
from torim.core.actions import CancelResponse, CreateResponse, Purpose
from torim.core.events import ResponseCreated, ResponseStatus
from torim.core.outbox import Outbox
from torim.core.reasons import Level, Reason
from torim.core.responses import PENDING, Input, Response, Responses, State
from torim.core.settings import TurnSettings

# Where two wishes meet, one response answers both; the later name in this order gives its purpose.
PRECEDENCE = (
    Purpose.GREETING,
    Purpose.PROMPT,
    Purpose.RETRY,
    Purpose.CONTINUE,
    Purpose.REPLY,
    Purpose.WAY_OUT,
    Purpose.GOODBYE,
    Purpose.HANDOVER,
)


@dataclass(frozen=True, slots=True)
class Wish:
    """A response that is owed and not yet asked for."""

    purpose: Purpose
    not_before_ms: int = 0
    over_audio: bool = False  # may be asked for while earlier audio still sounds


class Answers:
    """The responses of one call, from wish to end."""

    def __init__(
        self,
        settings: TurnSettings,
        engine: EngineCapabilities,
        prompts: Mapping[Purpose, str],
        outbox: Outbox,
    ) -> None:
        self._settings = settings
        self.engine = engine
        self._prompts = prompts
        self._outbox = outbox
        self.responses = Responses()
        self.wish: Wish | None = None
        self.retries = 0
        self._asked = 0

    # --- wishes -----------------------------------------------------------------------------------------

    def want(self, purpose: Purpose, *, not_before_ms: int = 0, over_audio: bool = False) -> None:
        """Owe a response; merged with what is owed already."""
        new = Wish(purpose, not_before_ms, over_audio)
        old = self.wish
        if old is None:
            self.wish = new
            return
        first = max((old, new), key=lambda wish: PRECEDENCE.index(wish.purpose))
        self.wish = replace(
            first,
            not_before_ms=max(old.not_before_ms, new.not_before_ms),
            over_audio=old.over_audio and new.over_audio,
        )

    def ask(self, now_ms: int) -> None:
        """Turn the wish into a request."""
        if self.wish is None or self.responses.alive is not None:
            return
        purpose, self.wish = self.wish.purpose, None
        self._asked += 1
        key, command_id = f"r{self._asked}", self._outbox.command("create")
        self.responses.request(key, command_id, purpose, now_ms)
        self._outbox.add(CreateResponse(command_id, key, purpose, self._prompts.get(purpose)))
        self._outbox.note(Reason.RESPONSE_REQUESTED, Level.DEBUG, key=key, purpose=purpose.value)

    @property
    def owing(self) -> bool:
        """Whether the caller waits for a response that has no sound yet."""
        return self.wish is not None or self._silent is not None

    @property
    def owing_greeting(self) -> bool:
        """Whether what they wait for is the greeting, or the rest of it."""
        owed = [each.purpose for each in (self.wish, self._silent) if each is not None]
        return Purpose.GREETING in owed or Purpose.CONTINUE in owed

    @property
    def _silent(self) -> Response | None:
        """The response that the engine is to make or makes, while it has no sound."""
        alive = self.responses.alive
        made = alive is not None and alive.state in (State.REQUESTED, State.LIVE)
        return alive if alive is not None and made and alive.audio_ms == 0 else None

    # --- the engine's word ------------------------------------------------------------------------------

    def created(self, event: ResponseCreated, now_ms: int, wanted: bool) -> Response:
        """A response began. One that we did not ask for is adopted if ``wanted``, else cancelled at once."""
        overtaken = self.responses.pending
        response, asked = self.responses.created(event.response_id, event.key, now_ms)
        if response.state is State.CANCELLING:
            self._send_cancel(response)
        elif not asked and not wanted:
            self._outbox.note(Reason.RESPONSE_UNWANTED, Level.INFO, response=response.name)
            self._cancel(response, now_ms)
        elif not asked:
            self._outbox.note(Reason.RESPONSE_ADOPTED, Level.DEBUG, response=response.name)
            self.wish = None
            if overtaken is not None:
                self._cancel(overtaken, now_ms)
        self._outbox.note(Reason.RESPONSE_CREATED, Level.DEBUG, response=response.name, key=event.key)
        return response

    def end(self, response: Response, given: Input, status: ResponseStatus, now_ms: int) -> None:
        """A response ended, by the engine's word or by our verdict."""
        self.responses.take(response, given, now_ms)
        response.status = status

    # --- cancelling -------------------------------------------------------------------------------------

    def cancel(self, now_ms: int) -> None:
        """Stop whatever is alive: cancel what is LIVE, leave a tombstone for what is REQUESTED."""
        alive = self.responses.alive
        if alive is not None and alive.state in (State.REQUESTED, State.LIVE):
            self._cancel(alive, now_ms)

    def _cancel(self, response: Response, now_ms: int) -> None:
        live = response.state is State.LIVE
        self.responses.take(response, Input.CANCEL, now_ms)
        if live:
            self._send_cancel(response)

    def _send_cancel(self, response: Response) -> None:
        if self.engine.cancels and response.response_id is not None:
            self._outbox.add(CancelResponse(self._outbox.command("cancel"), response.response_id))

    # --- overdue ----------------------------------------------------------------------------------------

    def overdue_ms(self) -> int | None:
        """When the response that is alive will be given up."""
        alive = self.responses.alive
        if alive is None:
            return None
        if alive.state in PENDING:
            return alive.changed_ms + self._settings.created_overdue_ms
        if alive.state is State.CANCELLING and self.engine.cancels:
            return alive.changed_ms + self._settings.cancel_overdue_ms
        return alive.changed_ms + self._settings.progress_overdue_ms

    def give_up(self, now_ms: int) -> Response | None:
        """Declare the response lost that is alive; a LIVE one is cancelled, should the engine still have it."""
        alive = self.responses.alive
        if alive is None:
            return None
        if alive.state is State.LIVE:
            self._send_cancel(alive)
        self._outbox.note(Reason.RESPONSE_OVERDUE, Level.WARNING, response=alive.name, status=alive.state.value)
        self.end(alive, Input.LOST, ResponseStatus.LOST, now_ms)
        return alive

    # --- retries ----------------------------------------------------------------------------------------

    def retry(self, purpose: Purpose, now_ms: int) -> bool:
        """Owe a response again after a failure, a little later each time; False when every retry is spent."""
        if self.retries >= self._settings.retries_max:
            self._outbox.note(Reason.RETRIES_SPENT, Level.WARNING, retries=self.retries)
            return False
        self.retries += 1
        if purpose is Purpose.REPLY and self.retries == self._settings.retries_max:
            purpose = Purpose.RETRY  # the last try asks the caller, should the conversation itself be the trouble
        pause_ms = self._settings.retry_delay_ms * self.retries
        self.want(purpose, not_before_ms=now_ms + pause_ms)
        self._outbox.note(Reason.RESPONSE_RETRIED, Level.INFO, purpose=purpose.value, pause_ms=pause_ms)
        return True
