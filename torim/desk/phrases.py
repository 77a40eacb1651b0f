"""The names of the desk's sentences; each language says every one of them, with the same blanks."""

from __future__ import annotations

from enum import Enum


class Phrase(Enum):
    """A sentence or part of one; the value is its key and the blanks that it has in every language."""

    GREETING = ("greeting", "business")
    CONSENT = ("consent",)  # the call is recorded
    PROMPT = ("prompt",)  # after mutual silence
    GOODBYE = ("goodbye", "business")
    HANDOVER = ("handover",)  # the caller is put through to a person
    RETURNED = ("returned",)  # nobody answered there; the first words of what follows
    RETRY = ("retry",)  # an answer was lost and nothing is known about the caller's wish
    MOMENT = ("moment",)  # something takes long
    APOLOGY = ("apology",)  # the call cannot go on
    # Services and times
    SERVICE = ("service", "service", "duration")
    SERVICES = ("services", "services")
    OFFER = ("offer", "options")
    OFFER_OTHER = ("offer_other", "options")  # not what was wished
    OFFER_UNSURE = ("offer_unsure", "offer")  # the words can mean several times
    OFFER_CONTRADICTED = ("offer_contradicted", "offer")  # weekday and date do not go together
    NONE_FREE = ("none_free",)
    CALENDAR_AWAY = ("calendar_away",)  # no linked calendar can be read: nothing is offered
    NO_SUCH_TIME = ("no_such_time",)
    PAST = ("past",)
    TOO_FAR = ("too_far", "day")
    # Appointments
    HELD = ("held", "when")
    BOOKED = ("booked", "service", "when")
    MOVED = ("moved", "service", "when")
    CANCELLED = ("cancelled", "service", "when")
    CONFIRMED = ("confirmed", "service", "when")
    APPOINTMENT = ("appointment", "service", "when")
    YOUR_APPOINTMENT = ("your_appointment", "appointment")
    YOUR_APPOINTMENTS = ("your_appointments", "appointments")
    NO_APPOINTMENTS = ("no_appointments",)
    NOT_FOUND = ("not_found",)
    TAKEN = ("taken",)
    NOT_OFFERED = ("not_offered",)
    UNKNOWN_SERVICE = ("unknown_service",)
    NOT_SAVED = ("not_saved",)
    NOT_UNDERSTOOD = ("not_understood",)
    # Who calls
    WITHHELD = ("withheld",)
    NOT_A_NUMBER = ("not_a_number",)
    CODE_MESSAGE = ("code_message", "business", "code")  # the text message itself
    CODE_SENT = ("code_sent",)
    CODE_NOT_SENT = ("code_not_sent",)
    CODE_RIGHT = ("code_right",)
    CODE_WRONG = ("code_wrong",)
    CODE_SPENT = ("code_spent",)
    # People
    MESSAGE_TAKEN = ("message_taken",)
    MESSAGE_EMPTY = ("message_empty",)
    NOBODY_THERE = ("nobody_there",)
    WAY_OUT = ("way_out",)  # too much was not understood
    WAY_OUT_OR_PERSON = ("way_out_or_person",)  # the same where somebody can be reached
    OR = ("or",)  # between two options
    AND = ("and",)

    @property
    def key(self) -> str:
        return str(self.value[0])

    @property
    def blanks(self) -> tuple[str, ...]:
        return tuple(self.value[1:])
