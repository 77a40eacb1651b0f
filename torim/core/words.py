"""Words that take the floor even when their sound was judged not to be a turn.

A late transcript may cut a reply that was resumed only if it holds one of these or a number.
"""

from __future__ import annotations

STOP_WORDS = frozenset(
    "stop wait hold no hello sorry excuse pause cancel enough"
    " רגע די עצור עצרי חכה חכי לא סליחה שנייה תפסיק תפסיקי מספיק הלו ביטול".split()
)
NUMBER_WORDS = frozenset(
    "zero one two three four five six seven eight nine ten eleven twelve"
    " אפס אחת שתיים שלוש ארבע חמש שש שבע שמונה תשע עשר אחד שניים שלושה ארבעה חמישה שישה שבעה תשעה עשרה".split()
)


def takes_floor(text: str, own: str = "") -> bool:
    """Whether a transcript holds a stop word or a number, in Hebrew or English.

    Words of ``own``, what the AI itself has just said, do not count: the engine may have heard their echo.
    """
    echoes = set(_words(own))
    return any(
        word.isdigit() or word in STOP_WORDS or word in NUMBER_WORDS for word in _words(text) if word not in echoes
    )


def _words(text: str) -> list[str]:
    return "".join(character if character.isalnum() else " " for character in text.lower()).split()
