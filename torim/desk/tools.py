"""The functions that the model may call: names, descriptions, and arguments with their JSON schemas.

Each schema is generated from the type that its arguments are decoded into, so the two cannot differ; it is strict:
every argument is required, what may be left out is null, and nothing may be added. It executes nothing.
"""

from __future__ import annotations

from collections.abc import Mapping
from copy import deepcopy
from dataclasses import dataclass
from typing import Annotated, Any, ClassVar

import msgspec
from msgspec import Meta, Struct

from torim.desk.business import Business
from torim.desk.messages import Urgency
from torim.errors import BookingError

ServiceId = Annotated[str, Meta(description="The id of a service, from list_services.", max_length=100)]
SlotId = Annotated[str, Meta(description="The id of an offered time, from find_slots.", max_length=200)]
AppointmentId = Annotated[
    str, Meta(description="The id of an appointment, from list_appointments, hold_slot or a booking.", max_length=100)
]
Name = Annotated[str, Meta(description="The caller's name, if it was said and understood.", max_length=200)]
NoteId = Annotated[str, Meta(description="The note_id of a voice note, from save_voice_note.", max_length=200)]
Phone = Annotated[
    str,
    Meta(
        description="A telephone number that the caller said, in digits; null for the number they call from.",
        max_length=40,
    ),
]
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
                description="What the caller said about when, word for word and in the caller's language, with every "
                'day, date and hour that was said, such as "Tuesday after four", "24.11 at half past ten" or '
                '"מחר אחר הצהריים". Null if nothing was said. Never work out a date.',
                max_length=500,
            ),
        ]
        | None
    ) = None
    staff_id: (
        Annotated[str, Meta(description="Only with this person, if the caller asked for one.", max_length=100)] | None
    ) = None
    language: Language | None = None


class HoldSlot(Struct, forbid_unknown_fields=True):
    """Keep an offered time for a minute and a half while the caller decides. It is no appointment yet."""

    slot_id: SlotId
    service_id: ServiceId
    language: Language | None = None


class BookAppointment(Struct, forbid_unknown_fields=True):
    """Book one of the offered times. The appointment exists only if this answers "ok": true."""

    slot_id: SlotId
    service_id: ServiceId
    name: Name | None = None
    name_note_id: NoteId | None = None
    phone: Phone | None = None
    notes: (
        Annotated[str, Meta(description="What else the caller wants known about the visit.", max_length=500)] | None
    ) = None
    language: Language | None = None


class Confirm(Struct, forbid_unknown_fields=True):
    """Turn a held time into an appointment, or note that the caller will come to one that exists."""

    appointment_id: AppointmentId
    language: Language | None = None


class RescheduleAppointment(Struct, forbid_unknown_fields=True):
    """Move an appointment of the caller to an offered time. It is moved only if this answers "ok": true."""

    appointment_id: AppointmentId
    slot_id: SlotId
    language: Language | None = None


class CancelAppointment(Struct, forbid_unknown_fields=True):
    """Cancel an appointment of the caller. It is cancelled only if this answers "ok": true."""

    appointment_id: AppointmentId
    language: Language | None = None


class ListAppointments(Struct, forbid_unknown_fields=True):
    """List the coming appointments of the number that calls, with ids and the words to say them with."""

    language: Language | None = None


class SendCode(Struct, forbid_unknown_fields=True):
    """Send a one-time code by text message to the number that the caller booked with."""

    phone: Annotated[str, Meta(description="The number, in digits, as the caller said it.", max_length=40)]
    language: Language | None = None


class CheckCode(Struct, forbid_unknown_fields=True):
    """Check the one-time code that the caller reads out; afterwards that number's appointments can be seen."""

    code: Annotated[str, Meta(description="The digits that the caller said.", max_length=40)]
    language: Language | None = None


class LeaveMessage(Struct, forbid_unknown_fields=True):
    """Leave a message for the business: for everything that you cannot do yourself."""

    text: Annotated[
        str, Meta(description="What the caller wants, complete enough to act on without the call.", max_length=2000)
    ]
    name: Name | None = None
    phone: Phone | None = None
    urgency: Annotated[Urgency, Meta(description="How soon somebody should see it.")] = Urgency.NORMAL
    note_id: NoteId | None = None
    language: Language | None = None


class TransferCall(Struct, forbid_unknown_fields=True):
    """Put the caller through to a person. What is said about it is said for you."""

    reason: Annotated[str, Meta(description="What the caller wants of them.", max_length=500)] | None = None
    urgency: Annotated[Urgency, Meta(description="How urgent it is to the caller.")] = Urgency.NORMAL
    language: Language | None = None


class SaveVoiceNote(Struct, forbid_unknown_fields=True):
    """Keep a stretch of what the caller said as a recording."""

    language: ClassVar[None] = None
    audio_start_ms: Annotated[int, Meta(description="Where it begins, in ms of appended caller audio.", ge=0)]
    audio_end_ms: Annotated[int, Meta(description="Where it ends, in ms of appended caller audio.", ge=0)]


class EndCall(Struct, forbid_unknown_fields=True):
    """End the call when the caller is finished. A goodbye is said by itself before the line closes."""

    language: ClassVar[None] = None


Arguments = (
    ListServices
    | FindSlots
    | HoldSlot
    | BookAppointment
    | Confirm
    | RescheduleAppointment
    | CancelAppointment
    | ListAppointments
    | SendCode
    | CheckCode
    | LeaveMessage
    | TransferCall
    | SaveVoiceNote
    | EndCall
)
ARGUMENTS: Mapping[str, type[Arguments]] = {
    "list_services": ListServices,
    "find_slots": FindSlots,
    "hold_slot": HoldSlot,
    "book_appointment": BookAppointment,
    "confirm": Confirm,
    "reschedule_appointment": RescheduleAppointment,
    "cancel_appointment": CancelAppointment,
    "list_appointments": ListAppointments,
    "send_code": SendCode,
    "check_code": CheckCode,
    "leave_message": LeaveMessage,
    "transfer_call": TransferCall,
    "save_voice_note": SaveVoiceNote,
    "end_call": EndCall,
}
# What msgspec knows of a type it builds at its first use, which two threads must not do at once: one of them would
# crash the process. Tools run in threads; here the import lock keeps them apart.
_DECODERS: Mapping[str, msgspec.json.Decoder[Arguments]] = {
    name: msgspec.json.Decoder(arguments) for name, arguments in ARGUMENTS.items()
}
# Of every tool, once: making them takes a fifth of a frame, and every call that begins asks for them.
_SCHEMAS: Mapping[str, dict[str, Any]] = {
    name: msgspec.json.schema(arguments)["$defs"] for name, arguments in ARGUMENTS.items()
}


@dataclass(frozen=True, slots=True)
class Tool:
    """A function as it is told to the engine; ``parameters`` is JSON Schema."""

    name: str
    description: str
    parameters: Mapping[str, Any]


def tool(name: str, business: Business) -> Tool:
    """Describe one tool for a business: ids of services and staff, and languages, are closed lists."""
    document = deepcopy(_SCHEMAS[name])  # closed lists are written into it
    schema = document[ARGUMENTS[name].__name__]
    properties: dict[str, Any] = {
        field: _strict(described, document) for field, described in schema["properties"].items()
    }
    if not business.staff:
        properties.pop("staff_id", None)
    closed = {
        "service_id": [service.id for service in business.services],
        "staff_id": [member.id for member in business.staff],
        "language": list(business.languages),
    }
    for field in properties.keys() & closed.keys():
        _text_of(properties[field])["enum"] = closed[field]
    parameters = {
        "type": "object",
        "properties": properties,
        "required": list(properties),
        "additionalProperties": False,
    }
    return Tool(name, str(schema["description"]), parameters)


def _strict(described: dict[str, Any], document: dict[str, Any]) -> dict[str, Any]:
    """A field as strict schemas have it: without a default and without references."""
    field = {key: value for key, value in described.items() if key != "default"}
    for reference in field.pop("allOf", ()) or ([{"$ref": field.pop("$ref")}] if "$ref" in field else ()):
        named = document[reference["$ref"].rpartition("/")[2]]
        field |= {"type": "string", "enum": list(named["enum"])}
    return field


def _text_of(field: dict[str, Any]) -> dict[str, Any]:
    """The part of a field that describes its text, where it may also be null."""
    choices: list[dict[str, Any]] = field.get("anyOf", [field])
    return next(choice for choice in choices if choice.get("type") == "string")


def decode(name: str, text: str) -> Arguments:
    """Read the arguments of a call of a tool, strictly; empty text stands for no arguments.

    Raises:
        BookingError: ``tool.unknown``, or ``tool.bad_arguments`` saying which argument is wrong and why.
    """
    decoder = _DECODERS.get(name)
    if decoder is None:
        raise BookingError(f"There is no tool {name!r}; use one of: {', '.join(ARGUMENTS)}.", code="tool.unknown")
    try:
        return decoder.decode(text.strip() or "{}")
    except (msgspec.DecodeError, UnicodeError) as error:
        raise BookingError(f"Call the tool again: {error}.", code="tool.bad_arguments") from error
