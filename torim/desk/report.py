"""What a call leaves for the owner to read: its transcript as text, and a summary of its facts.

Pure. Words of the AI that the caller did not hear are left out. It interprets nothing: a summary that judges
what was meant is a model's work.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

from torim.core.events import EndReason
from torim.core.transcript import Speaker, Turn
from torim.desk.book import Appointment
from torim.desk.business import Business

CUT_OFF = "\u2014"  # ends a line that the caller cut off


@dataclass(frozen=True, slots=True)
class Words:
    """The written words of a report in one language."""

    speakers: Mapping[Speaker, str]
    not_transcribed: str
    booked: str
    nothing_booked: str
    barge_ins: tuple[str, str, str]  # one, two, more
    ended: str
    reasons: Mapping[EndReason, str]
    weekdays: tuple[str, ...]  # Monday first


ENGLISH = Words(
    speakers=MappingProxyType({Speaker.CALLER: "Caller", Speaker.AI: "Receptionist"}),
    not_transcribed="(not transcribed)",
    booked="Booked {service} for {weekday} {date}, {time}",
    nothing_booked="No appointment was made",
    barge_ins=("1 barge-in", "2 barge-ins", "{count} barge-ins"),
    ended="ended: {reason}",
    reasons=MappingProxyType(
        {
            EndReason.CALLER_HUNG_UP: "the caller hung up",
            EndReason.GOODBYE: "goodbye was said",
            EndReason.TRANSFERRED: "the caller was put through",
            EndReason.CALLER_SILENT: "the caller was silent",
            EndReason.MAX_DURATION: "the longest duration was reached",
            EndReason.LINE_LOST: "the line was lost",
            EndReason.ENGINE_FAILED: "the speech engine failed",
            EndReason.OPERATOR: "it was ended from the live page",
            EndReason.SHUTDOWN: "Torim was shut down",
            EndReason.INTERNAL_ERROR: "an internal error",
        }
    ),
    weekdays=("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"),
)
HEBREW = Words(
    speakers=MappingProxyType({Speaker.CALLER: "מתקשר", Speaker.AI: "פקידת הקבלה"}),
    not_transcribed="(לא תומלל)",
    booked="נקבע תור: {service}, {weekday} {date} בשעה {time}",
    nothing_booked="לא נקבע תור",
    barge_ins=("התפרצות אחת לדברי הפקידה", "שתי התפרצויות לדברי הפקידה", "{count} התפרצויות לדברי הפקידה"),
    ended="סיום השיחה: {reason}",
    reasons=MappingProxyType(
        {
            EndReason.CALLER_HUNG_UP: "המתקשר ניתק",
            EndReason.GOODBYE: "נאמרה ברכת פרידה",
            EndReason.TRANSFERRED: "השיחה הועברה",
            EndReason.CALLER_SILENT: "המתקשר שתק",
            EndReason.MAX_DURATION: "השיחה הגיעה לאורך המרבי",
            EndReason.LINE_LOST: "הקו נותק",
            EndReason.ENGINE_FAILED: "תקלה במנוע הדיבור",
            EndReason.OPERATOR: "השיחה הופסקה ממסך הצפייה",
            EndReason.SHUTDOWN: "המערכת נסגרה",
            EndReason.INTERNAL_ERROR: "תקלה פנימית",
        }
    ),
    weekdays=("יום שני", "יום שלישי", "יום רביעי", "יום חמישי", "יום שישי", "שבת", "יום ראשון"),
)
LANGUAGES: Mapping[str, Words] = {"he": HEBREW, "en": ENGLISH}


@dataclass(frozen=True, slots=True)
class CallReport:
    """The texts that are stored with a call and with its appointments."""

    summary: str
    transcript: str


def readable_transcript(turns: Sequence[Turn], language: str) -> str:
    """The conversation as text, one line a turn: "0:07 Caller: Tuesday, please"."""
    words = LANGUAGES.get(language, ENGLISH)
    return "\n".join(line for turn in turns if (line := _line(turn, words)))


def _line(turn: Turn, words: Words) -> str:
    heard = " ".join(turn.heard_text.split())
    if turn.speaker is Speaker.CALLER:
        heard = heard or words.not_transcribed
    elif not heard:
        return ""  # not a word of it reached the caller
    elif turn.unheard_text.strip():
        heard = f"{heard} {CUT_OFF}"
    minutes, seconds = divmod(turn.start_ms // 1000, 60)
    return f"{minutes}:{seconds:02d} {words.speakers[turn.speaker]}: {heard}"


def summary(
    business: Business,
    booked: Sequence[Appointment],
    barge_ins: int,
    end_reason: EndReason,
    language: str,
) -> str:
    """The facts of a call in one line: "Booked haircut for Tuesday 24.11.2026, 10:30; 2 barge-ins; ...".

    Args:
        booked: The appointments that the call made.
        barge_ins: How often the caller took the floor while the AI was sounding.
    """
    words = LANGUAGES.get(language, ENGLISH)
    facts = [_booked(business, made, words, language) for made in booked] or [words.nothing_booked]
    if barge_ins:
        facts.append(words.barge_ins[min(barge_ins, 3) - 1].format(count=barge_ins))
    facts.append(words.ended.format(reason=words.reasons[end_reason]))
    return "; ".join(facts) + "."


def _booked(business: Business, made: Appointment, words: Words, language: str) -> str:
    local = made.starts_at.astimezone(business.zone)
    return words.booked.format(
        service=business.service_name(made.service_id, language),
        weekday=words.weekdays[local.weekday()],
        date=f"{local.day}.{local.month}.{local.year}",
        time=f"{local:%H:%M}",
    )
