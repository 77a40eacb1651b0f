"""Messages, transfers and one-time codes: what the tools do for callers who need a person, or proof of who they are.

It decides whether somebody can be put through now, and whether a number may be sent a code. It sends nothing itself
but through ports, and now is an argument.
"""

from __future__ import annotations

from datetime import datetime

from torim.desk.business import Business
from torim.desk.calling import CallContext
from torim.desk.closed_days import closures
from torim.desk.identity import Checked, CodeLimit, MakeCode, SendText
from torim.desk.messages import MessageRequest, Messages
from torim.desk.notes import own_note, with_note
from torim.desk.numbers import country_of, e164
from torim.desk.phrases import Phrase
from torim.desk.tools import CheckCode, LeaveMessage, SendCode, TransferCall
from torim.desk.wording import Answer, Wording, refuse
from torim.errors import TorimError

VOICE_MESSAGE = {"he": "הודעה קולית", "en": "Voice message"}


class People:
    """The people of one business, as calls may reach them; safe to share between calls and threads."""

    def __init__(
        self,
        business: Business,
        messages: Messages,
        wording: Wording,
        send_text: SendText | None = None,
        make_code: MakeCode | None = None,
    ) -> None:
        self._business = business
        self._messages = messages
        self._words = wording
        self._send_text = send_text
        self._make_code = make_code
        self._limit = CodeLimit()

    @property
    def sends_codes(self) -> bool:
        """Whether one-time codes can be sent."""
        return self._send_text is not None and self._make_code is not None

    # --- messages ---------------------------------------------------------------------------------------

    def leave_message(self, asked: LeaveMessage, call: CallContext, now_utc: datetime) -> Answer:
        """Keep a message, once: the same words of the same call are the same message."""
        text = " ".join(asked.text.split())
        if note_id := own_note(asked.note_id, call.call_id):
            language = self._words.language(call)
            text = with_note(text or VOICE_MESSAGE.get(language, VOICE_MESSAGE["en"]), note_id)
        if not text:
            raise refuse("message.empty", "Ask what the message is.")
        for known in self._messages.messages(self._business.id, call_id=call.call_id):
            if known.text == text:
                return self._taken(known.id, call)
        request = MessageRequest(
            business_id=self._business.id,
            text=text,
            idempotency_key=call.idempotency_key,
            asked_at=now_utc,
            call_id=call.call_id,
            from_number=e164(asked.phone, country_of(self._business.timezone)) or call.who.caller,
            name=(asked.name or "").strip() or None,
            urgency=asked.urgency,
        )
        return self._taken(self._messages.leave_message(request).id, call)

    def _taken(self, message_id: str, call: CallContext) -> Answer:
        return {"ok": True, "message_id": message_id, "spoken": self._words.say(call, Phrase.MESSAGE_TAKEN)}

    # --- transfers --------------------------------------------------------------------------------------

    def transfer(self, asked: TransferCall, call: CallContext, now_utc: datetime) -> Answer:
        """Say whether the caller can be put through now; the live side does it."""
        if not self.is_there(now_utc):
            raise refuse("transfer.nobody", "Nobody can be reached now: take a message with leave_message.")
        return {"ok": True, "spoken": self._words.say(call, Phrase.HANDOVER)}

    def is_there(self, now_utc: datetime) -> bool:
        """Whether somebody can be put through to: there is a number, these are its hours, and no closed day."""
        business, transfer = self._business, self._business.transfer
        if transfer.number is None:
            return False
        local, now_s = now_utc.astimezone(business.zone), now_utc.timestamp()
        if not transfer.on_closed_days and any(
            closed.since_s <= now_s < closed.until_s for closed in closures(business, local.date())
        ):
            return False
        weekday, minute = local.weekday(), local.hour * 60 + local.minute
        openings = business.openings(weekday) if transfer.hours is None else transfer.hours.on(weekday)
        return any(opening.opens_min <= minute < opening.closes_min for opening in openings)

    # --- codes ------------------------------------------------------------------------------------------

    def send_code(self, asked: SendCode, call: CallContext, now_utc: datetime) -> Answer:
        """Send a code to a number that the caller says is theirs.

        Whether anybody has booked with that number is not told.
        """
        if call.who.caller is None:
            raise refuse("identity.withheld", "The calling number is withheld: offer to take a message.")
        number = e164(asked.phone, country_of(self._business.timezone))
        if number is None:
            raise refuse("identity.no_number", "This is no telephone number; ask for it digit by digit.")
        if self._send_text is None or self._make_code is None:
            raise refuse("identity.not_sent", "No text messages can be sent here: offer to take a message.")
        if not call.who.may_ask() or not self._limit.allows(number, now_utc):
            raise refuse("identity.not_sent", "Enough codes were sent: offer to take a message.")
        code = self._make_code()
        call.who.opened(number, code, call.call_id, now_utc)
        language = self._words.language(call)
        text = self._words.say(call, Phrase.CODE_MESSAGE, business=self._business.name[language], code=code)
        try:
            self._send_text(number, text)
        except TorimError as error:
            call.who.withdrawn()
            raise refuse("identity.not_sent", f"The code was not sent ({error.code}).") from error
        return {"ok": True, "spoken": self._words.say(call, Phrase.CODE_SENT)}

    def check_code(self, asked: CheckCode, call: CallContext, now_utc: datetime) -> Answer:
        """Hold what the caller read out against the code."""
        match call.who.check(asked.code, call.call_id, now_utc):
            case Checked.RIGHT:
                return {"ok": True, "spoken": self._words.say(call, Phrase.CODE_RIGHT)}
            case Checked.WRONG:
                raise refuse("identity.code_wrong", "Not the code; ask once more.")
            case Checked.SPENT:
                raise refuse("identity.code_spent", "No code is open any more: offer to take a message.")
