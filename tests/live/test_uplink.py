"""The uplink: every frame goes up, gaps become silence, and what was not committed can be said again."""

from torim.live.uplink import FRAME_BYTES, KEPT_IDLE_BYTES, KEPT_TURN_BYTES, Uplink


def frame(number: int) -> bytes:
    return bytes([number % 256]) * FRAME_BYTES


def up_with(*, live: bool = True) -> tuple[Uplink, list[bytes]]:
    sent: list[bytes] = []
    uplink = Uplink(sent.append)
    if live:
        uplink.link_up()
    return uplink, sent


def test_each_message_size_gives_whole_frames_and_loses_nothing() -> None:
    uplink, _ = up_with()
    said = bytes(range(250)) * 4
    frames = [whole for part in (said[:7], said[7:400], said[400:]) for whole in uplink.frames(part, 0)]
    assert b"".join(frames) == said[: len(frames) * FRAME_BYTES]
    assert len(frames) == len(said) // FRAME_BYTES


def test_frames_go_up_as_they_come_and_the_clock_counts_them() -> None:
    uplink, sent = up_with()
    assert [uplink.push(frame(n)) for n in range(3)] == [20, 40, 60]
    assert sent == [frame(0), frame(1), frame(2)]


def test_jitter_is_not_filled_and_a_gap_is() -> None:
    uplink, _ = up_with()
    list(uplink.frames(frame(0), 1000))
    assert uplink.missing_frames(1290) == 0
    assert uplink.missing_frames(1400) == 20
    assert uplink.missing_frames(1410) == 0
    assert uplink.missing_frames(1440) == 2


def test_filling_ends_after_twenty_seconds() -> None:
    uplink, _ = up_with()
    list(uplink.frames(frame(0), 0))
    assert sum(uplink.missing_frames(at_ms) for at_ms in range(0, 60_000, 100)) == 1000


def test_what_came_before_the_link_is_appended_first() -> None:
    uplink, sent = up_with(live=False)
    for number in range(5):
        uplink.push(frame(number))
    assert sent == []
    uplink.link_up()
    uplink.push(frame(5))
    assert b"".join(sent) == b"".join(frame(n) for n in range(6))


def test_a_new_link_gets_what_was_not_committed() -> None:
    uplink, sent = up_with()
    for number in range(10):
        uplink.push(frame(number))
    uplink.commit_at(120)
    uplink.committed()
    uplink.link_down()
    assert uplink.audio_ms == 80
    uplink.push(frame(10))
    sent.clear()
    uplink.link_up()
    assert b"".join(sent) == b"".join(frame(n) for n in range(6, 11))
    assert uplink.push(frame(11)) == 120


def test_a_commit_without_an_end_takes_everything() -> None:
    uplink, sent = up_with()
    uplink.push(frame(0))
    uplink.committed()
    uplink.link_down()
    sent.clear()
    uplink.link_up()
    assert sent == []


def test_kept_audio_is_bounded_and_longer_while_a_turn_is_open() -> None:
    uplink, _ = up_with()
    for number in range(600):
        uplink.push(frame(number))
    assert len(uplink._kept) == KEPT_IDLE_BYTES
    uplink.turn_open = True
    for number in range(3000):
        uplink.push(frame(number))
    assert len(uplink._kept) == KEPT_TURN_BYTES


def test_a_link_that_stays_down_gets_the_last_thirty_seconds() -> None:
    uplink, sent = up_with()
    uplink.link_down()
    for number in range(2000):
        uplink.push(frame(number))
    assert uplink.audio_ms == 30_000
    uplink.link_up()
    assert sum(map(len, sent)) == KEPT_TURN_BYTES


def test_spans_are_on_the_appended_clock() -> None:
    uplink, _ = up_with()
    for number in range(10):
        uplink.push(frame(number))
    assert uplink.span(20, 60) == frame(1) + frame(2)
    assert uplink.span(180, 400) == frame(9)
    assert uplink.span(200, 400) is None
    assert uplink.span(60, 20) is None
    for number in range(1000):
        uplink.push(frame(number))
    assert uplink.span(20, 60) is None
