"""Twilio: its media streams, and the TwiML that answers its webhooks.

Decides what a call is told to do next in each situation. It never decides who may call (`trust.py`) or why a
call ended.
"""

from __future__ import annotations

from collections.abc import Mapping
from xml.sax.saxutils import escape, quoteattr

from torim.carriers.base import CarrierPlugin
from torim.carriers.media_streams import MediaStreamsCodec
from torim.core.abilities import CarrierCapabilities
from torim.core.events import EndReason

# A pair that is not in Twilio's list makes <Say> fail silently; its default voice knows no Hebrew.
_VOICES = {
    "en": 'language="en-US"',
    "he": 'language="he-IL" voice="Google.he-IL-Standard-A"',
}
_APOLOGY = {
    "en": "We are sorry, we cannot take your call right now. Please call again in a few minutes.",
    "he": "אנו מתנצלים, לא ניתן לענות לשיחה כעת. אנא התקשרו שוב בעוד כמה דקות.",
}
_BUSY = {
    "en": "All our lines are busy. Please call again in a few minutes.",
    "he": "כל הקווים שלנו תפוסים. אנא התקשרו שוב בעוד כמה דקות.",
}
# After these the caller has been told all there was to say, or is gone.
_SAID_ALL = frozenset(
    {
        EndReason.CALLER_HUNG_UP,
        EndReason.GOODBYE,
        EndReason.TRANSFERRED,
        EndReason.CALLER_SILENT,
        EndReason.MAX_DURATION,
        EndReason.OPERATOR,
        EndReason.SHUTDOWN,
    }
)


RING_S = 25  # how long a person's telephone rings before the caller is taken back
_DIALLED = frozenset({"completed", "answered"})  # what Twilio says of a transfer that was answered


class TwilioCodec(MediaStreamsCodec):
    """One Twilio media stream (`<Connect><Stream>`, both directions)."""

    __slots__ = ()


PLUGIN = CarrierPlugin("twilio", CarrierCapabilities(), TwilioCodec)


def answer(stream_url: str, parameters: Mapping[str, str], after_url: str = "/twilio/after") -> str:
    """TwiML that connects the call to a media stream and asks `after_url` what follows it.

    Args:
        stream_url: The wss address of the media socket. Query strings do not reach it: use parameters.
        parameters: Names and values of fewer than 500 characters each; they come back in the start message.
    """
    given = "".join(f"<Parameter name={quoteattr(n)} value={quoteattr(v)}/>" for n, v in parameters.items())
    stream = f"<Connect><Stream url={quoteattr(stream_url)}>{given}</Stream></Connect>"
    return _response(f'{stream}<Redirect method="POST">{escape(after_url)}</Redirect>')


def busy(language: str) -> str:
    """TwiML that says that all lines are taken, then hangs up."""
    return _response(_say(_BUSY, language) + "<Hangup/>")


def apology(language: str) -> str:
    """TwiML that apologises in the business's language, then hangs up."""
    return _response(_say(_APOLOGY, language) + "<Hangup/>")


def after(reason: EndReason | None, language: str) -> str:
    """TwiML for what follows a stream that ended for this reason; None: nobody knows why it ended."""
    return _response("<Hangup/>") if reason in _SAID_ALL else apology(language)


def transfer(number: str, after_url: str = "/twilio/after") -> str:
    """TwiML that puts the caller through to a person and asks `after_url` what follows, answered or not."""
    action = f'action={quoteattr(after_url)} method="POST"'
    return _response(f'<Dial {action} timeout="{RING_S}"><Number>{escape(number)}</Number></Dial>')


def was_answered(dial_status: str) -> bool:
    """Whether a transfer was answered, by Twilio's word about it (`DialCallStatus`)."""
    return dial_status in _DIALLED


def hang_up() -> str:
    """TwiML that ends the call."""
    return _response("<Hangup/>")


def _say(sentences: Mapping[str, str], language: str) -> str:
    spoken = language if language in sentences else "en"
    return f"<Say {_VOICES[spoken]}>{escape(sentences[spoken])}</Say>"


def _response(verbs: str) -> str:
    return f'<?xml version="1.0" encoding="UTF-8"?><Response>{verbs}</Response>'
