"""The caller's turns: where the caller's voice was, which engine items hold it, and when a turn is settled.

It works on the clock of appended audio, the only one that the engine and the local detector share. It decides
whether an engine item is a turn of the caller or a false alarm; it never decides who has the floor.

An item is a turn if it overlaps verified voice. Without any local evidence it is our echo if something of ours
sounded during it; else only the engine heard it, noise or a voice that we missed, and its words tell which. While a
sound is still being verified the judgement waits.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum


class Voice(Enum):
    """What the local detector hears right now."""

    NONE = "none"
    UNSURE = "unsure"
    SURE = "sure"
    OVERRULED = "overruled"  # a sound goes on that is no turn any more; only the engine's word makes it one again


class Judgement(Enum):
    PENDING = "pending"  # a sound in it is still being verified
    UNCONFIRMED = "unconfirmed"  # only the engine heard it: its words decide
    TURN = "turn"
    FALSE = "false"


@dataclass(slots=True)
class Item:
    """One engine item of the caller's audio."""

    item_id: str
    start_ms: int  # audio clock
    end_ms: int | None = None
    announced: bool = False  # the engine heard speech begin in it
    committed: bool = False
    judgement: Judgement = Judgement.PENDING
    voiced: bool = False  # it overlaps voice that we heard ourselves
    text: str | None = None
    judged_ms: int | None = None  # call clock


@dataclass(slots=True)
class _Span:
    start_ms: int
    end_ms: int | None = None

    def overlaps(self, start_ms: int, end_ms: int) -> bool:
        return self.start_ms < end_ms and (self.end_ms is None or self.end_ms > start_ms)

    def common_ms(self, start_ms: int, end_ms: int) -> int:
        """How much of a stretch lies in this one."""
        return max(0, min(end_ms, end_ms if self.end_ms is None else self.end_ms) - max(start_ms, self.start_ms))


@dataclass(slots=True)
class CallerTurns:
    """Voice, spans and items of one call's caller."""

    item_margin_ms: int  # what the engine adds to a sound, before and after it together
    voice: Voice = Voice.NONE
    open: bool = False  # verified voice (or the engine's word for it) that no settled turn contains yet
    engine_hears: bool = False  # between the engine's speech_started and its committed
    commit_asked: str | None = None  # command id of our own commit, until it is answered
    items: dict[str, Item] = field(default_factory=dict)
    newest: Item | None = None  # the last one that was committed
    _onset_ms: int = 0
    _voice: list[_Span] = field(default_factory=list)
    _false: list[_Span] = field(default_factory=list)
    _committed_to_ms: int = 0

    # --- local detector ---------------------------------------------------------------------------------

    def onset(self, audio_ms: int) -> None:
        self.voice = Voice.UNSURE
        self._onset_ms = audio_ms

    def sure(self, audio_ms: int) -> None:
        if self.voice is Voice.SURE:
            return
        start = min(self._onset_ms, audio_ms) if self.voice is Voice.UNSURE else audio_ms
        self.voice = Voice.SURE
        self.open = True
        self._voice.append(_Span(start))

    def dropped(self, audio_ms: int) -> None:
        self.voice = Voice.NONE
        self._false.append(_Span(self._onset_ms, audio_ms))

    def overrule(self, audio_ms: int) -> None:
        """The turn is over although we still hear something."""
        self.ended(audio_ms)
        self.voice = Voice.OVERRULED

    def ended(self, audio_ms: int) -> None:
        self.voice = Voice.NONE
        if self._voice and self._voice[-1].end_ms is None:
            self._voice[-1].end_ms = audio_ms

    # --- engine -----------------------------------------------------------------------------------------

    def speech_started(self, item_id: str, audio_ms: int) -> None:
        self.engine_hears = True
        self.items.setdefault(item_id, Item(item_id, audio_ms)).announced = True

    def speech_stopped(self, item_id: str, audio_ms: int) -> None:
        item = self.items.get(item_id)
        if item is not None:
            item.end_ms = audio_ms

    def committed(self, item_id: str, audio_ms: int, ai_sounded: bool, now_ms: int, words_come: bool = False) -> Item:
        """The engine made an item of what it has; judge it as far as possible.

        ``audio_ms`` is the appended-audio clock now; ``ai_sounded`` says whether our audio sounded during the
        item, ``words_come`` whether it will be written down.
        """
        item = self.items.setdefault(item_id, Item(item_id, self._committed_to_ms))
        item.end_ms = audio_ms if item.end_ms is None else item.end_ms
        item.committed = True
        self.engine_hears = False
        self.commit_asked = None
        self._committed_to_ms = item.end_ms
        self._judge(item, ai_sounded, now_ms, words_come)
        if item.announced or item.judgement is Judgement.TURN:
            self.newest = item  # else it is silence that our own commit cut off
        return item

    def judge_pending(self, now_ms: int) -> list[Item]:
        """After a verdict: judge the committed items that waited for it."""
        waiting = [i for i in self.items.values() if i.committed and i.judgement is Judgement.PENDING]
        for item in waiting:
            self._judge(item, True, now_ms)
        return [item for item in waiting if item.judgement is not Judgement.PENDING]

    def false_items(self) -> list[Item]:
        """Items that hold no voice of the caller and are still in the engine's conversation."""
        return [item for item in self.items.values() if item.judgement is Judgement.FALSE]

    def unconfirmed_items(self) -> list[Item]:
        """Items that only the engine heard, while their words are waited for."""
        return [item for item in self.items.values() if item.judgement is Judgement.UNCONFIRMED]

    def is_false(self, item_id: str) -> bool:
        """Whether an item is known to hold no voice of the caller."""
        item = self.items.get(item_id)
        return item is not None and item.judgement is Judgement.FALSE

    @property
    def nobody_spoke(self) -> bool:
        """Whether the engine's newest item is no turn: an answer to it has nothing to answer."""
        return self.newest is not None and self.newest.judgement is not Judgement.TURN

    def start_of(self, item_id: str) -> int | None:
        item = self.items.get(item_id)
        return item.start_ms if item else None

    def voice_start_ms(self, item: Item) -> int:
        """Where the caller's voice began in an item, on the clock of appended audio."""
        starts = [span.start_ms for span in self._voice if span.overlaps(item.start_ms, item.end_ms or item.start_ms)]
        return max(item.start_ms, min(starts, default=item.start_ms))

    def settle(self) -> None:
        """The open turn is complete."""
        self.open = False
        self.commit_asked = None

    def new_link(self) -> None:
        """The audio clock starts again; nothing on it means anything any more, an open voice stays open."""
        self.items.clear()
        self.newest = None
        self._false.clear()
        self._voice = [_Span(0)] if self.voice is Voice.SURE else []
        self._onset_ms = 0
        self._committed_to_ms = 0
        self.engine_hears = False
        self.commit_asked = None

    def _judge(self, item: Item, ai_sounded: bool, now_ms: int, words_come: bool = False) -> None:
        end_ms = item.start_ms if item.end_ms is None else item.end_ms
        if any(span.overlaps(item.start_ms, end_ms) for span in self._voice):
            item.judgement = Judgement.TURN
            item.voiced = True
        elif self.voice is Voice.UNSURE and self._onset_ms < end_ms:
            return
        elif ai_sounded or self._explained(item.start_ms, end_ms):
            item.judgement = Judgement.FALSE
        else:
            item.judgement = Judgement.UNCONFIRMED if words_come and item.announced else Judgement.TURN
        item.judged_ms = now_ms

    def _explained(self, start_ms: int, end_ms: int) -> bool:
        """Whether false alarms are all that an item can hold, but for what the engine adds around a sound."""
        covered_ms = sum(span.common_ms(start_ms, end_ms) for span in self._false)
        return covered_ms > 0 and end_ms - start_ms - covered_ms <= self.item_margin_ms
