"""Calls over the API: the list and its filters, the page of one call, its recording, its shape; the first page."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import httpx
import pytest
from api_scene import TIMELINE, Office, play

from torim.core.events import EndReason
from torim.desk.messages import Urgency
from torim.desk.outcomes import Outcome
from torim.storage.records import REHEARSAL, CallEnd, CallMeasures, CallStart, CallSummary
from torim.web.peaks import read_peaks

PATH = "/api/v1/calls"
MEASURES = CallMeasures(
    barge_in_count=1,
    false_alarm_count=1,
    stop_ms_p50=60,
    stop_ms_p95=60,
    stop_ms_max=60,
    response_ms_p50=500,
    response_ms_p95=700,
    cost_estimate=0.02,
    usage={"input_tokens": 100},
)


@pytest.fixture
def office(tmp_path: Path) -> Office:
    made = Office(tmp_path)
    made.fill()
    return made


def test_a_call_shows_what_was_heard_and_what_was_not(office: Office) -> None:
    async def scene(client: httpx.AsyncClient) -> None:
        call = (await client.get(f"{PATH}/CA1")).json()
        assert call["duration_ms"] == 30_000 and call["end_reason"] == "caller_hung_up" and call["has_recording"]
        asked, answer = call["turns"]
        assert asked["speaker"] == "caller" and asked["heard_text"] == "how much is a haircut"
        assert (answer["heard_text"], answer["unheard_text"]) == ("It is ninety", "shekels, and we")
        assert (answer["heard_ms"], answer["audio_ms"], answer["interrupted"]) == (1_500, 3_000, True)
        assert [made["contact_name"] for made in call["appointments"]] == ["Dana Levi"]
        assert [left["text"] for left in call["messages"]] == ["Please call back."]

    play(office, scene, office.key("calls:read"))


def test_every_barge_in_has_its_verdict_and_its_milliseconds(office: Office) -> None:
    async def scene(client: httpx.AsyncClient) -> None:
        alarm, cut = (await client.get(f"{PATH}/CA1")).json()["barge_ins"]
        assert (alarm["onset_ms"], alarm["verdict"], alarm["cut"]) == (2_000, "noise", False)
        assert (alarm["stop_ms"], alarm["verdict_ms"], alarm["resume_ms"]) == (60, 200, 200)
        assert (cut["onset_ms"], cut["verdict"], cut["cut"]) == (3_000, "voice", True)
        assert (cut["stop_ms"], cut["verdict_ms"], cut["heard_ms"], cut["unheard_ms"]) == (60, 160, 1_900, 4_000)
        assert cut["response_id"] == "R1" and "caller has the floor" in cut["reason"]

    play(office, scene, office.key("calls:read"))


def test_the_timeline_is_there_marked_whole_and_as_a_file(office: Office) -> None:
    async def scene(client: httpx.AsyncClient) -> None:
        marked = (await client.get(f"{PATH}/CA1/timeline")).json()
        assert marked["complete"] is False
        assert [item["kind"] for item in marked["items"]][:3] == ["response_created", "first_audio", "clear"]
        kinds = [item["kind"] for item in marked["items"]]
        assert "verified" in kinds and "mark" not in kinds  # marks come several a second
        whole = (await client.get(f"{PATH}/CA1/timeline", params={"marked": False})).json()
        assert "mark" in [item["kind"] for item in whole["items"]]
        assert whole["complete"] is True and len(whole["items"]) == TIMELINE.count("\n") - 1
        file = await client.get(f"{PATH}/CA1/timeline.call")
        assert file.text == TIMELINE and "CA1.call" in file.headers["content-disposition"]

    play(office, scene, office.key("calls:read"))


def test_a_recording_is_downloaded_in_parts_and_its_shape_is_computed_here(office: Office) -> None:
    async def scene(client: httpx.AsyncClient) -> None:
        whole = await client.get(f"{PATH}/CA1/recording")
        assert whole.headers["content-type"] == "audio/wav" and len(whole.content) == 44 + 2 * 8_000 * 4
        part = await client.get(f"{PATH}/CA1/recording", headers={"Range": "bytes=0-43"})
        assert part.status_code == 206 and part.content == whole.content[:44]
        shape = (await client.get(f"{PATH}/CA1/peaks", params={"points": 10})).json()
        assert (shape["duration_ms"], shape["samples_per_point"]) == (2_000, 1_600)
        assert shape["caller"] == [500] * 10 and shape["ai"] == [0] * 9 + [1_000]

    play(office, scene, office.key("calls:read"))


@pytest.mark.parametrize("points", [10, 999, 8_000])
def test_the_shape_of_a_recording_that_still_grows_covers_what_is_there(office: Office, points: int) -> None:
    file = office.call_file("CA1", ".wav")
    with file.open("ab") as growing:
        growing.write(b"\x01")  # half a sample
    found = read_peaks(file, points)
    assert len(found.caller) == len(found.ai) == -(-16_000 // found.samples_per_point)
    assert max(found.ai) == 1_000 and set(found.caller) == {500}


def test_a_call_without_files_says_so(office: Office) -> None:
    office.call("CA2")

    async def scene(client: httpx.AsyncClient) -> None:
        assert (await client.get(f"{PATH}/CA2")).json()["has_recording"] is False
        for what in ("recording", "peaks", "timeline.call"):
            assert (await client.get(f"{PATH}/CA2/{what}")).json()["code"] == "file.not_found"
        assert (await client.get(f"{PATH}/CA2/timeline")).json()["items"] == []
        assert (await client.get(f"{PATH}/unknown")).json()["code"] == "call.not_found"

    play(office, scene, office.key("calls:read"))


def test_calls_are_found_by_outcome_number_text_dates_and_barge_ins(office: Office) -> None:
    office.clock.forward(hours=1)
    office.call("CA2", "+972529999999", outcome=Outcome.BOOKED, summary="Booked 100% of a haircut", measures=MEASURES)
    office.clock.forward(hours=1)
    office.call("CA3", None, outcome=Outcome.ABANDONED, summary=None)

    async def scene(client: httpx.AsyncClient) -> None:
        async def ids(**params: str | bool) -> list[str]:
            answer = await client.get(PATH, params=params)
            assert answer.status_code == 200, answer.text
            return [item["id"] for item in answer.json()["items"]]

        assert await ids() == ["CA3", "CA2", "CA1"]
        assert await ids(outcome="booked") == ["CA2"]
        assert await ids(number="052-999") == ["CA2"]
        assert await ids(number="nobody") == []
        assert await ids(text="NINETY") == ["CA3", "CA2", "CA1"]
        assert await ids(text="shekels") == []  # nobody heard it
        assert await ids(text="100%") == ["CA2"] and await ids(text="%") == ["CA2"]
        assert await ids(since="2027-01-10T08:30:00Z", until="2027-01-10T09:30:00Z") == ["CA2"]
        assert await ids(had_false_alarm=True) == ["CA2"]
        assert await ids(had_barge_in=False, had_false_alarm=False) == ["CA3", "CA1"]
        first = (await client.get(PATH, params={"limit": 2})).json()
        rest = (await client.get(PATH, params={"limit": 2, "cursor": first["next_cursor"]})).json()
        assert [item["id"] for item in rest["items"]] == ["CA1"] and rest["next_cursor"] is None

    play(office, scene, office.key("calls:read"))


def test_the_first_page_counts_today_and_the_week(office: Office) -> None:
    counts = {"stop_ms": [40, 60, 900], "missed_barge_ins": 1}
    office.call("CA2", outcome=Outcome.BOOKED, measures=MEASURES, counts=counts)
    office.clock.now -= timedelta(days=3)
    office.call("CA0", outcome=Outcome.MESSAGE, counts={"stop_ms": [50, 70], "missed_barge_ins": 2})
    office.clock.forward(days=3)

    async def scene(client: httpx.AsyncClient) -> None:
        today = (await client.get("/api/v1/today")).json()
        assert today["date"] == "2027-01-10" and today["timezone"] == "Asia/Jerusalem"
        assert today["calls_today"]["calls"] == 2 and today["calls_today"]["outcomes"] == {"booked": 1}
        assert today["calls_week"]["calls"] == 3 and today["calls_week"]["stop_ms_p95_max"] == 60
        assert (today["calls_today"]["stop_ms_p50"], today["calls_week"]["stop_ms_p50"]) == (60, 60)
        assert (today["calls_today"]["missed_barge_ins"], today["calls_week"]["missed_barge_ins"]) == (1, 3)
        assert today["open_messages"] == {"normal": 1} and today["live_calls"] == 0
        assert [made["contact_name"] for made in today["next_appointments"]] == ["Dana Levi"]
        assert today["appointments_today"] == 0

    async def with_few_rights(client: httpx.AsyncClient) -> None:
        today = (await client.get("/api/v1/today")).json()
        assert (today["next_appointments"], today["messages"]) == ([], [])
        assert today["open_messages"] == {"normal": 1} and today["recent_calls"]

    play(office, scene, office.key("calls:read", "appointments:read", "messages:read"))
    play(office, with_few_rights, office.key("calls:read"))


def test_the_first_page_names_the_calls_that_ask_for_somebody(office: Office) -> None:
    told = {
        "CA3": CallSummary("Wants a price.", next_action="Call her back."),
        "CA4": CallSummary("Left a message.", outcome=Outcome.MESSAGE, next_action="Call him back."),
        "CA5": CallSummary("All is well."),
        "CA6": CallSummary("It burns.", urgency=Urgency.URGENT),
    }
    office.clock.now -= timedelta(days=3)
    office.call("CA9")
    office.store.put_summary("shop", "CA9", CallSummary("Too old.", next_action="Call her back."))
    office.clock.forward(days=3)
    for call_id, summary in told.items():
        office.call(call_id)
        office.store.put_summary("shop", call_id, summary)
    for call_id, carrier in (("CA7", "twilio"), ("CA8", REHEARSAL)):
        office.store.start_call(CallStart(call_id, "shop", carrier, "embedded", office.clock.now))
        office.store.finish_call(CallEnd(call_id, office.clock.now, EndReason.ENGINE_FAILED))

    async def scene(client: httpx.AsyncClient) -> None:
        waiting = (await client.get("/api/v1/today")).json()["waiting_calls"]
        assert {call["id"] for call in waiting} == {"CA3", "CA6", "CA7"}

    play(office, scene, office.key("calls:read"))


def test_a_message_is_marked_as_done_once(office: Office) -> None:
    async def scene(client: httpx.AsyncClient) -> None:
        (left,) = (await client.get("/api/v1/messages", params={"done": False})).json()["items"]
        path = f"/api/v1/messages/{left['id']}"
        done = await client.patch(path, json={"done": True}, headers={"If-Match": '"1"'})
        assert done.json()["done_at"] and done.headers["etag"] == '"2"'
        late = await client.patch(path, json={"done": False}, headers={"If-Match": '"1"'})
        assert late.status_code == 412
        assert (await client.get("/api/v1/messages", params={"done": False})).json()["items"] == []
        assert len((await client.get("/api/v1/messages", params={"urgency": "normal"})).json()["items"]) == 1

    play(office, scene, office.key("messages:read", "messages:write"))
