"""The playback buffer: what is heard when, what a mark means, what a clear throws away."""

import itertools

from hypothesis import given
from hypothesis import strategies as st

from torim.lab.ear import Ear, Span, heard_between, spurts

A = b"\x01" * 160
B = b"\x02" * 160


def test_media_plays_in_order_from_its_arrival() -> None:
    ear = Ear()
    ear.media(A, 100)
    ear.media(B, 110)
    assert list(ear.heard(1000)) == [Span(100, A + B)]


def test_media_that_comes_late_leaves_a_gap() -> None:
    ear = Ear()
    ear.media(A, 0)
    ear.media(B, 200)
    assert list(ear.heard(1000)) == [Span(0, A), Span(200, B)]
    assert ear.recent(150, 210) == A[:10] + b"\xff" * 40 + B[:10]


def test_only_what_was_played_so_far_was_heard() -> None:
    ear = Ear()
    ear.media(A, 0)
    assert list(ear.heard(40)) == [Span(0, A[:40])]


def test_a_mark_comes_back_when_everything_before_it_was_played() -> None:
    ear = Ear()
    ear.media(A, 0)
    ear.mark("one", 5)
    ear.media(B, 6)
    ear.mark("two", 7)
    assert ear.due_marks(159) == []
    assert ear.next_mark_samples() == 160
    assert ear.due_marks(160) == ["one"]
    assert ear.due_marks(320) == ["two"]


def test_a_mark_with_nothing_before_it_comes_back_at_once() -> None:
    ear = Ear()
    ear.mark("idle", 50)
    assert ear.due_marks(50) == ["idle"]


def test_a_clear_stops_within_a_sample_and_returns_every_waiting_mark() -> None:
    ear = Ear()
    ear.media(A, 0)
    ear.mark("one", 0)
    ear.media(B, 0)
    ear.mark("two", 0)
    assert ear.clear(100) == ["one", "two"]
    assert list(ear.heard(1000)) == [Span(0, A[:100])]
    assert ear.clears[0].dropped == A[100:] + B
    assert not ear.sounding(100)


def test_audio_after_a_clear_plays_at_once() -> None:
    ear = Ear()
    ear.media(A * 10, 0)
    ear.clear(100)
    ear.media(B, 120)
    assert list(ear.heard(1000)) == [Span(0, A[:100]), Span(120, B)]


def test_a_clear_of_nothing_is_remembered_as_such() -> None:
    ear = Ear()
    ear.media(A, 0)
    ear.clear(500)
    assert ear.clears[0].dropped == b""
    assert not ear.clears[0].was_sounding


def test_spurts_bridge_what_the_network_tore_apart() -> None:
    joined = spurts([Span(0, A), Span(200, A), Span(8000, B)])
    assert [(item.start_samples, item.end_samples, item.gap_samples) for item in joined] == [
        (0, 360, 40),
        (8000, 8160, 0),
    ]


def test_sound_goes_on_over_a_gap_of_the_network_but_not_over_a_clear() -> None:
    ear = Ear()
    ear.media(A, 0)
    ear.media(A, 200)
    assert ear.sounds_until(80) == 360
    ear.clear(300)
    ear.media(B, 320)
    assert ear.sounds_until(80) == 300
    assert ear.sounds_until(310) == 310
    assert ear.sounds_until(5000) == 5000


def test_heard_between_counts_overlap_only() -> None:
    assert heard_between([Span(0, A), Span(200, B)], 100, 250) == 60 + 50


@given(
    st.lists(
        st.tuples(st.sampled_from(["media", "clear", "wait"]), st.integers(1, 4), st.integers(0, 400)),
        max_size=30,
    )
)
def test_nothing_is_heard_twice_or_before_it_came(script: list[tuple[str, int, int]]) -> None:
    """Every sample given is heard once in order, or dropped by exactly one clear."""
    ear = Ear()
    now = given_samples = 0
    for what, frames, gap in script:
        now += gap
        if what == "media":
            ear.media(A * frames, now)
            given_samples += 160 * frames
        elif what == "clear":
            ear.clear(now)
    spans = list(ear.heard(now + 1_000_000))
    heard = sum(len(span.payload) for span in spans)
    assert heard + sum(len(clear.dropped) for clear in ear.clears) == given_samples
    assert all(left.end_samples < right.start_samples for left, right in itertools.pairwise(spans))
