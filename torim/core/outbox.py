"""What leaves the core: actions to perform now, and instants to be woken at."""

from __future__ import annotations

from enum import Enum

from torim.core.actions import Action, Note
from torim.core.reasons import Level, Reason


class Due(Enum):
    """What a deadline is for; those that follow from other state are computed, not kept here."""

    __hash__ = object.__hash__  # looked up on every event, and Enum's own hash is slow

    DUCK = "an undecided hold goes on at low level"
    VERIFY = "an undecided hold resumes"
    LOCK = "the greeting lock opens"
    COMMIT = "the caller's turn is committed by us, or taken as committed"
    DISPUTE = "the engine's endpoint wins over ours"
    TURN = "the longest turn is over"
    KEYS = "a number is complete"
    FALSE_ITEMS = "items without the caller's voice are deleted"
    UNCONFIRMED_ITEMS = "items that only the engine heard are turns, although no words came"
    IDLE = "nobody spoke for a while"
    HANG_UP = "a breath after the last word"
    CLOSING = "a goodbye took too long"
    FAREWELL = "a goodbye has no sound yet: we say it ourselves"
    MOMENT = "the caller waits in silence: say that it takes a moment"
    MAX_CALL = "the longest call is over"


class Outbox:
    """Collects the actions of one `apply` or `wake`, and names our commands."""

    def __init__(self) -> None:
        self._actions: list[Action] = []
        self._commands = 0

    def add(self, *actions: Action) -> None:
        self._actions += actions

    def note(self, reason: Reason, level: Level, **evidence: object) -> None:
        self._actions.append(Note(reason, level, evidence))

    def command(self, kind: str) -> str:
        """A new id for a command to the engine."""
        self._commands += 1
        return f"{kind}-{self._commands}"

    def take(self) -> list[Action]:
        """Everything collected so far, in order."""
        actions, self._actions = self._actions, []
        return actions


class Deadlines:
    """The instants at which the core wants to be woken, one a purpose."""

    def __init__(self) -> None:
        self._due: dict[Due, int] = {}

    def set(self, due: Due, at_ms: int) -> None:
        self._due[due] = at_ms

    def set_once(self, due: Due, at_ms: int) -> None:
        """Set unless it is set already."""
        self._due.setdefault(due, at_ms)

    def at_ms(self, due: Due) -> int | None:
        """When it is due, if it is set."""
        return self._due.get(due)

    def clear(self, *dues: Due) -> None:
        for due in dues:
            self._due.pop(due, None)

    def clear_all(self) -> None:
        self._due.clear()

    def __contains__(self, due: Due) -> bool:
        return due in self._due

    def next_ms(self) -> int | None:
        return min(self._due.values(), default=None)

    def take_due(self, now_ms: int) -> list[Due]:
        """Remove and return what is due, in the order of `Due`, so that one instant has one order."""
        first_ms = self.next_ms()
        if first_ms is None or first_ms > now_ms:
            return []
        reached = [due for due in Due if self._due.get(due, now_ms + 1) <= now_ms]
        self.clear(*reached)
        return reached
