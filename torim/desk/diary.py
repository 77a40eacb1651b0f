"""What the tools do with the appointment book: find, keep, book, confirm, move, cancel, list.

It decides what may be offered, and whose appointments a call may see and change: those of its numbers, and those it
made itself. Everything else does not exist for it. It does no input or output of its own: the book is a port, and
now is an argument.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from torim.desk.book import (
    Appointment,
    Book,
    BookingRequest,
    ChangeRequest,
    RescheduleRequest,
    Status,
)
from torim.desk.business import Business, Service
from torim.desk.calling import CallContext
from torim.desk.choices import Choice, choose
from torim.desk.notes import own_note
from torim.desk.numbers import country_of, e164
from torim.desk.phrases import Phrase
from torim.desk.search import open_slots, why_nothing
from torim.desk.slots import Slot, offered, staff_of, starts_at
from torim.desk.staffing import Performer, performers
from torim.desk.tools import (
    BookAppointment,
    CancelAppointment,
    Confirm,
    FindSlots,
    HoldSlot,
    ListAppointments,
    RescheduleAppointment,
)
from torim.desk.when.meaning import Trouble
from torim.desk.wishes import Wish, parse_wish, wish_between
from torim.desk.wording import Answer, Wording, refuse
from torim.errors import BookingError

OFFER_GRACE = timedelta(minutes=15)  # a time that was offered can still be booked this much later


class Diary:
    """The appointments of one business, as calls may use them; safe to share between calls and threads."""

    def __init__(self, business: Business, book: Book, wording: Wording) -> None:
        self._business = business
        self._book = book
        self._words = wording

    # --- times ------------------------------------------------------------------------------------------

    def find(self, asked: FindSlots, call: CallContext, now_utc: datetime) -> Answer:
        """Free times for a service, as near to the wish as there are any."""
        service = self._business.service(asked.service_id)
        wish = parse_wish(asked.wish or "", self._business, now_utc)
        self._check(wish)
        if self._is_too_far(wish, now_utc):
            spoken = self._words.too_far(call, now_utc)
            return {"ok": False, "error": "wish.too_far", "detail": "Beyond the horizon.", "spoken": spoken}
        choice = self._choose(service, wish, now_utc, asked.staff_id)
        if not choice.slots and why_nothing(self._book, self._business, now_utc) is not None:
            raise refuse("calendar.unreadable", "The calendar cannot be read just now: offer to take a message.")
        return {"ok": True, **self._words.offer(choice, wish, call, now_utc, asked.staff_id)}

    def _check(self, wish: Wish) -> None:
        """Refuse words that mean no time at all, rather than offer what was not asked for."""
        if wish.alternatives:
            return
        if Trouble.IMPOSSIBLE in wish.troubles:
            raise refuse("wish.impossible", "There is no such date or time; ask the caller again.")
        if Trouble.PAST in wish.troubles:
            raise refuse("wish.past", "That time is over; ask the caller again.")

    def _is_too_far(self, wish: Wish, now_utc: datetime) -> bool:
        horizon = self._words.today(now_utc) + timedelta(days=self._business.horizon_days)
        return wish.first_day is not None and wish.first_day > horizon

    def _choose(self, service: Service, wish: Wish, now_utc: datetime, staff_id: str | None = None) -> Choice:
        return choose(open_slots(self._book, self._business, service, now_utc, wish.first_day, staff_id), wish)

    def _slot(self, slot_id: str, service: Service, now_utc: datetime) -> Slot:
        notice = timedelta(minutes=self._business.minimum_notice_min)
        return offered(
            self._business,
            service,
            starts_at(slot_id),
            now_utc - min(notice, OFFER_GRACE),
            staff_of(slot_id),
        )

    def _performers(self, service: Service, slot: Slot) -> tuple[Performer, ...]:
        """Who works at that time, of those who perform the service."""
        able = performers(self._business, service.id)
        return tuple(performer for performer in able if performer.staff_id in slot.staff_ids)

    # --- making -----------------------------------------------------------------------------------------

    def hold(self, asked: HoldSlot, call: CallContext, now_utc: datetime) -> Answer:
        """Keep an offered time for a moment."""
        service = self._business.service(asked.service_id)
        try:
            slot = self._slot(asked.slot_id, service, now_utc)
            made = self._book.hold(self._request(service, slot, call, now_utc))
        except BookingError as error:
            return self._refused(error, asked.slot_id, service, call, now_utc)
        return self._words.done(Phrase.HELD, made, call)

    def book(self, asked: BookAppointment, call: CallContext, now_utc: datetime) -> Answer:
        """Make an appointment, once, however often it is asked for."""
        made = self._book.find_booking(self._business.id, call.idempotency_key)
        if made is not None:
            return self._words.done(Phrase.BOOKED, made, call)
        service = self._business.service(asked.service_id)
        try:
            slot = self._slot(asked.slot_id, service, now_utc)
            made = self._book.book(self._request(service, slot, call, now_utc, asked))
        except BookingError as error:
            return self._refused(error, asked.slot_id, service, call, now_utc)
        return self._words.done(Phrase.BOOKED, made, call)

    def _request(
        self,
        service: Service,
        slot: Slot,
        call: CallContext,
        now_utc: datetime,
        asked: BookAppointment | None = None,
    ) -> BookingRequest:
        said = asked or BookAppointment(slot.id, service.id)
        return BookingRequest(
            business_id=self._business.id,
            service_id=service.id,
            starts_at=slot.starts_at,
            ends_at=slot.ends_at,
            timezone=slot.timezone,
            idempotency_key=call.idempotency_key,
            asked_at=now_utc,
            call_id=call.call_id,
            performers=self._performers(service, slot),
            buffer_before_min=service.buffer_before_min,
            buffer_after_min=service.buffer_after_min,
            contact_name=(said.name or "").strip() or None,
            contact_phone=self.number(said.phone) or call.who.caller,
            notes=(said.notes or "").strip() or None,
            name_note=own_note(said.name_note_id, call.call_id),
        )

    def number(self, said: str | None) -> str | None:
        """A number that the caller said, in one form; None if it is none."""
        return e164(said, country_of(self._business.timezone))

    def _refused(
        self, error: BookingError, slot_id: str, service: Service, call: CallContext, now_utc: datetime
    ) -> Answer:
        """A refusal with other times, from the day of the refused one on."""
        try:
            wish = wish_between(first_day=starts_at(slot_id).astimezone(self._business.zone).date())
        except BookingError:
            wish = Wish()
        offer = self._words.offer(self._choose(service, wish, now_utc), wish, call, now_utc)
        return self._words.refusal(error, call) | {"slots": offer["slots"], "alternatives": offer["spoken"]}

    # --- what exists ------------------------------------------------------------------------------------

    def list(self, asked: ListAppointments, call: CallContext, now_utc: datetime) -> Answer:
        """The coming appointments of the caller's numbers."""
        numbers = call.who.numbers
        if not numbers:
            raise refuse("identity.withheld", "The calling number is withheld: offer to take a message.")
        found = {
            made.id: made for number in numbers for made in self._book.upcoming(self._business.id, number, now_utc)
        }
        return self._words.appointments(sorted(found.values(), key=lambda made: made.starts_at), call)

    def confirm(self, asked: Confirm, call: CallContext, now_utc: datetime) -> Answer:
        """A held time becomes an appointment, or an appointment is confirmed."""
        before = self._own(asked.appointment_id, call)
        made = self._book.confirm(self._change(asked.appointment_id, call, now_utc))
        return self._words.done(Phrase.BOOKED if before.status is Status.HELD else Phrase.CONFIRMED, made, call)

    def cancel(self, asked: CancelAppointment, call: CallContext, now_utc: datetime) -> Answer:
        """Cancel an appointment of the caller's."""
        self._own(asked.appointment_id, call)
        made = self._book.cancel(self._change(asked.appointment_id, call, now_utc))
        return self._words.done(Phrase.CANCELLED, made, call)

    def reschedule(self, asked: RescheduleAppointment, call: CallContext, now_utc: datetime) -> Answer:
        """Move an appointment of the caller's to an offered time."""
        before = self._own(asked.appointment_id, call)
        if before.status is Status.BOOKED and before.starts_at == starts_at(asked.slot_id):
            return self._words.done(Phrase.MOVED, before, call)  # asked again
        service = self._business.service(before.service_id)
        try:
            slot = self._slot(asked.slot_id, service, now_utc)
            made = self._book.reschedule(self._move(asked.appointment_id, service, slot, call, now_utc))
        except BookingError as error:
            return self._refused(error, asked.slot_id, service, call, now_utc)
        return self._words.done(Phrase.MOVED, made, call)

    def _own(self, appointment_id: str, call: CallContext) -> Appointment:
        """An appointment that this call may see; any other is not found, whether it exists or not.

        Raises:
            BookingError: ``booking.not_found``; ``identity.withheld`` where nobody can be told from anybody.
        """
        made = self._book.get(self._business.id, appointment_id)
        numbers = call.who.numbers
        if made is not None and (made.call_id == call.call_id or made.contact_phone in numbers):
            return made
        if not numbers:
            raise refuse("identity.withheld", "The calling number is withheld: offer to take a message.")
        raise refuse("booking.not_found", "The caller has no such appointment; call list_appointments.")

    def _change(self, appointment_id: str, call: CallContext, now_utc: datetime) -> ChangeRequest:
        return ChangeRequest(
            business_id=self._business.id,
            appointment_id=appointment_id,
            idempotency_key=call.idempotency_key,
            asked_at=now_utc,
            call_id=call.call_id,
        )

    def _move(
        self, appointment_id: str, service: Service, slot: Slot, call: CallContext, now_utc: datetime
    ) -> RescheduleRequest:
        return RescheduleRequest(
            business_id=self._business.id,
            appointment_id=appointment_id,
            idempotency_key=call.idempotency_key,
            asked_at=now_utc,
            call_id=call.call_id,
            starts_at=slot.starts_at,
            ends_at=slot.ends_at,
            performers=self._performers(service, slot),
            buffer_before_min=service.buffer_before_min,
            buffer_after_min=service.buffer_after_min,
        )
