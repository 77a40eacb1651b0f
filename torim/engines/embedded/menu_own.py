"""The parts of the menu beside a new appointment: one's own appointments, a message, a person.

It decides what a key, a tool's answer or a spoken message means there; the state is the menu's.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from torim.engines.embedded.items import Span
from torim.engines.embedded.menu_state import Need, Node, Problem, Spoken, Wish, choice, offers, words_of

if TYPE_CHECKING:
    from torim.engines.embedded.menu import Menu

OWN, MESSAGE, PERSON = "list_appointments", "leave_message", "transfer_call"
NOTE = "save_voice_note"
MESSAGE_MAX_MS = 29_000  # of a voice note
TROUBLES_MAX = 3  # in a row, then a message is taken


def can_take_message(menu: Menu) -> bool:
    """Whether the session's tools are enough to leave a message."""
    return {MESSAGE, NOTE} <= menu.tools


def press(menu: Menu, key: str) -> bool:
    """Act on a key at one of these places; False if it means nothing there."""
    wish = menu.wish
    match menu.node:
        case Node.MAIN if key == "2" and OWN in menu.tools:
            menu.node = Node.APPOINTMENTS
        case Node.MAIN if key == "3" and can_take_message(menu):
            start_message(menu)
        case Node.MAIN if key == "4" and PERSON in menu.tools:
            menu.node = Node.PERSON
        case Node.APPOINTMENTS if chosen := choice(wish.appointments, key):
            wish.appointment, menu.node = chosen, Node.APPOINTMENT
        case Node.APPOINTMENT if key == "1":
            _move(menu)
        case Node.APPOINTMENT if key == "2":
            menu.node = Node.UNBOOK
        case Node.UNBOOK if key == "1":
            menu.node = Node.UNBOOKING
        case Node.UNBOOK if key == "2":
            menu.node = Node.APPOINTMENT
        case _:
            return False
    return True


def _move(menu: Menu) -> None:
    """Another time for the chosen appointment: as for a new one, but it keeps its id and its name."""
    appointment = menu.wish.appointment
    assert appointment is not None
    service = {"id": str(appointment.get("service_id", "")), "name": ""}
    menu.wish = Wish(appointment=appointment, appointments=menu.wish.appointments, service=service)
    menu.node = Node.SLOTS


def need(menu: Menu) -> Need | None:
    """The tool to call before anything can be said at one of these places."""
    wish = menu.wish
    if menu.node is Node.APPOINTMENTS and wish.appointments is None:
        return Need(OWN, {})
    if menu.node is Node.UNBOOKING and wish.appointment is not None:
        return Need("cancel_appointment", {"appointment_id": wish.appointment["id"]})
    if menu.node is Node.PERSON:
        return Need(PERSON, {"reason": None, "urgency": "normal"})
    return _message_need(menu) if menu.node is Node.SENDING else None


def _message_need(menu: Menu) -> Need:
    message, span = menu.message, menu.message.span
    if not message.settled and span is not None:
        return Need(NOTE, {"audio_start_ms": span.start_ms, "audio_end_ms": span.end_ms})
    return Need(MESSAGE, {"text": message.text or "", "urgency": "normal", "note_id": message.note_id})


def answer(menu: Menu, tool: str, answered: Mapping[str, Any]) -> bool:
    """Use the answer of one of these tools; False for another tool's."""
    match tool:
        case "list_appointments":
            _listed(menu, answered)
        case "transfer_call" if answered.get("ok") is True:
            menu.node = Node.GONE
        case "transfer_call":
            _or_message(menu, answered)
        case _:
            return False
    return True


def _listed(menu: Menu, answered: Mapping[str, Any]) -> None:
    found = offers(answered, "appointments")
    if answered.get("ok") is not True:
        _or_message(menu, answered)
    elif not found:
        menu.fail(answered)
    else:
        menu.wish.appointments = found
        if len(found) == 1:
            menu.wish.appointment, menu.node = found[0], Node.APPOINTMENT


def _or_message(menu: Menu, answered: Mapping[str, Any]) -> None:
    """What cannot be done is said, and a message taken where one can be."""
    if not can_take_message(menu):
        menu.fail(answered)
        return
    start_message(menu)
    menu.problem, menu.words = Problem.FAILED, words_of(answered)


# --- the message ------------------------------------------------------------------------------------------------


def start_message(menu: Menu) -> None:
    """Take a message, from its beginning."""
    menu.message, menu.node = Spoken(), Node.MESSAGE


def hear(menu: Menu, span: Span, text: str | None) -> None:
    """A piece of the message; pauses do not end it, the hash key does."""
    message = menu.message
    start_ms = span.start_ms if message.span is None else message.span.start_ms
    if start_ms is not None:
        start_ms = max(start_ms, span.end_ms - MESSAGE_MAX_MS)
    message.span = Span(start_ms, span.end_ms)
    message.text = " ".join(filter(None, (message.text, (text or "").strip()))) or None
    menu.problem = Problem.NONE


def over(menu: Menu, span: Span) -> None:
    """The hash key: send what was said."""
    if span.start_ms is not None:
        hear(menu, span, None)
    if menu.message.span is None:
        menu.problem = Problem.NO_MESSAGE
    else:
        menu.node, menu.problem = Node.SENDING, Problem.NONE


def trouble(menu: Menu) -> None:
    """Something was not understood once more; the third time in a row a message is taken instead."""
    menu.troubles += 1
    if menu.troubles >= TROUBLES_MAX and can_take_message(menu) and menu.node is not Node.MESSAGE:
        menu.troubles = 0
        start_message(menu)
