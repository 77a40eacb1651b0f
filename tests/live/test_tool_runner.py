"""Tools in threads: an answer always comes, once; what concerns the operator is told; work that goes on is known."""

from __future__ import annotations

import asyncio
import json
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from bridge_scene import AtOnce, play

from torim.core.actions import RunTool
from torim.live.tools import TOOL_WAIT_S, ToolRunner, operators_trouble


class Asked:
    """A runner, what it answered, and what it told the operator."""

    def __init__(
        self, desk: Callable[[RunTool], str], pool: object = None, wait_s: float = TOOL_WAIT_S, **given: Any
    ) -> None:
        self.answers: list[str] = []
        self.failures: list[str] = []
        self.answered = asyncio.Event()
        self.runner = ToolRunner(
            desk,
            pool or AtOnce(),
            lambda action, output: self._answer(output),
            lambda name, why: self.failures.append(f"{name}: {why}"),
            wait_s,
            **given,
        )

    def _answer(self, output: str) -> None:
        self.answers.append(output)
        self.answered.set()

    def start(self, call_id: str = "c1") -> None:
        self.runner.start(RunTool(call_id, "book_appointment", "{}"))


def refused(code: str) -> str:
    return json.dumps({"ok": False, "error": code, "detail": "Free space.", "spoken": "I am sorry."})


@pytest.mark.parametrize(
    ("output", "told"),
    [
        (refused("storage.full"), "storage.full: Free space."),
        (refused("booking.slot_taken"), None),
        ('{"ok":true}', None),
        ("[]", None),
        ("no JSON", None),
        ('{"error":null}', None),
    ],
)
def test_what_the_database_refuses_concerns_the_operator(output: str, told: str | None) -> None:
    async def scene() -> None:
        asked = Asked(lambda action: output)
        asked.start()
        await asyncio.sleep(0.1)
        assert asked.answers == [output]
        assert asked.failures == ([f"book_appointment: {told}"] if told else [])

    assert operators_trouble(output) == told
    play(scene())


def test_an_answer_after_its_time_changes_nothing_and_is_told() -> None:
    """The engine was told that the tool failed: that it booked all the same is for a person to see."""

    async def scene() -> None:
        go_on = threading.Event()
        with ThreadPoolExecutor(1) as pool:
            asked = Asked(lambda action: '{"ok":true}' if go_on.wait(10) else "", pool, wait_s=0.05)
            asked.start()
            await asyncio.wait_for(asked.answered.wait(), 10)
            assert not asked.runner.busy
            (job,) = asked.runner.unfinished
            go_on.set()
            assert await asyncio.wrap_future(job) == '{"ok":true}'
            await asyncio.sleep(0)
        assert [json.loads(answer)["error"] for answer in asked.answers] == ["timeout"]
        assert asked.runner.unfinished == []
        assert "no answer within" in asked.failures[0]
        assert "after its time was up" in asked.failures[1]

    asyncio.run(scene())


def test_what_a_tool_left_open_is_answered_by_the_desk_once() -> None:
    """Also when it fails after its time: the caller was told once, and it counts once."""

    async def scene() -> None:
        go_on, given_up = threading.Event(), []

        def unanswered(action: RunTool, why: str) -> str:
            given_up.append(why)
            return json.dumps({"spoken": "I am sorry."})

        def fails(action: RunTool) -> str:
            go_on.wait(10)
            raise RuntimeError("no database")

        with ThreadPoolExecutor(1) as pool:
            asked = Asked(fails, pool, wait_s=0.05, unanswered=unanswered)
            asked.start()
            await asyncio.wait_for(asked.answered.wait(), 10)
            (job,) = asked.runner.unfinished
            go_on.set()
            with pytest.raises(RuntimeError):
                await asyncio.wrap_future(job)
            await asyncio.sleep(0)
        assert (given_up, asked.answers) == (["timeout"], ['{"spoken": "I am sorry."}'])

    play(scene())
