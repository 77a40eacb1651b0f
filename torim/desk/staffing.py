"""Who can perform a service, when they are there, and how many appointments each can have at once.

A business that names no staff is one performer, whose id is the empty text. It knows nothing of what is busy.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from torim.desk.business import Business, Opening
from torim.desk.hours import intersect, subtract

NOBODY = ""  # the staff id of a business that names no staff


@dataclass(frozen=True, slots=True)
class Performer:
    """Somebody who can have an appointment; their places are numbered from 0 to ``capacity`` - 1."""

    staff_id: str = NOBODY
    capacity: int = 1


def performers(business: Business, service_id: str, staff_id: str | None = None) -> tuple[Performer, ...]:
    """Who performs a service, in the order of the settings; only one of them if ``staff_id`` names somebody.

    Raises:
        BookingError: ``booking.unknown_staff``.
    """
    if not business.staff:
        return (Performer(NOBODY, business.capacity),)
    wanted = business.staff if not staff_id else (business.member(staff_id),)
    return tuple(Performer(member.id, member.capacity) for member in wanted if member.performs(service_id))


def presence(business: Business, staff_id: str, day: date) -> tuple[Opening, ...]:
    """The stretches of local wall time in which somebody works on a day, without holidays of the business."""
    if any(closed.holds(day) for closed in business.closed_days):
        return ()
    weekday = day.weekday()
    openings = business.openings(weekday)
    if not staff_id:
        return openings
    member = business.member(staff_id)
    if any(closed.holds(day) for closed in member.closed_days):
        return ()
    if member.hours is not None:
        openings = intersect(openings, member.hours.on(weekday))
    return subtract(openings, member.breaks.on(weekday))
