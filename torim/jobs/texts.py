"""What is written to owners and customers, in Hebrew and English; each text is one message of one purpose.

Pure. It decides wording only: who is told of what is decided in `follow`. A text message is kept short enough for
two parts of the network's alphabet; nothing of a transcript is in a message to a customer.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from types import MappingProxyType
from zoneinfo import ZoneInfo

from torim.desk.book import Appointment
from torim.desk.business import Business
from torim.desk.messages import Message, Urgency
from torim.desk.outcomes import Outcome

SMS_SUMMARY_CHARACTERS = 160


class Notice(StrEnum):
    """What a message is about: a closed list, stored with its job."""

    BOOKED = "booked"
    MOVED = "moved"
    CANCELLED = "cancelled"
    REMINDER = "reminder"
    MESSAGE = "message"
    CALL = "call"


@dataclass(frozen=True, slots=True)
class Written:
    """A message ready to be sent: the subject and body of an e-mail, and the text of an SMS."""

    subject: str
    body: str
    sms: str


@dataclass(frozen=True, slots=True)
class Wording:
    """The sentences of one language. {when}, {service}, {business} and so on are filled in."""

    weekdays: tuple[str, ...]  # Monday first
    when: str
    hello: str
    hello_named: str
    customer: Mapping[Notice, tuple[str, str]]  # subject; what happened, in one sentence
    owner: Mapping[Notice, tuple[str, str]]
    attached: str
    cancelled_attached: str
    call_us: str
    customer_line: str
    unnamed: str
    withheld: str
    staff: str
    notes: str
    urgencies: Mapping[Urgency, str]
    outcomes: Mapping[Outcome, str]
    next_action: str
    said: str


HEBREW = Wording(
    weekdays=("יום שני", "יום שלישי", "יום רביעי", "יום חמישי", "יום שישי", "שבת", "יום ראשון"),
    when="{weekday} {day}.{month}.{year} בשעה {time}",
    hello="שלום,",
    hello_named="שלום {name},",
    customer=MappingProxyType(
        {
            Notice.BOOKED: ("נקבע תור: {service}, {when}", "נקבע לך תור ב{business}: {service}, {when}."),
            Notice.MOVED: ("התור הועבר: {service}, {when}", "התור שלך ב{business} הועבר: {service}, {when}."),
            Notice.CANCELLED: ("התור בוטל: {service}, {when}", "התור שלך ב{business} בוטל: {service}, {when}."),
            Notice.REMINDER: ("תזכורת: {service}, {when}", "תזכורת לתור שלך ב{business}: {service}, {when}."),
        }
    ),
    owner=MappingProxyType(
        {
            Notice.BOOKED: ("תור חדש: {customer}, {when}", "נקבע תור חדש: {service}, {when}."),
            Notice.MOVED: ("תור הועבר: {customer}, {when}", "תור הועבר למועד חדש: {service}, {when}."),
            Notice.CANCELLED: ("תור בוטל: {customer}, {when}", "תור בוטל: {service}, {when}."),
            Notice.MESSAGE: ("הודעה {urgency}מאת {customer}", "התקבלה הודעה {urgency}מאת {customer}:"),
            Notice.CALL: ("שיחה מאת {customer}: {outcome}", "הסתיימה שיחה מ-{customer}: {outcome}."),
        }
    ),
    attached="התור מצורף כקובץ ליומן.",
    cancelled_attached="הקובץ המצורף יסיר את התור מהיומן.",
    call_us="לשינוי או לביטול: {phone}",
    customer_line="לקוח: {customer}",
    unnamed="לקוח ללא שם",
    withheld="מספר חסוי",
    staff="אצל: {staff}",
    notes="הערות: {notes}",
    urgencies=MappingProxyType({Urgency.LOW: "לא דחופה ", Urgency.NORMAL: "", Urgency.URGENT: "דחופה "}),
    outcomes=MappingProxyType(
        {
            Outcome.BOOKED: "נקבע תור",
            Outcome.MOVED: "תור הועבר",
            Outcome.CANCELLED: "תור בוטל",
            Outcome.MESSAGE: "הושארה הודעה",
            Outcome.TRANSFERRED: "הועברה לנציג",
            Outcome.QUESTION: "נשאלה שאלה",
            Outcome.ABANDONED: "המתקשר ניתק",
            Outcome.NONE: "ללא תוצאה",
        }
    ),
    next_action="מה הלאה: {next_action}",
    said="סיכום השיחה: {summary}",
)
ENGLISH = Wording(
    weekdays=("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"),
    when="{weekday} {day}.{month}.{year} at {time}",
    hello="Hello,",
    hello_named="Hello {name},",
    customer=MappingProxyType(
        {
            Notice.BOOKED: (
                "Your appointment: {service}, {when}",
                "Your appointment at {business} is booked: {service}, {when}.",
            ),
            Notice.MOVED: (
                "Your appointment was moved: {service}, {when}",
                "Your appointment at {business} was moved: {service}, {when}.",
            ),
            Notice.CANCELLED: (
                "Your appointment was cancelled: {service}, {when}",
                "Your appointment at {business} was cancelled: {service}, {when}.",
            ),
            Notice.REMINDER: (
                "Reminder: {service}, {when}",
                "A reminder of your appointment at {business}: {service}, {when}.",
            ),
        }
    ),
    owner=MappingProxyType(
        {
            Notice.BOOKED: ("New appointment: {customer}, {when}", "A new appointment was booked: {service}, {when}."),
            Notice.MOVED: ("Appointment moved: {customer}, {when}", "An appointment was moved: {service}, {when}."),
            Notice.CANCELLED: (
                "Appointment cancelled: {customer}, {when}",
                "An appointment was cancelled: {service}, {when}.",
            ),
            Notice.MESSAGE: ("{urgency}Message from {customer}", "{urgency}Message from {customer}:"),
            Notice.CALL: ("Call from {customer}: {outcome}", "A call from {customer} ended: {outcome}."),
        }
    ),
    attached="The appointment is attached as a calendar file.",
    cancelled_attached="The attached file removes the appointment from your calendar.",
    call_us="To change or cancel it, call {phone}.",
    customer_line="Customer: {customer}",
    unnamed="unnamed customer",
    withheld="a withheld number",
    staff="With: {staff}",
    notes="Notes: {notes}",
    urgencies=MappingProxyType({Urgency.LOW: "Not urgent. ", Urgency.NORMAL: "", Urgency.URGENT: "Urgent. "}),
    outcomes=MappingProxyType(
        {
            Outcome.BOOKED: "an appointment was booked",
            Outcome.MOVED: "an appointment was moved",
            Outcome.CANCELLED: "an appointment was cancelled",
            Outcome.MESSAGE: "a message was left",
            Outcome.TRANSFERRED: "put through to a person",
            Outcome.QUESTION: "a question was asked",
            Outcome.ABANDONED: "the caller hung up",
            Outcome.NONE: "nothing came of it",
        }
    ),
    next_action="Next: {next_action}",
    said="What the call was about: {summary}",
)
LANGUAGES: Mapping[str, Wording] = MappingProxyType({"he": HEBREW, "en": ENGLISH})


def wording(language: str) -> Wording:
    """The sentences of a language; English for one that has none."""
    return LANGUAGES.get(language, ENGLISH)


def when(at: datetime, zone: ZoneInfo, language: str) -> str:
    """An instant as it is written to people: weekday, date and time of day where the business is."""
    words, local = wording(language), at.astimezone(zone)
    return words.when.format(
        weekday=words.weekdays[local.weekday()],
        day=local.day,
        month=local.month,
        year=local.year,
        time=f"{local:%H:%M}",
    )


def to_customer(notice: Notice, business: Business, appointment: Appointment, language: str) -> Written:
    """What a customer is told of their appointment."""
    words = wording(language)
    subject, sentence = (text.format(**_facts(business, appointment, language)) for text in words.customer[notice])
    name = appointment.contact_name
    lines = [words.hello_named.format(name=name) if name else words.hello, "", sentence]
    call_us = words.call_us.format(phone=business.phone) if business.phone else ""
    if notice is Notice.CANCELLED:
        lines += [words.cancelled_attached]
    else:
        lines += [words.attached, *([call_us] if call_us else [])]
    lines += ["", business_name(business, language)]
    sms = sentence if notice is Notice.CANCELLED or not call_us else f"{sentence} {call_us}"
    return Written(subject, _text(lines), sms)


def to_owner(notice: Notice, business: Business, appointment: Appointment, language: str) -> Written:
    """What the owner is told of an appointment."""
    words = wording(language)
    subject, sentence = (text.format(**_facts(business, appointment, language)) for text in words.owner[notice])
    customer = _customer(appointment, words)
    lines = [sentence, words.customer_line.format(customer=customer)]
    if staff := _staff(business, appointment, language):
        lines.append(words.staff.format(staff=staff))
    if appointment.notes:
        lines.append(words.notes.format(notes=appointment.notes))
    if appointment.call_summary:
        lines += ["", words.said.format(summary=appointment.call_summary)]
    return Written(subject, _text(lines), f"{sentence} {words.customer_line.format(customer=customer)}")


def of_message(message: Message, language: str) -> Written:
    """What the owner is told of a message that a caller left."""
    words = wording(language)
    known = ", ".join(part for part in (message.name, message.from_number) if part)
    facts = {"customer": known or words.withheld, "urgency": words.urgencies[message.urgency]}
    subject, sentence = (text.format(**facts) for text in words.owner[Notice.MESSAGE])
    return Written(subject, _text([sentence, "", message.text]), f"{sentence} {_short(message.text)}")


def of_call(summary: str, outcome: Outcome, caller: str | None, next_action: str | None, language: str) -> Written:
    """What the owner is told of a call."""
    words = wording(language)
    facts = {"customer": caller or words.withheld, "outcome": words.outcomes[outcome]}
    subject, sentence = (text.format(**facts) for text in words.owner[Notice.CALL])
    lines = [sentence, "", summary]
    if next_action:
        lines.append(words.next_action.format(next_action=next_action))
    return Written(subject, _text(lines), f"{sentence} {_short(summary)}")


def business_name(business: Business, language: str) -> str:
    """How a business is called in a language."""
    return business.name.get(language) or business.name.get(business.opening_language) or business.id


def _facts(business: Business, appointment: Appointment, language: str) -> dict[str, str]:
    return {
        "business": business_name(business, language),
        "service": business.service_name(appointment.service_id, language),
        "when": when(appointment.starts_at, ZoneInfo(appointment.timezone), language),
        "customer": appointment.contact_name or appointment.contact_phone or wording(language).unnamed,
    }


def _customer(appointment: Appointment, words: Wording) -> str:
    known = (appointment.contact_name, appointment.contact_phone, appointment.contact_email)
    return ", ".join(part for part in known if part) or words.unnamed


def _staff(business: Business, appointment: Appointment, language: str) -> str | None:
    for member in business.staff:
        if member.id == appointment.staff_id:
            return member.name.get(language) or next(iter(member.name.values()), member.id)
    return None


def _short(text: str) -> str:
    plain = " ".join(text.split())
    return plain if len(plain) <= SMS_SUMMARY_CHARACTERS else plain[: SMS_SUMMARY_CHARACTERS - 1].rstrip() + "…"


def _text(lines: list[str]) -> str:
    return "\n".join(lines).strip() + "\n"
