"""What a business is: its names, languages, hours, staff and services, and how its calls are handled.

It decides how a description is read (TOML or JSON); whether one can work is checked in `business_checks`. Every
field that is not essential has a default. It never looks at appointments or at the time of day.
"""

from __future__ import annotations

import tomllib
from datetime import date
from enum import Enum
from importlib.resources import files
from pathlib import Path
from zoneinfo import ZoneInfo

import msgspec

from torim.desk import business_checks
from torim.desk.hours import DAY_MIN, WEEK, Hours, Opening, subtract
from torim.errors import BookingError, ConfigError

__all__ = ["DAY_MIN", "WEEK", "Hours", "Opening"]

SAMPLE = "sample.toml"
ByLanguage = dict[str, str]


class Service(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Something that can be booked; its buffers keep the performer free before and after it."""

    id: str
    name: ByLanguage
    duration_min: int
    buffer_before_min: int = 0
    buffer_after_min: int = 0
    price: str | None = None  # as it is to be said, such as "120 shekels"

    @property
    def blocked_min(self) -> int:
        return self.buffer_before_min + self.duration_min + self.buffer_after_min


class ClosedDay(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A day, or the days from ``first`` to ``last``, on which nothing is offered."""

    first: date
    last: date | None = None
    name: ByLanguage = {}

    def holds(self, day: date) -> bool:
        return self.first <= day <= (self.last or self.first)


class Staff(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Somebody who performs services."""

    id: str
    name: ByLanguage
    services: tuple[str, ...] = ()  # ids; none: all of them
    hours: Hours | None = None  # within those of the business; None: the same
    breaks: Hours = Hours()
    closed_days: tuple[ClosedDay, ...] = ()
    capacity: int = 1  # how many appointments at once
    calendar: str | None = None  # https address of a calendar in ICS form whose events are busy times

    def performs(self, service_id: str) -> bool:
        return not self.services or service_id in self.services


class Observance(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Which days and evenings close the business beside its own closed days."""

    country: str | None = None  # ISO 3166, for public holidays; None: by the time zone; "none": no holidays
    subdivision: str | None = None
    public_holidays: bool = True
    optional_holidays: bool = False  # half-holidays and days of observance: Purim, the days between, Tisha B'Av
    open_on: tuple[str, ...] = ()  # names of holidays (Hebrew or English) on which the business is open after all
    closed_on: tuple[str, ...] = ()  # names of optional holidays on which it is closed
    holiday_eves: bool = True  # closes at candle lighting on the eve of a Jewish holiday
    shabbat: bool = False  # closed from candle lighting on Friday until nightfall on Saturday
    candle_lighting_min: int = 40  # before sunset; 40 in Jerusalem, 18 to 30 elsewhere
    nightfall_degrees: float = 8.5  # of the sun below the horizon
    latitude: float = 31.7781
    longitude: float = 35.2354


class QuestionAnswer(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Something that callers ask, and what is answered."""

    question: ByLanguage
    answer: ByLanguage


class Owner(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Where the owner is told what happened; never spoken to callers."""

    name: str | None = None
    phone: str | None = None
    email: str | None = None


class Transfer(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A person to whom callers may be put through; outside these hours, and on closed days, a message is taken."""

    number: str | None = None
    hours: Hours | None = None  # None: whenever the business is open
    on_closed_days: bool = False  # in these hours also on holidays, closed days and Shabbat: somebody is on call


class Notifications(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Who is told of what."""

    owner_sms: bool = False
    owner_email: bool = True
    customer_sms: bool = False
    customer_email: bool = True
    reminder_hours: int = 24  # before the appointment; 0: none
    webhook_url: str | None = None
    webhook_secret: str | None = None


class PrivacyMode(Enum):
    """What is kept of a call."""

    EVERYTHING = "everything"
    NO_PERSONAL_DATA = "no_personal_data"
    FACTS_ONLY = "facts_only"


class Business(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """One business that Torim answers for."""

    id: str
    name: ByLanguage
    languages: tuple[str, ...]
    opening_language: str
    services: tuple[Service, ...]
    hours: Hours
    timezone: str = "Asia/Jerusalem"
    phone: str | None = None  # as it may be said
    numbers: tuple[str, ...] = ()  # the called numbers that this business answers, such as "+97235550100"
    greeting: ByLanguage = {}  # a standard one where it is missing
    # When
    minimum_notice_min: int = 60
    horizon_days: int = 30
    slot_step_min: int = 15  # appointments begin at multiples of this after an opening
    breaks: Hours = Hours()
    closed_days: tuple[ClosedDay, ...] = ()
    holidays: Observance = Observance()
    # Who
    staff: tuple[Staff, ...] = ()
    capacity: int = 1  # how many appointments at once, where no staff is named
    calendar: str | None = None  # https address of a calendar in ICS form whose events are busy times of everybody
    # What is said
    voice: str | None = None  # of the engine, by its name there; None: as the installation says (TORIM_VOICE)
    persona: ByLanguage = {}
    knowledge: tuple[QuestionAnswer, ...] = ()
    speakable: tuple[str, ...] = ()  # numbers and addresses that may be said to callers
    consent: ByLanguage = {}  # the line that announces a recording; a standard one where it is missing
    # How calls are handled
    owner: Owner = Owner()
    transfer: Transfer = Transfer()
    notifications: Notifications = Notifications()
    recording: bool = False
    privacy_mode: PrivacyMode = PrivacyMode.EVERYTHING
    retention_days: int = 90
    barge_in_enabled: bool | None = None  # None: as the installation says (ENABLE_BARGE_IN)
    greeting_lock: bool | None = None
    patience: str | None = None  # with short sounds: "short", "normal" or "long"; None: as the installation says

    @property
    def listens(self) -> str | None:
        """How calls are listened to, as `torim.core.settings.PATIENCE` names it; None: as the installation says."""
        return None if self.patience is None else business_checks.PATIENCE[self.patience]

    @property
    def zone(self) -> ZoneInfo:
        return ZoneInfo(self.timezone)

    def openings(self, weekday: int) -> tuple[Opening, ...]:
        """The opening hours of a weekday as Python numbers them (Monday is 0), in order, without the breaks."""
        return subtract(self.hours.on(weekday), self.breaks.on(weekday))

    def service(self, service_id: str) -> Service:
        """The service with this id.

        Raises:
            BookingError: ``booking.unknown_service``.
        """
        for service in self.services:
            if service.id == service_id:
                return service
        known = ", ".join(service.id for service in self.services)
        raise BookingError(
            f"There is no service {service_id!r}; choose one of: {known}.", code="booking.unknown_service"
        )

    def service_name(self, service_id: str, language: str) -> str:
        """How a service is called in a language; its id if it is no longer offered."""
        names = (service.name[language] for service in self.services if service.id == service_id)
        return next(names, service_id)

    def member(self, staff_id: str) -> Staff:
        """The member of staff with this id.

        Raises:
            BookingError: ``booking.unknown_staff``.
        """
        for member in self.staff:
            if member.id == staff_id:
                return member
        known = ", ".join(member.id for member in self.staff) or "nobody is named"
        raise BookingError(f"There is no {staff_id!r} on the staff: {known}.", code="booking.unknown_staff")

    def language(self, wanted: str | None) -> str:
        """The language to speak when ``wanted`` is asked for: the opening one if it is not spoken here."""
        code = (wanted or "").partition("-")[0].lower()
        return code if code in self.languages else self.opening_language


# What msgspec knows of a type it builds at its first use, which two threads must not do at once: one of them would
# crash the process. Here the import lock keeps them apart.
msgspec.json.Decoder(Business)


def load_business(path: Path | None = None) -> Business:
    """Read a business from a TOML file, or the built-in sample business when no file is given.

    Raises:
        ConfigError: ``config.business``, every problem on its own line with the path of the key.
    """
    if path is None:
        return parse_business(files("torim.desk").joinpath(SAMPLE).read_text(encoding="utf-8"), SAMPLE)
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        advice = f"Cannot read the business file {path}: {error}. Check the path, its permissions and UTF-8."
        raise ConfigError(advice, code="config.business") from error
    return parse_business(text, path.name)


def parse_business(text: str, source: str) -> Business:
    """Turn the TOML text of a business into a checked `Business`; ``source`` names it in advice.

    Raises:
        ConfigError: ``config.business``, every problem on its own line with the path of the key.
    """
    try:
        raw = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise ConfigError(f"{source} is not valid TOML: {error}.", code="config.business") from error
    return checked(business_from(raw, source), source)


def business_from(raw: object, source: str) -> Business:
    """Turn decoded TOML or JSON into a `Business`; ``source`` names it in advice.

    Whether it can work is not checked: settings that were stored are used although a newer version would refuse them.

    Raises:
        ConfigError: ``config.business``, with the path of the key that is none.
    """
    try:
        return msgspec.convert(raw, Business)
    except msgspec.ValidationError as error:
        raise ConfigError(f"{source}: {business_checks.readable(error)}", code="config.business") from error


def checked(business: Business, source: str) -> Business:
    """The business itself, if it can work; ``source`` names it in advice.

    Raises:
        ConfigError: ``config.business``, every problem on its own line with the path of the key.
    """
    problems = [f"{source}: {path}: {advice}" for path, advice in business_checks.problems(business)]
    if problems:
        raise ConfigError("\n".join(problems), code="config.business")
    return business


def settings_json(business: Business) -> str:
    """A business as JSON text, the same for equal businesses; `business_from` reads it back."""
    return msgspec.json.encode(business, order="sorted").decode()
