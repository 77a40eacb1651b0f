"""A record is followed with the delays that it shows: every scene, on a machine that serves deadlines late."""

from __future__ import annotations

import random
from collections.abc import Iterator
from pathlib import Path

import pytest
from scenes import TIMELINES, Scene, read

from torim.core.abilities import CarrierCapabilities, EngineCapabilities
from torim.core.call import Call
from torim.core.replay import call_of, follow, head
from torim.core.settings import TurnSettings
from torim.core.timeline import Line, event_of, lines_of, parse, render, run
from torim.errors import CoreMisuse

SCENES = sorted(TIMELINES.glob("*.call"))
PLAIN = (CarrierCapabilities(), EngineCapabilities())
LATE_MAX_MS = 120


def call(scene: Scene) -> Call:
    flags = {name: word for name, word in scene.setup.items() if name in ("greeting_lock", "barge_in_enabled")}
    return call_of(flags, *PLAIN)


def recorded(scene: Scene, seed: int) -> list[Line]:
    """The scene's events and what a call did about them, each deadline served a little late."""
    return list(_record(scene, call(scene), random.Random(seed)))


def _record(scene: Scene, live: Call, chance: random.Random) -> Iterator[Line]:
    now_ms = 0
    for line in scene.lines:
        event = event_of(line)
        if event is None:
            continue
        while (due_ms := live.next_deadline_ms()) is not None:
            at_ms = max(now_ms, due_ms + chance.randrange(LATE_MAX_MS))
            if at_ms >= line.at_ms:
                break
            yield from lines_of(at_ms, live.wake(at_ms))
            now_ms = at_ms
        now_ms = line.at_ms
        yield from parse(render(line.at_ms, event))
        yield from lines_of(line.at_ms, live.apply(event, line.at_ms))


def own(lines: list[Line]) -> list[Line]:
    return [line for line in lines if line.who == "torim"]


@pytest.mark.parametrize("path", SCENES, ids=lambda path: path.stem)
def test_a_record_with_late_deadlines_is_followed_line_by_line(path: Path) -> None:
    scene = read(path)
    for seed in range(3):
        lines = recorded(scene, seed)
        assert follow(lines, call(scene)) == own(lines)


def test_without_the_record_the_same_events_may_be_heard_otherwise() -> None:
    """Which is why a record is followed and not merely run."""
    scenes = [read(path) for path in SCENES[:20]]
    records = [(scene, recorded(scene, 1)) for scene in scenes]
    assert any(run(lines, call(scene)) != own(lines) for scene, lines in records)


def test_a_head_describes_the_call_it_was_written_for() -> None:
    settings = TurnSettings(max_call_ms=60_000)
    engine = EngineCapabilities(single_keys=True, truncates=False)
    carrier = CarrierCapabilities(can_mark=False, path_delay_ms=80)
    written = dict(
        head(
            settings=settings,
            carrier=carrier,
            engine=engine,
            barge_in_enabled=False,
            greeting_lock=True,
            engine_creates=True,
        )
    )
    state = call_of(written, *PLAIN).state
    assert (state.settings, state.answers.engine) == (settings, engine)
    assert (state.manners.barge_in_enabled, state.manners.greeting_lock, state.manners.engine_creates) == (
        False,
        True,
        True,
    )
    assert written["carrier_abilities"] == '{"can_mark": false, "path_delay_ms": 80}'


@pytest.mark.parametrize(
    "given",
    [
        {"greeting_lock": "perhaps"},
        {"settings": "{oops"},
        {"settings": "[]"},
        {"settings": '{"no_such_threshold": 1}'},
        {"engine_abilities": '{"flies": true}'},
    ],
)
def test_a_head_that_cannot_be_is_refused(given: dict[str, str]) -> None:
    with pytest.raises(CoreMisuse, match="head"):
        call_of(given, *PLAIN)
