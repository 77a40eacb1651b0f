"""Every engine response by its id: what the engine says it is doing, and nothing else.

Two lives are deliberately absent here: what was played (playout) and who may speak (floor). A response ends
with `response.done` and only with it; `audio.done` is a self-loop on purpose. `active_id` is derived from the
states, so nothing can clear it early.

    REQUESTED  asked for, the engine has not answered yet
    DOOMED     the caller took the floor before the engine answered: to be cancelled the moment it is created
    LIVE       created, not done
    CANCELLING cancelled by us, not done
    ENDED      done, rejected or lost
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import Enum

from torim.core.actions import Purpose
from torim.core.events import ResponseStatus


class State(Enum):
    __hash__ = object.__hash__  # looked up on every event, and Enum's own hash is slow

    REQUESTED = "requested"
    DOOMED = "doomed"
    LIVE = "live"
    CANCELLING = "cancelling"
    ENDED = "ended"


class Input(Enum):
    CREATED = "response.created"
    AUDIO_DONE = "audio.done"
    CANCEL = "cancel sent"
    DONE = "response.done"
    REJECTED = "error naming its command"
    NOT_ACTIVE = "response_cancel_not_active"
    LOST = "overdue | link lost"


TRANSITIONS: Mapping[tuple[State, Input], State] = {
    (State.REQUESTED, Input.CREATED): State.LIVE,
    (State.REQUESTED, Input.CANCEL): State.DOOMED,
    (State.REQUESTED, Input.REJECTED): State.ENDED,
    (State.REQUESTED, Input.LOST): State.ENDED,
    (State.DOOMED, Input.CREATED): State.CANCELLING,
    (State.DOOMED, Input.CANCEL): State.DOOMED,
    (State.DOOMED, Input.REJECTED): State.ENDED,
    (State.DOOMED, Input.LOST): State.ENDED,
    (State.LIVE, Input.AUDIO_DONE): State.LIVE,
    (State.LIVE, Input.CANCEL): State.CANCELLING,
    (State.LIVE, Input.DONE): State.ENDED,
    (State.LIVE, Input.LOST): State.ENDED,
    (State.CANCELLING, Input.AUDIO_DONE): State.CANCELLING,
    (State.CANCELLING, Input.CANCEL): State.CANCELLING,
    (State.CANCELLING, Input.DONE): State.ENDED,
    (State.CANCELLING, Input.NOT_ACTIVE): State.CANCELLING,
    (State.CANCELLING, Input.LOST): State.ENDED,
    (State.ENDED, Input.AUDIO_DONE): State.ENDED,
    (State.ENDED, Input.DONE): State.ENDED,
    (State.ENDED, Input.NOT_ACTIVE): State.ENDED,
    (State.ENDED, Input.LOST): State.ENDED,
}

PENDING = frozenset({State.REQUESTED, State.DOOMED})
ACTIVE = frozenset({State.LIVE, State.CANCELLING})


@dataclass(slots=True)
class Response:
    """One response of the engine, from the wish to its end."""

    key: str
    purpose: Purpose
    state: State
    changed_ms: int  # last event of or about it
    response_id: str | None = None
    command_id: str | None = None
    status: ResponseStatus | None = None
    created_ms: int | None = None
    audio_ms: int = 0  # voice received
    has_text: bool = False

    @property
    def name(self) -> str:
        """How logs call it: the engine's id, or our key while it has none."""
        return self.response_id or self.key


class Responses:
    """The table of responses of one call; at most one is alive."""

    def __init__(self) -> None:
        self._by_key: dict[str, Response] = {}
        self._by_id: dict[str, Response] = {}
        self._open: dict[str, Response] = {}  # by key: those whose state is not ENDED
        self.last_name: str | None = None  # of the newest response, for logs

    def __iter__(self) -> Iterator[Response]:
        return iter(self._by_key.values())

    @property
    def alive(self) -> Response | None:
        """The response that is asked for or not done, if any; one that the engine runs comes first."""
        first = None
        for response in self._open.values():
            if response.state in ACTIVE:
                return response
            first = first or response
        return first

    @property
    def active_id(self) -> str | None:
        """The id in {LIVE, CANCELLING}; None exactly when every created response is done or lost."""
        alive = self.alive
        return alive.response_id if alive is not None and alive.state in ACTIVE else None

    @property
    def pending(self) -> Response | None:
        """The request that the engine has not answered yet."""
        return next((response for response in self._open.values() if response.state in PENDING), None)

    def get(self, response_id: str) -> Response | None:
        return self._by_id.get(response_id)

    def by_command(self, command_id: str | None) -> Response | None:
        """The response that one of our commands asked for."""
        return next((r for r in self._by_key.values() if r.command_id == command_id), None) if command_id else None

    def request(self, key: str, command_id: str, purpose: Purpose, now_ms: int) -> Response:
        """Note that we ask for a response."""
        response = Response(key, purpose, State.REQUESTED, now_ms, command_id=command_id)
        self._add(response)
        return response

    def created(self, response_id: str, key: str | None, now_ms: int) -> tuple[Response, bool]:
        """The engine created a response: (it, whether we had asked for it).

        A server that does not echo our key is matched to the one request that is open.
        """
        response = self._by_key.get(key) if key is not None else self.pending
        asked = response is not None and response.state in PENDING
        if response is None or not asked:
            response = Response(f"engine-{response_id}", Purpose.REPLY, State.REQUESTED, now_ms)
            self._add(response)
        response.response_id = response_id
        response.created_ms = now_ms
        self._by_id[response_id] = response
        self.last_name = response_id
        self.take(response, Input.CREATED, now_ms)
        return response, asked

    def take(self, response: Response, given: Input, now_ms: int) -> bool:
        """Move one response along; False (and nothing happens) where the table has no such step."""
        following = TRANSITIONS.get((response.state, given))
        if following is None:
            return False
        response.state = following
        response.changed_ms = now_ms
        if following is State.ENDED:
            self._open.pop(response.key, None)
        return True

    def _add(self, response: Response) -> None:
        self._by_key[response.key] = response
        self._open[response.key] = response
        self.last_name = response.name
