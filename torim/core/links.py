"""The link to the engine: up, lost, given up; and what is replayed on a new one.

It decides when to connect again and when to fall back. It never decides what is said.
"""

from __future__ import annotations

from enum import Enum

from torim.core.actions import AddText, AppendKept, ConnectEngine, EndStream, FallBackEngine
from torim.core.events import EndReason
from torim.core.outbox import Outbox
from torim.core.reasons import Level, Reason
from torim.core.settings import TurnSettings
from torim.core.transcript import Speaker, Turn


class LinkState(Enum):
    CONNECTING = "connecting"
    UP = "up"
    GONE = "gone"  # no engine will come any more


class EngineLink:
    """The engine link of one call."""

    def __init__(self, settings: TurnSettings, outbox: Outbox) -> None:
        self._settings = settings
        self._outbox = outbox
        self.state = LinkState.CONNECTING
        self._fell_back = False
        self._ready_before = False
        self._attempts = 0
        self._up_since_ms = 0

    @property
    def up(self) -> bool:
        return self.state is LinkState.UP

    @property
    def gone(self) -> bool:
        return self.state is LinkState.GONE

    def ready(self, now_ms: int) -> bool:
        """The link is up; True if it replaces an earlier one, so that a replay is due."""
        again, self._ready_before = self._ready_before, True
        self.state = LinkState.UP
        self._up_since_ms = now_ms
        self._outbox.note(Reason.ENGINE_READY, Level.DEBUG, again=again)
        return again

    def lost(self, reason: str, now_ms: int) -> None:
        """The link is down: connect again, with a longer pause each time, then fall back."""
        if self.state is LinkState.GONE:
            return
        if self.up and now_ms - self._up_since_ms >= self._settings.link_steady_ms:
            self._attempts = 0  # a link that held is no part of an outage
        self.state = LinkState.CONNECTING
        if self._attempts >= self._settings.reconnects_max:
            self.give_up(reason)
            return
        pause_ms = self._settings.reconnect_delay_ms * (2**self._attempts - 1)
        self._attempts += 1
        self._outbox.note(Reason.ENGINE_LOST, Level.WARNING, cause=reason, pause_ms=pause_ms)
        self._outbox.add(ConnectEngine(pause_ms))

    def give_up(self, reason: str) -> bool:
        """No more of this engine: the embedded one goes on; False where that one failed, too."""
        if self._fell_back:
            self.state = LinkState.GONE
            return False
        self._fell_back = True
        self._attempts = 0
        self.state = LinkState.CONNECTING
        self._outbox.note(Reason.FELL_BACK, Level.ERROR, cause=reason)
        self._outbox.add(FallBackEngine(reason))
        return True

    def replay(self, turns: list[Turn], outputs: list[tuple[int, str]]) -> None:
        """Tell a new link what was said and heard, then append the audio kept meanwhile."""
        lines = [(turn.start_ms, _role(turn), turn.heard_text) for turn in turns if turn.heard_text]
        lines += [(at_ms, "system", text) for at_ms, text in outputs]
        for _, role, text in sorted(lines, key=lambda line: line[0]):
            self._outbox.add(AddText(self._outbox.command("replay"), role, text))
        self._outbox.add(AppendKept())
        self._outbox.note(Reason.ENGINE_REPLAYED, Level.INFO, lines=len(lines))


def end_of_line() -> EndStream:
    """What is left when no engine can go on: the apology that follows the stream."""
    return EndStream(EndReason.ENGINE_FAILED)


def _role(turn: Turn) -> str:
    return "user" if turn.speaker is Speaker.CALLER else "assistant"
