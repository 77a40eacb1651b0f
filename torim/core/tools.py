"""Function calls of the model: each runs once, and only from a completed response."""

from __future__ import annotations

from torim.core.actions import AddText, AddToolOutput, RunTool
from torim.core.events import FunctionCall
from torim.core.outbox import Outbox
from torim.core.reasons import Level, Reason


class Tools:
    """The function calls of one call, by call id."""

    def __init__(self, outbox: Outbox) -> None:
        self._outbox = outbox
        self._ran: dict[str, FunctionCall] = {}
        self._running: set[str] = set()
        self._unknown: set[str] = set()  # asked for on a link that is gone
        self.outputs: list[tuple[int, str]] = []  # (instant, what it was and gave), for a replay
        self.audible = False  # the response that asked for the last tools also spoke

    @property
    def running(self) -> bool:
        return bool(self._running)

    def start(self, calls: tuple[FunctionCall, ...], audible: bool) -> bool:
        """Run the calls of a completed response; True if any runs now."""
        started = False
        for call in calls:
            if call.call_id in self._ran:
                self._outbox.note(Reason.TOOL_REPEATED, Level.INFO, tool=call.name, call=call.call_id)
                continue
            self._ran[call.call_id] = call
            self._running.add(call.call_id)
            self._outbox.add(RunTool(call.call_id, call.name, call.arguments))
            self._outbox.note(Reason.TOOL_STARTED, Level.DEBUG, tool=call.name, call=call.call_id)
            self.audible, started = audible, True
        return started

    def refuse(self, calls: tuple[FunctionCall, ...]) -> None:
        """The calls of a response that did not complete never run."""
        for call in calls:
            self._outbox.note(Reason.TOOL_NOT_RUN, Level.INFO, tool=call.name, call=call.call_id)

    def new_link(self) -> None:
        """The new link does not know the calls that run."""
        self._unknown |= self._running

    def finished(self, call_id: str, output: str, now_ms: int, link_up: bool) -> bool:
        """Hand an output to the engine at once; False for a call that is not running."""
        if call_id not in self._running:
            return False
        self._running.discard(call_id)
        name = self._ran[call_id].name
        text = f"[tool {name}] {output}"
        self.outputs.append((now_ms, text))
        if link_up and call_id in self._unknown:
            self._outbox.add(AddText(self._outbox.command("output"), "system", text))
        elif link_up:
            self._outbox.add(AddToolOutput(self._outbox.command("output"), call_id, output))
        self._outbox.note(Reason.TOOL_FINISHED, Level.DEBUG, tool=name, call=call_id)
        return True
