"""Appointments over the API: made, moved, cancelled, edited; versions, keys, alternatives, pages, zones."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from pathlib import Path

import httpx
import pytest
from api_scene import NOW, OTHER, SHOP, Office, play

READS_AND_WRITES = ("appointments:read", "appointments:write", "business:read")
TOMORROW_AT_TEN = "2027-01-11T10:00:00"  # by the wall clock of Jerusalem
PATH = "/api/v1/appointments"


@pytest.fixture
def office(tmp_path: Path) -> Office:
    return Office(tmp_path)


def wish(**more: object) -> dict[str, object]:
    given = {"service_id": "haircut", "starts_at": TOMORROW_AT_TEN, "contact_name": " Dana  Levi "}
    return {**given, "contact_phone": "050-123-4567", **more}


def test_an_appointment_is_made_moved_edited_and_cancelled(office: Office) -> None:
    async def scene(client: httpx.AsyncClient) -> None:
        made = await client.post(PATH, json=wish())
        assert made.status_code == 201 and made.headers["etag"] == '"1"'
        body = made.json()
        assert body["starts_at"] == "2027-01-11T08:00:00Z" and body["starts_at_local"] == "2027-01-11T10:00:00+02:00"
        assert (body["contact_name"], body["contact_phone"]) == ("Dana Levi", "+972501234567")
        assert (body["status"], body["source"], body["staff_id"]) == ("booked", "api", None)
        path = f"{PATH}/{body['id']}"
        moved = await client.post(
            f"{path}/move", json={"starts_at": "2027-01-11T12:30:00"}, headers={"If-Match": '"1"'}
        )
        assert moved.json()["starts_at_local"] == "2027-01-11T12:30:00+02:00" and moved.headers["etag"] == '"2"'
        edit = {"notes": "Short at the sides", "contact_phone": None}
        edited = (await client.patch(path, json=edit, headers={"If-Match": '"2"'})).json()
        assert (edited["notes"], edited["contact_phone"], edited["contact_name"]) == (edit["notes"], None, "Dana Levi")
        confirmed = await client.post(f"{path}/confirm", headers={"If-Match": '"3"'})
        assert confirmed.json()["confirmed_at"] == "2027-01-10T08:00:00Z"
        cancelled = await client.post(f"{path}/cancel", headers={"If-Match": "*"})
        assert cancelled.json()["status"] == "cancelled" and cancelled.json()["cancelled_at"]
        assert (await client.get(path)).json() == cancelled.json()

    play(office, scene, office.key(*READS_AND_WRITES))


def test_an_edit_based_on_an_old_version_is_refused_and_loses_nothing(office: Office) -> None:
    async def scene(client: httpx.AsyncClient) -> None:
        made = (await client.post(PATH, json=wish())).json()
        path = f"{PATH}/{made['id']}"
        assert (await client.patch(path, json={"notes": "first"}, headers={"If-Match": '"1"'})).status_code == 200
        late = await client.patch(path, json={"notes": "second"}, headers={"If-Match": '"1"'})
        assert late.status_code == 412 and late.json()["code"] == "booking.version_conflict"
        blind = await client.patch(path, json={"notes": "third"})
        assert blind.status_code == 428 and "ETag" in blind.json()["detail"]
        odd = await client.patch(path, json={"notes": "fourth"}, headers={"If-Match": "yes"})
        assert odd.status_code == 412
        assert (await client.get(path)).json()["notes"] == "first"

    play(office, scene, office.key(*READS_AND_WRITES))


def test_the_same_key_makes_one_appointment(office: Office) -> None:
    async def scene(client: httpx.AsyncClient) -> None:
        headers = {"Idempotency-Key": "order-17"}
        first = await client.post(PATH, json=wish(), headers=headers)
        again = await client.post(PATH, json=wish(), headers=headers)
        assert first.json()["id"] == again.json()["id"]
        assert len((await client.get(PATH)).json()["items"]) == 1

    play(office, scene, office.key(*READS_AND_WRITES))


def test_a_taken_time_comes_with_alternatives(office: Office) -> None:
    async def scene(client: httpx.AsyncClient) -> None:
        await client.post(PATH, json=wish())
        taken = await client.post(PATH, json=wish(contact_name="Somebody else"))
        assert taken.status_code == 409 and taken.headers["content-type"] == "application/problem+json"
        problem = taken.json()
        assert problem["code"] == "booking.slot_taken" and problem["status"] == 409
        near = [slot["starts_at_local"][11:16] for slot in problem["alternatives"]]
        assert near == ["09:15", "09:30", "10:30"]

    play(office, scene, office.key(*READS_AND_WRITES))


def test_of_many_who_want_one_time_exactly_one_gets_it(office: Office) -> None:
    async def scene(client: httpx.AsyncClient) -> None:
        asked = [client.post(PATH, json=wish(contact_name=f"Caller {n}")) for n in range(12)]
        answers = await asyncio.gather(*asked)
        assert sorted(answer.status_code for answer in answers) == [201] + [409] * 11

    play(office, scene, office.key(*READS_AND_WRITES))


@pytest.mark.parametrize(
    ("starts_at", "status", "code"),
    [
        ("2027-01-11T20:00:00", 409, "booking.not_offered"),  # closed
        ("2027-03-26T02:30:00", 422, "booking.no_such_time"),  # the clocks skip it
        ("1950-01-01T10:00:00", 422, "request.time"),
        ("tomorrow", 422, "request.invalid"),
    ],
)
def test_a_time_that_cannot_be_is_refused_with_advice(office: Office, starts_at: str, status: int, code: str) -> None:
    async def scene(client: httpx.AsyncClient) -> None:
        answer = await client.post(PATH, json=wish(starts_at=starts_at))
        assert (answer.status_code, answer.json()["code"]) == (status, code), answer.text

    play(office, scene, office.key(*READS_AND_WRITES))


def test_an_owner_may_book_outside_of_the_hours(office: Office) -> None:
    async def scene(client: httpx.AsyncClient) -> None:
        body = wish(starts_at="2027-01-11T20:00:00+02:00", outside_hours=True)
        assert (await client.post(PATH, json=body)).status_code == 201

    play(office, scene, office.key(*READS_AND_WRITES))


def test_what_is_wrong_is_said_value_by_value(office: Office) -> None:
    async def scene(client: httpx.AsyncClient) -> None:
        answer = await client.post(PATH, json={"starts_at": TOMORROW_AT_TEN, "colour": "red", "contact_email": "x"})
        assert answer.status_code == 422
        assert [item["path"] for item in answer.json()["errors"]] == ["contact_email", "service_id", "colour"]
        phone = await client.post(PATH, json=wish(contact_phone="12"))
        assert phone.json()["errors"] == [
            {"path": "contact_phone", "message": "write a telephone number such as +972-50-123-4567"}
        ]
        unknown = await client.post(PATH, json=wish(service_id="massage"))
        assert unknown.json()["code"] == "booking.unknown_service" and "haircut" in unknown.json()["detail"]

    play(office, scene, office.key(*READS_AND_WRITES))


def test_pages_follow_one_another_without_a_gap_or_a_repeat(office: Office) -> None:
    begins = [NOW + timedelta(days=1, minutes=30 * place) for place in range(7)]
    for place, at in enumerate(begins):
        office.store.book(
            office.wish(starts_at=at, ends_at=at + timedelta(minutes=30), idempotency_key=f"p{place}", call_id=None)
        )

    async def scene(client: httpx.AsyncClient) -> None:
        seen: list[str] = []
        cursor: str | None = None
        for _ in range(4):
            page = (await client.get(PATH, params={"limit": 2} | ({"cursor": cursor} if cursor else {}))).json()
            seen += [item["starts_at"] for item in page["items"]]
            cursor = page["next_cursor"]
        assert cursor is None and seen == sorted(set(seen)) and len(seen) == 7
        bad = await client.get(PATH, params={"cursor": "bm90IG91cnM="})
        assert bad.status_code == 422 and bad.json()["code"] == "request.cursor"

    play(office, scene, office.key(*READS_AND_WRITES))


def test_a_list_is_narrowed_by_time_status_telephone_and_text(office: Office) -> None:
    office.call()
    office.store.book(office.wish(24))
    office.store.book(office.wish(48, contact_phone="+972529999999", contact_name="Ran", call_id=None))

    async def scene(client: httpx.AsyncClient) -> None:
        async def names(**params: str) -> list[str]:
            answer = await client.get(PATH, params=params)
            assert answer.status_code == 200, answer.text
            return [item["contact_name"] for item in answer.json()["items"]]

        assert await names() == ["Dana Levi", "Ran"]
        assert await names(since="2027-01-11T08:30:00Z") == ["Ran"]
        assert await names(until="2027-01-12T00:00:00+02:00") == ["Dana Levi"]
        assert await names(phone="052-999-9999") == ["Ran"]
        assert await names(text="dana") == ["Dana Levi"]
        assert await names(status="cancelled") == []
        assert await names(call_id="CA1") == ["Dana Levi"]

    play(office, scene, office.key(*READS_AND_WRITES))


def test_free_times_services_staff_and_days_are_there_for_a_calendar(office: Office) -> None:
    async def scene(client: httpx.AsyncClient) -> None:
        slots = (await client.get("/api/v1/slots", params={"service_id": "haircut", "days": 1})).json()["items"]
        assert slots[0]["starts_at_local"] == "2027-01-10T11:00:00+02:00"  # an hour's notice
        services = (await client.get("/api/v1/services")).json()["items"]
        assert services[0]["name"] == {"he": "תספורת", "en": "Haircut"}
        assert (await client.get("/api/v1/staff")).json() == {"items": []}
        days = (await client.get("/api/v1/days", params={"first": "2027-01-11", "days": 2})).json()["items"]
        assert days[0]["open"] == [{"from_min": 540, "to_min": 1020}]

    play(office, scene, office.key(*READS_AND_WRITES))


def test_nothing_of_another_business_is_seen_or_touched(tmp_path: Path) -> None:
    office = Office(tmp_path, businesses=(SHOP, OTHER))
    office.fill()

    async def scene(client: httpx.AsyncClient) -> None:
        call, made, message = office.ids["call_id"], office.ids["appointment_id"], office.ids["message_id"]
        headers = {"If-Match": "*"}
        for path in (f"appointments/{made}", f"calls/{call}", f"calls/{call}/recording", f"messages/{message}"):
            assert (await client.get(f"/api/v1/{path}")).status_code == 404, path
        for path in ("appointments", "calls", "messages"):
            assert (await client.get(f"/api/v1/{path}")).json()["items"] == [], path
        for verb in ("cancel", "confirm"):
            assert (await client.post(f"/api/v1/appointments/{made}/{verb}", headers=headers)).status_code == 404
        patched = await client.patch(f"/api/v1/messages/{message}", json={"done": True}, headers=headers)
        assert patched.status_code == 404
        erased = await client.post("/api/v1/callers/erase", json={"number": "+972501234567"})
        assert erased.json() == {"calls": 0, "appointments": 0, "messages": 0, "files": 0}
        assert (await client.get("/api/v1/business")).json()["settings"]["id"] == "other"

    scopes = [*READS_AND_WRITES, "calls:read", "messages:read", "messages:write", "privacy"]
    play(office, scene, office.key(*scopes, business_id="other"))
    assert office.store.get("shop", office.ids["appointment_id"]) is not None
    assert len(office.store.turns("shop", "CA1")) == 2
