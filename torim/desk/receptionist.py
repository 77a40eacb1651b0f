"""The receptionist: what the model is told, which tools it has, and who performs each tool.

Whatever the model sends is answered. An appointment exists only through its tools, once per wish however often
one is called. It does no input or output of its own: the book and the messages are ports, and now is an argument.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol

import msgspec

from torim.core.events import EndReason
from torim.core.transcript import Turn
from torim.desk import tools
from torim.desk.book import Book
from torim.desk.briefing import brief
from torim.desk.business import Business
from torim.desk.calling import CallContext
from torim.desk.diary import Diary
from torim.desk.identity import Identity, MakeCode, SendText, calling_number
from torim.desk.messages import Messages
from torim.desk.numbers import country_of
from torim.desk.people import People
from torim.desk.phrases import Phrase
from torim.desk.report import CallReport, readable_transcript, summary
from torim.desk.speech import say, say_exactly, speech
from torim.desk.tools import ARGUMENTS, Arguments, Tool
from torim.desk.wording import Answer, Wording, refuse
from torim.errors import BookingError, TorimError

__all__ = ["CallContext", "Receptionist"]

VOICE_NOTE = "save_voice_note"
TRANSFER = "transfer_call"
CODES = frozenset({"send_code", "check_code"})
ADDED = frozenset({"retry", "way_out"})  # prompts that need the standing instructions, too
_SENTENCES = (
    Phrase.GREETING,
    Phrase.PROMPT,
    Phrase.GOODBYE,
    Phrase.HANDOVER,
    Phrase.RETURNED,
    Phrase.RETRY,
    Phrase.MOMENT,
    Phrase.APOLOGY,
)


class DeskBook(Book, Messages, Protocol):
    """Appointments and messages in one place, as a database has them."""


class Receptionist:
    """Answers for one business; safe to share between calls and threads.

    Args:
        voice_notes: Offer `save_voice_note`, which the line performs.
        send_text, make_code: With both, callers can prove a number by a one-time code.
        recorded: Whether calls are recorded, so that callers are told.
    """

    def __init__(
        self,
        business: Business,
        book: DeskBook,
        *,
        voice_notes: bool = False,
        send_text: SendText | None = None,
        make_code: MakeCode | None = None,
        recorded: bool | None = None,
    ) -> None:
        self.business = business
        self.voice_notes = voice_notes
        self._recorded = business.recording if recorded is None else recorded
        self._book = book
        self._words = Wording(business)
        self._diary = Diary(business, book, self._words)
        self._people = People(business, book, self._words, send_text, make_code)

    # --- what the model is told -------------------------------------------------------------------------

    def instructions(self, language: str, now_utc: datetime) -> str:
        """The standing instructions of a call that opens in ``language``."""
        return brief(self.business, self.business.language(language), now_utc, codes=self._people.sends_codes)

    def sentences(self, language: str) -> dict[str, str]:
        """The fixed sentences as plain text, by key; the greeting announces a recording."""
        language = self.business.language(language)
        name = self.business.name[language]
        said = {phrase.key: say(language, phrase, business=name) for phrase in _SENTENCES}
        greeting = self.business.greeting.get(language) or said["greeting"]
        return said | {"greeting": self._with_consent(greeting, language)}

    def prompts(self, language: str, *, returned: bool = False) -> dict[str, str]:
        """The instructions of the responses that the core creates by itself, by purpose.

        All are fixed sentences but ``retry``, which asks for the lost answer again, and ``way_out``, for a caller
        who is not understood: these two are `ADDED` to the standing instructions.

        Args:
            returned: The caller comes back from a transfer that nobody answered.
        """
        language = self.business.language(language)
        sentences = self.sentences(language)
        if returned:
            sentences["greeting"] = sentences["returned"]
        prompts = {key: say_exactly(sentence) for key, sentence in sentences.items()}
        prompts["retry"] = speech(language).RETRY_INSTRUCTIONS.format(sentence=sentences["retry"])
        way_out = Phrase.WAY_OUT_OR_PERSON if self._offers(TRANSFER) else Phrase.WAY_OUT
        prompts["way_out"] = speech(language).WAY_OUT_INSTRUCTIONS.format(sentence=say(language, way_out))
        return prompts

    def tools(self) -> list[Tool]:
        """The functions that the model may call."""
        return [tools.tool(name, self.business) for name in ARGUMENTS if self._offers(name)]

    def _offers(self, name: str) -> bool:
        if name in CODES:
            return self._people.sends_codes
        if name == TRANSFER:
            return self.business.transfer.number is not None
        return name != VOICE_NOTE or self.voice_notes

    def _with_consent(self, greeting: str, language: str) -> str:
        if not self._recorded:
            return greeting
        consent = self.business.consent.get(language) or say(language, Phrase.CONSENT)
        return f"{consent} {greeting}" if consent not in greeting else greeting

    # --- a call -----------------------------------------------------------------------------------------

    def identity(self, caller: str | None) -> Identity:
        """Who is calling, as far as the calling number says; one for each call."""
        return Identity(calling_number(caller, country_of(self.business.timezone)))

    def transfer_number(self, now_utc: datetime) -> str | None:
        """Where a caller who is put through now is sent; None: nobody is there."""
        return self.business.transfer.number if self._people.is_there(now_utc) else None

    def run(self, name: str, arguments: str, call: CallContext, now_utc: datetime) -> str:
        """Perform a tool and return its answer as JSON text.

        Whatever the model sends is answered: a refusal is ``{"ok": false, "error": code, "detail": advice,
        "spoken": words for the caller, ...}``. A code that begins with ``storage.`` concerns the operator.
        May block on the book.
        """
        try:
            asked = tools.decode(name, arguments)
        except BookingError as error:
            return _json(self._counted(name, self._words.refusal(error, call), call, now_utc))
        call = call.speaking(asked.language)
        try:
            answer = self._perform(asked, call, now_utc)
        except TorimError as error:
            answer = self._words.refusal(error, call)
        return _json(self._counted(name, answer, call, now_utc))

    def unanswered(self, name: str, why: str, call: CallContext, now_utc: datetime) -> str:
        """The answer, as JSON text, of a tool that gave none itself; ``why`` is a code such as ``timeout``.

        Nobody knows what it did: the caller is not told that nothing happened. Blocks on nothing.
        """
        detail = "It may have been done all the same: look it up before you try once more."
        spoken = self._words.say(call, Phrase.NOT_UNDERSTOOD)
        answer = {"ok": False, "error": why, "detail": detail, "spoken": spoken}
        return _json(self._counted(name, answer, call, now_utc))

    def _counted(self, name: str, answer: Answer, call: CallContext, now_utc: datetime) -> Answer:
        """An answer or, when too many in a row were refusals, a refusal that offers a way out."""
        if call.troubles is None or not call.troubles.count(name, answer):
            return answer
        return answer | self._words.way_out(call, somebody=self._people.is_there(now_utc))

    def _perform(self, asked: Arguments, call: CallContext, now_utc: datetime) -> Answer:
        match asked:
            case tools.ListServices():
                return {"ok": True, **self._words.services(call)}
            case tools.FindSlots():
                return self._diary.find(asked, call, now_utc)
            case tools.HoldSlot():
                return self._diary.hold(asked, call, now_utc)
            case tools.BookAppointment():
                return self._diary.book(asked, call, now_utc)
            case tools.Confirm():
                return self._diary.confirm(asked, call, now_utc)
            case tools.RescheduleAppointment():
                return self._diary.reschedule(asked, call, now_utc)
            case tools.CancelAppointment():
                return self._diary.cancel(asked, call, now_utc)
            case tools.ListAppointments():
                return self._diary.list(asked, call, now_utc)
            case tools.SendCode():
                return self._people.send_code(asked, call, now_utc)
            case tools.CheckCode():
                return self._people.check_code(asked, call, now_utc)
            case tools.LeaveMessage():
                return self._people.leave_message(asked, call, now_utc)
            case tools.TransferCall():
                return self._people.transfer(asked, call, now_utc)
            case tools.EndCall():
                return {"ok": True}
            case tools.SaveVoiceNote():
                raise refuse("tool.unknown", "The line takes voice notes, not the desk.")

    def call_over(self, call_id: str, now_utc: datetime) -> int:
        """Give up the times that a call that is over still holds; gives their number. Blocking.

        Raises:
            StorageError: They expire by themselves.
        """
        return self._book.release(self.business.id, call_id, now_utc)

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


def _json(answer: Answer) -> str:
    return msgspec.json.encode(answer).decode()
