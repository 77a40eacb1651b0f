"""The timeline of every call: what happened and what was decided, one line each, in the `.call` format.

Lines are made and written away from the media loop. A reader of the file sees the call as it goes, a
quarter of a second late; a full disk costs the file, never the call. It decides nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from torim.core import timeline
from torim.core.actions import Action, PlayAudio, SendMark
from torim.core.events import AudioDelta, Event, MarkReturned, TextDelta
from torim.live.spool import Spool, Write

Entry = Event | Action


@dataclass(frozen=True, slots=True)
class Traced:
    """One entry of a call's timeline, as subscribers get it; ``entry`` None: the call has ended."""

    call_id: str
    at_ms: int
    entry: Entry | None


Subscriber = Callable[[Traced], None]
Keep = Callable[[int, str], None]

# What comes many times a second and says little by itself: it stands in the file only.
_IN_BULK = frozenset({AudioDelta, TextDelta, PlayAudio, SendMark, MarkReturned})


class TraceHub:
    """Hands every entry of every call of this process to whoever subscribed."""

    def __init__(self) -> None:
        self._subscribers: list[Subscriber] = []

    def subscribe(self, subscriber: Subscriber) -> Callable[[], None]:
        """Call ``subscriber`` on the loop for each entry from now on; returns the function that stops it."""
        self._subscribers.append(subscriber)
        return lambda: self._subscribers.remove(subscriber)

    @property
    def followed(self) -> bool:
        """Whether anybody listens."""
        return bool(self._subscribers)

    def publish(self, traced: Traced) -> None:
        for subscriber in tuple(self._subscribers):
            subscriber(traced)


class CallTrace:
    """One call's timeline: collected on the loop, rendered and written by the spool's thread.

    Args:
        keep: Also given each line that tells what happened, with its instant; called in the spool's thread.
    """

    __slots__ = ("_call_id", "_hub", "_keep", "_pending", "_spool", "head", "path")

    def __init__(
        self,
        call_id: str,
        path: Path,
        spool: Spool,
        hub: TraceHub,
        head: Mapping[str, str],
        keep: Keep | None = None,
    ) -> None:
        self._call_id = call_id
        self._keep = keep
        self._spool = spool
        self._hub = hub
        self.path = path
        self.head = head
        self._pending: list[tuple[int, Entry]] = []
        comments = "".join(f"# {key}: {_one_line(value)}\n" for key, value in head.items())
        self._spool.submit(Write(path, comments.encode))

    def record(self, at_ms: int, entry: Entry) -> None:
        """Note one event or action; never waits."""
        self._pending.append((at_ms, entry))
        if self._hub.followed:
            self._hub.publish(Traced(self._call_id, at_ms, entry))

    def flush(self) -> None:
        """Hand what was collected to the writer."""
        if self._pending:
            pending, self._pending = self._pending, []
            self._spool.submit(Write(self.path, lambda: _render(pending, self._keep)))

    def end(self, at_ms: int) -> None:
        """The call is over: nothing follows."""
        self.flush()
        if self._hub.followed:
            self._hub.publish(Traced(self._call_id, at_ms, None))


def _render(entries: list[tuple[int, Entry]], keep: Keep | None) -> bytes:
    lines = []
    for at_ms, entry in entries:
        line = timeline.render(at_ms, entry)
        if line is None:
            continue
        lines.append(f"{line}\n")
        if keep is not None and type(entry) not in _IN_BULK:
            keep(at_ms, line)
    return "".join(lines).encode()


def _one_line(text: str) -> str:
    return " ".join(text.split())
