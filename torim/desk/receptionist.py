"""The receptionist: what the model is told, which tools it has, and what each tool does.

It decides what may be offered and booked. An appointment exists only through `book_appointment`, once per
wish however often the tool is called. It does no input or output of its own: the book is a port, and now is
an argument.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import Any

import msgspec

from torim.core.events import EndReason
from torim.core.transcript import Turn
from torim.desk import tools
from torim.desk.book import Appointment, Book, BookingRequest
from torim.desk.briefing import brief
from torim.desk.business import Business, Service
from torim.desk.choices import Choice, choose
from torim.desk.phrases import Phrase
from torim.desk.report import CallReport, readable_transcript, summary
from torim.desk.slots import Slot, free_slots, offered, starts_at
from torim.desk.speech import listing, options, say, say_exactly, speech
from torim.desk.tools import (
    ARGUMENTS,
    Arguments,
    BookAppointment,
    EndCall,
    FindSlots,
    ListServices,
    SaveVoiceNote,
    Tool,
)
from torim.desk.wishes import Wish, parse_wish
from torim.errors import BookingError, StorageError, TorimError

OFFER_GRACE = timedelta(minutes=15)  # a time that was offered can still be booked this much later
VOICE_NOTE = "save_voice_note"

_REFUSALS: Mapping[str, Phrase] = {
    "booking.slot_taken": Phrase.TAKEN,
    "booking.not_offered": Phrase.NOT_OFFERED,
    "booking.unknown_slot": Phrase.NOT_OFFERED,
    "booking.unknown_service": Phrase.UNKNOWN_SERVICE,
}


@dataclass(frozen=True, slots=True)
class CallContext:
    """Which call a tool runs for, and which call of a tool it is."""

    call_id: str
    tool_call_id: str
    caller: str | None  # the calling number, None if it was withheld
    language: str

    def speaking(self, language: str | None) -> CallContext:
        """The same call, in the language that a tool was asked in."""
        return replace(self, language=language) if language else self

    @property
    def idempotency_key(self) -> str:
        return f"{self.call_id}/{self.tool_call_id}"


class Receptionist:
    """Answers for one business; safe to share between calls and threads."""

    def __init__(self, business: Business, book: Book, *, voice_notes: bool = False) -> None:
        self.business = business
        self.voice_notes = voice_notes  # offer `save_voice_note`, which the bridge performs
        self._book = book

    # --- what the model is told -------------------------------------------------------------------------

    def instructions(self, language: str, now_utc: datetime) -> str:
        """The standing instructions of a call that opens in ``language``."""
        return brief(self.business, self.business.language(language), now_utc)

    def sentences(self, language: str) -> dict[str, str]:
        """The fixed sentences as plain text: greeting, prompt, goodbye, retry, apology."""
        language = self.business.language(language)
        name = self.business.name[language]
        phrases = (Phrase.GREETING, Phrase.PROMPT, Phrase.GOODBYE, Phrase.RETRY, Phrase.APOLOGY)
        said = {phrase.key: say(language, phrase, business=name) for phrase in phrases}
        return said | {"greeting": self.business.greeting.get(language) or said["greeting"]}

    def prompts(self, language: str) -> dict[str, str]:
        """The instructions of the responses that the core creates by itself, by purpose.

        All are fixed sentences but ``retry``, which asks for the lost answer again.
        """
        language = self.business.language(language)
        sentences = self.sentences(language)
        prompts = {key: say_exactly(sentence) for key, sentence in sentences.items()}
        prompts["retry"] = speech(language).RETRY_INSTRUCTIONS.format(sentence=sentences["retry"])
        return prompts

    def tools(self) -> list[Tool]:
        """The functions that the model may call."""
        return [tools.tool(name, self.business) for name in ARGUMENTS if self.voice_notes or name != VOICE_NOTE]

    # --- what the tools do ------------------------------------------------------------------------------

    def run(self, name: str, arguments: str, call: CallContext, now_utc: datetime) -> str:
        """Perform a tool and return its answer as JSON text.

        Whatever the model sends is answered: a refusal is ``{"ok": false, "error": code, "detail": advice,
        "spoken": words for the caller, ...}``. A code that begins with ``storage.`` concerns the operator.
        May block on the book.
        """
        try:
            asked = tools.decode(name, arguments)
        except BookingError as error:
            return _json(self._refusal(error, call))
        call = call.speaking(asked.language)
        try:
            return _json(self._perform(asked, call, now_utc))
        except TorimError as error:
            return _json(self._refusal(error, call))

    def _perform(self, asked: Arguments, call: CallContext, now_utc: datetime) -> dict[str, Any]:
        match asked:
            case ListServices():
                return {"ok": True, **self._services(call)}
            case FindSlots():
                service = self.business.service(asked.service_id)
                choice = self._choose(service, self._wish(asked, now_utc), now_utc)
                return {"ok": True, **self._offer(choice, call, now_utc)}
            case BookAppointment():
                return self._book_appointment(asked, call, now_utc)
            case EndCall():
                return {"ok": True}
            case SaveVoiceNote():
                raise BookingError("The line takes voice notes, not the desk.", code="tool.unknown")

    def _book_appointment(self, asked: BookAppointment, call: CallContext, now_utc: datetime) -> dict[str, Any]:
        made = self._book.find_booking(self.business.id, call.idempotency_key)
        if made is not None:
            return self._booked(made, call)
        service = self.business.service(asked.service_id)
        try:
            slot = self._slot(asked.slot_id, service, now_utc)
            return self._booked(self._book.book(self._request(asked, slot, call, now_utc)), call)
        except BookingError as error:
            return self._refusal(error, call) | self._alternatives(asked, service, call, now_utc)

    def report(
        self, call_id: str, turns: Sequence[Turn], barge_ins: int, end_reason: EndReason, language: str
    ) -> CallReport:
        """What is filed of a call that is over, when its tools have finished; may block on the book.

        Raises:
            StorageError: The book could not be read; the report can be asked for again.
        """
        language = self.business.language(language)
        booked = self._book.of_call(self.business.id, call_id)
        facts = summary(self.business, booked, barge_ins, end_reason, language)
        return CallReport(facts, readable_transcript(turns, language))

    # --- parts of answers -------------------------------------------------------------------------------

    def _services(self, call: CallContext) -> dict[str, Any]:
        language = self.business.language(call.language)
        listed = [
            {
                "id": service.id,
                "name": service.name[language],
                "spoken": say(
                    language,
                    Phrase.SERVICE,
                    service=service.name[language],
                    duration=speech(language).duration(service.duration_min),
                ),
            }
            for service in self.business.services
        ]
        names = listing(language, [service.name[language] for service in self.business.services])
        return {"services": listed, "spoken": say(language, Phrase.SERVICES, services=names)}

    def _offer(self, choice: Choice, call: CallContext, now_utc: datetime) -> dict[str, Any]:
        language, today = self.business.language(call.language), self._today(now_utc)
        when = speech(language).when
        slots = [{"id": slot.id, "spoken": when(slot.local, today)} for slot in choice.slots]
        if not slots:
            return {"slots": [], "spoken": say(language, Phrase.NONE_FREE)}
        phrase = Phrase.OFFER if choice.as_wished else Phrase.OFFER_OTHER
        times = options(language, [slot.local for slot in choice.slots], today)
        return {"slots": slots, "spoken": say(language, phrase, options=times)}

    def _booked(self, made: Appointment, call: CallContext) -> dict[str, Any]:
        language = self.business.language(call.language)
        # The day by its date even if it is tomorrow: this is what the caller writes down.
        when = speech(language).when(made.starts_at.astimezone(self.business.zone))
        service = self.business.service_name(made.service_id, language)
        spoken = say(language, Phrase.BOOKED, service=service, when=when)
        return {"ok": True, "appointment_id": made.id, "spoken": spoken}

    def _refusal(self, error: TorimError, call: CallContext) -> dict[str, Any]:
        language = self.business.language(call.language)
        unknown = Phrase.NOT_SAVED if isinstance(error, StorageError) else Phrase.NOT_UNDERSTOOD
        spoken = say(language, _REFUSALS.get(error.code, unknown))
        refusal = {"ok": False, "error": error.code, "detail": str(error), "spoken": spoken}
        if error.code == "booking.unknown_service":
            services = self._services(call)
            refusal |= {**services, "spoken": f"{spoken} {services['spoken']}"}
        return refusal

    def _alternatives(
        self, asked: BookAppointment, service: Service, call: CallContext, now_utc: datetime
    ) -> dict[str, Any]:
        """Other times, from the day of the refused one on, with the refusal and the offer as one text."""
        try:
            wish = Wish(first_day=starts_at(asked.slot_id).astimezone(self.business.zone).date())
        except BookingError:
            wish = Wish()
        offer = self._offer(self._choose(service, wish, now_utc), call, now_utc)
        return {"slots": offer["slots"], "alternatives": offer["spoken"]}

    # --- looking things up ------------------------------------------------------------------------------

    def _today(self, now_utc: datetime) -> date:
        return now_utc.astimezone(self.business.zone).date()

    def _wish(self, asked: FindSlots, now_utc: datetime) -> Wish:
        """The caller's own words first; the model's date only where they name no day."""
        wish = parse_wish(asked.wish or "", self._today(now_utc))
        if wish.first_day is not None or not asked.date:
            return wish
        try:
            day = date.fromisoformat(asked.date)
        except ValueError as error:
            advice = f"{asked.date!r} is no date; write YYYY-MM-DD or leave it out."
            raise BookingError(advice, code="tool.bad_arguments") from error
        return Wish(day, day, wish.from_min, wish.to_min)

    def _choose(self, service: Service, wish: Wish, now_utc: datetime) -> Choice:
        until = now_utc + timedelta(days=self.business.horizon_days + 2)
        busy = self._book.busy(self.business.id, now_utc, until)
        return choose(free_slots(self.business, service, busy, now_utc, wish.first_day), wish)

    def _slot(self, slot_id: str, service: Service, now_utc: datetime) -> Slot:
        notice = timedelta(minutes=self.business.minimum_notice_min)
        return offered(self.business, service, starts_at(slot_id), now_utc - min(notice, OFFER_GRACE))

    def _request(self, asked: BookAppointment, slot: Slot, call: CallContext, now_utc: datetime) -> BookingRequest:
        return BookingRequest(
            business_id=self.business.id,
            service_id=asked.service_id,
            starts_at=slot.starts_at,
            ends_at=slot.ends_at,
            timezone=slot.timezone,
            call_id=call.call_id,
            idempotency_key=call.idempotency_key,
            asked_at=now_utc,
            contact_name=(asked.name or "").strip() or None,
            contact_phone=call.caller,
            name_note=asked.name_note_id or None,
        )


def _json(answer: dict[str, Any]) -> str:
    return msgspec.json.encode(answer).decode()
