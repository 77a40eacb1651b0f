"""How a place in the menu sounds: the sentences for a state, and the call it waits for.

It decides order and completeness of what is said; `menu` decides the place, `menu_words` the wording.
"""

from __future__ import annotations

from typing import Any

import msgspec

from torim.engines.embedded import menu_own
from torim.engines.embedded.jobs import ToolCall
from torim.engines.embedded.menu import Menu, Node, Problem
from torim.engines.embedded.menu_words import Line, key_name, line
from torim.engines.embedded.plan import Beep, Message, Plan, Say

_PROBLEMS = {
    Problem.WRONG_KEY: Line.WRONG_KEY,
    Problem.NO_SPEECH: Line.NO_SPEECH,
    Problem.NO_NAME: Line.NO_NAME,
    Problem.NO_MESSAGE: Line.NO_MESSAGE,
    Problem.TAKEN: Line.TAKEN,
}


def reply(menu: Menu, tool_languages: dict[str, frozenset[str]]) -> Plan:
    """What to say or call now; ``tool_languages`` lists those that each tool can be asked to answer in."""
    need = menu.need()
    if need is None:
        return (Message(tuple(sentences(menu))),)
    if any(need.same(asked) for asked in menu.pending.values()):
        return (Message((_say(menu, Line.MOMENT),)),)
    arguments = dict(need.arguments)
    if menu.language in tool_languages.get(need.tool, frozenset()):
        arguments["language"] = menu.language
    return (ToolCall(need.tool, msgspec.json.encode(arguments).decode()),)


def options(menu: Menu) -> list[Say | Beep]:
    """What can be done here, as it follows a greeting or an apology."""
    match menu.node:
        case Node.SERVICES:
            return [*_services(menu), _say(menu, Line.START_OVER)]
        case Node.SLOTS:
            return [*_slots(menu), _say(menu, Line.START_OVER)]
        case Node.CONFIRM:
            return [*_chosen(menu), _say(menu, Line.CONFIRM_KEYS)]
        case Node.NAME:
            return [_say(menu, Line.NAME), Beep()]
        case Node.APPOINTMENTS:
            return [*_appointments(menu), _say(menu, Line.START_OVER)]
        case Node.APPOINTMENT:
            return [*_own(menu), _say(menu, Line.CHANGE), _say(menu, Line.START_OVER)]
        case Node.UNBOOK:
            return [*_own(menu), _say(menu, Line.UNBOOK)]
        case Node.MESSAGE:
            started = menu.message.span is not None
            return [_say(menu, Line.MESSAGE_MORE if started else Line.MESSAGE), Beep()]
        case Node.BOOKED:
            return [*_own_words(menu), _say(menu, Line.MORE)]
        case Node.LEAVING | Node.GONE:
            return [_say(menu, Line.GOODBYE)]
        case _:
            return _main(menu)


def sentences(menu: Menu) -> list[Say | Beep]:
    """Everything to say at this place, the trouble first."""
    if not menu.books:
        return _demo(menu)
    trouble: list[Say | Beep] = []
    if menu.problem is Problem.FAILED:
        trouble = [*_own_words(menu)] or [_say(menu, Line.FAILED)]
    elif menu.problem in _PROBLEMS:
        trouble = [_say(menu, _PROBLEMS[menu.problem])]
    return trouble + options(menu)


def _main(menu: Menu) -> list[Say | Beep]:
    others = [Say(line(other, Line.THIS_LANGUAGE), other) for other in _other_languages(menu)]
    more = [
        _say(menu, name)
        for name, offered in (
            (Line.OWN, menu_own.OWN in menu.tools),
            (Line.LEAVE, menu_own.can_take_message(menu)),
            (Line.PERSON, menu_own.PERSON in menu.tools),
        )
        if offered
    ]
    return [_say(menu, Line.MAIN), *more, _say(menu, Line.AGAIN), *others]


def _other_languages(menu: Menu) -> list[str]:
    return [other for other in menu.languages if other != menu.language]


def _services(menu: Menu) -> list[Say]:
    return [
        _say(menu, Line.SERVICE, service=_name(service), key=key_name(menu.language, str(number)))
        for number, service in enumerate(menu.wish.services or [], 1)
    ]


def _slots(menu: Menu) -> list[Say]:
    return [
        _say(menu, Line.SLOT, slot=_name(slot), key=key_name(menu.language, str(number)))
        for number, slot in enumerate(menu.wish.slots or [], 1)
    ]


def _appointments(menu: Menu) -> list[Say]:
    return [
        _say(menu, Line.APPOINTMENT, slot=_name(made), key=key_name(menu.language, str(number)))
        for number, made in enumerate(menu.wish.appointments or [], 1)
    ]


def _own(menu: Menu) -> list[Say]:
    """The appointment that is looked at."""
    return [_say(menu, Line.ITSELF, slot=_name(menu.wish.appointment or {}))]


def _chosen(menu: Menu) -> list[Say]:
    """The service and the time; of an appointment that is moved, the time."""
    slot = _name(menu.wish.slot or {})
    if menu.wish.appointment is not None:
        return [_say(menu, Line.ITSELF, slot=slot)]
    return [_say(menu, Line.CONFIRM, service=_name(menu.wish.service or {}), slot=slot)]


def _own_words(menu: Menu) -> list[Say]:
    return [Say(menu.words, language_of(menu.words, menu.language))] if menu.words else []


def _demo(menu: Menu) -> list[Say | Beep]:
    said: list[Say | Beep] = []
    if menu.last_keys and menu.problem is Problem.NONE:
        keys = " ".join(key_name(menu.language, key) for key in menu.last_keys)
        said.append(_say(menu, Line.PRESSED, keys=keys))
    elif menu.problem is Problem.NO_SPEECH:
        said.append(_say(menu, Line.NO_SPEECH))
    return [*said, _say(menu, Line.DEMO)]


def _name(offer: dict[str, Any]) -> str:
    """A service by its name, a time by its words."""
    return str(offer.get("name") or offer.get("spoken") or offer.get("id") or "")


def _say(menu: Menu, name: Line, **blanks: str) -> Say:
    return Say(line(menu.language, name, **blanks), menu.language)


def language_of(text: str, otherwise: str) -> str:
    """The language of a text by its letters; ``otherwise`` if it has none."""
    hebrew = sum("\u05d0" <= letter <= "\u05ea" for letter in text)
    latin = sum(letter.isascii() and letter.isalpha() for letter in text)
    if hebrew == latin == 0:
        return otherwise
    return "he" if hebrew >= latin else "en"
