"""What can be said of a call without a model: its outcome, and a summary put together from what it did.

Pure. A booking is an outcome because it is in the book, never because somebody spoke of one; so a model's summary,
too, takes the outcome from here. Nothing is judged that the facts do not show.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from types import MappingProxyType
from zoneinfo import ZoneInfo

from torim.core.events import EndReason
from torim.core.transcript import Speaker, Turn
from torim.desk import report
from torim.desk.book import Appointment
from torim.desk.business import Business
from torim.desk.messages import Urgency
from torim.desk.outcomes import Outcome, Sentiment
from torim.jobs.texts import when
from torim.storage.deeds import Deeds
from torim.storage.records import CallSummary

_BROKEN = frozenset({EndReason.LINE_LOST, EndReason.ENGINE_FAILED, EndReason.SHUTDOWN, EndReason.INTERNAL_ERROR})
FIRM = frozenset({Outcome.BOOKED, Outcome.MOVED, Outcome.CANCELLED, Outcome.MESSAGE, Outcome.TRANSFERRED})


@dataclass(frozen=True, slots=True)
class CallFacts:
    """What is known of a call for certain."""

    deeds: Deeds
    turns: Sequence[Turn]
    end_reason: EndReason
    caller: str | None = None  # the calling number
    duration_ms: int = 0
    barge_ins: int = 0

    @property
    def outcome(self) -> Outcome:
        """The most important thing that the call led to."""
        deeds = self.deeds
        done = (
            (Outcome.BOOKED, deeds.booked),
            (Outcome.MOVED, deeds.moved),
            (Outcome.CANCELLED, deeds.cancelled),
            (Outcome.TRANSFERRED, self.end_reason.value == "transferred"),
            (Outcome.MESSAGE, deeds.messages),
        )
        for outcome, happened in done:
            if happened:
                return outcome
        if self.was_answered:
            return Outcome.QUESTION
        return Outcome.NONE if self.end_reason in _BROKEN else Outcome.ABANDONED

    @property
    def was_answered(self) -> bool:
        """Whether the caller said something and heard something after it."""
        asked = next((turn.start_ms for turn in self.turns if turn.speaker is Speaker.CALLER), None)
        return asked is not None and any(
            turn.speaker is Speaker.AI and turn.heard_text.strip() and turn.start_ms >= asked for turn in self.turns
        )


@dataclass(frozen=True, slots=True)
class _Words:
    booked: str
    moved: str
    cancelled: str
    message: str
    outcomes: Mapping[Outcome, str]
    intents: Mapping[Outcome, str]
    course: str
    barge_ins: tuple[str, str, str, str]  # none, one, two, more
    call_back: str
    somebody: str


_ENGLISH = _Words(
    booked="Booked {service} for {when}.",
    moved="Moved an appointment: {service}, now {when}.",
    cancelled="Cancelled an appointment: {service}, {when}.",
    message="The caller left a message.",
    outcomes=MappingProxyType(
        {
            Outcome.TRANSFERRED: "The caller was put through to a person.",
            Outcome.QUESTION: "The caller asked something and was answered; no appointment was made.",
            Outcome.ABANDONED: "The caller left before anything came of the call.",
            Outcome.NONE: "The call broke off before anything came of it.",
        }
    ),
    intents=MappingProxyType(
        {
            Outcome.BOOKED: "to book an appointment",
            Outcome.MOVED: "to move an appointment",
            Outcome.CANCELLED: "to cancel an appointment",
            Outcome.MESSAGE: "to leave a message",
            Outcome.TRANSFERRED: "to speak to a person",
            Outcome.QUESTION: "to ask something",
        }
    ),
    course="The call lasted {minutes}:{seconds:02d} minutes{barge_ins}; {reason}.",
    barge_ins=(
        "",
        ", and the caller cut in once",
        ", and the caller cut in twice",
        ", and the caller cut in {n} times",
    ),
    call_back="Call back {who}.",
    somebody="the caller",
)
_HEBREW = _Words(
    booked="נקבע תור: {service}, {when}.",
    moved="תור הועבר למועד חדש: {service}, {when}.",
    cancelled="תור בוטל: {service}, {when}.",
    message="הושארה הודעה.",
    outcomes=MappingProxyType(
        {
            Outcome.TRANSFERRED: "השיחה הועברה לנציג.",
            Outcome.QUESTION: "המתקשר שאל וקיבל תשובה; לא נקבע תור.",
            Outcome.ABANDONED: "המתקשר עזב לפני שיצא משהו מהשיחה.",
            Outcome.NONE: "השיחה נקטעה לפני שיצא ממנה משהו.",
        }
    ),
    intents=MappingProxyType(
        {
            Outcome.BOOKED: "לקבוע תור",
            Outcome.MOVED: "להעביר תור",
            Outcome.CANCELLED: "לבטל תור",
            Outcome.MESSAGE: "להשאיר הודעה",
            Outcome.TRANSFERRED: "לדבר עם נציג",
            Outcome.QUESTION: "לשאול שאלה",
        }
    ),
    course="השיחה נמשכה {minutes}:{seconds:02d} דקות{barge_ins}; {reason}.",
    barge_ins=("", ", המתקשר התפרץ פעם אחת", ", המתקשר התפרץ פעמיים", ", המתקשר התפרץ {n} פעמים"),
    call_back="לחזור אל {who}.",
    somebody="המתקשר",
)
_LANGUAGES: Mapping[str, _Words] = MappingProxyType({"he": _HEBREW, "en": _ENGLISH})


def summary_of(facts: CallFacts, business: Business, language: str) -> CallSummary:
    """The summary of a call as its facts alone allow it: what it did, and how it went."""
    words, outcome = _LANGUAGES.get(language, _ENGLISH), facts.outcome
    done = [*_deeds(facts.deeds, business, words, language)]
    if not done or outcome is Outcome.TRANSFERRED:
        done.append(words.outcomes.get(outcome, ""))
    urgency = max(
        (message.urgency for message in facts.deeds.messages), key=list(Urgency).index, default=Urgency.NORMAL
    )
    return CallSummary(
        summary=" ".join(part for part in (*done, _course(facts, words, language)) if part),
        intent=words.intents.get(outcome),
        outcome=outcome,
        next_action=_next_action(facts, words),
        sentiment=Sentiment.NEUTRAL,
        urgency=urgency,
        details=details_of(facts),
    )


def details_of(facts: CallFacts) -> dict[str, str | None]:
    """Name and telephone of the caller, from what the call wrote down or from the line."""
    made = [*facts.deeds.booked, *facts.deeds.moved, *facts.deeds.cancelled]
    names = [one.contact_name for one in made] + [left.name for left in facts.deeds.messages]
    phones = [one.contact_phone for one in made] + [left.from_number for left in facts.deeds.messages] + [facts.caller]
    return {"name": next(filter(None, names), None), "phone": next(filter(None, phones), None)}


def impersonal(summary: CallSummary) -> CallSummary:
    """A summary without what says who called."""
    return replace(summary, details={}, next_action=None)


def _deeds(deeds: Deeds, business: Business, words: _Words, language: str) -> list[str]:
    groups = ((words.booked, deeds.booked), (words.moved, deeds.moved), (words.cancelled, deeds.cancelled))
    said = [_sentence(text, made, business, language) for text, group in groups for made in group]
    return said + [words.message] * bool(deeds.messages)


def _sentence(text: str, made: Appointment, business: Business, language: str) -> str:
    at = when(made.starts_at, ZoneInfo(made.timezone), language)
    return text.format(service=business.service_name(made.service_id, language), when=at)


def _course(facts: CallFacts, words: _Words, language: str) -> str:
    minutes, seconds = divmod(facts.duration_ms // 1000, 60)
    barge_ins = words.barge_ins[min(facts.barge_ins, 3)].format(n=facts.barge_ins)
    reasons = report.LANGUAGES.get(language, report.ENGLISH).reasons
    reason = reasons.get(facts.end_reason, facts.end_reason.value.replace("_", " "))
    return words.course.format(minutes=minutes, seconds=seconds, barge_ins=barge_ins, reason=reason)


def _next_action(facts: CallFacts, words: _Words) -> str | None:
    if facts.outcome is not Outcome.MESSAGE:
        return None
    details = details_of(facts)
    return words.call_back.format(who=details["name"] or details["phone"] or words.somebody)
