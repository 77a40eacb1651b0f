"""What the verifier is being asked, what it last said, and what was refused on its word.

Decides when a question is opened and whether its answers speak against a hold. A line on which holds lately proved
false must show better odds before the next one; a voice that begins a second time is never refused. Without a
verifier there are no odds, and nothing here has any effect.
"""

from __future__ import annotations

from collections import deque

from torim.core.echo import Sound
from torim.core.events import Verdict
from torim.core.settings import ListenSettings

_FALSE_HOLDS = 4  # remembered
_NEVER_MS = -1_000_000


class Refused:
    """The last sound with a voice in it that was not taken for a turn."""

    def __init__(self, settings: ListenSettings) -> None:
        self._settings = settings
        self._heard_ms = _NEVER_MS
        self._short = False

    def note(self, heard_ms: int, short: bool) -> None:
        """Voice was heard until then, and refused; ``short``: it was one, but too short."""
        self._heard_ms, self._short = heard_ms, short

    def hear(self, voice: bool, now_ms: int) -> None:
        """More of it: coughs of one fit are one event, however many they are."""
        if voice and now_ms - self._heard_ms < self._settings.same_event_ms and not self._short:
            self._heard_ms = now_ms

    def insists(self, began_ms: int) -> bool:
        """Whether a sound that began then is a second voice, and not the same fit of coughing."""
        settings = self._settings
        return settings.same_event_ms <= began_ms - self._heard_ms <= settings.insist_within_ms

    def again(self, began_ms: int) -> bool:
        """Whether it is the second of two short utterances."""
        return self._short and began_ms - self._heard_ms <= self._settings.insist_within_ms


class Inquiry:
    """One call's questions to the verifier; ``now_ms`` is the listener's clock."""

    def __init__(self, settings: ListenSettings) -> None:
        self._settings = settings
        self._asked = 0  # questions so far
        self._opened_ms: int | None = None
        self._false_holds: deque[int] = deque(maxlen=_FALSE_HOLDS)  # when they proved false
        self._noise = False  # the last sound was refused as one, on the verifier's word
        self._spoken = False  # speech by the neural VAD since that was last said
        self.odds: float | None = None
        self.refused = Refused(settings)

    @property
    def question(self) -> int:
        """Number of the open question; 0: none."""
        return 0 if self._opened_ms is None else self._asked

    def open(self, now_ms: int) -> None:
        """Ask anew, about what comes from now on."""
        self._asked += 1
        self._opened_ms = now_ms

    def close(self) -> None:
        """Ask nothing."""
        self._opened_ms = self.odds = None

    def believed(self) -> None:
        """The sound is the caller's voice: nothing more to ask."""
        self.close()
        self._noise = False

    def hear(self, odds: float | None, spoken: bool) -> None:
        """Take in an answer; ``spoken``: the neural VAD hears speech."""
        self.odds = odds
        self._spoken = self._spoken or spoken

    def open_ms(self, now_ms: int) -> int | None:
        """For how long the present question has been open, if there is one and there are answers."""
        return None if self._opened_ms is None or self.odds is None else now_ms - self._opened_ms

    def may_hold(self, spoken_ms: int, now_ms: int) -> bool:
        """Whether nothing speaks against a hold; ``spoken_ms``: speech in a row up to now."""
        settings = self._settings
        insists = self.refused.insists(now_ms - spoken_ms)
        if self._opened_ms is None or (insists and spoken_ms >= settings.insist_voice_ms):
            return True
        lately = sum(now_ms - at_ms <= settings.wary_ms for at_ms in self._false_holds)
        if self.odds is None:
            return lately == 0  # the first answer comes within a window
        spoken = spoken_ms >= settings.voice_least_ms
        least = settings.odds_hold_spoken if spoken else settings.odds_hold
        if self.odds >= min(least + lately * settings.odds_wary, settings.odds_hold_max):
            return True
        if spoken and not insists:
            self.refused.note(now_ms, short=False)
        return False

    def drop(self, verdict: Verdict, sound: Sound, now_ms: int) -> None:
        """A sound was dropped: remember it, and ask about what follows."""
        learned = sound.odds is not None and verdict is not Verdict.ECHO
        self._noise = learned and verdict is Verdict.NOISE
        self._spoken = False
        if self._noise:
            self._false_holds.append(now_ms)
        if learned and sound.voice_ms >= self._settings.voice_least_ms:
            self.refused.note(sound.heard_ms, short=verdict is Verdict.SHORT)
        self.open(now_ms)

    def more_of_it(self) -> bool:
        """Whether speech was heard since a refusal, or since this was last asked, and was no turn either."""
        more = self._noise and self._spoken and self.odds is not None and self.odds < self._settings.odds_drop
        self._spoken = False
        return more
