"""The addresses for the carrier and their check, over the API."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import httpx
import pytest
from api_scene import OWNER, STAFF, Office, play
from web_scene import World, dependencies

from torim.web.app import build_app
from torim.web.telephone_check import Telephony


@pytest.fixture
def office(tmp_path: Path) -> Office:
    made = Office(tmp_path)
    made.person(OWNER)
    made.person(STAFF, role="staff")
    made.deps = replace(made.deps, telephony=Telephony(None, None, "https://torim.invalid/desk/"))
    made.app = build_app(dependencies(World(), made.settings, api=made.deps))
    return made


def test_an_owner_reads_what_to_enter_at_the_carrier_and_checks_it(office: Office) -> None:
    async def scene(client: httpx.AsyncClient) -> None:
        shown = (await client.get("/api/v1/telephone")).json()
        assert shown["voice_url"] == "https://torim.invalid/desk/twilio/voice"
        assert shown["status_url"] == "https://torim.invalid/desk/twilio/status"
        assert shown["has_token"] is False
        checked = (await client.post("/api/v1/telephone/check")).json()
        found = {item["check"]: (item["grade"], item["code"]) for item in checked["findings"]}
        assert checked["good"] is False
        assert found["token"] == ("fail", "token.missing")
        assert found["number"] == ("ok", "number.known")
        assert found["signed"] == ("skipped", "skipped")

    play(office, scene, email=OWNER)


def test_staff_may_read_and_not_check(office: Office) -> None:
    async def scene(client: httpx.AsyncClient) -> None:
        assert (await client.get("/api/v1/telephone")).status_code == 200
        assert (await client.post("/api/v1/telephone/check")).status_code == 403

    play(office, scene, email=STAFF)
