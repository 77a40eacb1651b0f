"""The words of our own of each language, spoken once when the process starts.

It decides nothing about when they are said. Where no voice can speak, calls go on without them.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping

from torim.core.own_words import Clip, Own
from torim.desk.receptionist import Receptionist
from torim.engines.embedded.tone import wait_tone
from torim.engines.embedded.voice import Voice
from torim.errors import EngineError

_log = logging.getLogger("torim.live")
_SENTENCES = (Own.MOMENT, Own.RETRY, Own.GOODBYE, Own.HANDOVER)

Clips = Mapping[str, Mapping[Own, Clip]]  # by language


async def own_words(receptionist: Receptionist, voice: Voice) -> Clips:
    """Speak the sentences of the business in each of its languages; none at all if nothing can speak."""
    try:
        return {
            language: await _of_language(receptionist, language, voice) for language in receptionist.business.languages
        }
    except EngineError as error:
        _log.warning("calls have no words of their own for waiting: %s", error)
        return {}


async def _of_language(receptionist: Receptionist, language: str, voice: Voice) -> dict[Own, Clip]:
    sentences = receptionist.sentences(language)
    clips = {
        own: Clip((await voice.speak(sentences[own.value], language)).payload, sentences[own.value])
        for own in _SENTENCES
    }
    return clips | {Own.TONE: Clip(wait_tone())}
