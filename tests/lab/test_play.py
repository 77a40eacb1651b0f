"""Scenarios played against a scripted receptionist: steps happen when they should, expectations are judged."""

import asyncio
import base64
import contextlib
import time

import numpy as np
from fake_receptionist import FakeReceptionist, Script, Talk

from torim.audio import g711
from torim.core.events import AudioDone, ResponseCreated, ResponseDone, ResponseStatus
from torim.lab.caller import Caller, Dialing
from torim.lab.play import Finding, Player
from torim.lab.record import CallRecord, ServerEntry
from torim.lab.scenario import Say, Scenario, parse_scenario

VOICE = g711.encode((np.sin(np.arange(3200) / 3) * 8000).astype(np.int16))
AI = b"\x20" * 160
Played = tuple[CallRecord, list[Finding], list[str]]


def loud(message: dict[str, dict[str, str]]) -> bool:
    return int(np.abs(g711.decode(base64.b64decode(message["media"]["payload"])).astype(int)).max()) > 4000


def polite(length_ms: int = 3000) -> Script:
    """Speaks at once, falls silent when it hears a voice, answers with a second of sound when that ends."""

    async def script(talk: Talk) -> None:
        await talk.until("start")
        await talk.media(AI * (length_ms // 20))
        heard = False
        while True:
            speaks = loud(await talk.until("media"))
            if speaks and not heard:
                await talk.send("clear")
            if heard and not speaks:
                await talk.media(AI * 20)
            heard = speaks

    return script


def deaf(length_ms: int = 1500) -> Script:
    async def script(talk: Talk) -> None:
        await talk.until("start")
        await talk.media(AI * (length_ms // 20))
        await talk.until_closed()

    return script


def play(script: Script, text: str, timeline: tuple[ServerEntry, ...] = ()) -> Played:
    told: list[str] = []

    async def scene() -> Played:
        async with FakeReceptionist(script).listening() as receptionist:
            scenario = parse_scenario(text)
            caller = Caller(Dialing(receptionist.url, line=scenario.line))
            await caller.dial()
            for entry in timeline:
                caller.record.enter(entry)
            player = Player(scenario, caller, voices(scenario), told.append)
            with contextlib.suppress(asyncio.CancelledError):
                await player.play()
            return caller.record, player.findings, told

    return asyncio.run(asyncio.wait_for(scene(), 30))


def voices(scenario: Scenario) -> dict[Say, bytes]:
    return {item.step: VOICE for item in scenario.steps if isinstance(item.step, Say)}


def test_later_counts_from_the_sound_and_silence_from_the_onset() -> None:
    record, findings, told = play(
        polite(),
        """
        wait for the AI to speak
        700 ms later say "excuse me"
        expect silence within 150 ms
        wait for the AI to speak
        hang up
        """,
    )
    first = record.heard()[0].start_samples
    onset = record.said[0].onset_samples
    assert abs(onset - first - 5600) <= 160
    assert [finding.good for finding in findings] == [True]
    assert told[:2] == ["wait for the AI to speak", '700 ms later say "excuse me"']
    assert record.ended_by == "caller"


def test_an_ai_that_does_not_stop_fails_the_expectation() -> None:
    _, findings, _ = play(deaf(), 'wait for the AI to speak\nsay "stop"\nexpect silence within 150 ms')
    assert [finding.good for finding in findings] == [False]
    assert "FAILED" in str(findings[0])


def test_speaking_on_can_be_expected() -> None:
    text = 'wait for the AI to speak\n200 ms later say "a"\nexpect the AI to keep speaking for 900 ms'
    _, findings, _ = play(deaf(), text)
    assert [finding.good for finding in findings] == [True]


def test_100_ms_after_the_end_is_after_the_last_sample() -> None:
    record, findings, _ = play(deaf(500), 'wait for the AI to finish\n100 ms later say "hello"')
    end = record.heard()[-1].end_samples
    assert abs(record.said[0].onset_samples - end - 800) <= 240
    assert findings == []


def test_a_machine_that_stands_still_does_not_end_the_ais_answer() -> None:
    async def script(talk: Talk) -> None:
        await talk.until("start")
        await talk.until("dtmf")
        await talk.media(AI)
        await asyncio.sleep(0.01)
        time.sleep(0.15)  # noqa: ASYNC251 - the whole machine stands still: neither end sends, hears or looks
        await asyncio.sleep(0.01)
        await talk.media(AI * 10)
        await talk.until_closed()

    record, findings, _ = play(script, "press 1\nwait for the AI to finish")
    assert findings == []
    assert sum(len(span.payload) for span in record.heard()) == len(AI) * 11


def test_an_ai_whose_response_is_live_has_not_finished() -> None:
    created = (ServerEntry(0, ResponseCreated("R1"), "", 8),)
    _, findings, _ = play(deaf(100), "wait for the AI to finish within 500 ms", created)
    assert [finding.good for finding in findings] == [False]
    done = ServerEntry(0, ResponseDone("R1", ResponseStatus.COMPLETED), "", 8)
    _, findings, _ = play(deaf(100), "wait for the AI to finish within 500 ms", (*created, done))
    assert findings == []


def test_a_wait_in_vain_ends_the_scenario_and_says_why() -> None:
    record, findings, told = play(deaf(100), "wait for the AI to finish\nwait for engine done within 1 s\npress 1")
    assert [str(finding) for finding in findings] == [
        "line 2: wait for engine done within 1 s: FAILED (not within 1 s)"
    ]
    assert record.said == []
    assert "FAILED" in told[-1]


def test_a_line_of_the_servers_timeline_can_be_waited_for() -> None:
    entry = ServerEntry(0, AudioDone("R1", "I1"), "     0  engine  audio_done R1", 8)
    _, findings, _ = play(deaf(100), "wait for engine audio_done within 1 s\npress 1", (entry,))
    assert findings == []


def test_keys_are_pressed_one_after_the_other() -> None:
    record, _, _ = play(deaf(100), "wait for the AI to speak\npress 1 2 #")
    assert [said.key for said in record.said] == ["1", "2", "#"]
    assert record.said[1].onset_samples - record.said[0].onset_samples >= 250 * 8


def test_the_servers_hang_up_can_be_expected() -> None:
    async def script(talk: Talk) -> None:
        await talk.until("start")
        await talk.media(AI)

    _, findings, _ = play(script, "expect the call to end within 2 s\nexpect no appointment within 100 ms")
    assert [finding.good for finding in findings] == [True, True]
