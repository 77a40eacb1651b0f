"""How long an appointment is when it is moved or drawn longer in the calendar."""

from __future__ import annotations

from pathlib import Path

import httpx
from api_scene import Office, play

PATH = "/api/v1/appointments"
SCOPES = ("appointments:read", "appointments:write", "business:read")


def test_an_appointment_that_was_made_longer_stays_so_when_it_moves(tmp_path: Path) -> None:
    office = Office(tmp_path)

    async def scene(client: httpx.AsyncClient) -> None:
        made = await client.post(PATH, json={"service_id": "haircut", "starts_at": "2027-01-11T10:00:00"})
        path, begins = f"{PATH}/{made.json()['id']}", {"starts_at": "2027-01-11T10:00:00"}
        longer = await client.post(f"{path}/move", json={**begins, "duration_min": 75}, headers={"If-Match": '"1"'})
        assert longer.json()["ends_at_local"] == "2027-01-11T11:15:00+02:00"
        later = await client.post(f"{path}/move", json={"starts_at": "2027-01-11T12:00:00"}, headers={"If-Match": "*"})
        assert later.json()["ends_at_local"] == "2027-01-11T13:15:00+02:00"
        other = await client.post(PATH, json={"service_id": "haircut", "starts_at": "2027-01-11T13:00:00"})
        assert other.status_code == 409 and other.json()["code"] == "booking.slot_taken"

    play(office, scene, office.key(*SCOPES))


def test_nobody_is_drawn_over_by_a_longer_appointment(tmp_path: Path) -> None:
    office = Office(tmp_path)

    async def scene(client: httpx.AsyncClient) -> None:
        for at in ("10:00", "10:30"):
            await client.post(PATH, json={"service_id": "haircut", "starts_at": f"2027-01-11T{at}:00"})
        first = (await client.get(PATH)).json()["items"][0]
        drawn = {"starts_at": "2027-01-11T10:00:00", "duration_min": 60}
        refused = await client.post(f"{PATH}/{first['id']}/move", json=drawn, headers={"If-Match": '"1"'})
        assert refused.status_code == 409 and refused.json()["code"] == "booking.slot_taken"
        assert (await client.get(f"{PATH}/{first['id']}")).json() == first

    play(office, scene, office.key(*SCOPES))
