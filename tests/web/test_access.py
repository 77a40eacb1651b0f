"""Who may use the web side: routes, logins, sessions, CSRF, links, keys."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path

import httpx
import pytest
from api_scene import HOST, NOW, OWNER, PASSWORD, STAFF, Office, log_in, play
from fastapi.routing import RouteContext, iter_route_contexts
from starlette.routing import BaseRoute, WebSocketRoute
from web_scene import Settings

from torim.web.api.scopes import KeyScope, Scope
from torim.web.attempts import PAIR_MAX, WINDOW_S
from torim.web.links import new_first_run


@pytest.fixture
def office(tmp_path: Path) -> Office:
    return Office(tmp_path)


# What a stranger may reach, and why.
OPEN = {
    "/healthz": "health",
    "/readyz": "health",
    "/twilio/voice": "a carrier's webhook, checked by its signature",
    "/twilio/after": "a carrier's webhook, checked by its signature",
    "/twilio/status": "a carrier's webhook, checked by its signature",
    "/api/v1/session": "POST is the login",
    "/api/v1/links/check": "a one-time link is the credential",
    "/api/v1/links/first-account": "the console's link is the credential",
    "/api/v1/links/password": "a one-time link is the credential",
    "/calendar/{token}.ics": "the secret address is the credential",
    "/": "the client's files, which hold no data",
    "/{path:path}": "the client's files, which hold no data",
}


def api_routes(office: Office) -> list[tuple[str, str]]:
    """Every method and path of the application but those that are open."""
    found = []
    for route in walk(office.app.routes):
        for method in sorted(route.methods or ()):
            if method != "HEAD" and (route.path not in OPEN or (route.path, method) == ("/api/v1/session", "GET")):
                found.append((method, route.path))
    return found


def walk(routes: Sequence[BaseRoute]) -> list[RouteContext]:
    """Every HTTP route, those of included routers too; media sockets have their own tests."""
    return [found for found in iter_route_contexts(routes) if not isinstance(found.original_route, WebSocketRoute)]


def test_nothing_but_health_webhooks_and_the_login_is_reachable_without_a_login(office: Office) -> None:
    routes = api_routes(office)
    assert len(routes) > 40 and ("GET", "/api/v1/calls") in routes and ("GET", "/metrics") in routes

    async def scene(client: httpx.AsyncClient) -> None:
        for method, path in routes:
            body = {} if method in ("POST", "PUT", "PATCH") else None
            answer = await client.request(method, path, json=body)
            wanted = (403,) if path == "/metrics" else (401,)
            assert answer.status_code in wanted, (method, path, answer.status_code, answer.text)

    play(office, scene)


def test_a_key_without_scopes_and_a_made_up_session_reach_nothing_either(office: Office) -> None:
    routes = [item for item in api_routes(office) if item[1] != "/openapi.json"]

    async def scene(client: httpx.AsyncClient) -> None:
        for method, path in routes:
            body = {} if method in ("POST", "PUT", "PATCH") else None
            answer = await client.request(method, path, json=body)
            # 422: the body is read first by some; no handler ran.
            assert answer.status_code in (403, 422), (method, path, answer.status_code, answer.text)

    play(office, scene, office.key())

    async def made_up(client: httpx.AsyncClient) -> None:
        client.cookies.set("torim_session", "made up")
        assert (await client.get("/api/v1/calls")).status_code == 401
        assert (await client.get("/api/v1/calls", headers={"Authorization": "Basic YTpi"})).status_code == 401

    play(office, made_up)


def test_the_open_list_names_routes_that_exist(office: Office) -> None:
    assert set(OPEN) <= {route.path for route in walk(office.app.routes)}


def test_a_login_sets_a_cookie_that_scripts_and_other_sites_cannot_use(office: Office) -> None:
    office.person()

    async def scene(client: httpx.AsyncClient) -> None:
        answer = await log_in(client)
        assert answer.status_code == 200 and answer.json()["email"] == OWNER and answer.json()["role"] == "owner"
        cookie = answer.headers["set-cookie"]
        assert "HttpOnly" in cookie and "SameSite=lax" in cookie and "Path=/" in cookie and "Secure" not in cookie
        assert answer.headers["cache-control"] == "no-store"
        assert (await client.get("/api/v1/session")).json()["csrf_token"] == answer.json()["csrf_token"]
        assert (await client.delete("/api/v1/session")).status_code == 204
        assert (await client.get("/api/v1/session")).status_code == 401

    play(office, scene)


def test_behind_https_the_cookie_is_secure(tmp_path: Path) -> None:
    office = Office(tmp_path, settings=Settings(public_url="https://torim.example"))
    office.person()

    async def scene(client: httpx.AsyncClient) -> None:
        body = {"email": OWNER, "password": PASSWORD}
        answer = await client.post("/api/v1/session", json=body, headers={"Origin": "https://torim.example"})
        assert answer.status_code == 200 and "Secure" in answer.headers["set-cookie"]

    play(office, scene)


def test_a_change_needs_the_csrf_token_and_our_own_origin(office: Office) -> None:
    office.person()

    async def scene(client: httpx.AsyncClient) -> None:
        token = client.headers.pop("X-CSRF-Token")
        body = {"email": "new@torim.example", "name": "New", "role": "staff"}
        bare = await client.post("/api/v1/accounts", json=body)
        assert bare.status_code == 403 and bare.json()["code"] == "access.csrf"
        wrong = await client.post("/api/v1/accounts", json=body, headers={"X-CSRF-Token": "0" * 64})
        assert wrong.status_code == 403
        foreign = {"X-CSRF-Token": token, "Origin": "https://evil.example"}
        refused = await client.post("/api/v1/accounts", json=body, headers=foreign)
        assert refused.status_code == 403 and refused.json()["code"] == "access.origin"
        cross = {"X-CSRF-Token": token, "Sec-Fetch-Site": "cross-site"}
        assert (await client.post("/api/v1/accounts", json=body, headers=cross)).status_code == 403
        own = {"X-CSRF-Token": token, "Origin": HOST}
        assert (await client.post("/api/v1/accounts", json=body, headers=own)).status_code == 201

    play(office, scene, email=OWNER)


def test_another_sites_page_cannot_log_anybody_in(office: Office) -> None:
    office.person()

    async def scene(client: httpx.AsyncClient) -> None:
        body = {"email": OWNER, "password": PASSWORD}
        answer = await client.post("/api/v1/session", json=body, headers={"Origin": "https://evil.example"})
        assert answer.status_code == 403
        as_text = await client.post(
            "/api/v1/session", content='{"email": "a@b.c"}', headers={"Content-Type": "text/plain"}
        )
        assert as_text.status_code == 422

    play(office, scene)


def test_wrong_passwords_are_slowed_down_and_a_right_one_forgives(office: Office) -> None:
    office.person()

    async def scene(client: httpx.AsyncClient) -> None:
        for _ in range(PAIR_MAX - 1):
            assert (await log_in(client, password="wrong")).status_code == 401
        assert (await log_in(client)).status_code == 200
        for _ in range(PAIR_MAX):
            assert (await log_in(client, password="wrong")).status_code == 401
        slowed = await log_in(client)
        assert slowed.status_code == 429 and 0 < int(slowed.headers["retry-after"]) <= WINDOW_S + 1
        office.clock.forward(seconds=WINDOW_S + 1)
        assert (await log_in(client)).status_code == 200

    play(office, scene)


def test_an_unknown_address_is_told_what_a_wrong_password_is(office: Office) -> None:
    office.person()

    async def scene(client: httpx.AsyncClient) -> None:
        unknown = await log_in(client, "nobody@torim.example")
        wrong = await log_in(client, password="wrong")
        assert unknown.status_code == wrong.status_code == 401
        assert unknown.json() == wrong.json()

    play(office, scene)


def test_a_session_ends_after_a_week_of_silence_or_thirty_days(office: Office) -> None:
    office.person()

    async def scene(client: httpx.AsyncClient) -> None:
        for _ in range(4):
            office.clock.forward(days=6)
            assert (await client.get("/api/v1/session")).status_code == 200
        office.clock.forward(days=7)
        assert (await client.get("/api/v1/session")).status_code == 401

    play(office, scene, email=OWNER)


def test_the_first_account_is_made_once_with_the_consoles_link(office: Office) -> None:
    link = new_first_run(office.access, NOW)
    assert link is not None
    token = link.partition("#token=")[2]
    body = {"token": token, "email": "First@Torim.example", "name": "First", "password": PASSWORD}

    async def scene(client: httpx.AsyncClient) -> None:
        what = await client.post("/api/v1/links/check", json={"token": token})
        assert what.json() == {"purpose": "first_account", "email": None}
        short = await client.post("/api/v1/links/first-account", json={**body, "password": "short"})
        assert short.status_code == 422 and short.json()["errors"][0]["path"] == "password"
        wrong = await client.post("/api/v1/links/first-account", json={**body, "token": "wrong"})
        assert wrong.status_code == 410
        made = await client.post("/api/v1/links/first-account", json=body)
        assert made.status_code == 201
        assert made.json()["businesses"] == [{"id": "shop", "name": "מספרה", "role": "owner"}]
        again = await client.post("/api/v1/links/first-account", json=body)
        assert again.status_code == 410
        assert (await client.post("/api/v1/links/check", json={"token": token})).status_code == 410

    play(office, scene)
    assert new_first_run(office.access, NOW) is None
    assert [account.email for account in office.access.accounts()] == ["first@torim.example"]


def test_an_owner_lets_somebody_in_who_chooses_the_password(office: Office) -> None:
    office.person()
    invited: dict[str, str] = {}

    async def invite(client: httpx.AsyncClient) -> None:
        body = {"email": STAFF, "name": "Dana", "role": "staff"}
        answer = await client.post("/api/v1/accounts", json=body)
        assert answer.status_code == 201 and answer.json()["account"]["has_password"] is False
        invited["token"] = answer.json()["link"]["path"].partition("#token=")[2]
        assert (await client.post("/api/v1/accounts", json=body)).json()["code"] == "access.email_taken"

    async def accept(client: httpx.AsyncClient) -> None:
        assert (await log_in(client, STAFF, "")).status_code == 422
        body = {"token": invited["token"], "password": PASSWORD}
        assert (await client.post("/api/v1/links/check", json={"token": invited["token"]})).json()["email"] == STAFF
        assert (await client.post("/api/v1/links/password", json=body)).json()["role"] == "staff"
        assert (await client.post("/api/v1/links/password", json=body)).status_code == 410

    play(office, invite, email=OWNER)
    play(office, accept)


def test_staff_may_not_manage_access_settings_or_privacy(office: Office) -> None:
    office.person(STAFF, "staff")

    async def scene(client: httpx.AsyncClient) -> None:
        for path in ("/api/v1/accounts", "/api/v1/api-keys", "/api/v1/calendar-feeds"):
            assert (await client.get(path)).status_code == 403, path
        assert (await client.put("/api/v1/business", json={}, headers={"If-Match": '"1"'})).status_code == 403
        assert (await client.post("/api/v1/callers/erase", json={"number": "+972501234567"})).status_code == 403
        assert (await client.get("/api/v1/business")).status_code == 200

    play(office, scene, email=STAFF)


def test_a_business_keeps_an_owner(office: Office) -> None:
    owner = office.person()

    async def scene(client: httpx.AsyncClient) -> None:
        path = f"/api/v1/accounts/{owner.id}"
        for change in ({"role": "staff"}, {"disabled": True}):
            answer = await client.patch(path, json=change, headers={"If-Match": '"1"'})
            assert answer.status_code == 409 and answer.json()["code"] == "access.last_owner"
        assert (await client.delete(path)).status_code == 409
        assert (await client.get(path)).json()["role"] == "owner"

    play(office, scene, email=OWNER)


def test_a_disabled_account_is_out_at_once(office: Office) -> None:
    office.person()
    member = office.person(STAFF, "staff")

    async def run() -> None:
        async with office.client() as owner, office.client() as staff:
            await log_in(owner)
            await log_in(staff, STAFF)
            path = f"/api/v1/accounts/{member.id}"
            stale = await owner.patch(path, json={"disabled": True}, headers={"If-Match": '"7"'})
            assert stale.status_code == 412
            assert (await owner.patch(path, json={"disabled": True})).status_code == 428
            done = await owner.patch(path, json={"disabled": True}, headers={"If-Match": '"1"'})
            assert done.status_code == 200 and done.headers["etag"] == '"2"'
            assert (await staff.get("/api/v1/calls")).status_code == 401
            assert (await log_in(staff, STAFF)).status_code == 401

    asyncio.run(run())


def test_a_changed_password_ends_the_other_sessions(office: Office) -> None:
    office.person()

    async def run() -> None:
        async with office.client() as here, office.client() as there:
            await log_in(here)
            await log_in(there)
            body = {"current_password": PASSWORD, "password": "another good one"}
            wrong = await here.put("/api/v1/session/password", json={**body, "current_password": "x"})
            assert wrong.status_code == 403
            assert (await here.put("/api/v1/session/password", json=body)).status_code == 204
            assert (await here.get("/api/v1/session")).status_code == 200
            assert (await there.get("/api/v1/session")).status_code == 401
            assert (await log_in(there, password="another good one")).status_code == 200

    asyncio.run(run())


def test_an_api_key_does_what_its_scopes_say_until_it_is_revoked(office: Office) -> None:
    office.person()
    made: dict[str, str] = {}

    async def make(client: httpx.AsyncClient) -> None:
        body = {"name": "Website", "scopes": ["appointments:read"], "expires_in_days": 10}
        answer = await client.post("/api/v1/api-keys", json=body)
        assert answer.status_code == 201
        made.update(secret=answer.json()["secret"], id=answer.json()["api_key"]["id"])
        listed = (await client.get("/api/v1/api-keys")).json()["items"]
        assert [item["scopes"] for item in listed] == [["appointments:read"]] and made["secret"] not in str(listed)
        refused = await client.post("/api/v1/api-keys", json={"name": "x", "scopes": ["access"]})
        assert refused.status_code == 422

    play(office, make, email=OWNER)
    headers = {"Authorization": f"Bearer {made['secret']}"}

    async def use(client: httpx.AsyncClient) -> None:
        assert (await client.get("/api/v1/appointments")).status_code == 200
        assert (await client.get("/api/v1/calls")).status_code == 403
        assert (await client.get("/api/v1/session")).status_code == 403
        office.clock.forward(days=11)
        assert (await client.get("/api/v1/appointments")).status_code == 401
        office.clock.forward(days=-11)

    play(office, use, headers)

    async def revoke(client: httpx.AsyncClient) -> None:
        assert (await client.delete(f"/api/v1/api-keys/{made['id']}")).status_code == 204
        assert (await client.delete(f"/api/v1/api-keys/{made['id']}")).status_code == 404

    play(office, revoke, email=OWNER)
    assert office.access.key("nothing", NOW) is None

    async def used_up(client: httpx.AsyncClient) -> None:
        assert (await client.get("/api/v1/appointments")).status_code == 401

    play(office, used_up, headers)


def test_keys_may_have_every_scope_but_access() -> None:
    assert {scope.value for scope in KeyScope} == {scope.value for scope in Scope} - {"access"}


def test_metrics_are_for_this_machine_and_for_keys_with_the_scope(office: Office) -> None:
    async def scene(client: httpx.AsyncClient) -> None:
        assert (await client.get("/metrics")).status_code == 403
        assert (await client.get("/metrics", headers=office.key("calls:read"))).status_code == 403
        assert (await client.get("/metrics", headers=office.key("metrics:read"))).status_code == 200

    play(office, scene)


def everything(directory: Path) -> bytes:
    return b"".join(file.read_bytes() for file in directory.glob("torim.db*"))


def test_no_secret_of_a_person_is_stored_as_it_is(office: Office, tmp_path: Path) -> None:
    office.person()
    headers = office.key("calls:read")

    async def scene(client: httpx.AsyncClient) -> None:
        token = client.cookies["torim_session"]
        office.store.close()
        stored = everything(tmp_path)
        assert token.encode() not in stored and PASSWORD.encode() not in stored
        assert headers["Authorization"].partition(" ")[2].encode() not in stored
        assert b"$argon2id$" in stored

    play(office, scene, email=OWNER)


def test_sessions_are_listed_and_another_one_is_ended(office: Office) -> None:
    office.person()

    async def run() -> None:
        async with office.client() as here, office.client() as there:
            await log_in(here)
            office.clock.now += timedelta(minutes=5)
            await log_in(there)
            items = (await here.get("/api/v1/sessions")).json()["items"]
            (other,) = [item["id"] for item in items if not item["current"]]
            assert (await here.delete(f"/api/v1/sessions/{other}")).status_code == 204
            assert (await there.get("/api/v1/session")).status_code == 401
            assert (await here.delete("/api/v1/sessions/unknown")).status_code == 404

    asyncio.run(run())
