"""Put a real barge-in into the README: `python -m tools.readme_timeline FILE.call`, with a timeline of `make demo`.

It chooses a caller who spoke after the engine had sent all audio and before it said that the response was done, the
moment at which calls used to be deaf. It shortens ids and leaves lines out; it never changes an instant or a number.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path

from torim.core.timeline import Line, parse

ROOT = Path(__file__).resolve().parent.parent
README = ROOT / "README.md"
PICTURE = "docs/barge-in.svg"
BEGIN, END = "<!-- barge-in: from a timeline, by tools/readme_timeline.py -->\n", "<!-- /barge-in -->\n"
SHOWN = (
    *("created ", "audio_done ", "done ", "fault ", "committed "),
    *("voice_onset ", "voice_sure ", "voice_ended "),
    *("clear ", "cancel ", "truncate ", "create ", "log INFO ", "log DEBUG [BARGE-IN]"),
)
# What a reader of the README cannot know yet.
REMARKS = {
    "audio_done ": "all is sent, seconds are still to be heard",
    "clear ": "the line is silent; nothing is decided yet",
    "voice_sure ": "it is a voice",
    "truncate ": "what the caller heard, not what was made",
}
# Ids that only programs need, and numbers behind a verdict: the timeline has them.
LEFT_OUT = re.compile(
    r" (?:item|key|command|message|epoch|audio_ms|level_db|echo|voiced_ms|sounding|echo_window|floor)=\S+"
)
IN_QUOTES = re.compile(r' message="[^"]*"')


def excerpt(lines: list[Line]) -> str:
    """The lines of one barge-in, with instants counted from the beginning of the answer it cut.

    Raises:
        ValueError: No caller of this timeline spoke at that moment.
    """
    start, end = _span(lines)
    chosen = [line for line in lines[start:end] if line.what.startswith(SHOWN)]
    names = _names(chosen)
    return "\n".join(_row(line, lines[start].at_ms, names) for line in chosen) + "\n"


def _span(lines: list[Line]) -> tuple[int, int]:
    """From the creation of the response that was cut late to the request of the next one."""
    for cut, line in enumerate(lines):
        response = line.what.removeprefix("cancel ")
        if line.who == "torim" and response != line.what and _had_sent_all(lines[:cut], response):
            start = next(n for n, row in enumerate(lines) if row.what.startswith(f"created {response}"))
            return start, next(n for n in range(cut, len(lines)) if lines[n].what.startswith("create ")) + 1
    raise ValueError("no barge-in between audio.done and response.done in this timeline")


def _had_sent_all(lines: Iterable[Line], response: str) -> bool:
    return any(line.what.startswith(f"audio_done {response}") for line in lines)


def _names(lines: Iterable[Line]) -> dict[str, str]:
    """Short names for the ids, in the order in which they appear."""
    found = dict.fromkeys(re.findall(r"\b(?:resp|item)_\w+", "\n".join(line.what for line in lines)))
    counts = {"resp": 0, "item": 0}
    names = {}
    for long in found:
        kind = long.partition("_")[0]
        counts[kind] += 1
        names[long] = f"{kind[0].upper()}{counts[kind]}"
    return names


def _row(line: Line, start_ms: int, names: dict[str, str]) -> str:
    what = re.sub(r"^create \w+", "create", LEFT_OUT.sub("", IN_QUOTES.sub("", line.what)))
    for long, short in names.items():
        what = what.replace(long, short)
    remark = next((words for verb, words in REMARKS.items() if line.what.startswith(verb)), "")
    row = str(Line(line.at_ms - start_ms, line.who, what))
    return f"{row:<46}<- {remark}" if remark else row


def main(arguments: list[str]) -> int:
    """Write the excerpt into the README."""
    lines = parse(Path(arguments[0]).read_text(encoding="utf-8"))
    before, _, rest = README.read_text(encoding="utf-8").partition(BEGIN)
    _, _, after = rest.partition(END)
    picture = f"\n![The whole call, as the caller heard it]({PICTURE})\n" if (ROOT / PICTURE).is_file() else ""
    README.write_text(f"{before}{BEGIN}```\n{excerpt(lines)}```\n{picture}{END}{after}", encoding="utf-8")
    return 0


def shown() -> Iterator[Line]:
    """The timeline that the README shows."""
    text = README.read_text(encoding="utf-8").partition(BEGIN)[2].partition(END)[0]
    yield from parse(text.partition("```\n")[2].partition("```")[0])


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
