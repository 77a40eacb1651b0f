"""Appointments: list, read, make, move, cancel, confirm and edit them.

The book decides what is possible; what an owner may do and a caller may not (book outside of the hours, over a linked
calendar) is asked for explicitly.
"""

from __future__ import annotations

import logging
from datetime import datetime, timedelta
from typing import Annotated
from zoneinfo import ZoneInfo

from fastapi import APIRouter, Depends, Header, Query, Response
from fastapi.responses import FileResponse
from pydantic import Field

from torim.desk.book import (
    Appointment,
    BookingRequest,
    ChangeRequest,
    EditRequest,
    RescheduleRequest,
    Source,
    Status,
)
from torim.desk.business import Business, Service
from torim.desk.slots import offered
from torim.desk.staffing import performers
from torim.errors import BookingError
from torim.storage.files import note_file, notes_dir
from torim.storage.office import AppointmentFilter
from torim.web.api.business_of import business_of, instant_of, phone_of
from torim.web.api.catalogue import free, slot_out
from torim.web.api.deps import ApiDeps, Deps
from torim.web.api.models import (
    CursorText,
    Email,
    Id,
    In,
    Instant,
    Limit,
    Line,
    Out,
    Page,
    Text,
    Utc,
    read_cursor,
    write_cursor,
)
from torim.web.api.openapi import refuses
from torim.web.api.principal import Needs, Principal
from torim.web.api.problems import Refusal, not_found
from torim.web.api.scopes import Scope
from torim.web.api.versions import Expected, tag
from torim.web.passwords import new_id

router = APIRouter(prefix="/appointments", tags=["appointments"])
_log = logging.getLogger("torim.web")

Reads = Annotated[Principal, Depends(Needs(Scope.APPOINTMENTS_READ))]
Writes = Annotated[Principal, Depends(Needs(Scope.APPOINTMENTS_WRITE))]
Key = Annotated[
    str | None,
    Header(
        alias="Idempotency-Key",
        max_length=100,
        pattern=r"^[\x21-\x7e]+$",
        description="The same key asked again gives the same appointment and changes nothing.",
    ),
]
Wanted = Annotated[datetime, Field(description="With an offset, or without one by the wall clock of the business.")]
ALTERNATIVES = 3
_NAME, _NOTES = 120, 4000


class AppointmentOut(Out):
    """An appointment, with what was said in the call that made it."""

    id: str
    service_id: str
    staff_id: str | None = Field(description="Null where the business names no staff.")
    starts_at: Utc
    ends_at: Utc
    starts_at_local: datetime = Field(description="By the wall clock of the appointment's zone, with its offset.")
    ends_at_local: datetime
    timezone: str
    status: Status
    source: Source
    version: int
    created_at: Utc
    updated_at: Utc | None
    hold_expires_at: Utc | None
    confirmed_at: Utc | None = Field(description="When the customer said so.")
    cancelled_at: Utc | None
    contact_name: str | None
    contact_phone: str | None = Field(description="E.164.")
    contact_email: str | None
    notes: str | None
    has_name_note: bool = Field(description="The caller said the name; see `/appointments/{id}/name-note`.")
    call_id: str | None
    call_summary: str | None
    call_transcript: str | None


class Contact(In):
    """Whose appointment it is."""

    contact_name: Annotated[Line, Field(max_length=_NAME)] | None = None
    contact_phone: Annotated[Line, Field(max_length=40)] | None = None
    contact_email: Email | None = None
    notes: Annotated[Text, Field(max_length=_NOTES)] | None = None


class NewAppointment(Contact):
    """An appointment to be made."""

    service_id: Id
    starts_at: Wanted
    staff_id: Id | None = Field(default=None, description="Null: whoever is free.")
    outside_hours: bool = Field(default=False, description="Book even where callers are not offered anything.")


class Move(In):
    """Where to move an appointment."""

    starts_at: Wanted
    staff_id: Id | None = Field(default=None, description="Null: stays with whoever has it.")
    service_id: Id | None = Field(default=None, description="Null: the same.")
    duration_min: Annotated[int, Field(ge=5, le=720)] | None = Field(
        default=None, description="Null: as long as before or, with another service, as long as that takes."
    )
    outside_hours: bool = False


class Edit(Contact):
    """What is known of the contact; a field that is left out stays, null empties it."""

    status: Status | None = Field(default=None, description="`booked` or `done`.")


@router.get("")
def list_appointments(
    who: Reads,
    deps: Deps,
    since: Annotated[Instant | None, Query(description="Those that end after this.")] = None,
    until: Annotated[Instant | None, Query(description="Those that begin before this.")] = None,
    staff_id: Annotated[Id | None, Query()] = None,
    status: Annotated[list[Status] | None, Query(description="Several are allowed; all by default.")] = None,
    phone: Annotated[Line | None, Query(max_length=40)] = None,
    text: Annotated[Line | None, Query(max_length=100, description="In name, telephone, e-mail or notes.")] = None,
    call_id: Annotated[Id | None, Query()] = None,
    limit: Limit = 50,
    cursor: CursorText = None,
) -> Page[AppointmentOut]:
    """Appointments in order of time."""
    business = business_of(who, deps)
    wanted = AppointmentFilter(
        since=since,
        until=until,
        staff_id=staff_id,
        statuses=tuple(item.value for item in status or ()),
        phone=phone_of(business, phone, "query.phone"),
        text=text,
        call_id=call_id,
    )
    found = deps.office.appointments(business.id, wanted, read_cursor(cursor), limit + 1)
    more = write_cursor(int(found[limit - 1].starts_at.timestamp()), found[limit - 1].id) if found[limit:] else None
    return Page(items=[appointment_out(item) for item in found[:limit]], next_cursor=more)


@router.get("/{appointment_id}", responses=refuses(404))
def get_appointment(appointment_id: Id, who: Reads, deps: Deps, response: Response) -> AppointmentOut:
    """One appointment."""
    made = deps.store.get(who.business_id, appointment_id)
    if made is None:
        raise not_found("appointment")
    return _shown(made, response)


@router.get(
    "/{appointment_id}/name-note",
    responses={**refuses(404), 200: {"content": {"audio/wav": {}}, "description": "A WAV file."}},
    response_class=FileResponse,
)
def get_name_note(appointment_id: Id, who: Reads, deps: Deps) -> FileResponse:
    """The caller's voice, saying the name."""
    made = deps.store.get(who.business_id, appointment_id)
    if made is None or made.name_note is None:
        raise not_found("appointment")
    file = note_file(notes_dir(deps.data_dir), made.name_note)
    if not file.is_file():
        raise Refusal(404, "file.not_found", "The voice note is not here any more.")
    return FileResponse(file, media_type="audio/wav", headers={"Cache-Control": "private, no-store"})


@router.post("", status_code=201, responses=refuses(404, 409))
def make_appointment(
    body: NewAppointment, who: Writes, deps: Deps, response: Response, key: Key = None
) -> AppointmentOut:
    """Make an appointment; 409 `booking.slot_taken` comes with alternatives."""
    business = business_of(who, deps)
    service = business.service(body.service_id)
    begins = instant_of(business, body.starts_at, "starts_at")
    now = deps.now()
    if not body.outside_hours:
        offered(business, service, begins, now, body.staff_id)
    request = BookingRequest(
        business_id=business.id,
        service_id=service.id,
        starts_at=begins,
        ends_at=begins + timedelta(minutes=service.duration_min),
        timezone=business.timezone,
        idempotency_key=_key(who, key),
        asked_at=now,
        performers=performers(business, service.id, body.staff_id),
        buffer_before_min=service.buffer_before_min,
        buffer_after_min=service.buffer_after_min,
        source=_source(who),
        contact_name=body.contact_name or None,
        contact_phone=phone_of(business, body.contact_phone, "contact_phone") or None,
        contact_email=body.contact_email or None,
        notes=body.notes or None,
        ignore_calendars=body.outside_hours,
    )
    try:
        made = deps.store.book(request)
    except BookingError as error:
        raise _with_alternatives(error, business, service, begins, body.staff_id, deps) from error
    return _shown(made, response)


@router.post("/{appointment_id}/move", responses=refuses(404, 409, 412, 428))
def move_appointment(
    appointment_id: Id, body: Move, who: Writes, deps: Deps, response: Response, expected: Expected, key: Key = None
) -> AppointmentOut:
    """Move an appointment; it keeps its id, contact and call."""
    business = business_of(who, deps)
    made = deps.store.get(business.id, appointment_id)
    if made is None:
        raise not_found("appointment")
    service = business.service(body.service_id or made.service_id)
    staff_id = body.staff_id or made.staff_id or None
    begins, now = instant_of(business, body.starts_at, "starts_at"), deps.now()
    if not body.outside_hours:
        offered(business, service, begins, now, staff_id)
    request = RescheduleRequest(
        business_id=business.id,
        appointment_id=appointment_id,
        idempotency_key=_key(who, key),
        asked_at=now,
        expected_version=expected,
        starts_at=begins,
        ends_at=begins + _length(body, made, service),
        performers=performers(business, service.id, staff_id),
        buffer_before_min=service.buffer_before_min,
        buffer_after_min=service.buffer_after_min,
        service_id=service.id,
        ignore_calendars=body.outside_hours,
    )
    try:
        moved = deps.store.reschedule(request)
    except BookingError as error:
        raise _with_alternatives(error, business, service, begins, staff_id, deps) from error
    return _shown(moved, response)


@router.post("/{appointment_id}/cancel", responses=refuses(404, 409, 412, 428))
def cancel_appointment(
    appointment_id: Id, who: Writes, deps: Deps, response: Response, expected: Expected, key: Key = None
) -> AppointmentOut:
    """Cancel an appointment; one that is cancelled already stays as it is."""
    cancelled = deps.store.cancel(_change(appointment_id, who, deps, expected, key))
    return _shown(cancelled, response)


@router.post("/{appointment_id}/confirm", responses=refuses(404, 409, 412, 428))
def confirm_appointment(
    appointment_id: Id, who: Writes, deps: Deps, response: Response, expected: Expected, key: Key = None
) -> AppointmentOut:
    """Note that the customer confirmed an appointment."""
    confirmed = deps.store.confirm(_change(appointment_id, who, deps, expected, key))
    return _shown(confirmed, response)


@router.patch("/{appointment_id}", responses=refuses(404, 409, 412, 428))
def edit_appointment(
    appointment_id: Id, body: Edit, who: Writes, deps: Deps, response: Response, expected: Expected, key: Key = None
) -> AppointmentOut:
    """Change what is known of the contact, or mark the appointment as done."""
    business = business_of(who, deps)
    given = body.model_dump(exclude_unset=True, exclude={"status"})
    given["contact_phone"] = phone_of(business, given.get("contact_phone"), "contact_phone")
    fields = {name: value or "" for name, value in given.items() if name in body.model_fields_set}
    request = EditRequest(
        business_id=business.id,
        appointment_id=appointment_id,
        idempotency_key=_key(who, key),
        asked_at=deps.now(),
        expected_version=expected,
        status=body.status,
        **fields,
    )
    return _shown(deps.store.edit(request), response)


# --- parts ----------------------------------------------------------------------------------------------------


def appointment_out(made: Appointment) -> AppointmentOut:
    """An appointment as the API shows it."""
    zone = ZoneInfo(made.timezone)
    return AppointmentOut(
        id=made.id,
        service_id=made.service_id,
        staff_id=made.staff_id or None,
        starts_at=made.starts_at,
        ends_at=made.ends_at,
        starts_at_local=made.starts_at.astimezone(zone),
        ends_at_local=made.ends_at.astimezone(zone),
        timezone=made.timezone,
        status=made.status,
        source=made.source,
        version=made.version,
        created_at=made.created_at,
        updated_at=made.updated_at,
        hold_expires_at=made.hold_expires_at,
        confirmed_at=made.confirmed_at,
        cancelled_at=made.cancelled_at,
        contact_name=made.contact_name,
        contact_phone=made.contact_phone,
        contact_email=made.contact_email,
        notes=made.notes,
        has_name_note=made.name_note is not None,
        call_id=made.call_id,
        call_summary=made.call_summary,
        call_transcript=made.call_transcript,
    )


def _shown(made: Appointment, response: Response) -> AppointmentOut:
    tag(response, made.version)
    return appointment_out(made)


def _length(body: Move, made: Appointment, service: Service) -> timedelta:
    """How long an appointment is after a move."""
    if body.duration_min is not None:
        return timedelta(minutes=body.duration_min)
    return made.ends_at - made.starts_at if service.id == made.service_id else timedelta(minutes=service.duration_min)


def _change(appointment_id: str, who: Principal, deps: ApiDeps, expected: int | None, key: str | None) -> ChangeRequest:
    return ChangeRequest(
        business_id=who.business_id,
        appointment_id=appointment_id,
        idempotency_key=_key(who, key),
        asked_at=deps.now(),
        expected_version=expected,
    )


def _key(who: Principal, given: str | None) -> str:
    """The book's key of one request: the client's own, apart from those of calls and of others."""
    return f"{_source(who)}:{who.name}:{given}" if given else f"{_source(who)}:{new_id()}"


def _source(who: Principal) -> Source:
    return Source.WEB if who.session is not None else Source.API


def _with_alternatives(
    error: BookingError, business: Business, service: Service, begins: datetime, staff_id: str | None, deps: ApiDeps
) -> Exception:
    """The error itself or, for a time that is taken, a refusal that names free ones."""
    if error.code != "booking.slot_taken":
        return error
    day = begins.astimezone(business.zone).date()
    found = free(business, service.id, day, staff_id, deps)
    near = sorted(found, key=lambda slot: abs(slot.starts_at - begins))[:ALTERNATIVES]
    shown = [slot_out(business, slot).model_dump(mode="json") for slot in sorted(near)]
    return Refusal(409, error.code, str(error), alternatives=shown)
