"""Calls placed with a server of one's own, as `torim call` and `torim demo` place them."""

import argparse
import asyncio
from collections.abc import Callable
from pathlib import Path

import pytest
from fake_receptionist import FakeReceptionist, Talk

from torim import cli
from torim.commands import call, demo
from torim.commands.placing import Placed, local_config, local_server, make_voices, place, refuse_inside_views
from torim.config import Config
from torim.errors import ConfigError
from torim.lab.caller import Dialing
from torim.lab.engine_line import EngineDelays
from torim.lab.measure import BargeIn, Limits
from torim.lab.report import save
from torim.lab.scenario import parse_scenario

UNHURRIED = Limits(clear_ms=5_000, truncation_ms=1_000, silence_ms=5_000)  # where the machine may be busy

CUTS_IN = """
title "cuts in"
language en
wait for the AI to speak
wait for engine audio_done
stage "while the greeting plays"
300 ms later say "Excuse me"
expect silence within 250 ms
wait for the AI to speak
"""


def placed(tmp_path: Path, text: str, *, greeting_lock: bool) -> Placed:
    async def scene() -> Placed:
        scenario = parse_scenario(text)
        config = Config(engine="scripted", greeting_lock=greeting_lock)
        voices = await make_voices(scenario, tmp_path)
        async with local_server(local_config(config, tmp_path, "en"), EngineDelays(done_gap_ms=300)) as local:
            return await place(scenario, voices, Dialing(local.server.web_url), print, local)

    return asyncio.run(asyncio.wait_for(scene(), 60))


def test_a_call_is_placed_measured_and_kept(tmp_path: Path) -> None:
    done = placed(tmp_path, CUTS_IN, greeting_lock=False)
    assert done.as_expected, [str(finding) for finding in done.findings]
    row = done.rows[0]
    assert row.problems(Limits(clear_ms=250)) == []
    assert row.sounding
    assert row.replies == 1
    written = save(done.record, done.rows, tmp_path / "kept")
    assert [path.name for path in written] == ["call.wav", "call.svg", "call.call"]
    assert "engine  audio_done" in written[2].read_text()
    assert cli.main(["replay", str(written[2])]) == cli.OK


def test_a_locked_greeting_is_reported_as_such(tmp_path: Path) -> None:
    text = CUTS_IN.replace("expect silence within 250 ms", "expect the AI to keep speaking for 500 ms")
    done = placed(tmp_path, text, greeting_lock=True)
    assert done.as_expected, [str(finding) for finding in done.findings]
    assert done.rows[0].blocked


MOMENTS: dict[str, Callable[[FakeReceptionist], bool]] = {
    "dialling": lambda receptionist: bool(receptionist.posts),
    "talking": lambda receptionist: receptionist.talk is not None and len(receptionist.talk.received) > 2,
}


@pytest.mark.parametrize("reached", MOMENTS.values(), ids=list(MOMENTS))
def test_a_call_that_is_given_up_leaves_no_caller_on_the_line(reached: Callable[[FakeReceptionist], bool]) -> None:
    async def scene() -> None:
        async with FakeReceptionist(Talk.until_closed).listening() as receptionist:
            placing = asyncio.create_task(
                place(parse_scenario("wait for the AI to speak"), {}, Dialing(receptionist.url), print)
            )
            while not reached(receptionist):  # noqa: ASYNC110
                await asyncio.sleep(0)
            placing.cancel()
            await asyncio.wait([placing])
            assert placing.cancelled()
            assert [str(task) for task in asyncio.all_tasks() if "Caller." in str(task)] == []
            assert receptionist.talk is None or receptionist.talk.received[-1]["event"] == "stop"

    asyncio.run(asyncio.wait_for(scene(), 20))


def test_a_server_elsewhere_cannot_be_looked_into() -> None:
    with pytest.raises(ConfigError, match=r"4 \(wait for engine audio_done\)"):
        refuse_inside_views(parse_scenario("\n\n\nwait for engine audio_done\nhang up"))


def test_the_demos_own_scenario_can_be_read() -> None:
    scenario = parse_scenario(demo.SCENARIO.read_text(encoding="utf-8"))
    stages = [item.source for item in scenario.steps if item.source.startswith("stage")]
    assert len(stages) >= 5


def test_a_scenario_that_is_not_there_is_explained(tmp_path: Path) -> None:
    args = argparse.Namespace(scenario=tmp_path / "none.scn", language=None, engine=None, config=None, to=None)
    with pytest.raises(ConfigError, match=r"none\.scn"):
        call.run(args)


def spoken_over(placed: Placed) -> list[BargeIn]:
    """The barge-ins of a call, but for what was said into silence."""
    return [row for row in placed.rows if row.sounding]


@pytest.mark.timeout(400)
def test_the_demos_own_call_is_obeyed_at_every_stage_and_books(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Order, obedience and the booking; how long each took is for `torim demo` to judge, on a machine of its own."""
    text = demo.SCENARIO.read_text(encoding="utf-8")
    scenario = parse_scenario(text.replace("expect silence within 150 ms", "expect silence within 5 s"))
    call, made = demo.play(scenario, tmp_path)
    assert demo.judge(call, made, UNHURRIED, tmp_path) == 0, capsys.readouterr().err

    assert [row.stage for row in call.rows] == [line[7:-1] for line in text.splitlines() if line.startswith("stage ")]
    assert len(spoken_over(call)) == text.count("expect silence")
    for row in spoken_over(call):
        assert row.cut_ms is not None and row.stale_ms == 0 and not row.blocked, row
        assert row.replies >= 1, row
    (booked,) = made
    assert (booked.status, booked.service_id, booked.call_id) == ("booked", "haircut", call.record.call_sid)
    said = (booked.call_transcript or "").splitlines()
    assert any("Receptionist: Hello, you've reached" in line for line in said)
    assert sum("Caller: [dtmf] 1" in line for line in said) == text.count("press 1")
    assert "Booked haircut" in (booked.call_summary or "")
    assert "stored appointment: haircut" in capsys.readouterr().out


@pytest.mark.deep
@pytest.mark.timeout(300)
def test_the_demo_passes(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert demo.run(argparse.Namespace(out=tmp_path, scenario=None)) == 0, capsys.readouterr().err
