"""Twilio's webhooks over a real socket: who is let in, and what a call is told."""

from __future__ import annotations

from dataclasses import replace
from ipaddress import ip_network
from urllib.parse import urlencode
from xml.etree import ElementTree

import httpx
import pytest
from twilio.request_validator import RequestValidator
from web_scene import AUTH_TOKEN, CALL, SECRET, SID, Settings, World, ask, dependencies, play, with_token

from torim.core.events import EndReason
from torim.live import tokens

PUBLIC = "https://torim.example"


def signed(url: str, form: dict[str, str]) -> dict[str, str]:
    return {"X-Twilio-Signature": RequestValidator(AUTH_TOKEN).compute_signature(url, form)}


def verbs(response: httpx.Response) -> list[str]:
    assert response.headers["content-type"].startswith("text/xml")
    return [verb.tag for verb in ElementTree.fromstring(response.content)]


def test_a_signed_call_is_connected_to_the_workers_stream_with_a_token_for_it() -> None:
    world = World()

    async def scene(client: httpx.AsyncClient) -> None:
        answer = await client.post("/twilio/voice", data=CALL, headers=signed(f"{PUBLIC}/twilio/voice", CALL))
        assert answer.status_code == 200
        assert verbs(answer) == ["Connect", "Redirect"]
        root = ElementTree.fromstring(answer.content)
        stream = root.find("Connect/Stream")
        assert stream is not None and stream.get("url") == "wss://torim.example/media/3"
        given = {item.get("name"): item.get("value") or "" for item in stream}
        assert (given["caller"], given["called"]) == (CALL["From"], CALL["To"])
        now_s = tokens.verify(SECRET, given["token"], SID, 3, 0).expires_s - tokens.TTL_S
        assert tokens.verify(SECRET, given["token"], SID, 3, now_s).worker == 3
        redirect = root.find("Redirect")
        assert redirect is not None and (redirect.text, redirect.get("method")) == ("/twilio/after", "POST")
        assert world.asked == [SID]

    play(dependencies(world, with_token(Settings(public_url=PUBLIC))), scene)


def test_an_address_below_a_proxys_path_is_kept_in_the_redirect() -> None:
    async def scene(client: httpx.AsyncClient) -> None:
        headers = signed(f"{PUBLIC}/phone/twilio/voice", CALL)
        answer = await client.post("/twilio/voice", data=CALL, headers=headers)
        redirect = ElementTree.fromstring(answer.content).find("Redirect")
        assert redirect is not None and redirect.text == "/phone/twilio/after"

    ask(dependencies(World(), with_token(Settings(public_url=f"{PUBLIC}/phone/"))), scene)


def test_an_unsigned_or_wrongly_signed_request_is_refused_with_advice_and_without_the_secret() -> None:
    world = World()

    async def scene(client: httpx.AsyncClient) -> None:
        bare = await client.post("/twilio/voice", data=CALL)
        assert bare.status_code == 403 and "X-Twilio-Signature" in bare.text
        url = f"{PUBLIC}/twilio/voice"
        other = signed(url, {**CALL, "From": "+15550000000"})
        wrong = await client.post("/twilio/voice", data=CALL, headers=other)
        assert wrong.status_code == 403
        assert "TORIM_PUBLIC_URL" in wrong.text and AUTH_TOKEN not in wrong.text
        for path in ("/twilio/after", "/twilio/status"):
            assert (await client.post(path, data=CALL)).status_code == 403
        assert world.asked == []
        shown = (await client.get("/metrics")).text
        assert 'torim_requests_refused_total{code="carrier.unsigned"} 3.0' in shown

    play(dependencies(world, with_token(Settings(public_url=PUBLIC))), scene)


def test_without_a_public_url_a_proxy_on_this_machine_says_what_was_called() -> None:
    async def scene(client: httpx.AsyncClient) -> None:
        forwarded = {"X-Forwarded-Proto": "https", "X-Forwarded-Host": "tunnel.example"}
        headers = {**signed("https://tunnel.example/twilio/voice?a=1", CALL), **forwarded}
        answer = await client.post("/twilio/voice?a=1", data=CALL, headers=headers)
        assert answer.status_code == 200

    play(dependencies(World(), with_token()), scene)


def test_the_public_url_wins_over_forwarding_headers() -> None:
    async def scene(client: httpx.AsyncClient) -> None:
        forwarded = {"X-Forwarded-Proto": "https", "X-Forwarded-Host": "evil.example"}
        headers = {**signed("https://evil.example/twilio/voice", CALL), **forwarded}
        assert (await client.post("/twilio/voice", data=CALL, headers=headers)).status_code == 403
        headers = {**signed(f"{PUBLIC}/twilio/voice", CALL), **forwarded}
        assert (await client.post("/twilio/voice", data=CALL, headers=headers)).status_code == 200

    ask(dependencies(World(), with_token(Settings(public_url=PUBLIC))), scene)


def test_blank_fields_are_part_of_the_signature() -> None:
    form = {**CALL, "CallerName": "", "City": "תל אביב & more=1"}

    async def scene(client: httpx.AsyncClient) -> None:
        headers = signed(f"{PUBLIC}/twilio/voice", form)
        assert (await client.post("/twilio/voice", data=form, headers=headers)).status_code == 200

    ask(dependencies(World(), with_token(Settings(public_url=PUBLIC))), scene)


@pytest.mark.parametrize(("peer", "status"), [("172.18.0.1", 200), ("172.32.0.1", 403)])
def test_a_proxy_on_another_machine_is_believed_if_it_is_trusted(peer: str, status: int) -> None:
    async def scene(client: httpx.AsyncClient) -> None:
        forwarded = {"X-Forwarded-Proto": "https", "X-Forwarded-Host": "torim.example"}
        headers = signed("https://torim.example/twilio/voice", CALL) | forwarded
        assert (await client.post("/twilio/voice", data=CALL, headers=headers)).status_code == status

    deps = dependencies(World(), with_token())
    ask(replace(deps, trusted_peers=(ip_network("172.16.0.0/12"),)), scene, peer)


@pytest.mark.parametrize(
    "headers",
    [
        {"Host": "torim.example"},
        {"X-Forwarded-For": "203.0.113.9"},
        {"Forwarded": "for=203.0.113.9"},
        {"CF-Connecting-IP": "203.0.113.9"},
        {"Origin": "https://evil.example"},
        {"Origin": "null"},
    ],
)
def test_without_an_auth_token_only_this_machine_itself_may_call(headers: dict[str, str]) -> None:
    async def scene(client: httpx.AsyncClient) -> None:
        assert (await client.post("/twilio/voice", data=CALL)).status_code == 200
        refused = await client.post("/twilio/voice", data=CALL, headers=headers)
        assert refused.status_code == 403

    ask(dependencies(World()), scene)


def test_a_call_that_finds_no_worker_hears_that_all_lines_are_busy() -> None:
    async def scene(client: httpx.AsyncClient) -> None:
        answer = await client.post("/twilio/voice", data=CALL)
        assert answer.status_code == 200 and verbs(answer) == ["Say", "Hangup"]
        assert 'language="he-IL"' in answer.text and "תפוסים" in answer.text
        assert 'outcome="busy",webhook="voice"} 1.0' in (await client.get("/metrics")).text

    ask(dependencies(World(target=None)), scene)


def test_a_bug_while_answering_is_an_apology_and_not_silence() -> None:
    async def scene(client: httpx.AsyncClient) -> None:
        answer = await client.post("/twilio/voice", data={**CALL, "CallSid": "explode"})
        assert answer.status_code == 200 and verbs(answer) == ["Say", "Hangup"]

    ask(dependencies(World(), language="en"), scene)


@pytest.mark.parametrize("reason", [reason for reason in EndReason if reason is not EndReason.TRANSFERRED])
def test_what_follows_a_stream_depends_on_why_it_ended(reason: EndReason) -> None:
    broken = {EndReason.ENGINE_FAILED, EndReason.LINE_LOST, EndReason.INTERNAL_ERROR}

    async def scene(client: httpx.AsyncClient) -> None:
        answer = await client.post("/twilio/after", data=CALL)
        assert verbs(answer) == (["Say", "Hangup"] if reason in broken else ["Hangup"])

    ask(dependencies(World(ends={SID: reason})), scene)


def test_an_end_that_nobody_knows_is_an_apology() -> None:
    async def scene(client: httpx.AsyncClient) -> None:
        assert verbs(await client.post("/twilio/after", data=CALL)) == ["Say", "Hangup"]
        late = await client.post("/twilio/after", data={**CALL, "CallSid": "never-known"})
        assert verbs(late) == ["Say", "Hangup"]

    ask(dependencies(World()), scene)


def test_a_status_report_is_taken_and_a_stream_error_is_logged(caplog: pytest.LogCaptureFixture) -> None:
    async def scene(client: httpx.AsyncClient) -> None:
        report = {"CallSid": SID, "StreamEvent": "stream-error", "StreamError": "31921 closed"}
        assert (await client.post("/twilio/status", data=report)).status_code == 204
        assert (await client.post("/twilio/status", data=CALL)).status_code == 204

    ask(dependencies(World()), scene)
    warnings = [record.getMessage() for record in caplog.records if record.name == "torim.web"]
    assert len(warnings) == 1 and "31921 closed" in warnings[0]


def test_bad_requests_are_answered_with_advice() -> None:
    async def scene(client: httpx.AsyncClient) -> None:
        form = {"Content-Type": "application/x-www-form-urlencoded"}
        get = await client.get("/twilio/voice")
        assert get.status_code == 405 and "POST" in get.text
        as_json = await client.post("/twilio/voice", json=CALL)
        assert as_json.status_code == 415 and "form" in as_json.text
        large = await client.post("/twilio/voice", content=b"a=" + b"x" * 70_000, headers=form)
        assert large.status_code == 413
        binary = await client.post("/twilio/voice", content=b"a=%ff%fe", headers=form)
        assert binary.status_code == 400
        many = await client.post("/twilio/voice", content=urlencode({str(n): n for n in range(300)}), headers=form)
        assert many.status_code == 400
        for sid in ("", "a b", "x" * 65):
            nameless = await client.post("/twilio/voice", data={"CallSid": sid})
            assert nameless.status_code == 400 and "CallSid" in nameless.text
        assert (await client.get("/nowhere")).status_code == 404

    play(dependencies(World()), scene)
