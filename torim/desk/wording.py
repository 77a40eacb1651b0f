"""The words and ids of a tool's answer, in the caller's language: offers, appointments, refusals.

It decides how an answer is put; what is offered or done is decided before.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import Any

from torim.desk.book import Appointment
from torim.desk.business import Business
from torim.desk.calling import CallContext
from torim.desk.choices import OFFERED_MAX, Choice
from torim.desk.phrases import Phrase
from torim.desk.speech import listing, options, say, speech
from torim.desk.when.meaning import Trouble
from torim.desk.wishes import Wish
from torim.errors import BookingError, StorageError, TorimError

Answer = dict[str, Any]

REFUSALS: Mapping[str, Phrase] = {
    "booking.slot_taken": Phrase.TAKEN,
    "booking.hold_expired": Phrase.TAKEN,
    "booking.not_offered": Phrase.NOT_OFFERED,
    "booking.unknown_slot": Phrase.NOT_OFFERED,
    "booking.unknown_service": Phrase.UNKNOWN_SERVICE,
    "booking.not_found": Phrase.NOT_FOUND,
    "booking.wrong_status": Phrase.NOT_FOUND,
    "calendar.unreadable": Phrase.CALENDAR_AWAY,
    "identity.withheld": Phrase.WITHHELD,
    "identity.no_number": Phrase.NOT_A_NUMBER,
    "identity.not_sent": Phrase.CODE_NOT_SENT,
    "identity.code_wrong": Phrase.CODE_WRONG,
    "identity.code_spent": Phrase.CODE_SPENT,
    "message.empty": Phrase.MESSAGE_EMPTY,
    "transfer.nobody": Phrase.NOBODY_THERE,
    "wish.impossible": Phrase.NO_SUCH_TIME,
    "wish.past": Phrase.PAST,
}


class Wording:
    """Puts answers into words for one business."""

    def __init__(self, business: Business) -> None:
        self.business = business

    def say(self, call: CallContext, phrase: Phrase, **blanks: str) -> str:
        """One sentence in the language of the call."""
        return say(self.language(call), phrase, **blanks)

    def language(self, call: CallContext) -> str:
        """The language in which a call is answered."""
        return self.business.language(call.language)

    def today(self, now_utc: datetime) -> date:
        """The local day."""
        return now_utc.astimezone(self.business.zone).date()

    # --- services and times -----------------------------------------------------------------------------

    def services(self, call: CallContext) -> Answer:
        """All services, with ids and words."""
        language = self.language(call)
        duration = speech(language).duration
        listed = [
            {
                "id": service.id,
                "name": service.name[language],
                "spoken": say(
                    language,
                    Phrase.SERVICE,
                    service=service.name[language],
                    duration=duration(service.duration_min),
                ),
            }
            for service in self.business.services
        ]
        names = listing(language, [service.name[language] for service in self.business.services])
        return {"services": listed, "spoken": say(language, Phrase.SERVICES, services=names)}

    def offer(
        self, choice: Choice, wish: Wish, call: CallContext, now_utc: datetime, staff_id: str | None = None
    ) -> Answer:
        """The times that are offered, with ids and words; the ids name the person who was asked for."""
        language, today = self.language(call), self.today(now_utc)
        when = speech(language).when
        slots = [{"id": slot.id_with(staff_id or ""), "spoken": when(slot.local, today)} for slot in choice.slots]
        if not slots:
            return {"slots": [], "spoken": say(language, Phrase.NONE_FREE)}
        phrase = Phrase.OFFER if choice.as_wished else Phrase.OFFER_OTHER
        times = options(language, [slot.local for slot in choice.slots], today)
        spoken = self._unsure(say(language, phrase, options=times), wish, language)
        return {"slots": slots, "as_wished": choice.as_wished, "spoken": spoken}

    def _unsure(self, offer: str, wish: Wish, language: str) -> str:
        """The offer, with the reason why it may not be what was meant."""
        if Trouble.CONTRADICTION in wish.troubles:
            return say(language, Phrase.OFFER_CONTRADICTED, offer=offer)
        if Trouble.AMBIGUOUS in wish.troubles:
            return say(language, Phrase.OFFER_UNSURE, offer=offer)
        return offer

    def too_far(self, call: CallContext, now_utc: datetime) -> str:
        """Until when appointments can be made."""
        words = speech(self.language(call))
        last = self.today(now_utc) + timedelta(days=self.business.horizon_days)
        return self.say(call, Phrase.TOO_FAR, day=words.calendar_day(last))

    # --- appointments -----------------------------------------------------------------------------------

    def done(self, phrase: Phrase, made: Appointment, call: CallContext) -> Answer:
        """What was done with an appointment; the day by its date, because the caller writes it down."""
        service = self.business.service_name(made.service_id, self.language(call))
        return {
            "ok": True,
            "appointment_id": made.id,
            "spoken": self.say(call, phrase, service=service, when=self.when(made, call)),
        }

    def when(self, made: Appointment, call: CallContext) -> str:
        """When an appointment is, in words."""
        return speech(self.language(call)).when(made.starts_at.astimezone(self.business.zone))

    def appointments(self, found: Sequence[Appointment], call: CallContext) -> Answer:
        """The next appointments, with ids and words."""
        language = self.language(call)
        listed = [
            {
                "id": made.id,
                "service_id": made.service_id,
                "spoken": say(
                    language,
                    Phrase.APPOINTMENT,
                    service=self.business.service_name(made.service_id, language),
                    when=self.when(made, call),
                ),
            }
            for made in found[:OFFERED_MAX]
        ]
        return {"ok": True, "appointments": listed, "spoken": self._listed(listed, language)}

    def _listed(self, listed: Sequence[Mapping[str, str]], language: str) -> str:
        if not listed:
            return say(language, Phrase.NO_APPOINTMENTS)
        if len(listed) == 1:
            return say(language, Phrase.YOUR_APPOINTMENT, appointment=listed[0]["spoken"])
        spoken = "; ".join(item["spoken"] for item in listed)
        return say(language, Phrase.YOUR_APPOINTMENTS, appointments=spoken)

    # --- refusals ---------------------------------------------------------------------------------------

    def refusal(self, error: TorimError, call: CallContext) -> Answer:
        """Why something was not done: a code and advice for the model, and words for the caller."""
        unknown = Phrase.NOT_SAVED if isinstance(error, StorageError) else Phrase.NOT_UNDERSTOOD
        spoken = self.say(call, REFUSALS.get(error.code, unknown))
        refused: Answer = {"ok": False, "error": error.code, "detail": str(error), "spoken": spoken}
        if error.code == "booking.unknown_service":
            services = self.services(call)
            refused |= {**services, "spoken": f"{spoken} {services['spoken']}"}
        return refused

    def way_out(self, call: CallContext, *, somebody: bool) -> Answer:
        """What replaces the words of one more refusal in a row; ``somebody``: a person can be reached now."""
        phrase = Phrase.WAY_OUT_OR_PERSON if somebody else Phrase.WAY_OUT
        tools = "transfer_call or leave_message, as the caller wishes" if somebody else "leave_message"
        advice = f"This does not get the caller anywhere: say `spoken`, then use {tools}."
        return {"detail": advice, "way_out": True, "spoken": self.say(call, phrase)}


def refuse(code: str, advice: str) -> BookingError:
    """A refusal to raise."""
    return BookingError(advice, code=code)
