"""Server events of the GA protocol in their documented order, beside what the core is to hear of each."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from openai.types.realtime import RealtimeServerEvent
from pydantic import TypeAdapter

from torim.engines.base import SessionConfig
from torim.engines.openai_realtime import OpenAIRealtimeCodec

GOLDEN = Path(__file__).with_name("openai_golden.txt")
OLDER_NAMES = ("conversation.item.created", "response.audio", "response.cancelled")


def scenes() -> list[tuple[str, list[str]]]:
    """Each scene's title and lines."""
    blocks = GOLDEN.read_text(encoding="utf-8").strip().split("\n\n")
    return [(block.partition("\n")[0].lstrip("# "), block.split("\n")) for block in blocks]


def heard(lines: list[str]) -> list[str]:
    """The lines of a scene as the codec would have written them."""
    config = SessionConfig("gpt-realtime-2", "Be brief.", transcription_model="gpt-live-transcribe")
    codec = OpenAIRealtimeCodec(config)
    written = []
    for line in lines:
        if line.startswith("->"):
            continue
        written.append(line)
        if line.startswith("{"):
            written += [f"-> {event!r}" for event in codec.decode(line)]
    return written


@pytest.mark.parametrize(("title", "lines"), [pytest.param(*scene, id=scene[0]) for scene in scenes()])
def test_what_the_core_hears(title: str, lines: list[str]) -> None:
    assert heard(lines) == lines


def test_the_events_are_those_of_the_official_types() -> None:
    adapter: TypeAdapter[Any] = TypeAdapter(RealtimeServerEvent)
    messages = [json.loads(line) for _, lines in scenes() for line in lines if line.startswith("{")]
    for message in messages:
        if not message["type"].startswith(OLDER_NAMES):
            assert adapter.validate_python(message).type == message["type"]
