"""Words that take the floor late, and those that are only the AI's own coming back."""

from __future__ import annotations

import pytest

from torim.core.words import takes_floor


@pytest.mark.parametrize("text", ["Stop!", "at 10", "no, wait", "רגע", "seven"])
def test_a_stop_word_or_a_number_takes_the_floor(text: str) -> None:
    assert takes_floor(text)


def test_an_acknowledgement_does_not() -> None:
    assert not takes_floor("Mm, I see. Right.")


def test_the_echo_of_the_ai_s_own_words_does_not() -> None:
    own = "I have ten o'clock tomorrow. Is there no better day?"
    assert not takes_floor("have ten o'clock tomorrow", own) and not takes_floor("no better", own)
    assert takes_floor("no, eleven", own)
