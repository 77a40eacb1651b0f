"""From facts to jobs: who is told of what, by the switches of the business and the channels of the installation.

Pure. The key of every job is made of the fact, the subject and its version, so that a fact followed twice asks for
nothing twice. The owner hears of bookings and messages at once, and of a call only when nothing of that kind came of
it. What is said is decided when a job is done, from what is then true.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from torim.desk.book import Appointment, Source
from torim.desk.business import Business
from torim.desk.messages import Message
from torim.desk.outcomes import Outcome
from torim.jobs.base import Kind
from torim.jobs.texts import Notice
from torim.storage.jobs import Fact, Job, NewJob
from torim.storage.records import StoredCall

CUSTOMER, OWNER = "customer", "owner"
TOLD = frozenset({Outcome.BOOKED, Outcome.MOVED, Outcome.CANCELLED, Outcome.MESSAGE})  # the owner knows already
NOTICES = {Fact.BOOKED: Notice.BOOKED, Fact.MOVED: Notice.MOVED, Fact.CANCELLED: Notice.CANCELLED}


@dataclass(frozen=True, slots=True)
class Channels:
    """What this installation can send at all."""

    email: bool = False
    sms: bool = False


def of_appointment(
    fact: Fact, job: Job, business: Business, appointment: Appointment, channels: Channels, now: datetime
) -> list[NewJob]:
    """The jobs that a booking, a move or a cancellation asks for."""
    plan = _Plan(business, job, channels, now)
    notice = NOTICES[fact]
    new = [*plan.customer(notice, appointment), *plan.webhook(fact.value)]
    if appointment.source is Source.CALL:  # the owner knows what they entered themselves
        new += plan.owner(notice)
    if fact is not Fact.CANCELLED:
        new += plan.reminder(appointment)
    return new


def of_reminder(
    job: Job, business: Business, appointment: Appointment, channels: Channels, now: datetime
) -> list[NewJob]:
    """The messages that a reminder becomes when its hour has come."""
    return list(_Plan(business, job, channels, now).customer(Notice.REMINDER, appointment))


def of_message(job: Job, business: Business, message: Message, channels: Channels, now: datetime) -> list[NewJob]:
    """The jobs that a message of a caller asks for."""
    plan = _Plan(business, job, channels, now)
    return [*plan.owner(Notice.MESSAGE), *plan.webhook(Fact.MESSAGE_LEFT.value)]


def of_call(job: Job, business: Business, now: datetime) -> list[NewJob]:
    """The job that the end of a call asks for: its summary. Everybody else hears of the call with it."""
    key = f"{Kind.SUMMARY}:{job.subject}:0"
    return [NewJob(business.id, Kind.SUMMARY.value, key, now, job.subject)]


def of_summary(
    job: Job, business: Business, call: StoredCall, outcome: Outcome, channels: Channels, now: datetime
) -> list[NewJob]:
    """Who hears of a call once its first summary is there."""
    plan = _Plan(business, job, channels, now)
    told = plan.owner(Notice.CALL) if outcome not in TOLD else ()
    return [*told, *plan.webhook(Fact.CALL_ENDED.value)]


@dataclass(frozen=True, slots=True)
class _Plan:
    """The jobs that one fact may ask for."""

    business: Business
    cause: Job
    channels: Channels
    now: datetime

    def customer(self, notice: Notice, appointment: Appointment) -> Iterator[NewJob]:
        switches = self.business.notifications
        if switches.customer_email and self.channels.email and appointment.contact_email:
            yield self._job(Kind.EMAIL, notice, CUSTOMER)
        if switches.customer_sms and self.channels.sms and appointment.contact_phone:
            yield self._job(Kind.SMS, notice, CUSTOMER)

    def owner(self, notice: Notice) -> Iterator[NewJob]:
        switches, owner = self.business.notifications, self.business.owner
        if switches.owner_email and self.channels.email and owner.email:
            yield self._job(Kind.EMAIL, notice, OWNER)
        if switches.owner_sms and self.channels.sms and owner.phone:
            yield self._job(Kind.SMS, notice, OWNER)

    def webhook(self, event: str) -> Iterator[NewJob]:
        if self.business.notifications.webhook_url:
            key = f"{Kind.WEBHOOK}:{event}:{self.cause.subject}:{self._version}"
            payload = {"event": event, "version": self._version}
            yield NewJob(self.business.id, Kind.WEBHOOK.value, key, self.now, self.cause.subject, payload)

    def reminder(self, appointment: Appointment) -> Sequence[NewJob]:
        hours = self.business.notifications.reminder_hours
        at = appointment.starts_at - timedelta(hours=hours)
        reachable = list(self.customer(Notice.REMINDER, appointment))
        if not hours or at <= self.now or not reachable:
            return ()
        key = f"{Kind.REMINDER}:{appointment.id}:{appointment.sequence}"
        payload = {"version": appointment.sequence}
        return (NewJob(self.business.id, Kind.REMINDER.value, key, at, appointment.id, payload),)

    @property
    def _version(self) -> int:
        return int(self.cause.payload.get("version", 0))

    def _job(self, kind: Kind, notice: Notice, to: str) -> NewJob:
        key = f"{kind}:{to}:{notice}:{self.cause.subject}:{self._version}"
        payload = {"notice": notice.value, "to": to, "version": self._version}
        return NewJob(self.business.id, kind.value, key, self.now, self.cause.subject, payload)
