"""The settings of a business over the API, calendar addresses, privacy, and the client's files."""

from __future__ import annotations

import io
import json
import zipfile
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import httpx
import icalendar
import msgspec
import pytest
from api_scene import NOW, OWNER, STAFF, Office, play
from web_scene import World, ask, dependencies

from torim.desk.book import ChangeRequest, RescheduleRequest
from torim.desk.business import PrivacyMode
from torim.desk.messages import MessageRequest
from torim.errors import StorageError
from torim.storage.files import note_file, notes_dir
from torim.storage.linked_calendars import CalendarStore
from torim.storage.privacy import redacted
from torim.storage.records import CallStart

NUMBER = "+972501234567"


@pytest.fixture
def office(tmp_path: Path) -> Office:
    made = Office(tmp_path)
    made.person()
    made.fill()
    return made


# --- settings ---------------------------------------------------------------------------------------------------


def test_settings_are_saved_whole_and_in_their_turn(office: Office) -> None:
    async def scene(client: httpx.AsyncClient) -> None:
        read = await client.get("/api/v1/business")
        assert read.headers["etag"] == '"1"' and read.json()["settings"]["horizon_days"] == 30
        settings = {**read.json()["settings"], "horizon_days": 60}
        saved = await client.put("/api/v1/business", json=settings, headers={"If-Match": '"1"'})
        assert saved.status_code == 200 and saved.json()["version"] == 2
        late = await client.put("/api/v1/business", json=settings, headers={"If-Match": '"1"'})
        assert late.status_code == 412 and late.json()["code"] == "business.version_conflict"
        assert (await client.get("/api/v1/business")).json()["settings"]["horizon_days"] == 60

    play(office, scene, email=OWNER)


def test_settings_that_cannot_work_are_refused_value_by_value(office: Office) -> None:
    async def scene(client: httpx.AsyncClient) -> None:
        settings = (await client.get("/api/v1/business")).json()["settings"]
        service = {"id": "haircut", "name": {"he": "תספורת", "en": "Haircut"}, "duration_min": 1}
        wrong = {**settings, "id": "mine", "horizon_days": 0, "services": [service]}
        refused = await client.put("/api/v1/business", json=wrong, headers={"If-Match": "*"})
        assert refused.status_code == 422 and refused.json()["code"] == "config.business"
        paths = {item["path"] for item in refused.json()["errors"]}
        assert {"id", "horizon_days", "services[0].duration_min"} <= paths
        checked = (await client.post("/api/v1/business/check", json=wrong)).json()["problems"]
        assert {item["path"] for item in checked} == paths
        kind = await client.put("/api/v1/business", json={**settings, "capacity": "two"}, headers={"If-Match": "*"})
        assert kind.json()["errors"][0]["path"] == "capacity"
        assert (await client.post("/api/v1/business/check", json=settings)).json() == {"problems": []}
        assert (await client.get("/api/v1/business")).json()["version"] == 1

    play(office, scene, email=OWNER)


def test_the_webhooks_secret_is_for_those_who_may_change_it(office: Office) -> None:
    office.person(STAFF, "staff")
    secret = {"webhook_url": "https://hook.example/t", "webhook_secret": "s3cret-and-long-enough-for-a-hook"}

    async def owner(client: httpx.AsyncClient) -> None:
        settings = (await client.get("/api/v1/business")).json()["settings"]
        settings["notifications"] |= secret
        saved = await client.put("/api/v1/business", json=settings, headers={"If-Match": "*"})
        assert saved.json()["settings"]["notifications"]["webhook_secret"] == secret["webhook_secret"], saved.text

    async def staff(client: httpx.AsyncClient) -> None:
        settings = (await client.get("/api/v1/business")).json()["settings"]
        assert settings["notifications"]["webhook_secret"] is None

    play(office, owner, email=OWNER)
    play(office, staff, email=STAFF)


def test_addresses_of_linked_calendars_are_for_those_who_may_change_them(office: Office) -> None:
    office.person(STAFF, "staff")
    address = "https://calendar.example/secret.ics"
    member = {"id": "dana", "name": {"he": "דנה", "en": "Dana"}, "calendar": address}

    async def owner(client: httpx.AsyncClient) -> None:
        settings = (await client.get("/api/v1/business")).json()["settings"]
        changed = settings | {"calendar": address, "staff": [member]}
        saved = await client.put("/api/v1/business", json=changed, headers={"If-Match": "*"})
        assert saved.status_code == 200 and saved.text.count(address) == 2

    async def staff(client: httpx.AsyncClient) -> None:
        answer = await client.get("/api/v1/business")
        assert answer.status_code == 200 and "secret.ics" not in answer.text

    play(office, owner, email=OWNER)
    play(office, staff, email=STAFF)


def test_why_a_linked_calendar_cannot_be_read_is_told_without_its_address(office: Office) -> None:
    address = "https://calendar.example/secret.ics"
    record = office.store.businesses.get("shop")
    assert record is not None
    linking = msgspec.structs.replace(record.business, calendar=address)
    office.store.businesses.save(linking, record.version, office.clock.now)
    linked = CalendarStore(office.store.database)
    (calendar,) = linked.claim(office.clock.now, timedelta(minutes=10))

    async def shown(client: httpx.AsyncClient) -> dict[str, object]:
        answer = await client.get("/api/v1/linked-calendars")
        assert "secret.ics" not in answer.text
        (found,) = answer.json()["items"]
        return dict(found)

    async def scene(client: httpx.AsyncClient) -> None:
        assert await shown(client) | {"tried_at": None} == {
            "staff_id": "",
            "good": False,
            "read_at": None,
            "tried_at": None,
            "error": None,
        }
        linked.put_copy(calendar, "BEGIN:VCALENDAR", [], office.clock.now)
        assert (await shown(client))["good"] is True
        office.clock.forward(hours=6, seconds=1)
        linked.put_error(calendar, "The calendar's server cannot be reached.", office.clock.now)
        lost = await shown(client)
        assert (lost["good"], lost["error"]) == (False, "The calendar's server cannot be reached.")

    play(office, scene, office.key("business:read"))

    async def stranger(client: httpx.AsyncClient) -> None:
        assert (await client.get("/api/v1/linked-calendars")).status_code == 403

    play(office, stranger, office.key("calls:read"))


# --- calendar addresses -----------------------------------------------------------------------------------------


def events(content: bytes) -> list[icalendar.Event]:
    return list(icalendar.Calendar.from_ical(content).walk("VEVENT"))


def test_a_calendar_address_shows_appointments_without_what_was_said_until_it_is_revoked(office: Office) -> None:
    made: dict[str, str] = {}

    async def make(client: httpx.AsyncClient) -> None:
        answer = await client.post("/api/v1/calendar-feeds", json={"name": "My telephone"})
        assert answer.status_code == 201
        made.update(path=answer.json()["path"], id=answer.json()["feed"]["id"])
        unknown = await client.post("/api/v1/calendar-feeds", json={"name": "x", "staff_id": "nobody"})
        assert unknown.status_code == 422

    async def read(client: httpx.AsyncClient) -> None:
        answer = await client.get(made["path"])
        assert answer.headers["content-type"].startswith("text/calendar")
        (event,) = events(answer.content)
        assert event["UID"] == f"{office.ids['appointment_id']}@torim"
        assert (int(event["SEQUENCE"]), str(event["STATUS"])) == (0, "CONFIRMED")
        assert event.decoded("DTSTART") == NOW + timedelta(hours=24)
        assert event["DTSTART"].params["TZID"] == "Asia/Jerusalem"
        assert str(event["SUMMARY"]) == "תספורת: Dana Levi" and NUMBER in str(event["DESCRIPTION"])
        calendar = icalendar.Calendar.from_ical(answer.content)
        assert [str(zone["TZID"]) for zone in calendar.walk("VTIMEZONE")] == ["Asia/Jerusalem"]
        assert b"how much" not in answer.content
        again = await client.get(made["path"], headers={"If-None-Match": answer.headers["etag"]})
        assert again.status_code == 304

    async def revoke(client: httpx.AsyncClient) -> None:
        assert (await client.delete(f"/api/v1/calendar-feeds/{made['id']}")).status_code == 204

    async def gone(client: httpx.AsyncClient) -> None:
        assert (await client.get(made["path"])).status_code == 404
        assert (await client.get("/calendar/guessed.ics")).status_code == 404

    play(office, make, email=OWNER)
    play(office, read)
    play(office, revoke, email=OWNER)
    play(office, gone)


def test_an_event_that_moves_or_is_cancelled_keeps_its_identity_and_counts_up(office: Office) -> None:
    made = office.ids["appointment_id"]
    begins = NOW + timedelta(hours=25)
    given = {"business_id": "shop", "appointment_id": made, "asked_at": NOW + timedelta(minutes=1)}
    ends = begins + timedelta(minutes=30)
    feed: dict[str, str] = {}

    async def make(client: httpx.AsyncClient) -> None:
        feed["path"] = (await client.post("/api/v1/calendar-feeds", json={"name": "a"})).json()["path"]

    async def moved(client: httpx.AsyncClient) -> None:
        (event,) = events((await client.get(feed["path"])).content)
        assert (event["UID"], int(event["SEQUENCE"])) == (f"{made}@torim", 1)
        assert event.decoded("DTSTART") == begins

    async def cancelled(client: httpx.AsyncClient) -> None:
        (event,) = events((await client.get(feed["path"])).content)
        assert (event["UID"], int(event["SEQUENCE"]), str(event["STATUS"])) == (f"{made}@torim", 2, "CANCELLED")

    play(office, make, email=OWNER)
    office.store.reschedule(RescheduleRequest(**given, idempotency_key="k1", starts_at=begins, ends_at=ends))
    play(office, moved)
    office.store.cancel(ChangeRequest(**given, idempotency_key="k2"))
    play(office, cancelled)


# --- privacy ----------------------------------------------------------------------------------------------------


def note(office: Office) -> Path:
    """A voice note that belongs to an appointment of the caller."""
    office.store.book(office.wish(72, name_note="note-1"))
    folder = notes_dir(office.data_dir)
    folder.mkdir(parents=True, exist_ok=True)
    file = note_file(folder, "note-1")
    file.write_bytes(b"RIFF")
    return file


def test_a_note_leads_to_no_other_file(office: Office) -> None:
    made = office.store.book(office.wish(72, name_note="../calls/2027-01-10/CA1"))
    assert office.call_file("CA1", ".wav").is_file()

    async def scene(client: httpx.AsyncClient) -> None:
        answer = await client.get(f"/api/v1/appointments/{made.id}/name-note")
        assert (answer.status_code, answer.json()["code"]) == (404, "file.not_found")

    play(office, scene, office.key("appointments:read"))


def test_a_spoken_message_is_heard_and_goes_with_its_caller(office: Office) -> None:
    folder = notes_dir(office.data_dir)
    folder.mkdir(parents=True, exist_ok=True)
    for name in ("CA1-0a1b2c3d", "CA1-x-0a1b2c3d", "CA2-0a1b2c3d"):
        note_file(folder, name).write_bytes(b"RIFF")
    spoken = MessageRequest(
        business_id="shop",
        text="Voice message [CA1-0a1b2c3d]",
        idempotency_key="m2",
        asked_at=NOW,
        call_id="CA1",
        from_number=NUMBER,
    )
    left = office.store.leave_message(spoken)
    lie = replace(spoken, text="Voice message [CA2-0a1b2c3d]", idempotency_key="m3")
    other = office.store.leave_message(lie)

    async def scene(client: httpx.AsyncClient) -> None:
        path = "/api/v1/messages"
        assert (await client.get(f"{path}/{left.id}")).json()["has_voice_note"] is True
        heard = await client.get(f"{path}/{left.id}/voice-note")
        assert (heard.content, heard.headers["content-type"]) == (b"RIFF", "audio/wav")
        for message_id in (other.id, office.ids["message_id"], "unknown"):
            assert (await client.get(f"{path}/{message_id}/voice-note")).json()["code"] == "message.not_found"
        erased = await client.post("/api/v1/callers/erase", json={"number": NUMBER})
        assert erased.json()["files"] == 3  # recording, timeline, note
        assert sorted(file.stem for file in folder.iterdir()) == ["CA1-x-0a1b2c3d", "CA2-0a1b2c3d"]

    play(office, scene, office.key("messages:read", "privacy"))


def test_a_callers_data_is_exported_whole(office: Office) -> None:
    note(office)
    office.call("CA2", "+972529999999")

    async def scene(client: httpx.AsyncClient) -> None:
        answer = await client.post("/api/v1/callers/export", json={"number": "050-123-4567"})
        assert answer.headers["content-type"] == "application/zip"
        archive = zipfile.ZipFile(io.BytesIO(answer.content))
        data = json.loads(archive.read("data.json"))
        assert [call["id"] for call in data["calls"]] == ["CA1"]
        assert [turn["heard_text"] for turn in data["calls"][0]["turns"]] == ["how much is a haircut", "It is ninety"]
        assert len(data["appointments"]) == 2 and data["messages"][0]["text"] == "Please call back."
        names = {"data.json", "files/CA1.call", "files/CA1.wav", "files/note-1.wav"}
        assert set(archive.namelist()) == names

    play(office, scene, office.key("privacy"))


def test_an_erased_caller_leaves_only_numbers_to_count(office: Office, tmp_path: Path) -> None:
    voice = note(office)
    office.call("CA2", "+972529999999")

    async def scene(client: httpx.AsyncClient) -> None:
        done = (await client.post("/api/v1/callers/erase", json={"number": NUMBER})).json()
        assert done == {"calls": 1, "appointments": 2, "messages": 1, "files": 3}
        again = (await client.post("/api/v1/callers/erase", json={"number": NUMBER})).json()
        assert again == {"calls": 0, "appointments": 0, "messages": 0, "files": 0}
        call = (await client.get("/api/v1/calls/CA1")).json()
        assert call["erased_at"] and call["from_number"] is None and call["summary"] is None
        assert call["turns"] == [] and call["duration_ms"] == 30_000 and call["has_recording"] is False
        (one, two) = call["appointments"]
        assert (one["contact_name"], one["contact_phone"], one["call_transcript"]) == (None, None, None)
        assert one["status"] == two["status"] == "booked"  # the time stays taken
        assert len((await client.get("/api/v1/calls/CA2")).json()["turns"]) == 2

    play(office, scene, office.key("privacy", "calls:read"))
    assert not voice.exists() and list(tmp_path.glob("calls/*/*")) == []
    office.store.database.engine.dispose()
    assert not office.deps.privacy.export("shop", [NUMBER]).data["calls"]


def test_nobody_is_erased_while_on_the_telephone(office: Office) -> None:
    office.store.start_call(CallStart("LIVE", "shop", "twilio", "embedded", NOW, NUMBER))

    async def scene(client: httpx.AsyncClient) -> None:
        answer = await client.post("/api/v1/callers/erase", json={"number": NUMBER})
        assert answer.status_code == 409 and answer.json()["code"] == "privacy.call_live"

    play(office, scene, office.key("privacy"))
    with pytest.raises(StorageError):
        office.deps.privacy.erase("shop", [NUMBER], NOW)
    assert office.deps.privacy.export("shop", [NUMBER]).files


def test_a_withheld_number_is_known_by_what_it_left(office: Office) -> None:
    office.call("CA9", None)
    office.store.book(office.wish(96, call_id="CA9"))
    found = office.deps.privacy.export("shop", [NUMBER]).data
    assert [call["id"] for call in found["calls"]] == ["CA1", "CA9"]


def test_retention_forgets_calls_that_ended_before_a_day(office: Office) -> None:
    privacy = office.deps.privacy
    assert privacy.calls_before("shop", NOW) == []
    (old,) = privacy.calls_before("shop", NOW + timedelta(days=1))
    assert privacy.forget("shop", [old], NOW).files == 2
    assert privacy.calls_before("shop", NOW + timedelta(days=1)) == []
    kept = office.store.get("shop", office.ids["appointment_id"])
    assert kept is not None and kept.contact_name == "Dana Levi" and kept.call_transcript is None


@pytest.mark.parametrize(("mode", "turns"), [(PrivacyMode.NO_PERSONAL_DATA, 2), (PrivacyMode.FACTS_ONLY, 0)])
def test_a_storage_mode_keeps_no_more_than_it_says(office: Office, mode: PrivacyMode, turns: int) -> None:
    office.deps.privacy.reduce("shop", "CA1", mode)
    call = office.store.call("shop", "CA1")
    assert call is not None and call.from_number is None and call.counts["duration_ms"] == 30_000
    assert len(office.store.turns("shop", "CA1")) == turns
    assert not office.call_file("CA1", ".wav").exists() and not office.call_file("CA1", ".call").exists()
    kept = office.store.get("shop", office.ids["appointment_id"])
    assert kept is not None and kept.contact_name == "Dana Levi"


def test_words_lose_numbers_addresses_and_names_and_keep_dates_and_prices() -> None:
    said = "I am Dana Levi, 050-123 4567 or dana@levi.example; on 24.11.2026 at 10:30, for 120 shekels"
    wanted = "I am [...], [...] or [...]; on 24.11.2026 at 10:30, for 120 shekels"
    assert redacted(said, ["Dana Levi", "Dana", "Levi"]) == wanted
    assert redacted("אני דנה לוי", ["דנה לוי", "דנה", "לוי"]) == "אני [...]"


# --- the client's files ------------------------------------------------------------------------------------------


def test_without_a_client_a_plain_page_says_what_is_here(office: Office, tmp_path: Path) -> None:
    deps = dependencies(World(), api=office.deps, assets=tmp_path / "none")

    async def scene(client: httpx.AsyncClient) -> None:
        page = await client.get("/")
        assert page.status_code == 200 and "/api/v1" in page.text
        assert "script-src 'self'" in page.headers["content-security-policy"]
        assert (await client.get("/calendar-of-mine")).status_code == 404

    ask(deps, scene)


def test_the_clients_files_are_kept_for_ever_and_its_page_is_asked_for_again(office: Office, tmp_path: Path) -> None:
    assets = tmp_path / "_web"
    (assets / "assets").mkdir(parents=True)
    (assets / "index.html").write_text("<html>client</html>")
    (assets / "assets" / "app-1a2b.js").write_text("//")
    (tmp_path / "secret.txt").write_text("secret")
    deps = dependencies(World(), api=office.deps, assets=assets)

    async def scene(client: httpx.AsyncClient) -> None:
        script = await client.get("/assets/app-1a2b.js")
        assert "immutable" in script.headers["cache-control"] and "javascript" in script.headers["content-type"]
        for path in ("/", "/calls/CA1", "/welcome"):
            page = await client.get(path)
            assert page.text == "<html>client</html>" and page.headers["cache-control"] in ("no-cache", "no-store")
            assert "frame-ancestors 'none'" in page.headers["content-security-policy"]
        for path in ("/assets/gone.js", "/favicon.ico", "/api/v1/nothing", "/twilio/other", "/%2e%2e/secret.txt"):
            answer = await client.get(path)
            assert answer.status_code == 404, path
        nothing = await client.get("/api/v1/nothing")
        assert nothing.headers["content-type"] == "application/problem+json"
        assert nothing.headers["x-content-type-options"] == "nosniff"

    ask(deps, scene)
