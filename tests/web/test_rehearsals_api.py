"""Rehearsals over the API: who may start one, what is refused, and what is told of one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import httpx
import pytest
from api_scene import NOW, OWNER, STAFF, Office, play
from web_scene import World, dependencies

from torim.errors import AccessError
from torim.web.app import build_app
from torim.web.rehearsals import Cut, Judged, Rehearsal, Script, Stage, Step

SCRIPTS = (Script("cut-in", "he", "קטיעה", "hang up"), Script("cut-in", "en", "Cutting in", "hang up"))


@dataclass
class Rehearser:
    """Takes one rehearsal, and keeps what the API asked for."""

    kept: list[Rehearsal] = field(default_factory=list)

    def scripts(self) -> Sequence[Script]:
        return SCRIPTS

    def of_business(self, business_id: str) -> Sequence[Rehearsal]:
        return [item for item in self.kept if item.business_id == business_id]

    def start(self, business_id: str, script: Script) -> Rehearsal:
        if self.kept:
            raise AccessError("One goes on.", "rehearsal.running")
        self.kept.append(Rehearsal("r1", business_id, script, Stage.PREPARING, NOW))
        return self.kept[0]

    def stop(self, business_id: str, rehearsal_id: str) -> bool:
        return any(item.id == rehearsal_id for item in self.of_business(business_id))

    def open_at(self, web_url: str) -> None: ...

    async def close(self) -> None: ...


@pytest.fixture
def office(tmp_path: Path) -> Office:
    made = Office(tmp_path)
    made.person(OWNER)
    made.person(STAFF, role="staff")
    made.deps = replace(made.deps, rehearsals=Rehearser())
    made.app = build_app(dependencies(World(), made.settings, api=made.deps))
    return made


def test_an_owner_starts_one_and_follows_it(office: Office) -> None:
    async def scene(client: httpx.AsyncClient) -> None:
        scripts = (await client.get("/api/v1/rehearsals/scripts?language=en")).json()["items"]
        assert [script["title"] for script in scripts] == ["Cutting in"]
        begun = await client.post("/api/v1/rehearsals", json={"script_id": "cut-in", "language": "en"})
        assert (begun.status_code, begun.json()["stage"]) == (202, "preparing")
        again = await client.post("/api/v1/rehearsals", json={"script_id": "cut-in"})
        assert (again.status_code, again.json()["code"]) == (409, "rehearsal.running")

        rehearser = office.deps.rehearsals
        assert isinstance(rehearser, Rehearser)
        cut = Cut("in the middle", "Excuse me", 24_000, True, 30.0, 40.0, 41.0, 0.0, 900.0, 0, ())
        found = Judged(3, "expect silence within 150 ms", True, "after 41 ms")
        rehearser.kept[0] = replace(
            rehearser.kept[0],
            stage=Stage.OVER,
            call_id="CA9",
            steps=(Step(0, "hang up"),),
            findings=(found,),
            cuts=(cut,),
            late_ms=31.5,
        )
        shown = (await client.get("/api/v1/rehearsals")).json()["items"][0]
        assert (shown["stage"], shown["good"], shown["call_id"]) == ("over", True, "CA9")
        assert shown["cuts"][0]["first_silence_ms"] == 40.0
        assert shown["late_ms"] == 31.5
        assert shown["findings"][0]["source"] == "expect silence within 150 ms"
        rehearser.kept[0] = replace(rehearser.kept[0], findings=(replace(found, good=False),))
        assert not (await client.get("/api/v1/rehearsals")).json()["items"][0]["good"]

    play(office, scene, email=OWNER)


def test_what_is_not_there_is_not_found(office: Office) -> None:
    async def scene(client: httpx.AsyncClient) -> None:
        unknown = await client.post("/api/v1/rehearsals", json={"script_id": "sing"})
        assert (unknown.status_code, unknown.json()["code"]) == (404, "script.not_found")
        assert (await client.post("/api/v1/rehearsals/r9/stop")).status_code == 404
        await client.post("/api/v1/rehearsals", json={"script_id": "cut-in"})
        assert (await client.post("/api/v1/rehearsals/r1/stop")).status_code == 204

    play(office, scene, email=OWNER)


def test_staff_may_not(office: Office) -> None:
    async def scene(client: httpx.AsyncClient) -> None:
        assert (await client.get("/api/v1/rehearsals")).status_code == 403
        assert (await client.post("/api/v1/rehearsals", json={"script_id": "cut-in"})).status_code == 403

    play(office, scene, email=STAFF)


def test_a_process_that_rehearses_nothing_says_so(tmp_path: Path) -> None:
    office = Office(tmp_path)
    office.person(OWNER)

    async def scene(client: httpx.AsyncClient) -> None:
        refused = await client.get("/api/v1/rehearsals")
        assert (refused.status_code, refused.json()["code"]) == (409, "rehearsal.unavailable")

    play(office, scene, email=OWNER)
