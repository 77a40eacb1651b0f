"""What a call's timeline says about its barge-ins, for the page that shows the call.

Pure: it reads the lines that the call wrote and decides nothing again; a verdict shown here is the one that was given.
Times are ms since the call's stream began.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

from torim.core.reasons import Reason
from torim.core.timeline import Line, words_of

_REASONS = {f"{reason.tag} {reason.sentence}": reason for reason in Reason}
_CUTS = {Reason.CUT: "voice", Reason.CUT_BY_KEY: "key", Reason.CUT_BY_WORDS: "words"}
_RESUMED = (Reason.RESUMED, Reason.RESUMED_AT_DEADLINE)
# What the page marks on its time axis, by who and what a line says; everything else is in the full timeline.
_MARKED = {
    ("caller", "key"): "key",
    ("carrier", "gone"): "caller_gone",
    ("carrier", "mark"): "mark",
    ("engine", "created"): "response_created",
    ("engine", "audio_done"): "audio_done",
    ("engine", "done"): "response_done",
    ("engine", "fault"): "fault",
    ("engine", "lost"): "engine_lost",
    ("engine", "unreachable"): "engine_lost",
    ("desk", "tool_finished"): "tool_finished",
    ("desk", "goodbye"): "goodbye",
    ("torim", "run_tool"): "tool_started",
    ("torim", "clear"): "clear",
    ("torim", "cancel"): "cancel",
    ("torim", "truncate"): "truncate",
    ("torim", "end"): "ended",
}
_MARKED_REASONS = {
    Reason.FIRST_AUDIO: "first_audio",
    Reason.AI_HEARD: "ai_heard",
    Reason.HELD: "held",
    Reason.VERIFIED: "verified",
    Reason.RESUMED: "resumed",
    Reason.RESUMED_AT_DEADLINE: "resumed",
    Reason.CUT: "barge_in",
    Reason.CUT_BY_KEY: "barge_in",
    Reason.CUT_BY_WORDS: "barge_in",
    Reason.BLOCKED: "blocked",
    Reason.LOCK_OPENED: "greeting_lock_opened",
    Reason.SILENCE_PROMPT: "silence_prompt",
    Reason.FELL_BACK: "fell_back",
}


MANY = frozenset({"mark"})  # several a second: drawn only for those who look at everything


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of a timeline, taken apart."""

    at_ms: int
    who: str
    what: str
    kind: str | None  # what the page marks; None: only in the full timeline
    reason: Reason | None = None
    level: str | None = None
    values: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Episode:
    """One sound or key of the caller that met the AI's voice, and what became of it."""

    onset_ms: int  # when the sound began
    verdict: str  # voice, key, words; echo, noise, short, undecided; blocked
    cut: bool  # whether the AI was stopped for good
    stop_ms: int | None  # from the onset to the line's silence
    verdict_ms: int | None  # from the onset to the verdict
    resume_ms: int | None  # from the onset to the AI's voice again
    heard_ms: int | None  # of the answer that was cut
    unheard_ms: int | None
    response_id: str | None
    reason: str
    values: Mapping[str, str]


def entries(lines: Sequence[Line]) -> Iterator[Entry]:
    """The lines of a timeline, taken apart, in order."""
    for line in lines:
        yield _entry(line)


def shown(entry: Entry) -> bool:
    """Whether a page marks an entry for everybody."""
    return entry.kind is not None and entry.kind not in MANY


def _entry(line: Line) -> Entry:
    words = words_of(line.what)
    if line.who == "torim" and words.verb == "log":
        text = line.what.partition(" ")[2]
        level, _, said = text.partition(" ")
        reason = next((known for start, known in _REASONS.items() if _says(said, start)), None)
        kind = None if reason is None else _MARKED_REASONS.get(reason)
        return Entry(line.at_ms, line.who, line.what, kind, reason, level, words.named)
    return Entry(
        line.at_ms,
        line.who,
        line.what,
        _MARKED.get((line.who, words.verb)),
        values=_positional(words.rest, words.named),
    )


def _says(said: str, start: str) -> bool:
    return said == start or said.startswith(f"{start} ")


def _positional(rest: Sequence[str], named: Mapping[str, str]) -> dict[str, str]:
    return {**{str(place): word for place, word in enumerate(rest)}, **named}


def episodes(found: Sequence[Entry]) -> list[Episode]:
    """Every sound or key that met the AI's voice, in order."""
    reader = _Reader(_origins(found))
    for entry in found:
        reader.take(entry)
    return reader.found


def _origins(found: Sequence[Entry]) -> list[tuple[int, int]]:
    """From when on which difference lies between the call's clock and that of appended audio."""
    links: list[tuple[int, int | None]] = [(0, None)]
    for entry in found:
        if entry.who == "engine" and entry.what.startswith("ready"):
            links.append((entry.at_ms, None))
        elif entry.who == "caller" and "audio_ms" in entry.values:
            since, known = links[-1]
            offset = entry.at_ms - int(entry.values["audio_ms"])
            links[-1] = (since, offset if known is None else min(known, offset))
    return [(since, offset) for since, offset in links if offset is not None]


class _Reader:
    """Goes over the entries once and keeps what is open."""

    def __init__(self, origins: Sequence[tuple[int, int]]) -> None:
        self.found: list[Episode] = []
        self._origins = origins
        self._onset_ms: int | None = None
        self._cleared_ms: int | None = None
        self._held: Entry | None = None
        self._dropped = "undecided"
        self._refused = False  # the sound that goes on may stop nothing
        self._unjudged_ms: int | None = (
            None  # the onset of a sound that goes on, though its hold had no verdict in time
        )

    def take(self, entry: Entry) -> None:
        """One entry."""
        if entry.who == "caller":
            self._caller(entry)
        elif entry.kind == "clear":
            self._cleared_ms = entry.at_ms
        elif entry.reason is Reason.HELD:
            self._held = entry
            self._cleared_ms = entry.at_ms
        elif entry.reason in _CUTS:
            self._cut(entry)
        elif entry.reason in _RESUMED:
            self._resumed(entry)
        elif entry.reason is Reason.BLOCKED:
            self._add(entry, "blocked", cut=False, stopped=False)
            self._onset_ms, self._refused = None, True  # what comes of it once it is allowed is measured from then
        elif entry.reason is Reason.IGNORED_SOUND:
            self._held = self._onset_ms = None

    def _caller(self, entry: Entry) -> None:
        verb = entry.what.partition(" ")[0]
        if verb == "voice_onset":
            self._onset_ms, self._refused, self._unjudged_ms = self._on_call_clock(entry), False, None
        elif verb == "voice_dropped":
            self._dropped, self._unjudged_ms = entry.values.get("0", "undecided"), None
        elif verb == "key":
            self._onset_ms = entry.at_ms
        elif verb == "voice_sure" and self._onset_ms is None and not self._refused:
            self._onset_ms = entry.at_ms if self._unjudged_ms is None else self._unjudged_ms

    def _on_call_clock(self, entry: Entry) -> int:
        offset = next((offset for since, offset in reversed(self._origins) if since <= entry.at_ms), None)
        if offset is None or "audio_ms" not in entry.values:
            return entry.at_ms
        return min(entry.at_ms, int(entry.values["audio_ms"]) + offset)

    def _cut(self, entry: Entry) -> None:
        assert entry.reason is not None
        if entry.level == "INFO":  # on DEBUG nothing was sounding: the caller took a free floor
            self._add(entry, _CUTS[entry.reason], cut=True, stopped=True)
        self._held = self._onset_ms = None

    def _resumed(self, entry: Entry) -> None:
        if self._held is not None and self._held.values.get("sounding") == "true":
            episode = self._add(entry, self._dropped, cut=False, stopped=True)
            self.found[-1] = replace(episode, resume_ms=entry.at_ms - episode.onset_ms)
        if entry.reason is Reason.RESUMED_AT_DEADLINE:  # if it proves to be the caller, they have waited since then
            self._unjudged_ms, self._cleared_ms = self._onset_ms, None
        self._held = self._onset_ms = None
        self._dropped = "undecided"

    def _add(self, entry: Entry, verdict: str, *, cut: bool, stopped: bool) -> Episode:
        onset_ms = entry.at_ms if self._onset_ms is None else self._onset_ms
        silent_ms = self._held.at_ms if self._held is not None else self._cleared_ms
        assert entry.reason is not None
        episode = Episode(
            onset_ms=onset_ms,
            verdict=verdict,
            cut=cut,
            stop_ms=max(0, silent_ms - onset_ms) if stopped and silent_ms is not None else None,
            verdict_ms=max(0, entry.at_ms - onset_ms),
            resume_ms=None,
            heard_ms=_number(entry, "heard_ms"),
            unheard_ms=_number(entry, "queued_ms"),
            response_id=entry.values.get("response"),
            reason=entry.reason.sentence,
            values=entry.values,
        )
        self.found.append(episode)
        return episode


def _number(entry: Entry, name: str) -> int | None:
    text = entry.values.get(name, "")
    return int(text) if text.lstrip("-").isdigit() else None
