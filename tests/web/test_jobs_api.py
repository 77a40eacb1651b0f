"""Jobs over the API: what was given up is seen and tried again, and a summary is written anew."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import httpx
import pytest
from api_scene import NOW, OTHER, OWNER, SHOP, STAFF, Office, play

from torim.storage.jobs import Job, JobBook, JobStatus, NewJob
from torim.storage.records import CallStart

PATH = "/api/v1/jobs"


@pytest.fixture
def office(tmp_path: Path) -> Office:
    made = Office(tmp_path, businesses=(SHOP, OTHER))
    made.call("CA1")
    return made


def owed(office: Office, key: str, business_id: str = "shop", seconds: int = 0) -> Job:
    """A job of a kind that no fact asks for."""
    book, at = JobBook(office.store.database), NOW + timedelta(seconds=seconds)
    book.add([NewJob(business_id, "webhook", key, at, "CA9")], at)
    return next(job for job in book.of_business(business_id) if job.key == key)


def given_up(office: Office, key: str, business_id: str = "shop") -> Job:
    book = JobBook(office.store.database)
    taken = book.begin(owed(office, key, business_id).id)
    assert taken is not None and book.bury(taken, NOW, "the server answered 500")
    return taken


def test_a_job_that_was_given_up_is_seen_and_tried_again_once(office: Office) -> None:
    job = given_up(office, "w1")
    owed(office, "w2")

    async def scene(client: httpx.AsyncClient) -> None:
        (dead,) = (await client.get(PATH, params={"status": "dead"})).json()["items"]
        assert (dead["id"], dead["attempts"], dead["last_error"]) == (job.id, 1, "the server answered 500")
        office.clock.forward(hours=1)
        again = await client.post(f"{PATH}/{job.id}/retry")
        assert again.status_code == 202
        assert (again.json()["status"], again.json()["attempts"], again.json()["finished_at"]) == ("waiting", 0, None)
        assert again.json()["run_at"] == "2027-01-10T09:00:00Z"
        twice = await client.post(f"{PATH}/{job.id}/retry")
        assert (twice.status_code, twice.json()["code"]) == (409, "jobs.not_dead")
        assert (await client.get(PATH, params={"status": "dead"})).json()["items"] == []
        assert (await client.get(f"{PATH}/{job.id}")).json()["status"] == "waiting"

    play(office, scene, office.key("business:read", "business:write"))


@pytest.mark.parametrize(
    ("kind", "payload", "tells", "recipient"),
    [
        ("sms", {"notice": "reminder", "to": "customer", "version": 2}, "reminder", "customer"),
        ("email", {"notice": "message", "to": "owner", "version": 0}, "message", "owner"),
        ("webhook", {"event": "appointment.moved", "version": 1}, "moved", None),
        ("webhook", {"event": "call.ended", "version": 0}, "call", None),
        ("follow", {"fact": "message.left", "version": 0}, "message", None),
        ("summary", {}, "call", None),
        ("retention", {}, None, None),
    ],
)
def test_a_job_says_what_it_is_about_and_whom_it_was_to_tell(
    office: Office, kind: str, payload: dict[str, object], tells: str | None, recipient: str | None
) -> None:
    JobBook(office.store.database).add([NewJob("shop", kind, "k", NOW, "X1", payload)], NOW)

    async def scene(client: httpx.AsyncClient) -> None:
        (job,) = (await client.get(PATH, params={"subject": "X1"})).json()["items"]
        assert (job["kind"], job["tells"], job["recipient"]) == (kind, tells, recipient)

    play(office, scene, office.key("business:read"))


def test_jobs_of_another_business_are_not_there(office: Office) -> None:
    job = given_up(office, "w1", "other")

    async def scene(client: httpx.AsyncClient) -> None:
        assert job.id not in [item["id"] for item in (await client.get(PATH)).json()["items"]]
        assert (await client.get(f"{PATH}/{job.id}")).json()["code"] == "job.not_found"
        assert (await client.post(f"{PATH}/{job.id}/retry")).json()["code"] == "job.not_found"
        assert (await client.post("/api/v1/calls/CB1/summary")).json()["code"] == "call.not_found"

    office.call("CB1", business_id="other")
    play(office, scene, office.key("business:read", "business:write", "calls:control"))
    found = JobBook(office.store.database).get("other", job.id)
    assert found is not None and found.status is JobStatus.DEAD


def test_jobs_come_in_pages_without_gap_or_repetition(office: Office) -> None:
    made = {owed(office, f"w{number}", seconds=number // 2).id for number in range(7)}

    async def scene(client: httpx.AsyncClient) -> None:
        seen: list[str] = []
        cursor: str | None = None
        while True:
            params = {"limit": "2", "subject": "CA9"} | ({"cursor": cursor} if cursor else {})
            page = (await client.get(PATH, params=params)).json()
            seen += [item["id"] for item in page["items"]]
            if (cursor := page["next_cursor"]) is None:
                break
        assert len(seen) == 7 and set(seen) == made

    play(office, scene, office.key("business:read"))


def test_staff_see_what_was_given_up_and_only_an_owner_tries_it_again(office: Office) -> None:
    job = given_up(office, "w1")
    office.person(OWNER)
    office.person(STAFF, "staff")

    async def staff(client: httpx.AsyncClient) -> None:
        seen = await client.get(f"{PATH}/{job.id}")
        assert (seen.status_code, seen.json()["status"], seen.json()["last_error"]) == (200, "dead", None)
        assert (await client.post(f"{PATH}/{job.id}/retry")).json()["code"] == "access.forbidden"

    async def owner(client: httpx.AsyncClient) -> None:
        assert (await client.post(f"{PATH}/{job.id}/retry")).status_code == 202

    play(office, staff, email=STAFF)
    play(office, owner, email=OWNER)


def test_a_summary_is_written_anew_by_one_job_however_often_it_is_asked_for(office: Office) -> None:
    async def scene(client: httpx.AsyncClient) -> None:
        first = await client.post("/api/v1/calls/CA1/summary")
        assert first.status_code == 202
        assert (first.json()["kind"], first.json()["subject"], first.json()["status"]) == ("summary", "CA1", "waiting")
        office.clock.forward(seconds=5)
        again = await client.post("/api/v1/calls/CA1/summary")
        assert again.json()["id"] == first.json()["id"]

    play(office, scene, office.key("calls:control"))
    waiting = JobBook(office.store.database).of_business("shop", subject="CA1")
    assert sum(job.kind == "summary" for job in waiting) == 1


def test_a_call_that_goes_on_or_is_erased_gets_no_new_summary(office: Office) -> None:
    office.store.start_call(CallStart("CA2", "shop", "twilio", "embedded", NOW, "+972501234567"))
    office.deps.privacy.forget("shop", ["CA1"], NOW)

    async def scene(client: httpx.AsyncClient) -> None:
        assert (await client.post("/api/v1/calls/CA2/summary")).json()["code"] == "call.goes_on"
        assert (await client.post("/api/v1/calls/CA1/summary")).json()["code"] == "call.erased"
        assert (await client.post("/api/v1/calls/CA3/summary")).json()["code"] == "call.not_found"

    play(office, scene, office.key("calls:control"))


def test_reading_calls_is_not_enough_for_a_new_summary(office: Office) -> None:
    async def scene(client: httpx.AsyncClient) -> None:
        assert (await client.post("/api/v1/calls/CA1/summary")).json()["code"] == "access.forbidden"
        assert (await client.get(PATH)).json()["code"] == "access.forbidden"

    play(office, scene, office.key("calls:read"))
