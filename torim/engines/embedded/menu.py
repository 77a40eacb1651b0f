"""The touch-tone receptionist: what the conversation so far means, and what to say or call next.

Its whole state is a fold over the conversation: keys, speech, tool calls and their answers, in order. So a
cancelled answer, a deleted item or a replay on a new link cannot leave it in a wrong place: the next reply is
worked out anew. It learns everything from the session's tools, as a model would, and never assumes that
anything it said was heard.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from torim.engines.embedded import menu_own
from torim.engines.embedded.items import Span
from torim.engines.embedded.menu_state import (
    Answered,
    Called,
    Heard,
    Input,
    Keys,
    Need,
    Node,
    Problem,
    Spoken,
    Typed,
    Wish,
    choice,
    decoded,
    offers,
    words_of,
)
from torim.engines.embedded.menu_words import SPOKEN_KEYS

__all__ = ["Answered", "Called", "Heard", "Input", "Keys", "Menu", "Need", "Node", "Problem", "Typed"]

NAME_TRIES = 2
DONE = frozenset({"book_appointment", "reschedule_appointment", "cancel_appointment", "leave_message"})


@dataclass(slots=True)
class Menu:
    """The state of the menu after all inputs so far."""

    tools: frozenset[str]
    languages: tuple[str, ...]  # the first is the one of the session
    language: str = ""
    node: Node = Node.MAIN
    wish: Wish = field(default_factory=Wish)
    name: Spoken = field(default_factory=Spoken)
    message: Spoken = field(default_factory=Spoken)
    problem: Problem = Problem.NONE
    words: str = ""  # a tool's own words for what just happened
    pending: dict[str, Need] = field(default_factory=dict)  # by call id: called and not answered
    keys: str = ""  # pressed and not yet acted on
    last_keys: str = ""
    troubles: int = 0  # in a row that something was not understood

    def __post_init__(self) -> None:
        self.language = self.language or self.languages[0]

    @property
    def books(self) -> bool:
        """Whether the session's tools are enough to make an appointment."""
        return {"list_services", "find_slots", "book_appointment"} <= self.tools

    def take(self, inputs: Iterable[Input]) -> Menu:
        """Go through inputs in order."""
        for item in inputs:
            match item:
                case Keys():
                    self._press(item)
                case Heard():
                    self._hear(item)
                case Typed():
                    self._press(Keys(item.text, Span(None, 0))) if _is_keys(item.text) else self._not_understood()
                case Called(call_id, need):
                    self.pending[call_id] = need
                case Answered(call_id, output) if call_id in self.pending:
                    self._answer(self.pending.pop(call_id), decoded(output))
            self._act_on_keys()
        return self

    def need(self) -> Need | None:
        """The tool to call before anything can be said here."""
        wish = self.wish
        if self.node is Node.SERVICES and wish.services is None:
            return Need("list_services", {})
        if self.node is Node.SLOTS and wish.slots is None and wish.service is not None:
            return Need("find_slots", {"service_id": wish.service["id"]})
        if self.node is Node.BOOKING:
            return self._booking_need()
        if self.node is Node.LEAVING and "end_call" in self.tools:
            return Need("end_call", {})
        return menu_own.need(self)

    def _booking_need(self) -> Need:
        if self.wish.appointment is not None and self.wish.slot is not None:
            moved = {"appointment_id": self.wish.appointment["id"], "slot_id": self.wish.slot["id"]}
            return Need("reschedule_appointment", moved)
        span = self.name.span
        if span is not None and not self.name.settled and "save_voice_note" in self.tools:
            return Need("save_voice_note", {"audio_start_ms": span.start_ms, "audio_end_ms": span.end_ms})
        assert self.wish.slot is not None and self.wish.service is not None
        arguments = {"slot_id": self.wish.slot["id"], "service_id": self.wish.service["id"]}
        named = {"name": self.name.text, "name_note_id": self.name.note_id}
        return Need("book_appointment", arguments | {key: value for key, value in named.items() if value})

    # --- keys ---------------------------------------------------------------------------------------------

    def _press(self, keys: Keys) -> None:
        self.last_keys = keys.digits
        self.problem, self.words = Problem.NONE, self.words if self.node is Node.BOOKED else ""
        if self.node is Node.NAME and "#" in keys.digits:
            self._name_over(keys.span)
            return
        if self.node is Node.MESSAGE and "#" in keys.digits:
            menu_own.over(self, keys.span)
            return
        self.keys += keys.digits.replace("#", "")

    def _act_on_keys(self) -> None:
        """Act on keys one by one, as long as the next one's meaning is known."""
        while self.keys and self.books and self.need() is None:
            key, self.keys = self.keys[0], self.keys[1:]
            if self._node_key(key) or menu_own.press(self, key) or self._common_key(key):
                self.troubles = 0
            else:
                self.problem, self.keys = Problem.WRONG_KEY, ""
                menu_own.trouble(self)

    def _common_key(self, key: str) -> bool:
        if key == "8" and len(self.languages) > 1:
            self._switch_language()
        elif key in "0*" or (key == "9" and self.node is Node.BOOKED):
            self._start_over()
        elif key != "9":
            return False
        return True

    def _node_key(self, key: str) -> bool:
        match self.node:
            case Node.MAIN if key == "1":
                self.node = Node.SERVICES
            case Node.SERVICES if chosen := choice(self.wish.services, key):
                self._choose_service(chosen)
            case Node.SLOTS if chosen := choice(self.wish.slots, key):
                self.wish.slot, self.node = chosen, Node.CONFIRM
            case Node.CONFIRM if key == "1":
                self.node = Node.NAME if self._asks_name() else Node.BOOKING
            case Node.CONFIRM if key == "2":
                self.wish.slot, self.node = None, Node.SLOTS
            case Node.BOOKED if key == "0":
                self.node = Node.LEAVING
            case _:
                return False
        return True

    def _choose_service(self, service: dict[str, Any]) -> None:
        self.wish.service, self.wish.slots, self.node = service, None, Node.SLOTS

    def _asks_name(self) -> bool:
        return "save_voice_note" in self.tools and not self.name.settled and self.wish.appointment is None

    def _switch_language(self) -> None:
        """What was offered was worded in the other language: ask for it again."""
        index = self.languages.index(self.language) if self.language in self.languages else 0
        self.language = self.languages[(index + 1) % len(self.languages)]
        self.wish.services = None
        if self.node in (Node.SERVICES, Node.SLOTS, Node.CONFIRM):
            self.node, self.wish = Node.SERVICES if self.wish.appointment is None else Node.APPOINTMENTS, Wish()
        elif self.node in (Node.APPOINTMENTS, Node.APPOINTMENT, Node.UNBOOK):
            self.node, self.wish = Node.APPOINTMENTS, Wish()

    def _start_over(self) -> None:
        self.node, self.wish, self.words = Node.MAIN, Wish(), ""
        self.name.tried, self.message = 0, Spoken()

    # --- speech -------------------------------------------------------------------------------------------

    def _hear(self, heard: Heard) -> None:
        said = (heard.text or "").strip().strip(".!?").casefold()
        if self.node is Node.NAME:
            self._keep_name(heard.span, heard.text)
        elif self.node is Node.MESSAGE:
            menu_own.hear(self, heard.span, heard.text)
        elif self._part_of_name(heard.span):
            pass  # the rest of what was taken as the name when the key was pressed
        elif said in SPOKEN_KEYS:
            self._press(Keys(SPOKEN_KEYS[said], heard.span))
        else:
            self._not_understood()

    def _part_of_name(self, span: Span) -> bool:
        taken = self.name.span
        return taken is not None and span.start_ms is not None and span.start_ms < taken.end_ms

    def _not_understood(self) -> None:
        self.problem = Problem.NO_SPEECH
        menu_own.trouble(self)

    def _name_over(self, span: Span) -> None:
        """The hash key ends the name; without a name it is asked for once more, then left out."""
        if span.start_ms is not None:
            self._keep_name(span, None)
            return
        self.name.tried += 1
        self.problem = Problem.NO_NAME
        if self.name.tried >= NAME_TRIES:
            self.problem, self.node, self.name.settled = Problem.NONE, Node.BOOKING, True

    def _keep_name(self, span: Span, text: str | None) -> None:
        self.name.span, self.name.text = span, text
        self.problem, self.node = Problem.NONE, Node.BOOKING

    # --- answers of tools ---------------------------------------------------------------------------------

    def _answer(self, asked: Need, answer: Mapping[str, Any]) -> None:
        """Use an answer if it is still wanted; a booking that was made counts in any case."""
        if asked.tool in DONE and answer.get("ok") is True:
            self.node, self.words, self.problem = Node.BOOKED, words_of(answer), Problem.NONE
            self.keys = ""  # pressed before this was known: it must be heard first
        elif asked.tool == "save_voice_note":
            note_id = answer.get("note_id")
            spoken = self.message if self.node is Node.SENDING else self.name
            spoken.note_id = note_id if isinstance(note_id, str) else None
            spoken.settled = True
        elif (need := self.need()) is not None and need.same(asked):
            self.problem, self.words = Problem.NONE, ""
            self._use(asked.tool, answer)

    def _use(self, tool: str, answer: Mapping[str, Any]) -> None:
        if menu_own.answer(self, tool, answer):
            return
        match tool:
            case "list_services":
                self._list_services(answer)
            case "find_slots":
                self._find_slots(answer)
            case "book_appointment" | "reschedule_appointment":
                self._refused(answer)
            case "cancel_appointment" | "leave_message":
                self.fail(answer)
            case "end_call":
                self.node = Node.GONE

    def _list_services(self, answer: Mapping[str, Any]) -> None:
        services = offers(answer, "services")
        if not services:
            self.fail(answer)
            return
        self.wish.services = services
        if len(services) == 1:
            self._choose_service(services[0])

    def _find_slots(self, answer: Mapping[str, Any]) -> None:
        slots = offers(answer, "slots")
        if slots:
            self.wish.slots = slots
        else:
            self.fail(answer)

    def _refused(self, answer: Mapping[str, Any]) -> None:
        slots = offers(answer, "slots")
        if slots:
            self.wish.slots, self.wish.slot = slots, None
            self.node, self.problem = Node.SLOTS, Problem.TAKEN
        else:
            self.fail(answer)

    def fail(self, answer: Mapping[str, Any]) -> None:
        """Say so and go back to the start, so that a failing tool is never called in a circle."""
        self._start_over()
        self.problem, self.words, self.keys = Problem.FAILED, words_of(answer), ""


def _is_keys(text: str) -> bool:
    return bool(text) and set(text) <= set("0123456789*#")
