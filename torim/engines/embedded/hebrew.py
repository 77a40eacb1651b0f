"""Hebrew text to phonemes for espeak-ng: by the hand-written table where it has the word, else by guess.

It decides how a word sounds, its neighbours considered where one spelling has two readings. A word that the
table lacks is transliterated by simple letter rules: a fair attempt at a name, never a spelling of letters.
"""

from __future__ import annotations

import re

from torim.engines.embedded.hebrew_words import (
    FEMININE_UNITS,
    MASCULINE_UNITS,
    MONTHS,
    SOUNDS,
)

_LETTERS = r"[\u05d0-\u05ea][\u05d0-\u05ea\u0591-\u05c7]*"  # with points, which change nothing here
HEBREW_WORD = re.compile(rf"{_LETTERS}(?:[\"'\u05f3\u05f4]{_LETTERS})*['\u05f3]?")
_POINTS = re.compile(r"[\u0591-\u05c7]")
_PREFIXES = {"ה": "ha", "ו": "ve", "ב": "be", "ל": "le", "מ": "mi", "ש": "Se", "כ": "ke"}

_CONSONANTS = {
    "א": "", "ב": "v", "ג": "g", "ד": "d", "ה": "h", "ו": "v", "ז": "z", "ח": "X", "ט": "t", "י": "j",
    "כ": "X", "ך": "X", "ל": "l", "מ": "m", "ם": "m", "נ": "n", "ן": "n", "ס": "s", "ע": "", "פ": "f",
    "ף": "f", "צ": "ts", "ץ": "ts", "ק": "k", "ר": "R", "ש": "S", "ת": "t",
}  # fmt: skip
_AT_START = {"ב": "b", "כ": "k", "פ": "p"}
_SOFTENED = {"ג": "dZ", "ז": "Z", "צ": "tS", "ץ": "tS", "ת": "t"}  # with a geresh, as in foreign names
_VOWELS = frozenset("aeiou")


def sounds(words: list[str]) -> list[str]:
    """The phonemes of the Hebrew words of a sentence, in order."""
    bare = [_POINTS.sub("", word) for word in words]
    return [_in_context(bare, index) or _alone(word) for index, word in enumerate(bare)]


def known(word: str) -> bool:
    """Whether the table has the word, alone or behind a prefix."""
    return word in SOUNDS or (word[:1] in _PREFIXES and word[1:] in SOUNDS)


def _alone(word: str) -> str:
    known = SOUNDS.get(word)
    if known is not None:
        return known
    rest = SOUNDS.get(word[1:])
    if rest is not None and word[0] in _PREFIXES:
        return _PREFIXES[word[0]] + rest
    return _guess(word)


def _in_context(words: list[str], index: int) -> str | None:
    """The reading of a word that is read differently beside certain others."""
    word = words[index]
    before = words[index - 1] if index else ""
    after = words[index + 1] if index + 1 < len(words) else ""
    if word == "עשר" and _bare(before, MASCULINE_UNITS):
        return "as'aR"
    if word == "עשרה" and _bare(before, FEMININE_UNITS):
        return "esR'e"
    if word.endswith("שמונה") and (after == "עשר" or after.removeprefix("ב") in MONTHS):
        return "uSmon'a" if word.startswith("ו") else "Smon'a"
    if word == "אחר" and after == "הצהריים":
        return "aX'aR"
    return None


def _bare(word: str, family: frozenset[str]) -> bool:
    return word in family or (word[:1] in _PREFIXES and word[1:] in family)


def _guess(word: str) -> str:
    """Letters to sounds: vowel letters are vowels where they can be, an "a" parts two consonants."""
    found: list[str] = []
    for index, letter in enumerate(word):
        found.append(_letter(word, index, letter))
    return _stress(_part_consonants(found))


def _letter(word: str, index: int, letter: str) -> str:
    first, last = index == 0, index == len(word) - 1
    marked = word[index + 1 : index + 2] in ("'", "\u05f3")
    if marked and letter in _SOFTENED:
        return _SOFTENED[letter]
    if first:
        return _AT_START.get(letter) or _first_letter(word, letter)
    if letter == "ו":
        return "" if word[index - 1] == "ו" else ("v" if word[index + 1 : index + 2] == "ו" else "o")
    if letter == "י":
        return "" if word[index - 1] == "י" else "i"
    if last and letter in "הא":
        return "a"
    if letter in "אע":
        return "a"
    return _CONSONANTS.get(letter, "")


def _first_letter(word: str, letter: str) -> str:
    if letter in "אע":
        return "" if word[1:2] in ("ו", "י") else "a"
    return _CONSONANTS.get(letter, "")


def _part_consonants(found: list[str]) -> str:
    """Join sounds, with an "a" between two consonants that would otherwise meet."""
    joined = ""
    for sound in found:
        meets = bool(joined and sound) and joined[-1] not in _VOWELS and sound[0] not in _VOWELS
        joined += ("a" if meets else "") + sound
    return joined or "a"


def _stress(joined: str) -> str:
    """Stress the last vowel, as most Hebrew words do."""
    for index in range(len(joined) - 1, -1, -1):
        if joined[index] in _VOWELS:
            return f"{joined[:index]}'{joined[index:]}"
    return joined


# --- numbers in figures -----------------------------------------------------------------------------------

_FIGURES = re.compile(r"\d+")
_UNITS = "אפס אחת שתיים שלוש ארבע חמש שש שבע שמונה תשע עשר".split()
_TENS = ("", "", "עשרים", "שלושים", "ארבעים", "חמישים", "שישים", "שבעים", "שמונים", "תשעים")


def spell_figures(text: str) -> str:
    """Figures in words: up to 99 as a number, longer ones figure by figure, clock times by their parts."""
    text = re.sub(r"(\d{1,2}):(\d{2})", lambda at: f"{at[1]} {'' if at[2] == '00' else at[2]}".strip(), text)
    return _FIGURES.sub(lambda found: _spelled(found[0]), text)


def _spelled(figures: str) -> str:
    if len(figures) > 2 or (len(figures) == 2 and figures[0] == "0"):
        return " ".join(_UNITS[int(figure)] for figure in figures)
    value = int(figures)
    if value <= 10:
        return _UNITS[value]
    if value < 20:
        return f"{'שתים' if value == 12 else _UNITS[value - 10]} עשרה"
    tens, ones = divmod(value, 10)
    return _TENS[tens] + (f" ו{_UNITS[ones]}" if ones else "")
