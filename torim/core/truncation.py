"""What the engine must be told about items that a cut left unheard.

Per message item of every response that was not fully heard: partly heard, truncated at min(heard, received);
never heard, deleted once its response is done. Fully heard items and function calls stay untouched.
"""

from __future__ import annotations

from torim.core.abilities import EngineCapabilities
from torim.core.actions import AddText, DeleteItem, TruncateItem
from torim.core.outbox import Outbox
from torim.core.playout import ItemAudio
from torim.core.responses import ACTIVE, Responses
from torim.core.transcript import Transcript


class Truncation:
    """Settles the items of cut responses with the engine."""

    def __init__(self, engine: EngineCapabilities, responses: Responses, words: Transcript, outbox: Outbox) -> None:
        self.engine = engine
        self._responses = responses
        self._words = words
        self._outbox = outbox
        self._settled: set[str] = set()
        self._ours: set[str] = set()  # said without the engine, which knows nothing of them
        self._untold: list[ItemAudio] = []  # of an earlier link, unheard when the new one came up
        self._after_done: dict[str, dict[str, str]] = {}  # response id -> item id -> words to keep of it

    def cut(self, items: list[ItemAudio]) -> None:
        """Items that a cut stopped: truncate what was partly heard, delete what never was."""
        for item in items:
            self._words.cut(item)
            if item.key[0] in self._ours:
                continue
            if item in self._untold:
                self._tell(item)
            elif item.heard_ms > 0 and self.engine.truncates:
                self._truncate(item)
            else:
                self._replace(item.response_id, item.key[0], self._words.heard_text(item.key))

    def ours(self, item_id: str) -> None:
        """An item that the engine did not make."""
        self._ours.add(item_id)

    def dead_delta(self, response_id: str, item_id: str) -> None:
        """A piece of an item that began after its response was cut: it will never be heard."""
        if item_id not in self._settled:
            self._replace(response_id, item_id, "")

    def response_done(self, response_id: str) -> None:
        """The engine has finished with a response: its unheard items can be deleted."""
        for item_id, heard_text in self._after_done.pop(response_id, {}).items():
            if self.engine.deletes:
                self._outbox.add(DeleteItem(self._outbox.command("delete"), item_id))
            if heard_text:
                self._outbox.add(AddText(self._outbox.command("heard"), "assistant", heard_text))

    def new_link(self, unheard: list[ItemAudio]) -> set[str]:
        """Items of the old link are unknown on the new one; those still unheard are told when their fate is known.

        Returns the ids of the items that a replay leaves out.
        """
        self._after_done.clear()
        self._untold = [item for item in unheard if item.key[0] not in self._ours]
        return {item.key[0] for item in unheard}

    def all_heard(self) -> None:
        """The last sample was heard: what the engine has not been told of earlier items is told now."""
        for item in list(self._untold):
            self._tell(item)

    def _tell(self, item: ItemAudio) -> None:
        self._untold.remove(item)
        self._settled.add(item.key[0])
        heard_text = self._words.heard_text(item.key)
        if heard_text:
            self._outbox.add(AddText(self._outbox.command("heard"), "assistant", heard_text))

    def _truncate(self, item: ItemAudio) -> None:
        item_id, content_index = item.key
        self._settled.add(item_id)
        command = self._outbox.command("truncate")
        self._outbox.add(TruncateItem(command, item_id, content_index, item.heard_ms))

    def _replace(self, response_id: str, item_id: str, heard_text: str) -> None:
        self._settled.add(item_id)
        self._after_done.setdefault(response_id, {})[item_id] = heard_text
        response = self._responses.get(response_id)
        if response is None or response.state not in ACTIVE:
            self.response_done(response_id)
