"""Scenario files: what a synthetic caller does, in sentences a receptionist could read.

Decides what a line means; `docs/scenarios.md` describes the grammar. It does nothing: `lab/play.py` plays a
scenario. A line that is not understood raises `ConfigError` with its number and what could stand there.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field, replace

from torim.errors import ConfigError
from torim.lab.line import EchoPath, LineSettings

DEFAULT_PATIENCE_MS = 30_000

# --- conditions: something to wait for or to expect -----------------------------------------------------


@dataclass(frozen=True, slots=True)
class AiSpeaks:
    """The first far-end sample is heard since the caller last did something, or it is being heard already."""


@dataclass(frozen=True, slots=True)
class AiFinishes:
    """The last far-end sample was heard and nothing follows it."""


@dataclass(frozen=True, slots=True)
class LastWords:
    """Only so much of the answer that is heard is left to hear."""

    left_ms: int


@dataclass(frozen=True, slots=True)
class Silence:
    """No far-end sample is heard any more; counted from the caller's onset."""


@dataclass(frozen=True, slots=True)
class KeepsSpeaking:
    """Far-end audio goes on for so long, without a break."""

    for_ms: int


@dataclass(frozen=True, slots=True)
class ServerLine:
    """A line of the server's timeline begins with these words (actor, verb, ...)."""

    words: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class CallEnds:
    """The stream is closed."""


@dataclass(frozen=True, slots=True)
class Appointment:
    """The caller's appointment is stored (or, ``stored`` false, none is)."""

    stored: bool = True


Condition = AiSpeaks | AiFinishes | LastWords | Silence | KeepsSpeaking | ServerLine | CallEnds | Appointment

# --- steps ----------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Wait:
    condition: Condition
    patience_ms: int = DEFAULT_PATIENCE_MS


@dataclass(frozen=True, slots=True)
class Pause:
    """Let time pass, counted from now."""

    for_ms: int


@dataclass(frozen=True, slots=True)
class Later:
    """Let the next action happen so long after the instant that was last waited for."""

    after_ms: int


@dataclass(frozen=True, slots=True)
class Say:
    """Speak words with a synthetic voice, or play a WAV file."""

    text: str
    file: str | None = None
    language: str | None = None


@dataclass(frozen=True, slots=True)
class Press:
    keys: str


@dataclass(frozen=True, slots=True)
class Stage:
    """Name the next thing said or pressed; it is then reported as a barge-in under this name."""

    name: str


@dataclass(frozen=True, slots=True)
class Expect:
    condition: Condition
    within_ms: int


@dataclass(frozen=True, slots=True)
class HangUp:
    """The caller ends the call."""


Step = Wait | Pause | Later | Say | Press | Stage | Expect | HangUp


@dataclass(frozen=True, slots=True)
class Numbered:
    """A step and the line it stands on."""

    line: int
    source: str
    step: Step


@dataclass(frozen=True, slots=True)
class Scenario:
    """A caller's script."""

    title: str = "call"
    language: str = "en"
    caller: str = "+972501234567"
    line: LineSettings = field(default_factory=LineSettings)
    steps: tuple[Numbered, ...] = ()

    def server_needs(self) -> tuple[Numbered, ...]:
        """The steps that need the server's timeline or database, which a remote server does not give."""
        return tuple(item for item in self.steps if _needs_server(item.step))


def _needs_server(step: Step) -> bool:
    return isinstance(step, Wait | Expect) and isinstance(step.condition, ServerLine | Appointment | LastWords)


# --- parsing --------------------------------------------------------------------------------------------

_DURATION = r"(\d+(?:\.\d+)?)\s*(ms|seconds|second|s|minutes|minute)"
_UNIT_MS = {"ms": 1, "s": 1000, "second": 1000, "seconds": 1000, "minute": 60_000, "minutes": 60_000}
_QUOTED = r'"([^"]*)"'
_LATER = re.compile(rf"{_DURATION} later,?\s+(.+)", re.IGNORECASE)
_LIMIT = re.compile(rf"(.+?) within {_DURATION}", re.IGNORECASE)
_ACTORS = ("engine", "caller", "torim", "carrier", "desk", "call")


def _ms(number: str, unit: str) -> int:
    return round(float(number) * _UNIT_MS[unit.lower()])


Groups = tuple[str, ...]


def _action(pattern: str, build: Callable[[Groups], Step]) -> tuple[re.Pattern[str], Callable[[Groups], Step]]:
    return re.compile(pattern, re.IGNORECASE), build


_ACTIONS = (
    _action(rf"say {_QUOTED}(?: in ([a-z]{{2}}))?", lambda g: Say(g[0], language=g[1] or None)),
    _action(rf"say file {_QUOTED}", lambda g: Say("", file=g[0])),
    _action(r"press ([0-9*#A-D](?:\s*[0-9*#A-D])*)", lambda g: Press("".join(g[0].split()))),
    _action(rf"stage {_QUOTED}", lambda g: Stage(g[0])),
    _action(r"hang up", lambda _: HangUp()),
    _action(rf"wait {_DURATION}", lambda g: Pause(_ms(g[0], g[1]))),
)

_CONDITIONS: tuple[tuple[re.Pattern[str], Callable[[Groups], Condition]], ...] = (
    (re.compile(r"the AI to speak", re.I), lambda _: AiSpeaks()),
    (re.compile(r"the AI to finish", re.I), lambda _: AiFinishes()),
    (re.compile(rf"the last {_DURATION} of the AI", re.I), lambda g: LastWords(_ms(g[0], g[1]))),
    (re.compile(rf"the AI to keep speaking for {_DURATION}", re.I), lambda g: KeepsSpeaking(_ms(g[0], g[1]))),
    (re.compile(r"silence", re.I), lambda _: Silence()),
    (re.compile(r"the call to end", re.I), lambda _: CallEnds()),
    (re.compile(r"(?:an )?appointment", re.I), lambda _: Appointment()),
    (re.compile(r"no appointment", re.I), lambda _: Appointment(stored=False)),
    (re.compile(rf"((?:{'|'.join(_ACTORS)}) .+)", re.I), lambda g: ServerLine(tuple(g[0].split()))),
)

_EXPECT_WITHIN_MS = {AiSpeaks: 5_000, Appointment: 3_000}


def parse_scenario(text: str, title: str = "call") -> Scenario:
    """Read a scenario; raises `ConfigError` naming the line that is not understood."""
    scenario = Scenario(title=title)
    steps: list[Numbered] = []
    for number, source in enumerate(text.splitlines(), start=1):
        line = source.strip()
        if not line or line.startswith("#"):
            continue
        setting = None if steps else _setting(line, scenario)
        if setting is not None:
            scenario = setting
            continue
        steps.extend(Numbered(number, line, step) for step in _steps(line, number))
    if not steps:
        raise ConfigError("The scenario has no steps; see docs/scenarios.md.", "scenario.empty")
    return replace(scenario, steps=tuple(steps))


def _setting(line: str, scenario: Scenario) -> Scenario | None:
    for pattern, apply in _SETTINGS:
        if match := pattern.fullmatch(line):
            return apply(scenario, tuple(group or "" for group in match.groups()))
    return None


def _with_line(scenario: Scenario, **changes: object) -> Scenario:
    return replace(scenario, line=replace(scenario.line, **changes))  # type: ignore[arg-type]


_SETTINGS: tuple[tuple[re.Pattern[str], Callable[[Scenario, Groups], Scenario]], ...] = (
    (re.compile(rf"title {_QUOTED}", re.I), lambda s, g: replace(s, title=g[0])),
    (re.compile(r"language ([a-z]{2})", re.I), lambda s, g: replace(s, language=g[0].lower())),
    (re.compile(r"caller (\+\d{6,15})", re.I), lambda s, g: replace(s, caller=g[0])),
    (re.compile(r"seed (\d+)", re.I), lambda s, g: _with_line(s, seed=int(g[0]))),
    (re.compile(r"noise (-\d+) dB", re.I), lambda s, g: _with_line(s, noise_db=float(g[0]))),
    (
        re.compile(r"echo (\d+) dB after (\d+) ms", re.I),
        lambda s, g: _with_line(s, echo=EchoPath(float(g[0]), int(g[1]))),
    ),
    (
        re.compile(r"network (\d+) ms(?:,? jitter (\d+) ms)?", re.I),
        lambda s, g: _with_line(s, delay_ms=int(g[0]), jitter_ms=int(g[1] or 0)),
    ),
)


def _steps(line: str, number: int) -> list[Step]:
    if match := _LATER.fullmatch(line):
        return [Later(_ms(match[1], match[2])), *_steps(match[3], number)]
    for pattern, build in _ACTIONS:
        if match := pattern.fullmatch(line):
            return [build(tuple(group or "" for group in match.groups()))]
    if line.lower().startswith("wait for "):
        return [_wait(line[len("wait for ") :], number)]
    if line.lower().startswith("expect "):
        return [_expect(line[len("expect ") :], number)]
    raise _not_understood(line, number)


def _wait(rest: str, number: int) -> Wait:
    rest, limit_ms = _limit(rest)
    return Wait(_condition(rest, number), limit_ms or DEFAULT_PATIENCE_MS)


def _expect(rest: str, number: int) -> Expect:
    rest, limit_ms = _limit(rest)
    condition = _condition(rest, number)
    return Expect(condition, limit_ms or _EXPECT_WITHIN_MS.get(type(condition), 1_000))


def _limit(rest: str) -> tuple[str, int | None]:
    if match := _LIMIT.fullmatch(rest):
        return match[1], _ms(match[2], match[3])
    return rest, None


def _condition(text: str, number: int) -> Condition:
    for pattern, build in _CONDITIONS:
        if match := pattern.fullmatch(text.strip()):
            return build(tuple(group or "" for group in match.groups()))
    raise _not_understood(text, number)


def _not_understood(text: str, number: int) -> ConfigError:
    return ConfigError(
        f'Line {number}: "{text}" is not understood. A step is one of: say "...", press 1 2 #, wait 2 s, '
        'wait for ..., expect ..., stage "...", hang up, each possibly after `700 ms later`; settings '
        "such as `network 50 ms` stand before the first step. See docs/scenarios.md.",
        "scenario.syntax",
    )
