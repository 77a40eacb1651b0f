"""Every scene under timelines/ happens as it is written; timelines/README.md says which failure is shown where."""

from pathlib import Path

import pytest
from scenes import TIMELINES, perform, read

from torim.core.timeline import event_of, parse, render

SCENES = sorted(TIMELINES.glob("*.call"))


@pytest.mark.parametrize("path", SCENES, ids=lambda path: path.stem)
def test_scene(path: Path) -> None:
    wrong = perform(read(path))
    if wrong:
        pytest.fail(f"{path.name}\n{wrong}", pytrace=False)


@pytest.mark.parametrize("path", SCENES, ids=lambda path: path.stem)
def test_events_survive_being_written_again(path: Path) -> None:
    for line in read(path).lines:
        event = event_of(line)
        if event is not None:
            assert event_of(parse(render(line.at_ms, event))[0]) == event
