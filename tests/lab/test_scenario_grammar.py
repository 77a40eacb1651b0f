"""Scenario files are read as they are written, and complaints name the line."""

import pytest

from torim.errors import ConfigError
from torim.lab.scenario import (
    AiFinishes,
    AiSpeaks,
    Appointment,
    Expect,
    HangUp,
    KeepsSpeaking,
    Later,
    Pause,
    Press,
    Say,
    ServerLine,
    Silence,
    Stage,
    Wait,
    parse_scenario,
)


def steps(text: str) -> list[object]:
    return [item.step for item in parse_scenario(text).steps]


def test_a_whole_call_reads_as_a_script() -> None:
    script = """
        # a caller who cuts in and books
        title "cuts in"
        language he
        network 50 ms, jitter 10 ms
        echo 20 dB after 120 ms

        wait for the AI to speak
        stage "first response"
        700 ms later say "Excuse me, I want to book"
        expect silence within 150 ms
        press 2 #
        wait for the AI to finish within 20 s
        expect an appointment
        hang up
    """
    scenario = parse_scenario(script)
    assert scenario.title == "cuts in"
    assert scenario.language == "he"
    assert (scenario.line.delay_ms, scenario.line.jitter_ms) == (50, 10)
    assert scenario.line.echo is not None
    assert scenario.line.echo.erl_db == 20
    assert [item.step for item in scenario.steps] == [
        Wait(AiSpeaks()),
        Stage("first response"),
        Later(700),
        Say("Excuse me, I want to book"),
        Expect(Silence(), 150),
        Press("2#"),
        Wait(AiFinishes(), 20_000),
        Expect(Appointment(), 3000),
        HangUp(),
    ]


def test_server_lines_are_named_in_the_words_of_the_timeline() -> None:
    assert steps("wait for engine audio_done within 5 s") == [Wait(ServerLine(("engine", "audio_done")), 5000)]


def test_steps_that_need_the_server_are_known_beforehand() -> None:
    scenario = parse_scenario('wait for the AI to speak\nwait for engine done\nexpect appointment\nsay "x"')
    assert [item.line for item in scenario.server_needs()] == [2, 3]


def test_durations_and_files_and_languages() -> None:
    assert steps('wait 1.5 s\nsay "shalom" in he\nsay file "a.wav"\nexpect the AI to keep speaking for 2 s') == [
        Pause(1500),
        Say("shalom", language="he"),
        Say("", file="a.wav"),
        Expect(KeepsSpeaking(2000), 1000),
    ]


@pytest.mark.parametrize("line", ["shout", "press x", "wait for godot", "700 ms later dance", "network 5 ms"])
def test_a_line_that_is_not_understood_is_named(line: str) -> None:
    with pytest.raises(ConfigError, match="Line 2"):
        parse_scenario(f"hang up\n{line}")


def test_an_empty_scenario_is_refused() -> None:
    with pytest.raises(ConfigError, match="no steps"):
        parse_scenario("# nothing\n")
