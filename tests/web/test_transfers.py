"""A caller who is put through: dialled after the stream, and taken back when nobody answers."""

from __future__ import annotations

from dataclasses import replace
from xml.etree import ElementTree

import httpx
import pytest
from web_scene import CALL, SID, World, ask, dependencies

from torim.core.events import EndReason
from torim.web.ports import WebDeps

COLLEAGUE = "+972541112222"
OWNER = "+972500000001"


def transferring(number: str | None = COLLEAGUE, language: str = "he", world: World | None = None) -> WebDeps:
    asked: list[str] = []

    def number_of(called: str) -> str | None:
        asked.append(called)
        return number

    return replace(dependencies(world or transferred(), language=language), transfer_number=number_of)


def transferred() -> World:
    """A call whose stream has just ended with a transfer."""
    return World(ends={SID: EndReason.TRANSFERRED})


async def after(client: httpx.AsyncClient, **more: str) -> ElementTree.Element:
    answer = await client.post("/twilio/after", data={**CALL, **more})
    assert answer.status_code == 200
    return ElementTree.fromstring(answer.content)


def given(root: ElementTree.Element) -> dict[str | None, str | None]:
    return {item.get("name"): item.get("value") for item in root.iterfind("Connect/Stream/Parameter")}


def test_the_person_is_dialled_and_what_follows_is_asked_for() -> None:
    async def scene(client: httpx.AsyncClient) -> None:
        root = await after(client)
        (dial,) = root
        assert (dial.tag, dial.get("action"), dial.get("method")) == ("Dial", "/twilio/after", "POST")
        assert dial.findtext("Number") == COLLEAGUE

    ask(transferring(), scene)


def test_after_they_have_spoken_the_call_ends() -> None:
    async def scene(client: httpx.AsyncClient) -> None:
        root = await after(client, DialCallStatus="completed")
        assert [verb.tag for verb in root] == ["Hangup"]

    ask(transferring(), scene)


@pytest.mark.parametrize("status", ["no-answer", "busy", "failed", "canceled"])
def test_where_nobody_answers_the_caller_comes_back(status: str) -> None:
    async def scene(client: httpx.AsyncClient) -> None:
        root = await after(client, DialCallStatus=status)
        assert [verb.tag for verb in root] == ["Connect", "Redirect"]
        assert given(root)["returned"] == "transfer"
        assert given(root)["token"]

    ask(transferring(), scene)


def test_without_a_person_the_caller_comes_back_at_once() -> None:
    async def scene(client: httpx.AsyncClient) -> None:
        assert given(await after(client))["returned"] == "transfer"

    ask(transferring(number=None), scene)


def test_where_all_lines_are_taken_meanwhile_it_is_said() -> None:
    async def scene(client: httpx.AsyncClient) -> None:
        root = await after(client, DialCallStatus="busy")
        assert [verb.tag for verb in root] == ["Say", "Hangup"]

    ask(dependencies(World(target=None, ends={SID: EndReason.TRANSFERRED})), scene)


@pytest.mark.parametrize("number", [COLLEAGUE, None])
def test_a_caller_whose_way_back_fails_is_not_put_through_a_second_time(number: str | None) -> None:
    """The stream on which the caller was to come back never opened: why the first one ended says nothing any more."""

    async def scene(client: httpx.AsyncClient) -> None:
        await after(client)
        assert given(await after(client, DialCallStatus="no-answer"))["returned"] == "transfer"
        assert [verb.tag for verb in await after(client)] == ["Say", "Hangup"]

    ask(transferring(number), scene)


def test_a_webhook_that_the_carrier_sends_twice_has_the_same_answer() -> None:
    """Its connection broke before our answer came: the person whom somebody named is dialled all the same."""
    deps = transferring()
    deps.transfers.want(SID, OWNER)

    async def scene(client: httpx.AsyncClient) -> None:
        for _ in range(2):
            assert (await after(client)).findtext("Dial/Number") == OWNER

    ask(deps, scene)


def test_a_caller_who_came_back_and_is_put_through_again_goes_where_the_business_says() -> None:
    world = transferred()
    deps = transferring(world=world)
    deps.transfers.want(SID, OWNER)

    async def scene(client: httpx.AsyncClient) -> None:
        assert (await after(client)).findtext("Dial/Number") == OWNER
        await after(client, DialCallStatus="busy")
        world.ends[SID] = EndReason.TRANSFERRED
        assert (await after(client)).findtext("Dial/Number") == COLLEAGUE

    ask(deps, scene)
