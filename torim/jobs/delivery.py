"""The handlers that tell somebody something: facts, reminders, e-mail, text messages, webhooks.

They decide from what is true when a job is done: a confirmation of an appointment that was cancelled meanwhile is not
sent. Addresses and texts are read then, too, so nothing of a person waits in the table of jobs.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

import httpx

from torim.desk.book import Appointment, Status
from torim.desk.business import Business
from torim.desk.calendar_event import invitation, method_of
from torim.desk.numbers import country_of, e164
from torim.desk.outcomes import Outcome as CallOutcome
from torim.jobs import events, follow, texts, webhooks
from torim.jobs.base import DeliveryError, Handler, Kind, Outcome, not_wanted
from torim.jobs.follow import CUSTOMER, Channels
from torim.jobs.mail import Mail, Mailer
from torim.jobs.sms import SmsSender
from torim.jobs.texts import Notice, Written
from torim.storage.jobs import Fact, Job, drop
from torim.storage.privacy import PrivacyStore
from torim.storage.store import Store

_OF_APPOINTMENTS = frozenset({Notice.BOOKED, Notice.MOVED, Notice.CANCELLED, Notice.REMINDER})
_STATUS = {Notice.CANCELLED: Status.CANCELLED}  # the others speak of booked ones


@dataclass(frozen=True, slots=True)
class Delivery:
    """Tells owners, customers and other programs; safe to use from several threads."""

    store: Store
    privacy: PrivacyStore
    http: httpx.Client
    mailer: Mailer | None = None
    sms: SmsSender | None = None
    handlers: Mapping[Kind, Handler] = field(init=False)

    def __post_init__(self) -> None:
        handlers: dict[Kind, Handler] = {
            Kind.FOLLOW: self.follow,
            Kind.REMINDER: self.remind,
            Kind.EMAIL: self.email,
            Kind.SMS: self.text,
            Kind.WEBHOOK: self.webhook,
        }
        object.__setattr__(self, "handlers", handlers)

    @property
    def channels(self) -> Channels:
        """What can be sent at all."""
        return Channels(email=self.mailer is not None, sms=self.sms is not None)

    # --- facts ------------------------------------------------------------------------------------------

    def follow(self, job: Job, now: datetime) -> Outcome:
        """A fact: the jobs that it asks for."""
        business, fact = self.business(job), Fact(job.payload["fact"])
        if fact is Fact.CALL_ENDED:
            # First of all: nobody reads what the business does not want kept.
            self.privacy.reduce(business.id, job.subject, business.privacy_mode)
            return Outcome(then=follow.of_call(job, business, now))
        if fact is Fact.MESSAGE_LEFT:
            message = self.store.message(business.id, job.subject)
            return (
                Outcome(then=follow.of_message(job, business, message, self.channels, now))
                if message
                else not_wanted("the message is gone")
            )
        made = self.store.get(business.id, job.subject)
        if made is None:
            return not_wanted("the appointment is gone")
        return Outcome(
            # A reminder of the old time must not come, whoever is told of the new one.
            effect=lambda connection: drop(connection, business.id, Kind.REMINDER.value, made.id, now),
            then=follow.of_appointment(fact, job, business, made, self.channels, now),
        )

    def remind(self, job: Job, now: datetime) -> Outcome:
        """A reminder's hour has come."""
        business = self.business(job)
        made = self.store.get(business.id, job.subject)
        if made is None or made.status is not Status.BOOKED or made.sequence != job.payload.get("version"):
            return not_wanted("the appointment was cancelled or moved")
        if made.starts_at <= now:
            return not_wanted("the appointment has begun")
        return Outcome(then=follow.of_reminder(job, business, made, self.channels, now))

    # --- messages ---------------------------------------------------------------------------------------

    def email(self, job: Job, now: datetime) -> Outcome:
        """An e-mail to the customer or the owner."""
        if self.mailer is None:
            raise DeliveryError("No mail server is configured: set TORIM_SMTP_URL.", "mail.not_configured")
        business = self.business(job)
        letter = self._letter(job, business)
        if letter is None or not letter.email:
            return not_wanted("nothing to say any more, or nobody to say it to")
        mail = Mail(letter.email, letter.written.subject, letter.written.body, f"{job.id}.torim")
        if letter.appointment is not None and job.payload["to"] == CUSTOMER:
            hours = business.notifications.reminder_hours
            ics = invitation(business, letter.appointment, letter.language, now, 60 * hours)
            mail = Mail(mail.to, mail.subject, mail.text, mail.message_id, ics, method_of(letter.appointment))
        self.mailer.send(mail, now)
        return Outcome()

    def text(self, job: Job, now: datetime) -> Outcome:
        """An SMS to the customer or the owner."""
        if self.sms is None:
            raise DeliveryError("No number to send text messages from: set TORIM_SMS_FROM.", "sms.not_configured")
        business = self.business(job)
        letter = self._letter(job, business)
        number = e164(letter.phone, country_of(business.timezone)) if letter else None
        if letter is None or number is None:
            return not_wanted("nothing to say any more, or nobody to say it to")
        body = letter.written.sms
        # The first attempt may have gone out before the process died, or before the carrier's answer came.
        sent = self.sms.find(number, body, job.created_at) if job.attempts > 1 else None
        return Outcome(result={"carrier_id": sent or self.sms.send(number, body)})

    def webhook(self, job: Job, now: datetime) -> Outcome:
        """An event to the business's own server."""
        business = self.business(job)
        switches = business.notifications
        if not switches.webhook_url:
            return not_wanted("the webhook was switched off")
        if not switches.webhook_secret:
            advice = "The webhook has no secret to be signed with: set notifications.webhook_secret."
            raise DeliveryError(advice, "webhook.no_secret", final=True)
        data = self._data(job, business)
        if data is None:
            return not_wanted("what it is about is gone")
        event = events.envelope(job, business, now, data)
        status = webhooks.post(self.http, switches.webhook_url, switches.webhook_secret, job.id, event, now)
        return Outcome(result={"status": status})

    # --- what is said -----------------------------------------------------------------------------------

    def business(self, job: Job) -> Business:
        """The business of a job, as its settings now are."""
        record = self.store.businesses.get(job.business_id)
        if record is None:
            raise DeliveryError(f"There is no business {job.business_id!r}.", "jobs.no_business", final=True)
        return record.business

    def _letter(self, job: Job, business: Business) -> _Letter | None:
        notice, to = Notice(job.payload["notice"]), job.payload["to"]
        owner = business.owner
        if notice is Notice.MESSAGE:
            message = self.store.message(business.id, job.subject)
            written = message and texts.of_message(message, business.opening_language)
            return _Letter(written, owner.email, owner.phone, business.opening_language) if written else None
        if notice is Notice.CALL:
            return self._call_letter(job, business)
        made = self.store.get(business.id, job.subject)
        if made is None or made.status is not _STATUS.get(notice, Status.BOOKED):
            return None
        if to != CUSTOMER:
            written = texts.to_owner(notice, business, made, business.opening_language)
            return _Letter(written, owner.email, owner.phone, business.opening_language)
        language = self._language(made, business)
        written = texts.to_customer(notice, business, made, language)
        return _Letter(written, made.contact_email, made.contact_phone, language, made)

    def _call_letter(self, job: Job, business: Business) -> _Letter | None:
        call = self.store.call(business.id, job.subject)
        if call is None or call.summary is None:
            return None
        language = business.opening_language
        outcome = call.outcome or CallOutcome.NONE
        written = texts.of_call(call.summary, outcome, call.from_number, call.next_action, language)
        return _Letter(written, business.owner.email, business.owner.phone, language)

    def _language(self, made: Appointment, business: Business) -> str:
        """The language of the call in which the appointment was made."""
        call = self.store.call(business.id, made.call_id) if made.call_id else None
        return business.language(call.language if call else None)

    def _data(self, job: Job, business: Business) -> dict[str, object] | None:
        fact = Fact(job.payload["event"])
        if fact is Fact.CALL_ENDED:
            call = self.store.call(business.id, job.subject)
            return events.call_data(call) if call else None
        if fact is Fact.MESSAGE_LEFT:
            message = self.store.message(business.id, job.subject)
            return events.message_data(message) if message else None
        made = self.store.get(business.id, job.subject)
        return events.appointment_data(business, made, business.opening_language) if made else None


@dataclass(frozen=True, slots=True)
class _Letter:
    """What is said, to whom; ``appointment`` when a calendar file goes with it."""

    written: Written
    email: str | None
    phone: str | None
    language: str
    appointment: Appointment | None = None
