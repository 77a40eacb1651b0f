"""The neural VAD over calls: at once for a few, gathered for at most five milliseconds under load."""

import asyncio

from bridge_scene import play

from torim.audio.front_end import FrontEnd
from torim.core.listening import FarEnd
from torim.core.settings import ListenSettings
from torim.live.ears import BATCH_FROM_CALLS, BATCH_FULL, Ears, VadBatch


class Hearer:
    """A call with a window that waits."""

    def __init__(self) -> None:
        self.front_end = FrontEnd()
        self.heard_at_s: list[float] = []
        while not self.front_end.pending():
            self.front_end.frame(b"\xff" * 160, 0)

    def heard(self, probability: float) -> None:
        assert 0.0 <= probability <= 1.0
        self.heard_at_s.append(round(asyncio.get_running_loop().time(), 6))


def test_a_lone_call_does_not_wait() -> None:
    hearer = Hearer()
    probability = VadBatch(lambda: 1).submit(hearer)
    assert probability is not None and probability < 0.5
    assert not hearer.front_end.pending()


def test_under_load_windows_are_gathered_for_five_milliseconds() -> None:
    async def scene() -> None:
        batch, hearers = VadBatch(lambda: BATCH_FROM_CALLS), [Hearer() for _ in range(3)]
        for hearer in hearers:
            assert batch.submit(hearer) is None
            await asyncio.sleep(0.001)
        await asyncio.sleep(0.01)
        assert [hearer.heard_at_s for hearer in hearers] == [[0.005]] * 3

    play(scene())


def test_a_full_batch_runs_at_once() -> None:
    async def scene() -> None:
        batch, hearers = VadBatch(lambda: 200), [Hearer() for _ in range(BATCH_FULL)]
        for hearer in hearers:
            batch.submit(hearer)
        assert all(hearer.heard_at_s == [0.0] for hearer in hearers)

    play(scene())


def test_a_call_forgets_a_long_silence() -> None:
    ears = Ears(ListenSettings(), VadBatch(lambda: 1), lambda probability: None)
    fresh_at_ms = []
    for now_ms in range(20, 6_000, 20):
        ears.frame(b"\xff" * 160, FarEnd(asked=True), now_ms, now_ms)
        if now_ms > 100 and not ears.front_end.stream.state.any():
            fresh_at_ms.append(now_ms)
    assert fresh_at_ms and 4_000 <= fresh_at_ms[0] <= 4_060
