"""The functions that the model may call: names, descriptions, and arguments with their JSON schemas.

Each schema is generated from the type that its arguments are decoded into, so the two cannot differ. It
executes nothing.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any, ClassVar

import msgspec
from msgspec import Meta, Struct

from torim.desk.business import Business
from torim.errors import BookingError

ServiceId = Annotated[str, Meta(description="The id of a service, from list_services.")]
Language = Annotated[
    str,
    Meta(
        description="The language that the caller speaks now, if it is another than the call opened in;"
        " the answer's words come in it."
    ),
]


class ListServices(Struct, forbid_unknown_fields=True):
    """List the services that can be booked, with their ids and durations."""

    language: Language | None = None


class FindSlots(Struct, forbid_unknown_fields=True):
    """Find free times for a service: at most three, with ids and the words to say them with."""

    service_id: ServiceId
    wish: (
        Annotated[
            str,
            Meta(
                description="What the caller said about when, word for word and in the caller's language, "
                'such as "Tuesday morning" or "מחר אחר הצהריים". Leave it out if nothing was said.',
                max_length=500,
            ),
        ]
        | None
    ) = None
    date: (
        Annotated[
            str,
            Meta(
                description="A day as YYYY-MM-DD, only if the caller gave a date in numbers. Never work it out.",
                max_length=10,
            ),
        ]
        | None
    ) = None
    language: Language | None = None


class BookAppointment(Struct, forbid_unknown_fields=True):
    """Book one of the offered times. The appointment exists only if this answers "ok": true."""

    slot_id: Annotated[str, Meta(description="The id of an offered time, from find_slots.")]
    service_id: ServiceId
    name: (
        Annotated[str, Meta(description="The caller's name, if it was said and understood.", max_length=200)] | None
    ) = None
    name_note_id: (
        Annotated[str, Meta(description="The note_id of a voice note that holds the name.", max_length=200)] | None
    ) = None
    language: Language | None = None


class SaveVoiceNote(Struct, forbid_unknown_fields=True):
    """Keep a stretch of what the caller said as a recording."""

    language: ClassVar[None] = None
    audio_start_ms: Annotated[int, Meta(description="Where it begins, in ms of appended caller audio.", ge=0)]
    audio_end_ms: Annotated[int, Meta(description="Where it ends, in ms of appended caller audio.", ge=0)]


class EndCall(Struct, forbid_unknown_fields=True):
    """End the call when the caller is finished. A goodbye is said by itself before the line closes."""

    language: ClassVar[None] = None


Arguments = ListServices | FindSlots | BookAppointment | SaveVoiceNote | EndCall
ARGUMENTS: Mapping[str, type[Arguments]] = {
    "list_services": ListServices,
    "find_slots": FindSlots,
    "book_appointment": BookAppointment,
    "save_voice_note": SaveVoiceNote,
    "end_call": EndCall,
}


@dataclass(frozen=True, slots=True)
class Tool:
    """A function as it is told to the engine; ``parameters`` is JSON Schema."""

    name: str
    description: str
    parameters: Mapping[str, Any]


def tool(name: str, business: Business) -> Tool:
    """Describe one tool for a business: service ids and languages are closed lists."""
    arguments = ARGUMENTS[name]
    schema = msgspec.json.schema(arguments)["$defs"][arguments.__name__]
    properties: dict[str, Any] = schema["properties"]
    if "service_id" in properties:
        properties["service_id"]["enum"] = [service.id for service in business.services]
    if "language" in properties:
        properties["language"]["anyOf"][0]["enum"] = list(business.languages)
    parameters = {
        "type": "object",
        "properties": properties,
        "required": schema.get("required", []),
        "additionalProperties": False,
    }
    return Tool(name, str(schema["description"]), parameters)


def decode(name: str, text: str) -> Arguments:
    """Read the arguments of a call of a tool, strictly; empty text stands for no arguments.

    Raises:
        BookingError: ``tool.unknown``, or ``tool.bad_arguments`` saying which argument is wrong and why.
    """
    arguments = ARGUMENTS.get(name)
    if arguments is None:
        raise BookingError(f"There is no tool {name!r}; use one of: {', '.join(ARGUMENTS)}.", code="tool.unknown")
    try:
        return msgspec.json.decode(text.strip() or "{}", type=arguments)
    except (msgspec.DecodeError, UnicodeError) as error:
        raise BookingError(f"Call the tool again: {error}.", code="tool.bad_arguments") from error
