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
    Phrase.GREETING: "Hello, you've reached {business}. This is the automated receptionist. How can I help you?",
    Phrase.CONSENT: "This call is recorded.",
    Phrase.PROMPT: "Are you still there?",
    Phrase.GOODBYE: "Thank you for calling {business}. Goodbye!",
    Phrase.HANDOVER: "I'm putting you through now. One moment, please.",
    Phrase.RETURNED: "I'm sorry, nobody is answering there. I'd be glad to take a message. What shall I pass on?",
    Phrase.RETRY: "Sorry, I missed that. Could you say it again?",
    Phrase.MOMENT: "One moment, please.",
    Phrase.APOLOGY: (
        "I'm sorry, we have a technical problem and I can't go on with this call. Please call again in a few minutes."
    ),
    Phrase.SERVICE: "{service}, {duration}",
    Phrase.SERVICES: "We offer {services}.",
    Phrase.OFFER: "I can offer {options}.",
    Phrase.OFFER_OTHER: "I'm afraid there's nothing free then. I can offer {options}.",
    Phrase.OFFER_UNSURE: "That can mean more than one time. {offer} Which do you mean?",
    Phrase.OFFER_CONTRADICTED: "That weekday and that date don't go together. {offer} Which do you mean?",
    Phrase.NONE_FREE: "I'm afraid there are no free times in the coming days.",
    Phrase.CALENDAR_AWAY: (
        "I'm sorry, I can't see the calendar right now. I'd be glad to take a message, and somebody will call you back."
    ),
    Phrase.NO_SUCH_TIME: "I'm sorry, there is no such date or time. When would suit you?",
    Phrase.PAST: "I'm sorry, that time has already passed. When would suit you?",
    Phrase.TOO_FAR: "I can only make appointments until {day}. When would suit you?",
    Phrase.HELD: "I'm keeping that time for you for a minute and a half: {when}.",
    Phrase.BOOKED: "Your appointment is booked: {service}, {when}.",
    Phrase.MOVED: "Your appointment has been moved: {service}, {when}.",
    Phrase.CANCELLED: "Your appointment has been cancelled: {service}, {when}.",
    Phrase.CONFIRMED: "Your appointment is confirmed: {service}, {when}.",
    Phrase.APPOINTMENT: "{service}, {when}",
    Phrase.YOUR_APPOINTMENT: "You have one appointment: {appointment}.",
    Phrase.YOUR_APPOINTMENTS: "These are your appointments: {appointments}.",
    Phrase.NO_APPOINTMENTS: "I can't find an appointment under your number.",
    Phrase.NOT_FOUND: "I'm sorry, I can't find that appointment.",
    Phrase.TAKEN: "I'm sorry, that time has just been taken.",
    Phrase.NOT_OFFERED: "I'm sorry, that time isn't available.",
    Phrase.UNKNOWN_SERVICE: "I'm sorry, we don't offer that service.",
    Phrase.NOT_SAVED: "I'm sorry, I couldn't save that. Nothing has been changed.",
    Phrase.NOT_UNDERSTOOD: "I'm sorry, something went wrong. Let's try that again.",
    Phrase.WITHHELD: (
        "Your number is withheld, so I can't look at appointments. I'd be glad to take a message, "
        "and somebody will call you back."
    ),
    Phrase.NOT_A_NUMBER: "I'm sorry, I didn't catch that number. Could you say it again, digit by digit?",
    Phrase.CODE_MESSAGE: "{business}: your code is {code}, good for five minutes. Tell it only to our receptionist.",
    Phrase.CODE_SENT: "I've sent a code to that number by text message. What does it say?",
    Phrase.CODE_NOT_SENT: "I'm sorry, I couldn't send a code to that number. I'd be glad to take a message.",
    Phrase.CODE_RIGHT: "Thank you, that is the right code.",
    Phrase.CODE_WRONG: "I'm sorry, that isn't the code. Could you say it once more?",
    Phrase.CODE_SPENT: "I'm sorry, that code is no longer good. I'd be glad to take a message.",
    Phrase.MESSAGE_TAKEN: "I've taken that down and will pass it on.",
    Phrase.MESSAGE_EMPTY: "What would you like me to pass on?",
    Phrase.NOBODY_THERE: (
        "I'm sorry, nobody can come to the phone right now. I'd be glad to take a message. What shall I pass on?"
    ),
    Phrase.WAY_OUT: "I'm sorry, this isn't working. I'd be glad to take a message, and somebody will call you back.",
    Phrase.WAY_OUT_OR_PERSON: (
        "I'm sorry, this isn't working. I can put you through to a person, or take a message. Which would you like?"
    ),
    Phrase.OR: ", or ",
    Phrase.AND: " and ",
}

RETRY_INSTRUCTIONS = (
    "Your last answer did not reach the caller. Answer the caller's last words again now, in one or two "
    'short sentences. If there is nothing to answer, say: "{sentence}"'
)


WAY_OUT_INSTRUCTIONS = (
    "The caller's last turns could not be put into writing: the line may be bad. If you understood the caller's last "
    'words, answer them. If you did not, say: "{sentence}" Then do as the caller wishes.'
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
