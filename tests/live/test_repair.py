"""What a crash leaves: turns without an end, appointments without words. The next start puts them right."""

from __future__ import annotations

import logging
from datetime import UTC, datetime, timedelta
from pathlib import Path

import msgspec
import pytest

from torim.config import Config
from torim.core.events import EndReason
from torim.core.transcript import Speaker, Turn
from torim.desk.book import BookingRequest
from torim.desk.business import load_business
from torim.live.node import prepare
from torim.live.repair import repair
from torim.storage.records import CallEnd, CallStart, TurnsSoFar
from torim.storage.store import Store

BUSINESS = load_business()
STARTED = datetime(2026, 1, 5, 9, 0, tzinfo=UTC)
HELLO, REST = "Good morning,", " this is the salon."
TURNS = (
    Turn(Speaker.AI, 0, 2000, HELLO + REST, HELLO, REST, heard_ms=900, audio_ms=2000, interrupted=True),
    Turn(Speaker.CALLER, 900, 1800, "Tuesday, please", "Tuesday, please"),
)


def started(call_id: str, at: datetime = STARTED) -> CallStart:
    return CallStart(call_id, BUSINESS.id, "twilio", "embedded", at)


def booking(call_id: str, hour: int) -> BookingRequest:
    at = datetime(2026, 1, 6, hour, tzinfo=UTC)
    return BookingRequest(
        business_id=BUSINESS.id,
        service_id="haircut",
        starts_at=at,
        ends_at=at + timedelta(minutes=30),
        timezone=BUSINESS.timezone,
        call_id=call_id,
        idempotency_key=f"{call_id}/t1",
        asked_at=STARTED,
    )


@pytest.fixture
def config(tmp_path: Path) -> Config:
    made = Config(data_dir=tmp_path, language="en")
    prepare(made)
    return made


def killed(store: Store, call_id: str = "CAkilled", hour: int = 10) -> None:
    """A call whose process died after it had booked."""
    store.write([started(call_id), TurnsSoFar(call_id, TURNS)])
    store.book(booking(call_id, hour))


def test_the_next_start_ends_the_call_and_gives_the_appointment_its_words(
    config: Config, caplog: pytest.LogCaptureFixture
) -> None:
    store = Store(config.database_url)
    killed(store)
    with caplog.at_level(logging.WARNING):
        prepare(config)
        prepare(config)
    assert [record.getMessage()[:21] for record in caplog.records] == ["1 calls were cut off "]
    call = store.call(BUSINESS.id, "CAkilled")
    assert call is not None
    assert (call.end_reason, call.ended_at) == (EndReason.INTERNAL_ERROR, STARTED + timedelta(seconds=2))
    assert call.counts == {"duration_ms": 2000, "caller_turns": 1, "barge_ins": 1}
    (made,) = store.of_call(BUSINESS.id, "CAkilled")
    assert made.call_transcript == "0:00 Receptionist: Good morning, \u2014\n0:00 Caller: Tuesday, please"
    assert "Booked" in (made.call_summary or "") and "an internal error" in (made.call_summary or "")
    store.close()


def test_an_appointment_booked_after_the_end_gets_its_words_and_the_end_stays(config: Config) -> None:
    store = Store(config.database_url)
    ended_at = STARTED + timedelta(seconds=30)
    counts = {"duration_ms": 30_000, "barge_ins": 2}
    end = CallEnd("CAlate", ended_at, EndReason.CALLER_HUNG_UP, counts, "No appointment was made.", "said")
    store.write([started("CAlate"), TurnsSoFar("CAlate", TURNS), end])
    store.book(booking("CAlate", 10))
    prepare(config)
    call = store.call(BUSINESS.id, "CAlate")
    assert call is not None
    assert (call.end_reason, call.ended_at, call.counts) == (EndReason.CALLER_HUNG_UP, ended_at, counts)
    (made,) = store.of_call(BUSINESS.id, "CAlate")
    assert "Tuesday, please" in (made.call_transcript or "") and "Booked" in (made.call_summary or "")
    store.close()


def test_a_call_that_left_nothing_still_ends(config: Config) -> None:
    store = Store(config.database_url)
    store.write([started("CAempty")])
    prepare(config)
    call = store.call(BUSINESS.id, "CAempty")
    assert call is not None and call.ended_at == STARTED
    store.close()


def test_only_the_calls_that_are_meant_are_touched(config: Config) -> None:
    """A shared database has live calls of other machines, and a worker that dies leaves its siblings' calls alone."""
    store = Store(config.database_url)
    for number, call_id in enumerate(("CAold", "CAyoung", "CAother")):
        killed(store, call_id, 10 + number)
    store.write([started("CAyoung", STARTED + timedelta(hours=1))])
    assert repair(store, BUSINESS, "en", STARTED + timedelta(minutes=40), ["CAold", "CAyoung"]) == 1
    ends = {call.call_id: call.ended_at is not None for call in store.calls(BUSINESS.id)}
    assert ends == {"CAold": True, "CAyoung": False, "CAother": False}
    store.close()


def test_every_business_has_its_calls_finished(config: Config) -> None:
    store = Store(config.database_url)
    other = msgspec.structs.replace(BUSINESS, id="second", numbers=("+97235550199",))
    store.businesses.save(other, 0, STARTED)
    store.write([CallStart("CAsecond", other.id, "twilio", "embedded", STARTED), TurnsSoFar("CAsecond", TURNS)])
    prepare(config)
    call = store.call(other.id, "CAsecond")
    assert call is not None and call.end_reason is EndReason.INTERNAL_ERROR
    store.close()


def test_a_call_that_lived_after_all_writes_its_own_end_over_it(config: Config) -> None:
    store = Store(config.database_url)
    killed(store)
    prepare(config)
    own = CallEnd("CAkilled", STARTED + timedelta(minutes=5), EndReason.GOODBYE, {}, "Its own.", "All of it.")
    store.finish_call(own)
    call = store.call(BUSINESS.id, "CAkilled")
    assert call is not None and call.end_reason is EndReason.GOODBYE
    assert store.of_call(BUSINESS.id, "CAkilled")[0].call_transcript == "All of it."
    store.close()
