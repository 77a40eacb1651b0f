"""Who answers, and from what: words given by the client, a chat model, or the touch-tone menu.

It reads the conversation and gives a plan, a request for the chat model, or "wait". It keeps nothing between
two answers but whether the chat model has failed: the conversation is the state.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import msgspec

from torim.engines.embedded.items import Item, Span
from torim.engines.embedded.jobs import Said, ToolCall
from torim.engines.embedded.menu import Answered, Called, Heard, Input, Keys, Menu, Need, Typed
from torim.engines.embedded.menu_speech import language_of, options, reply
from torim.engines.embedded.menu_words import LINES, Line, line
from torim.engines.embedded.plan import Message, Plan, Say
from torim.engines.embedded.response import ResponseSettings
from torim.engines.protocol import SessionSettings, Transcription

_VERBATIM = re.compile(r'^\s*Say exactly:\s*"(?P<text>.*)"\s*$', re.DOTALL)
_KEYS = re.compile(r"^\s*\[dtmf\]\s*(?P<digits>[0-9*#A-Da-d]+)\s*$")
_SENTENCE_END = re.compile(r"(?<=[.!?…])\s+")


Tools = Sequence[dict[str, Any]]  # as the session has them


@dataclass(frozen=True, slots=True)
class Ask:
    """A request for the chat model: messages and tools in the form of `/chat/completions`."""

    messages: list[dict[str, Any]]
    tools: list[dict[str, Any]]
    tool_choice: Any


def verbatim(instructions: str | None) -> str | None:
    """The text that instructions ask to be spoken word for word, if they do."""
    match = _VERBATIM.match(instructions or "")
    return match["text"].strip() if match else None


def languages(settings: SessionSettings, default: str) -> tuple[str, ...]:
    """The languages of the menu, the opening one first.

    A transcription language is the clearest word about it; else the instructions are written in it.
    """
    hints = settings.audio.input.transcription or Transcription()
    if hints.language:
        return (_known(hints.language, default),)
    opening = language_of(settings.instructions, _first(hints.languages, default))
    offered = [_known(name, "") for name in hints.languages or LINES]
    others = [name for name in offered if name and name != opening]
    return (opening, *dict.fromkeys(others))


def _first(names: Sequence[str] | None, default: str) -> str:
    return _known(names[0], default) if names else default


def _known(name: str, default: str) -> str:
    code = name.partition("-")[0].lower()
    return code if code in LINES else default


def menu_of(items: Iterable[Item], tools: Tools, spoken: tuple[str, ...]) -> Menu:
    """The menu after a conversation, in the languages that its tools can answer in."""
    taken = tool_languages(tools).get("list_services", frozenset())
    spoken = tuple(name for name in spoken if name in taken or name == spoken[0] or not taken)
    names = frozenset(tool["name"] for tool in tools)
    return Menu(names, spoken).take(read for item in items for read in _inputs(item))


def tool_languages(tools: Tools) -> dict[str, frozenset[str]]:
    """The languages that each tool can be asked to answer in; none if it has no such parameter."""
    return {tool["name"]: _languages_of(tool["parameters"]) for tool in tools}


def _languages_of(schema: dict[str, Any]) -> frozenset[str]:
    properties = schema.get("properties")
    field = properties.get("language") if isinstance(properties, dict) else None
    if not isinstance(field, dict):
        return frozenset()
    choices = [field, *(choice for choice in field.get("anyOf") or () if isinstance(choice, dict))]
    listed = [choice["enum"] for choice in choices if isinstance(choice.get("enum"), list)]
    return frozenset(str(name) for names in listed for name in names) if listed else frozenset(LINES)


def _inputs(item: Item) -> list[Input]:
    """What an item means to the menu; a call whose response was cut short was never made."""
    if item.kind == "function_call":
        made = item.status == "completed" and item.call_id
        return [Called(item.call_id, Need(item.name, _arguments(item.arguments)))] if made else []
    if item.kind == "function_call_output":
        return [Answered(item.call_id, item.output)]
    return [_part(item, part.kind, part.text, part.transcript) for part in item.content if item.role == "user"]


def _part(item: Item, kind: str, text: str | None, transcript: str | None) -> Input:
    if kind == "input_audio":
        return Heard(item.span or Span(None, 0), transcript)
    if match := _KEYS.match(text or ""):
        return Keys(match["digits"], item.span or Span(None, 0))
    return Typed((text or "").strip())


def _arguments(text: str) -> dict[str, Any]:
    try:
        decoded = msgspec.json.decode(text or "{}")
    except (msgspec.DecodeError, UnicodeError):
        return {}
    return decoded if isinstance(decoded, dict) else {}


class Mind:
    """The part of a session that answers."""

    def __init__(self, default_language: str, *, chats: bool) -> None:
        self._default_language = default_language
        self._chats = chats
        self._chat_failed = False

    def think(self, items: Sequence[Item], session: SessionSettings, wanted: ResponseSettings) -> Plan | Ask:
        """What to say after these items."""
        spoken = languages(session, self._default_language)
        text = verbatim(wanted.instructions)
        if text is not None:
            return self._say_exactly(text, items, wanted.tools, spoken)
        if self._chats and not (self._chat_failed and _last_is_keys(items)):
            return _ask(items, wanted)
        return self._menu_reply(items, wanted.tools, spoken)

    def said(self, answer: Said) -> Plan:
        """The plan for what the chat model answered."""
        self._chat_failed = False
        plan: list[Message | ToolCall] = []
        if answer.text.strip():
            plan.append(_message(answer.text, self._default_language))
        return (*plan, *answer.calls)

    def speechless(self, items: Sequence[Item], session: SessionSettings, tools: Tools) -> Plan:
        """The plan when the chat model failed: say so, and offer the keys if they lead anywhere."""
        self._chat_failed = True
        menu = menu_of(items, tools, languages(session, self._default_language))
        sorry = Say(line(menu.language, Line.MODEL_DOWN), menu.language)
        rest = options(menu) if menu.books else []
        return (Message((sorry, *rest)),)

    def _say_exactly(self, text: str, items: Sequence[Item], tools: Tools, spoken: tuple[str, ...]) -> Plan:
        """The words as given; the first words of a call are followed by what the keys can do."""
        message = _message(text, spoken[0])
        menu = menu_of(items, tools, spoken)
        if self._chats or not menu.books or any(item.role == "assistant" for item in items):
            return (message,)
        return (Message((*message.pieces, *options(menu))),)

    def _menu_reply(self, items: Sequence[Item], tools: Tools, spoken: tuple[str, ...]) -> Plan:
        return reply(menu_of(items, tools, spoken), tool_languages(tools))


def _message(text: str, otherwise: str) -> Message:
    sentences = [part for part in _SENTENCE_END.split(" ".join(text.split())) if part]
    return Message(tuple(Say(part, language_of(part, otherwise)) for part in sentences))


def _last_is_keys(items: Sequence[Item]) -> bool:
    users = [item for item in items if item.role == "user"]
    return bool(users) and any(isinstance(read, Keys) for read in _inputs(users[-1]))


# --- for the chat model -----------------------------------------------------------------------------------


CHAT_ITEMS_MAX = 80  # of the end of a conversation: what a small model's context still holds


def _ask(items: Sequence[Item], wanted: ResponseSettings) -> Ask:
    items = items[-CHAT_ITEMS_MAX:]
    while items and items[0].kind == "function_call_output":  # its call is cut off, and a model would refuse it
        items = items[1:]
    messages: list[dict[str, Any]] = []
    if wanted.instructions:
        messages.append({"role": "system", "content": wanted.instructions})
    answered = {item.call_id for item in items if item.kind == "function_call_output"}
    for item in items:
        _add_message(messages, item, answered)
    tools = [{"type": "function", "function": _function(tool)} for tool in wanted.tools]
    return Ask(messages, tools, wanted.tool_choice)


def _function(tool: dict[str, Any]) -> dict[str, Any]:
    return {name: tool[name] for name in ("name", "description", "parameters")}


def _add_message(messages: list[dict[str, Any]], item: Item, answered: set[str]) -> None:
    """Add an item as a chat message; a call without an answer would make servers refuse the request."""
    if item.kind == "function_call":
        if item.call_id in answered and item.status == "completed":
            messages.append({"role": "assistant", "content": None, "tool_calls": [_call(item)]})
        return
    if item.kind == "function_call_output":
        messages.append({"role": "tool", "tool_call_id": item.call_id, "content": item.output})
        return
    text = " ".join(filter(None, (part.heard_text() for part in item.content)))
    if text or item.role == "user":
        messages.append({"role": item.role, "content": text or "(inaudible)"})


def _call(item: Item) -> dict[str, Any]:
    function = {"name": item.name, "arguments": item.arguments}
    return {"id": item.call_id, "type": "function", "function": function}
