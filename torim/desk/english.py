"""How English says dates, times and the desk's sentences; it decides wording only, never what is offered.

Everything is written for the ear: numbers in words, twelve-hour clock with the part of the day.
"""

from __future__ import annotations

from datetime import date, datetime, time, timedelta

from torim.desk.phrases import Phrase

WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
MONTHS = (
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
)
NUMBERS = (
    "zero",
    "one",
    "two",
    "three",
    "four",
    "five",
    "six",
    "seven",
    "eight",
    "nine",
    "ten",
    "eleven",
    "twelve",
    "thirteen",
    "fourteen",
    "fifteen",
    "sixteen",
    "seventeen",
    "eighteen",
    "nineteen",
)
TENS = ("", "", "twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety")
ORDINALS = (
    "first",
    "second",
    "third",
    "fourth",
    "fifth",
    "sixth",
    "seventh",
    "eighth",
    "ninth",
    "tenth",
    "eleventh",
    "twelfth",
    "thirteenth",
    "fourteenth",
    "fifteenth",
    "sixteenth",
    "seventeenth",
    "eighteenth",
    "nineteenth",
)
ROUND_ORDINALS = {20: "twentieth", 30: "thirtieth"}

LANGUAGE_NAMES = {"he": "Hebrew", "en": "English"}

PHRASES: dict[Phrase, str] = {
    Phrase.GREETING: ("Hello, you've reached {business}. This is the automated receptionist. How can I help you?"),
    Phrase.PROMPT: "Are you still there?",
    Phrase.GOODBYE: "Thank you for calling {business}. Goodbye!",
    Phrase.RETRY: "Sorry, I missed that. Could you say it again?",
    Phrase.APOLOGY: (
        "I'm sorry, we have a technical problem and I can't go on with this call. Please call again in a few minutes."
    ),
    Phrase.SERVICE: "{service}, {duration}",
    Phrase.SERVICES: "We offer {services}.",
    Phrase.OFFER: "I can offer {options}.",
    Phrase.OFFER_OTHER: "I'm afraid there's nothing free then. I can offer {options}.",
    Phrase.NONE_FREE: "I'm afraid there are no free times in the coming days.",
    Phrase.BOOKED: "Your appointment is booked: {service}, {when}.",
    Phrase.TAKEN: "I'm sorry, that time has just been taken.",
    Phrase.NOT_OFFERED: "I'm sorry, that time isn't available.",
    Phrase.UNKNOWN_SERVICE: "I'm sorry, we don't offer that service.",
    Phrase.NOT_SAVED: "I'm sorry, I couldn't save the appointment. Nothing has been booked.",
    Phrase.NOT_UNDERSTOOD: "I'm sorry, something went wrong. Let's try that again.",
    Phrase.OR: ", or ",
    Phrase.AND: " and ",
}

INSTRUCTIONS = """\
You are the phone receptionist of {business}. You are speaking, by voice, with a person who has called.

Language
- Open in English. If the caller speaks another of these languages, go on in theirs: {languages}.

How you speak
- One or two short, natural sentences at a time. One question at a time.
- No lists, symbols or web addresses: everything is heard over the telephone.
- When you are interrupted, answer what was asked. Don't start over and don't repeat what was already heard.
- If you did not understand, say so and ask. Don't guess.
- If you don't know something, say so. Never invent prices, addresses or facts about the business.

The business
- Services: {services}.
- Opening hours: {hours}.
{phone}- Today is {today}; it is now {now}.

Appointments
- An appointment exists only after book_appointment has answered "ok": true. Until then never say or hint \
that it is booked.
- To find times call find_slots and pass what the caller said about the time, word for word, in "wish". \
Never work out dates yourself, and never offer a time that the tool did not return.
- Offer at most three times, in the words of the tool's "spoken".
- Before booking, be sure of the service and the time, and ask for a name. After booking, repeat the time in \
the words of the tool's "spoken".
- If a tool answers "ok": false, say so plainly and offer the alternatives it returned.
- You can only make new appointments. For anything else, ask the caller to phone during opening hours.

The end
- When the caller is finished, call end_call. A goodbye is then said for you: don't say one yourself.
"""

RETRY_INSTRUCTIONS = (
    "Your last answer did not reach the caller. Answer the caller's last words again now, in one or two "
    'short sentences. If there is nothing to answer, say: "{sentence}"'
)


def number(value: int) -> str:
    """A whole number from 0 to 99 in words."""
    if value < 20:
        return NUMBERS[value]
    tens, ones = divmod(value, 10)
    return TENS[tens] + (f"-{NUMBERS[ones]}" if ones else "")


def ordinal(value: int) -> str:
    """A day of the month, 1 to 31, in words."""
    if value < 20:
        return ORDINALS[value - 1]
    if value in ROUND_ORDINALS:
        return ROUND_ORDINALS[value]
    return f"{TENS[value // 10]}-{ORDINALS[value % 10 - 1]}"


def duration(minutes: int) -> str:
    """A length of time, up to 99 hours: "half an hour", "an hour and a half", "two hours and ten minutes"."""
    hours, rest = divmod(minutes, 60)
    if hours == 0:
        return "half an hour" if rest == 30 else _count(rest, "minute")
    if rest == 0:
        return _count(hours, "hour")
    if rest == 30:
        return "an hour and a half" if hours == 1 else f"{number(hours)} and a half hours"
    return f"{_count(hours, 'hour')} and {_count(rest, 'minute')}"


def _count(value: int, unit: str) -> str:
    return f"{number(value)} {unit}" + ("" if value == 1 else "s")


def year(value: int) -> str:
    """A year from 2000 to 2099 in words."""
    rest = value - 2000
    if rest == 0:
        return "two thousand"
    return f"two thousand {number(rest)}" if rest < 10 else f"twenty {number(rest)}"


def calendar_day(day: date) -> str:
    """A date without the year: "Tuesday, November twenty-fourth"."""
    return f"{WEEKDAYS[day.weekday()]}, {MONTHS[day.month - 1]} {ordinal(day.day)}"


def clock(at: time) -> str:
    """A wall-clock time: "ten thirty in the morning"."""
    if at.minute == 0 and at.hour in (0, 12):
        return "midnight" if at.hour == 0 else "twelve noon"
    hour = number(at.hour % 12 or 12)
    return f"{hour}{_minutes(at.minute)} {_part_of_day(at.hour)}"


def _minutes(minute: int) -> str:
    if minute == 0:
        return ""
    return f" oh {number(minute)}" if minute < 10 else f" {number(minute)}"


def _part_of_day(hour: int) -> str:
    if hour < 12:
        return "in the morning"
    if hour < 18:
        return "in the afternoon"
    return "in the evening" if hour < 21 else "at night"


def day(wanted: date, today: date | None = None) -> str:
    """A day as it is offered; today and tomorrow by name when ``today`` is given."""
    if wanted == today:
        return "today"
    if today is not None and wanted == today + timedelta(days=1):
        return f"tomorrow, {WEEKDAYS[wanted.weekday()]}"
    return calendar_day(wanted)


def at_clock(at: time) -> str:
    """A time with its preposition: "at ten thirty in the morning"."""
    return f"at {clock(at)}"


def when(local: datetime, today: date | None = None) -> str:
    """A local date and time: "Tuesday, November twenty-fourth, at ten thirty in the morning"."""
    return f"{day(local.date(), today)}, {at_clock(local.time())}"


def full_date(wanted: date) -> str:
    """A date with its year, in words."""
    return f"{calendar_day(wanted)}, {year(wanted.year)}"


def open_days(first: int, last: int) -> str:
    """A run of weekdays as Python numbers them (Monday is 0), for written hours."""
    if first == last:
        return WEEKDAYS[first]
    join = "and" if (last - first) % 7 == 1 else "to"
    return f"{WEEKDAYS[first]} {join} {WEEKDAYS[last]}"


CLOSED = "closed"
PHONE = "Telephone number of the business"
