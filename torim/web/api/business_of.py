"""The business of whoever asks, as its settings stand now."""

from __future__ import annotations

from datetime import datetime, timedelta

from torim.desk.business import Business
from torim.desk.businesses import BusinessRecord
from torim.desk.numbers import country_of, e164
from torim.desk.zones import local_instant
from torim.web.api.deps import ApiDeps
from torim.web.api.models import LATEST
from torim.web.api.principal import Principal
from torim.web.api.problems import Complaint, Refusal, not_found


def record_of(who: Principal, deps: ApiDeps) -> BusinessRecord:
    """The stored settings of the principal's business."""
    found = deps.store.businesses.get(who.business_id)
    if found is None:
        raise not_found("business")
    return found


def business_of(who: Principal, deps: ApiDeps) -> Business:
    """The principal's business."""
    return record_of(who, deps).business


def phone_of(business: Business, text: str | None, path: str) -> str | None:
    """A number in the one form in which numbers are kept; empty texts stay what they are.

    Raises:
        Refusal: 422, if it is no telephone number.
    """
    if not text:
        return text
    number = e164(text, country_of(business.timezone))
    if number is None:
        complaint = Complaint(path=path, message="write a telephone number such as +972-50-123-4567")
        raise Refusal(422, "request.phone", "This is no telephone number.", errors=[complaint])
    return number


def instant_of(business: Business, at: datetime, path: str) -> datetime:
    """The instant that a time with or without an offset means; without one it is the wall clock of the business.

    Raises:
        Refusal: 422, if it is out of range. BookingError: ``booking.no_such_time``.
    """
    if not 1971 <= at.year < LATEST.year:
        complaint = Complaint(path=path, message="the year is out of range")
        raise Refusal(422, "request.time", "This time cannot be.", errors=[complaint])
    if at.tzinfo is None:
        return local_instant(at, business.zone)
    return at - (at.utcoffset() or timedelta())


def wall(business: Business, at: datetime) -> datetime:
    """An instant by the wall clock of the business, with its offset."""
    return at.astimezone(business.zone)
