"""Hebrew sounds: words by the table, readings by their neighbours, guesses for the rest."""

from __future__ import annotations

from datetime import date, time, timedelta

import pytest

from torim.desk import hebrew as desk
from torim.desk.business import load_business
from torim.engines.embedded import hebrew
from torim.engines.embedded.hebrew import HEBREW_WORD, sounds, spell_figures
from torim.engines.embedded.hebrew_words import SOUNDS
from torim.engines.embedded.pronunciation import utterance

ALPHABET = set("abdefghijklmnopqrstuvzRSTXZ'@?")


def read(text: str) -> str:
    return " ".join(sounds(HEBREW_WORD.findall(text)))


@pytest.mark.parametrize(
    ("text", "phonemes"),
    [
        ("שמונה בבוקר", "Sm'one bab'okeR"),
        ("שמונה בינואר", "Smon'a bej'anuaR"),
        ("שמונה עשרה", "Sm'one esR'e"),
        ("שמונה עשר בנובמבר", "Smon'a as'aR benov'embeR"),
        ("עשרים ושמונה במאי", "esR'im uSmon'a bem'aj"),
        ("אחד עשר", "eX'ad as'aR"),
        ("לשתים עשרה", "leSt'em esR'e"),
        ("עשרה ביוני", "asaR'a bej'uni"),
        ("עשר וחצי", "'eseR vaX'etsi"),
        ("אחר הצהריים", "aX'aR hatsohoR'ajim"),
        ("מועד אחר", "mo'ed aX'eR"),
        ("שָׁלוֹם", "Sal'om"),  # points do not matter
    ],
)
def test_readings(text: str, phonemes: str) -> None:
    assert read(text) == phonemes


@pytest.mark.parametrize(
    ("word", "phonemes"),
    [("לתספורת", "letisp'oRet"), ("והמועד", "veham'oed"), ("ג'ורג'", "dZoR'adZ"), ("יוסי", "jos'i"), ("כהן", "kah'an")],
)
def test_prefixes_and_guesses(word: str, phonemes: str) -> None:
    assert read(word).replace("'", "") == phonemes.replace("'", "")


def test_every_entry_of_the_table_is_pronounceable() -> None:
    for word, phonemes in SOUNDS.items():
        assert HEBREW_WORD.fullmatch(word), word
        assert set(phonemes) <= ALPHABET and phonemes.count("'") == 1, (word, phonemes)


def test_every_word_the_desk_can_say_about_times_is_in_the_table() -> None:
    texts = [desk.calendar_day(date(2026, 1, 1) + timedelta(days=days)) for days in range(366)]
    texts += [desk.at_clock(time(hour, minute)) for hour in range(24) for minute in range(0, 60, 5)]
    texts += [desk.duration(minutes) for minutes in range(5, 400, 5)]
    texts += [*desk.PHRASES.values(), "היום", "מחר"]
    assert unknown(texts) == []


def test_the_sample_business_is_in_the_table() -> None:
    business = load_business(None)
    assert unknown([business.name["he"], *(service.name["he"] for service in business.services)]) == []


def unknown(texts: list[str]) -> list[str]:
    """The words that would have to be guessed."""
    words = {word for text in texts for word in HEBREW_WORD.findall(text)}
    return sorted(word for word in words if not hebrew.known(word))


def test_figures_are_read_as_words() -> None:
    assert spell_figures("בשעה 10:30") == "בשעה עשר שלושים"
    assert spell_figures("9:00") == "תשע"
    assert spell_figures("12 25 05") == "שתים עשרה עשרים וחמש אפס חמש"
    assert spell_figures("0541") == "אפס חמש ארבע אחת"


def test_an_utterance_keeps_the_words_and_knows_where_they_stand() -> None:
    wanted = utterance("לתור, הקישו 1.", "he")
    assert wanted.voice == "he" and wanted.phonemes
    assert wanted.words == ("לתור,", "הקישו", "1.")
    assert wanted.text == "[[let'oR]], [[hak'iSu]] [[aX'at]]."
    assert [wanted.text[start - 1 :][:2] for start in wanted.starts] == ["[["] * 3
