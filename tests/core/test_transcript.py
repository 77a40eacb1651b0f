"""The transcript says what the caller heard: cut at a whole word, nothing lost, nothing invented."""

from hypothesis import given
from hypothesis import strategies as st

from torim.core.line_clock import SAMPLES_PER_MS
from torim.core.playout import ItemAudio
from torim.core.transcript import CHARACTERS_PER_SECOND, Speaker, Transcript, Turn

KEY = ("item", 0)
SENTENCE = "We have nine, ten and half past eleven."  # 39 characters


def audio(received_ms: int, heard_ms: int, *, done: bool = True, item: str = "item") -> ItemAudio:
    return ItemAudio(
        (item, 0), "R1", received_ms * SAMPLES_PER_MS, heard_ms * SAMPLES_PER_MS, done, first_played_ms=1000
    )


def spoken(text: str, item: ItemAudio, *, times_words: bool = False, cut: bool = False) -> Turn:
    """The turn that a text and its audio make."""
    words = Transcript(times_words)
    words.words(item.key, item, text, 900)
    if cut:
        words.cut(item)
    (turn,) = words.turns()
    return turn


def timed(*parts: tuple[str, int], heard_ms: int) -> Turn:
    """A turn of an engine that times its words: each text leaves just before its audio."""
    words, item = Transcript(True), audio(0, 0, done=False)
    for text, length_ms in parts:
        words.words(item.key, item, text, 900)
        item.received_samples += length_ms * SAMPLES_PER_MS
    item.heard_samples = heard_ms * SAMPLES_PER_MS
    words.cut(item)
    (turn,) = words.turns()
    return turn


def test_what_was_heard_whole_is_there_whole() -> None:
    turn = spoken(SENTENCE, audio(3000, 3000))
    assert (turn.heard_text, turn.unheard_text) == (SENTENCE, "")
    assert not turn.interrupted
    assert not turn.estimated


def test_what_was_never_heard_is_not_heard() -> None:
    turn = spoken(SENTENCE, audio(3000, 0), cut=True)
    assert (turn.heard_text, turn.unheard_text) == ("", SENTENCE)
    assert turn.interrupted
    assert not turn.estimated  # that nothing was heard is certain


def test_a_cut_falls_on_the_last_whole_word() -> None:
    turn = spoken(SENTENCE, audio(3900, 1500), cut=True)  # 15 characters: "We have nine, t"
    assert (turn.heard_text, turn.unheard_text) == ("We have nine,", "ten and half past eleven.")
    assert turn.interrupted
    assert turn.estimated
    assert (turn.heard_ms, turn.audio_ms) == (1500, 3900)


def test_a_cut_at_the_end_of_a_word_keeps_it() -> None:
    turn = spoken(SENTENCE, audio(3900, 1300), cut=True)
    assert turn.heard_text == "We have nine,"


def test_a_cut_within_the_first_word_leaves_nothing() -> None:
    assert spoken(SENTENCE, audio(3900, 100), cut=True).heard_text == ""


def test_hebrew_is_cut_at_whole_words_too() -> None:
    turn = spoken("שלום, הגעתם למרפאה", audio(1800, 900), cut=True)
    assert (turn.heard_text, turn.unheard_text) == ("שלום,", "הגעתם למרפאה")


def test_text_that_runs_ahead_of_its_audio_is_not_taken_for_heard() -> None:
    text = "word " * 100
    turn = spoken(text, audio(1000, 1000, done=False), cut=True)
    assert len(turn.heard_text) <= CHARACTERS_PER_SECOND


def test_timed_words_are_cut_within_one_word() -> None:
    parts = (("We have ", 400), ("nine, ", 400), ("ten ", 300), ("and half past eleven.", 1900))
    assert timed(*parts, heard_ms=799).heard_text == "We have"
    assert timed(*parts, heard_ms=800).heard_text == "We have nine,"
    assert timed(*parts, heard_ms=2999).heard_text == "We have nine, ten"
    assert timed(*parts, heard_ms=3000).heard_text == "We have nine, ten and half past eleven."


def test_several_items_are_several_turns_with_clocks_of_their_own() -> None:
    words = Transcript(False)
    first, second = audio(1000, 1000, item="one"), audio(1000, 400, item="two")
    second.first_played_ms = 2000
    words.words(first.key, first, "First.", 900)
    words.words(second.key, second, "Second one.", 950)
    words.cut(second)
    assert [(turn.heard_text, turn.interrupted) for turn in words.turns()] == [("First.", False), ("", True)]


def test_the_order_is_that_of_the_conversation_not_of_arrival() -> None:
    words = Transcript(False)
    item = audio(1000, 1000)
    item.first_played_ms = 5000
    words.words(KEY, item, "Certainly.", 4000)
    words.caller("U1", 1000, 2000)
    words.caller_words("U1", "Ten, please.", 9000)  # transcribed long after the answer
    assert [(turn.speaker, turn.text) for turn in words.turns()] == [
        (Speaker.CALLER, "Ten, please."),
        (Speaker.AI, "Certainly."),
    ]


def test_a_turn_without_a_transcription_is_still_a_turn() -> None:
    words = Transcript(False)
    words.caller("U1", 1000, 2000)
    (turn,) = words.turns()
    assert (turn.start_ms, turn.end_ms, turn.text) == (1000, 2000, "")


def test_words_of_a_forgotten_item_never_come_back() -> None:
    words = Transcript(False)
    words.caller("U1", 1000, 2000)
    words.forget("U1")
    words.caller_words("U1", "Thank you for watching.", 3000)
    assert words.turns() == []


def test_heard_text_is_known_at_any_time() -> None:
    words, item = Transcript(False), audio(3900, 1300)
    words.words(KEY, item, SENTENCE, 900)
    assert words.heard_text(KEY) == "We have nine,"
    assert words.heard_text(("unknown", 0)) == ""


@given(st.text(max_size=60), st.integers(0, 5000), st.integers(0, 5000), st.booleans(), st.booleans())
def test_heard_is_a_prefix_of_what_was_generated_and_ends_with_a_word(
    text: str, received_ms: int, heard_ms: int, done: bool, times_words: bool
) -> None:
    item = audio(received_ms, min(heard_ms, received_ms), done=done)
    turn = spoken(text, item, times_words=times_words, cut=True)
    assert text.startswith(turn.heard_text)
    assert text.endswith(turn.unheard_text)
    rest = text[len(turn.heard_text) :]
    assert not turn.heard_text or not rest or rest[0].isspace() or text.rstrip() == turn.heard_text
    assert "".join((turn.heard_text + turn.unheard_text).split()) == "".join(text.split())


@given(st.lists(st.integers(0, 3000), min_size=2, max_size=2).map(sorted), st.booleans())
def test_who_heard_more_read_more(heard_ms: list[int], done: bool) -> None:
    less, more = (spoken(SENTENCE, audio(3000, heard, done=done), cut=True).heard_text for heard in heard_ms)
    assert more.startswith(less)
