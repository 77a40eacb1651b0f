"""An appointment as a calendar event and a calendar file (RFC 5545), for the calendars of customers and owners.

It decides nothing: the event's identity and sequence are the appointment's own, so that a later file replaces an
earlier one. Nothing of a transcript is in it.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Literal
from zoneinfo import ZoneInfo

from icalendar import Alarm, Calendar, Event

from torim.desk.book import Appointment, Status
from torim.desk.business import Business

PRODUCT = "-//Torim//Appointments//EN"
Method = Literal["PUBLISH", "CANCEL"]


def uid(appointment: Appointment) -> str:
    """The identity of an appointment's event, the same for ever."""
    return f"{appointment.id}@torim"


def method_of(appointment: Appointment) -> Method:
    """What a file with this event asks of the calendar that reads it."""
    return "CANCEL" if appointment.status is Status.CANCELLED else "PUBLISH"


def customer_event(business: Business, appointment: Appointment, language: str, now: datetime) -> Event:
    """The event as the customer's calendar shows it: the service, where, and the number to call."""
    zone = ZoneInfo(appointment.timezone)
    name = business.name.get(language) or next(iter(business.name.values()))
    event = Event()
    event.add("uid", uid(appointment))
    event.add("sequence", appointment.sequence)
    event.add("dtstamp", now)
    event.add("dtstart", appointment.starts_at.astimezone(zone))
    event.add("dtend", appointment.ends_at.astimezone(zone))
    event.add("summary", f"{business.service_name(appointment.service_id, language)} - {name}")
    event.add("status", "CANCELLED" if appointment.status is Status.CANCELLED else "CONFIRMED")
    if business.phone:
        event.add("contact", business.phone)
    return event


def invitation(
    business: Business, appointment: Appointment, language: str, now: datetime, reminder_min: int = 0
) -> str:
    """The text of a calendar file with one event, and the zone that its times are in.

    Args:
        reminder_min: An alarm so long before the beginning; 0: none.
    """
    calendar = Calendar()
    calendar.add("prodid", PRODUCT)
    calendar.add("version", "2.0")
    calendar.add("method", method_of(appointment))
    event = customer_event(business, appointment, language, now)
    if reminder_min and appointment.status is Status.BOOKED:
        alarm = Alarm()
        alarm.add("action", "DISPLAY")
        alarm.add("description", str(event["SUMMARY"]))
        alarm.add("trigger", timedelta(minutes=-reminder_min))
        event.add_component(alarm)
    calendar.add_component(event)
    around = appointment.starts_at.date()
    calendar.add_missing_timezones(around - timedelta(days=366), around + timedelta(days=366))
    return str(calendar.to_ical().decode())
