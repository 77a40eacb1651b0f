"""A calendar of appointments as a file for calendar programs (RFC 5545), without what was said in any call.

Pure. An event keeps its UID for ever; its SEQUENCE rises when it moves or is cancelled, and a cancelled one stays in
the calendar as cancelled, so that programs remove it.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from icalendar import Calendar, Event

from torim import __version__
from torim.desk.book import Appointment, Status
from torim.desk.business import Business
from torim.desk.calendar_event import uid

REFRESH = timedelta(minutes=15)
_STATUS = {Status.BOOKED: "CONFIRMED", Status.DONE: "CONFIRMED", Status.CANCELLED: "CANCELLED"}


def calendar_file(business: Business, appointments: Sequence[Appointment], name: str, language: str) -> bytes:
    """The calendar of a business as the bytes of an .ics file; holds are left out."""
    calendar = Calendar()
    calendar.add("prodid", f"-//Torim//Torim {__version__}//EN")
    calendar.add("version", "2.0")
    calendar.add("calscale", "GREGORIAN")
    calendar.add("method", "PUBLISH")
    calendar.add("name", name)
    calendar.add("x-wr-calname", name)
    calendar.add("x-wr-timezone", business.timezone)
    calendar.add("refresh-interval", REFRESH, parameters={"VALUE": "DURATION"})
    for made in appointments:
        if made.status in _STATUS:
            calendar.add_component(_event(business, made, language))
    calendar.add_missing_timezones()
    content: bytes = calendar.to_ical()
    return content


def _event(business: Business, made: Appointment, language: str) -> Event:
    event = Event()
    zone = ZoneInfo(made.timezone)
    changed = (made.updated_at or made.created_at).astimezone(UTC)
    event.add("uid", uid(made))
    event.add("sequence", made.sequence)
    event.add("dtstamp", changed)
    event.add("last-modified", changed)
    event.add("created", made.created_at.astimezone(UTC))
    event.add("dtstart", made.starts_at.astimezone(zone))
    event.add("dtend", made.ends_at.astimezone(zone))
    event.add("status", _STATUS[made.status])
    event.add("transp", "TRANSPARENT" if made.status is Status.CANCELLED else "OPAQUE")
    event.add("summary", _summary(business, made, language))
    if details := _details(business, made, language):
        event.add("description", "\n".join(details))
    return event


def _summary(business: Business, made: Appointment, language: str) -> str:
    service = business.service_name(made.service_id, language)
    return f"{service}: {made.contact_name}" if made.contact_name else service


def _details(business: Business, made: Appointment, language: str) -> list[str]:
    members = [member for member in business.staff if member.id == made.staff_id]
    staff = [member.name.get(language, member.id) for member in members]
    return [text for text in (*staff, made.contact_phone, made.contact_email, made.notes) if text]


def window(now: datetime) -> tuple[datetime, datetime]:
    """From when to when a feed shows appointments."""
    return now - timedelta(days=90), now + timedelta(days=400)
