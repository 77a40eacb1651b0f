"""The ledger of engine audio: pacing, frames, marks, hold, resume and cut, against an ear that knows nothing of it."""

from collections.abc import Iterable
from dataclasses import dataclass, field

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from torim.core.actions import Action, ClearAudio, PlayAudio, SendMark
from torim.core.line_clock import MAX_JITTER_SAMPLES, SAMPLES_PER_MS
from torim.core.playout import FRAME_SAMPLES, SILENCE, Gate, Playout
from torim.core.settings import TurnSettings

SETTINGS = TurnSettings()
KEY = ("item", 0)


def voice(samples: int, start: int = 0) -> bytes:
    """Samples that cannot be mistaken for each other, nor for silence."""
    return bytes((start + index) % 251 for index in range(samples))


def ms(count: int) -> bytes:
    return voice(count * SAMPLES_PER_MS)


@dataclass
class Ear:
    """A carrier without delay, and the ear behind it: what was heard, and when."""

    pieces: list[tuple[int, bytes]] = field(default_factory=list)  # (sample clock, samples)
    end: int = 0  # sample clock

    def take(self, now_ms: int, actions: Iterable[Action]) -> None:
        for action in actions:
            if isinstance(action, ClearAudio):
                self.end = min(self.end, now_ms * SAMPLES_PER_MS)
                self.pieces = [(at, samples[: max(0, self.end - at)]) for at, samples in self.pieces]
            elif isinstance(action, PlayAudio):
                start = max(now_ms * SAMPLES_PER_MS, self.end)
                self.pieces.append((start, action.payload))
                self.end = start + len(action.payload)

    def until(self, now_ms: int) -> bytes:
        now = now_ms * SAMPLES_PER_MS
        return b"".join(samples[: max(0, now - at)] for at, samples in self.pieces).replace(SILENCE, b"")

    def ahead_ms(self, now_ms: int) -> float:
        return max(0, self.end - now_ms * SAMPLES_PER_MS) / SAMPLES_PER_MS


@dataclass
class Line:
    """A ledger with its ear and its clock: woken whenever it asks to be."""

    can_clear: bool = True
    can_mark: bool = True
    path_delay_ms: int = 0
    now_ms: int = 0
    sent: list[tuple[int, Action]] = field(default_factory=list)
    ear: Ear = field(default_factory=Ear)

    def __post_init__(self) -> None:
        self.ledger = Playout(SETTINGS, self.can_clear, self.can_mark, self.path_delay_ms)

    def say(self, payload: bytes, *, done: bool = True, item: str = "item", response: str = "R1") -> None:
        self.ledger.add((item, 0), response, payload, self.now_ms)
        if done:
            self.ledger.finish((item, 0), response)
        self._release()

    def to(self, at_ms: int) -> None:
        """Let time pass."""
        while (due := self.ledger.next_release_ms()) is not None and due <= at_ms:
            self.now_ms = max(self.now_ms, due)
            self._release()
        self.now_ms = at_ms
        self.ledger.advance(at_ms)

    def hold(self) -> None:
        self._do(self.ledger.hold(self.now_ms))

    def resume(self) -> None:
        self.ledger.resume()
        self._release()

    def cut(self) -> list[tuple[str, int]]:
        actions, items = self.ledger.cut(self.now_ms)
        self._do(actions)
        return [(item.key[0], item.heard_ms) for item in items]

    def heard_ms(self, item: str = "item") -> int:
        return self.ledger.items[(item, 0)].heard_ms

    def marks(self) -> list[SendMark]:
        return [action for _, action in self.sent if isinstance(action, SendMark)]

    def plays(self) -> list[tuple[int, int]]:
        """(instant, ms) of every piece sent."""
        return [(at, len(action.payload) // 8) for at, action in self.sent if isinstance(action, PlayAudio)]

    def _release(self) -> None:
        self._do(self.ledger.release(self.now_ms))

    def _do(self, actions: list[Action]) -> None:
        self.ear.take(self.now_ms, actions)
        self.sent += [(self.now_ms, action) for action in actions]


# --- pacing -----------------------------------------------------------------------------------------------------


def test_a_burst_fills_our_queue_and_not_the_carriers() -> None:
    line = Line()
    line.say(ms(60_000))
    assert line.ear.ahead_ms(0) <= SETTINGS.playout_lead_ms
    for at_ms in range(0, 60_000, 37):
        line.to(at_ms)
        assert SETTINGS.playout_lead_ms - SETTINGS.playout_chunk_ms <= line.ear.ahead_ms(at_ms) or at_ms > 59_800
        assert line.ear.ahead_ms(at_ms) <= SETTINGS.playout_lead_ms
    line.to(61_000)
    assert line.ear.until(61_000) == ms(60_000)


def test_pieces_are_whole_chunks_that_leave_when_they_are_due() -> None:
    line = Line()
    line.say(ms(600))
    line.to(1000)
    assert line.plays() == [
        (0, 60),
        (0, 60),
        (0, 60),
        (40, 60),
        (100, 60),
        (160, 60),
        (220, 60),
        (280, 60),
        (340, 60),
        (400, 60),
    ]


def test_a_carrier_that_cannot_clear_gets_forty_milliseconds() -> None:
    line = Line(can_clear=False)
    line.say(ms(400))
    assert line.ear.ahead_ms(0) == SETTINGS.playout_lead_unclearable_ms
    line.to(1000)
    assert max(length for _, length in line.plays()) <= SETTINGS.playout_lead_unclearable_ms
    assert line.ear.until(1000) == ms(400)


def test_less_than_a_frame_waits_for_more() -> None:
    line = Line()
    line.say(voice(FRAME_SAMPLES - 1), done=False)
    assert line.plays() == []
    assert line.ledger.next_release_ms() is None
    line.say(voice(1, FRAME_SAMPLES - 1), done=False)
    line.to(SETTINGS.playout_start_ms)
    assert line.plays() == [(SETTINGS.playout_start_ms, 20)]


def test_only_the_tail_of_an_item_is_padded() -> None:
    line = Line()
    line.say(voice(500))
    sent = b"".join(action.payload for _, action in line.sent if isinstance(action, PlayAudio))
    assert sent == voice(500) + SILENCE * 140


def test_the_next_item_begins_where_the_last_one_ends() -> None:
    line = Line()
    line.say(voice(500), item="one")
    line.say(voice(500, 500), item="two")
    line.to(1000)
    assert line.ear.until(1000) == voice(1000)
    assert (line.heard_ms("one"), line.heard_ms("two")) == (62, 62)


def test_a_line_that_ran_dry_begins_anew() -> None:
    line = Line()
    line.say(ms(100), done=False)
    line.to(5000)
    line.say(ms(100))
    line.to(5050)
    assert line.plays()[-1][0] == 5000
    assert line.heard_ms() == 150


@given(st.lists(st.integers(1, 3000), min_size=1, max_size=12), st.booleans())
@settings(max_examples=40)
def test_deltas_of_any_length_are_heard_once_and_in_order(sizes: list[int], can_clear: bool) -> None:
    line, start = Line(can_clear=can_clear), 0
    for size in sizes:
        line.say(voice(size, start), done=False)
        start += size
        line.to(line.now_ms + 13)
    line.ledger.finish(KEY, "R1")
    line.to(line.now_ms + 10_000)
    assert line.ear.until(line.now_ms) == voice(start)
    assert line.ledger.items[KEY].fully_heard
    assert not line.ledger.busy
    assert all(len(action.payload) % FRAME_SAMPLES == 0 for _, action in line.sent if isinstance(action, PlayAudio))


# --- heard ------------------------------------------------------------------------------------------------------


def test_heard_is_what_the_ear_had_by_then() -> None:
    line = Line()
    line.to(70)
    line.say(ms(1000))
    for at_ms in (70, 71, 133, 500, 1069, 1070, 2000):
        line.to(at_ms)
        assert line.heard_ms() == len(line.ear.until(at_ms)) // SAMPLES_PER_MS == min(max(0, at_ms - 70), 1000)


def test_what_is_sent_sounds_until_it_was_heard() -> None:
    line = Line()
    line.say(ms(100))
    assert line.ledger.sounding
    assert line.ledger.busy
    assert line.ledger.ends_ms() == 100
    line.to(99)
    assert line.ledger.sounding
    line.to(100)
    assert not line.ledger.busy


def test_what_is_still_to_be_heard_is_known() -> None:
    line = Line()
    line.say(ms(1000))
    assert line.ledger.remaining_ms(0) == 1000
    line.to(250)
    assert line.ledger.remaining_ms(250) == 750


def test_heard_without_marks_is_the_paced_clock_minus_the_assumed_delay() -> None:
    line = Line(can_mark=False, path_delay_ms=80)
    line.say(ms(1000))
    line.to(500)
    assert line.marks() == []
    assert line.heard_ms() == 420
    line.to(1079)
    assert line.ledger.sounding
    line.to(1080)
    assert line.ledger.items[KEY].fully_heard


def test_when_an_item_was_first_and_last_heard() -> None:
    line = Line()
    line.to(200)
    line.say(ms(300))
    line.to(1000)
    item = line.ledger.items[KEY]
    assert (item.first_played_ms, item.last_played_ms) == (200, 500)


# --- marks ------------------------------------------------------------------------------------------------------


def test_marks_come_at_the_start_every_few_hundred_ms_and_at_the_end() -> None:
    line = Line()
    line.say(ms(1000))
    line.to(1000)
    positions, sent_ms = [], 0
    for _, action in line.sent:
        if isinstance(action, PlayAudio):
            sent_ms += len(action.payload) // 8
        else:
            positions.append(sent_ms)
    assert positions == [60, 300, 540, 780, 1000]


def test_an_engine_no_faster_than_real_time_costs_no_mark_for_every_delta() -> None:
    """The queue runs empty between its deltas; that is no end. The end has its mark, though it is told late."""
    line = Line()
    for at_ms in range(0, 1000, 100):
        line.to(at_ms)
        line.say(ms(100), done=False)
    line.to(1010)
    assert len(line.marks()) == 4
    line.say(b"", done=True)
    assert len(line.marks()) == 5


def test_the_first_mark_measures_the_round_trip_before_any_audio() -> None:
    line = Line()
    line._do(line.ledger.calibrate(0))
    assert line.ledger.mark_returned(0, 0, 130)
    assert line.ledger.round_trip_ms == 130


def test_a_later_mark_shows_the_carriers_own_delay() -> None:
    line = Line()
    line._do(line.ledger.calibrate(0))
    line.ledger.mark_returned(0, 0, 100)
    line.to(1000)
    line.say(ms(2000))
    assert line.ledger.mark_returned(1, 0, 1060 + 100 + 50)  # 50 ms later than the round trip explains
    line.to(1500)
    assert line.heard_ms() <= 450
    assert line.heard_ms() >= 400 - MAX_JITTER_SAMPLES // SAMPLES_PER_MS
    assert line.ledger.ends_ms() >= line.plays()[-1][0]


def test_a_first_mark_that_was_held_up_does_not_hide_the_carriers_delay_for_good() -> None:
    line = Line()
    line._do(line.ledger.calibrate(0))
    line.ledger.mark_returned(0, 0, 120)  # the machine was busy
    line.to(1000)
    line.say(ms(400))
    assert line.ledger.mark_returned(1, 0, 1070)  # the line is fast after all
    assert line.ledger.round_trip_ms == 10
    line.to(3000)
    line.say(ms(2000), item="second")
    assert line.ledger.mark_returned(3, 0, 3060 + 10 + 70)  # this time it began to play 70 ms late
    line.to(3500)
    assert line.ledger.items[("second", 0)].heard_ms <= 430


def test_a_mark_raises_what_was_heard_and_nothing_lowers_it() -> None:
    line = Line()
    line._do(line.ledger.calibrate(0))
    line.ledger.mark_returned(0, 0, 300)
    line.say(ms(2000))
    line.to(100)
    assert line.ledger.mark_returned(1, 0, 100)  # everything up to its position, 60 ms, was played
    before = line.heard_ms()
    assert before >= 60
    line.to(400)
    line.ledger.mark_returned(2, 0, 900)  # the line has become slow
    assert line.heard_ms() >= before


def test_a_mark_of_an_earlier_epoch_makes_nothing_heard() -> None:
    line = Line()
    line.say(ms(2000))
    line.to(100)
    line.hold()
    heard = line.heard_ms()
    assert not line.ledger.mark_returned(0, 0, 110)
    assert line.heard_ms() == heard


@pytest.mark.parametrize(("token", "epoch"), [(99, 0), (0, 1), (0, -1)])
def test_a_mark_that_was_never_sent_is_refused(token: int, epoch: int) -> None:
    line = Line()
    line.say(ms(200))
    assert not line.ledger.mark_returned(token, epoch, 50)


def test_a_mark_counts_once() -> None:
    line = Line()
    line.say(ms(200))
    assert line.ledger.mark_returned(0, 0, 70)
    assert not line.ledger.mark_returned(0, 0, 80)


@given(st.lists(st.tuples(st.integers(0, 900), st.integers(0, 400)), min_size=1, max_size=20))
@settings(max_examples=40)
def test_heard_lies_between_nothing_and_what_was_sent_and_never_falls(returns: list[tuple[int, int]]) -> None:
    line, before = Line(), 0
    line._do(line.ledger.calibrate(0))
    line.say(ms(3000))
    for wait_ms, mark in returns:
        line.to(line.now_ms + wait_ms)
        line.ledger.mark_returned(mark % 14, line.ledger.epoch, line.now_ms)
        item = line.ledger.items[KEY]
        sent = sum(length for _, length in line.plays())
        assert before <= item.heard_ms <= min(sent, 3000)
        before = item.heard_ms


# --- hold, resume, cut ------------------------------------------------------------------------------------------


def test_a_hold_clears_and_nothing_leaves_until_it_ends() -> None:
    line = Line()
    line.say(ms(1000))
    line.to(333)
    line.hold()
    assert line.sent[-1] == (333, ClearAudio(1))
    assert line.ledger.gate is Gate.CLOSED
    assert line.ledger.next_release_ms() is None
    line.say(ms(100), item="later")
    line.to(5000)
    assert len(line.ear.until(5000)) == 333 * SAMPLES_PER_MS
    line.resume()
    line.to(7000)
    assert line.ear.until(7000) == ms(1000) + ms(100)


def test_a_hold_of_a_silent_line_clears_nothing() -> None:
    line = Line()
    line.hold()
    assert line.sent == []
    assert line.ledger.epoch == 0


def test_each_clear_begins_an_epoch_that_its_marks_carry() -> None:
    line = Line()
    line.say(ms(1000))
    line.to(300)
    line.hold()
    line.resume()
    assert line.marks()[-1].epoch == 1
    assert {mark.token for mark in line.marks()} == set(range(len(line.marks())))  # a token is never used twice


def test_ducked_audio_is_the_same_audio_lower() -> None:
    line = Line()
    line.say(ms(1000))
    line.to(300)
    line.hold()
    line.to(650)
    line.ledger.duck(650)
    line._release()
    ducked = line.sent[-1][1] if isinstance(line.sent[-1][1], PlayAudio) else line.sent[-2][1]
    assert isinstance(ducked, PlayAudio)
    assert ducked.gain_db == SETTINGS.duck_db
    line.resume()
    line.to(3000)
    assert line.ear.until(3000) == ms(1000)


@given(st.integers(1, 24_000), st.lists(st.tuples(st.integers(0, 700), st.integers(0, 900)), max_size=6))
@settings(max_examples=50)
def test_holds_and_resumes_lose_and_repeat_no_sample(samples: int, holds: list[tuple[int, int]]) -> None:
    line = Line()
    line.say(voice(samples))
    for wait_ms, length_ms in holds:
        line.to(line.now_ms + wait_ms)
        line.hold()
        assert line.ledger.items[KEY].heard_samples == len(line.ear.until(line.now_ms))
        line.to(line.now_ms + length_ms)
        line.resume()
    line.to(line.now_ms + 10_000)
    assert line.ear.until(line.now_ms) == voice(samples)
    assert line.ledger.items[KEY].fully_heard


@given(st.integers(0, 4000), st.booleans(), st.booleans())
@settings(max_examples=40)
def test_a_cut_knows_what_was_heard(at_ms: int, held: bool, can_clear: bool) -> None:
    line = Line(can_clear=can_clear)
    line.say(ms(3000), done=False)
    line.to(at_ms)
    if held and can_clear:
        line.hold()
    ((_, heard_ms),) = line.cut()
    line.to(at_ms + 5000)
    assert heard_ms == len(line.ear.until(line.now_ms)) // SAMPLES_PER_MS
    assert not line.ledger.busy
    assert line.ledger.next_release_ms() is None


def test_a_cut_names_what_was_not_fully_heard() -> None:
    line = Line()
    line.say(ms(500), item="heard")
    line.say(ms(500), item="half", done=False)
    line.say(ms(500), item="never", done=False)
    line.to(700)
    assert line.cut() == [("half", 200), ("never", 0)]


def test_after_a_cut_the_next_answer_sounds_at_once() -> None:
    line = Line()
    line.say(ms(3000))
    line.to(1000)
    line.hold()
    line.cut()
    assert line.ledger.gate is Gate.OPEN
    line.to(1500)
    line.say(voice(800), item="next", response="R2")
    assert line.plays()[-1] == (1500, 40)
    line.to(3000)
    assert line.heard_ms("next") == 100


def test_a_carrier_that_cannot_clear_plays_what_it_has() -> None:
    line = Line(can_clear=False)
    line.say(ms(1000))
    line.to(500)
    ahead_ms = int(line.ear.ahead_ms(500))
    assert line.cut() == [("item", 500 + ahead_ms)]
    assert not any(isinstance(action, ClearAudio) for _, action in line.sent)


def test_the_end_of_a_response_ends_its_items() -> None:
    line = Line()
    line.say(voice(100), done=False)
    assert line.ledger.unfinished("R1")
    assert line.plays() == []
    line.ledger.finish_response("R1")
    assert line.ledger.finished_by_engine("R1")
    line.to(100)
    assert line.plays() == [(0, 20)]
