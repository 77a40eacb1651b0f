"""From a transcript to pieces: folds spelling, knows the words of both languages, takes Hebrew prefixes off.

It decides which word a word is; what a run of them means is grammar.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator

from torim.desk.when import english_words, hebrew_words
from torim.desk.when.token import Token, Tokens

_WORDS = hebrew_words.WORDS | english_words.WORDS
_LONGEST = max(len(phrase.split()) for phrase in _WORDS)
_PREFIXES = {"ו": "&", "ב": "a", "ל": "l", "ה": "t", "מ": "g", "כ": "~", "ש": ""}
_PREFIXED = re.compile(r"([ושכ]{0,2}[במלכ]?ה?)(.+)")
_PIECE = re.compile(
    r"(?P<iso>\d{4}-\d{1,2}-\d{1,2})|(?P<date>\d{1,2}[./]\d{1,2}[./]\d{2,4})|(?P<clock>\d{1,2}:\d{2})"
    r"|(?P<slash>\d{1,2}/\d{1,2})|(?P<dot>\d{1,2}\.\d{1,2})|(?P<ordinal>\d{1,2})(?:st|nd|rd|th)\b"
    r"|(?P<digits>\d+)|(?P<dash>(?<=\d)\s*-\s*(?=\d))|(?P<word>[^\W\d_]+)|(?P<comma>,)"
)


def read(text: str) -> Tokens:
    """The pieces of a transcript."""
    pieces = [(str(match.lastgroup), match[str(match.lastgroup)]) for match in _PIECE.finditer(_plain(text))]
    tokens: Tokens = []
    place = 0
    while place < len(pieces):
        group, piece = pieces[place]
        if group == "word":
            taken, found = _phrase([word for kind, word in pieces[place : place + _LONGEST] if kind == "word"])
            # A comma or a number between two words parts them.
            run = _run(pieces, place)
            if taken > run:
                taken, found = _phrase([word for _, word in pieces[place : place + run]])
            tokens += found
            place += taken
        else:
            tokens += _written(group, piece)
            place += 1
    return [piece for token in tokens for piece in _parts(token)]


def _run(pieces: list[tuple[str, str]], place: int) -> int:
    count = 0
    while place + count < len(pieces) and pieces[place + count][0] == "word":
        count += 1
    return count


def _plain(text: str) -> str:
    """Lower case, without vowel points; apostrophes part words, a maqaf and long dashes become short ones."""
    decomposed = unicodedata.normalize("NFKD", text.casefold())
    letters = "".join(char for char in decomposed if not unicodedata.combining(char))
    letters = re.sub(r"[\u05be\u2010-\u2015\u2212]", "-", letters)
    return re.sub(r"[\"'\u05f3\u05f4\u2018\u2019\u201c\u201d]", " ", re.sub(r"(?<=\b[ap])\.\s?(?=m\b)", "", letters))


def _phrase(words: list[str]) -> tuple[int, Tokens]:
    """The longest phrase that begins here: how many words it has, and its pieces."""
    for count in range(min(_LONGEST, len(words)), 0, -1):
        phrase = " ".join(words[:count])
        found = _known(phrase)
        if found is not None:
            return count, found
    return 1, [Token("x", words[0])]


def _known(phrase: str) -> Tokens | None:
    if phrase in _WORDS:
        return [Token(*_WORDS[phrase])]
    if phrase in _PREFIXES:
        return [Token(_PREFIXES[phrase])]
    for prefix, rest in _splits(phrase):
        if rest in _WORDS:
            return [*(Token(_PREFIXES[letter]) for letter in prefix), Token(*_WORDS[rest])]
    return None


def _splits(phrase: str) -> Iterator[tuple[str, str]]:
    """Shorter prefixes first: more of the word is kept."""
    for length in range(1, 4):
        prefix, rest = phrase[:length], phrase[length:]
        match = _PREFIXED.fullmatch(prefix + "_")
        if rest and match is not None and match[1] == prefix:
            yield prefix, rest


def _written(group: str, piece: str) -> Tokens:
    numbers = [int(part) for part in re.findall(r"\d+", piece)]
    match group:
        case "iso":
            return [Token("Y", (numbers[2], numbers[1], numbers[0]))]
        case "date":
            return [Token("Y", (numbers[0], numbers[1], numbers[2] if numbers[2] > 99 else 2000 + numbers[2]))]
        case "slash":
            return [Token("Y", (numbers[0], numbers[1], None))]
        case "dot":
            return [Token("X", (numbers[0], numbers[1]))]
        case "clock":
            return [Token("T", numbers[0] * 60 + numbers[1] if numbers[1] < 60 else -1)]
        case "ordinal":
            return [Token("o", numbers[0])]
        case "digits":
            return [_figure(piece)]
        case "dash":
            return [Token("=")]
        case _:
            return [Token(",")]


def _figure(digits: str) -> Token:
    """A number as long as a day, an hour or a year; a telephone number is none."""
    if len(digits) > 4 or (len(digits) > 1 and digits[0] == "0"):
        return Token("x", digits)
    return Token("d", int(digits))


def _parts(token: Token) -> Iterator[Token]:
    """Words that say two things, and words that say nothing."""
    match token.kind:
        case "":
            return
        case "RP":
            yield Token("R", 0)
            yield Token("P", token.value)
        case "iU":
            unit, count = token.value
            yield Token("d", count)
            yield Token("U", unit)
        case _:
            yield token
