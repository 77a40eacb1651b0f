"""What an owner types in as an address never leads this machine into its own network, whatever it is called."""

from __future__ import annotations

import asyncio
import ipaddress
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import httpx
import pytest
from jobs_scene import (
    SECRET,
    Works,
    book,
    business,
    everybody,
    http_peer,
    open_store,
    settings,
)

from torim.jobs import webhooks
from torim.jobs.base import DeliveryError, Kind
from torim.jobs.outgoing import Address, AsyncTransport, PrivateAddress, Transport, anywhere, public
from torim.storage.jobs import JobStatus

NOW = datetime(2026, 11, 22, 10, 0, tzinfo=UTC)
HERE = ipaddress.ip_address("127.0.0.1")


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1",
        "127.8.8.8",
        "10.0.0.1",
        "172.16.0.1",
        "192.168.1.1",
        "169.254.169.254",  # where clouds tell their machines secrets
        "100.64.0.1",
        "0.0.0.0",
        "224.0.1.1",
        "255.255.255.255",
        "::1",
        "::",
        "fe80::1",
        "fd00::1",
        "ff02::1",
        "::ffff:127.0.0.1",
        "::ffff:10.1.2.3",
        "64:ff9b::7f00:1",
        "2002:7f00:1::",
    ],
)
def test_addresses_of_our_own_network_are_not_public(address: str) -> None:
    assert not public(ipaddress.ip_address(address))


@pytest.mark.parametrize("address", ["8.8.8.8", "172.15.0.1", "2606:4700::1111", "::ffff:8.8.8.8", "64:ff9b::808:808"])
def test_addresses_of_the_internet_are_public(address: str) -> None:
    assert public(ipaddress.ip_address(address))


def only_here(address: Address) -> bool:
    """As if 127.0.0.1 were the internet and the rest of the machine were not."""
    return address == HERE


def fetch(url: str, permits: Callable[[Address], bool]) -> int:
    """The status that an asynchronous client gets, redirects followed."""

    async def run() -> int:
        async with httpx.AsyncClient(transport=AsyncTransport(permits), follow_redirects=True, timeout=5) as client:
            return (await client.get(url)).status_code

    return asyncio.run(run())


def post(url: str, permits: Callable[[Address], bool]) -> int:
    """The status that a webhook gets."""
    with httpx.Client(transport=Transport(permits)) as client:
        return webhooks.post(client, url, SECRET, "job1", {"type": "call.ended"}, NOW)


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "127.1", "2130706433", "[::ffff:127.0.0.1]"])
def test_this_machine_is_refused_under_every_name(host: str) -> None:
    with http_peer() as peer:
        url = peer.url.replace("127.0.0.1", host)
        with pytest.raises(PrivateAddress, match="TORIM_ALLOW_PRIVATE_ADDRESSES"):
            fetch(url, public)
        with pytest.raises(DeliveryError) as refused:
            post(url, public)
        assert peer.requests == []
    assert refused.value.code == "webhook.private_address" and refused.value.final


def test_a_redirect_leads_nowhere_that_the_first_address_might_not() -> None:
    with http_peer() as inside, http_peer() as outside:
        inside_url = inside.url.replace("127.0.0.1", "127.0.0.2")
        outside.answer = lambda request: (302, {}, {"Location": f"{inside_url}/secret"})
        with pytest.raises(PrivateAddress):
            fetch(f"{outside.url}/calendar.ics", only_here)
        assert len(outside.requests) == 1 and inside.requests == []


def test_the_server_sees_the_name_that_was_asked_for() -> None:
    with http_peer() as peer:
        url = peer.url.replace("127.0.0.1", "localhost")
        assert fetch(url, anywhere) == post(url, anywhere) == 200
        assert {request.headers["Host"] for request in peer.requests} == {url.removeprefix("http://")}


def test_a_name_that_nobody_knows_and_a_server_that_is_away_are_ordinary_failures() -> None:
    with pytest.raises(httpx.ConnectError):
        fetch("http://nowhere.invalid/", anywhere)
    for url in ("http://nowhere.invalid/", "http://127.0.0.1:9/"):
        with pytest.raises(DeliveryError) as failed:
            post(url, anywhere)
        assert failed.value.code == "webhook.unreachable" and not failed.value.final


@pytest.mark.parametrize("allowed", [False, True])
def test_a_webhook_into_our_own_network_is_given_up_at_once_unless_the_operator_allows_it(
    tmp_path: Path, allowed: bool
) -> None:
    with http_peer() as receiver:
        store = open_store(f"sqlite:///{tmp_path}/torim.db", business(notifications=everybody(receiver.url)))
        book(store, None)
        works = Works(store, settings(tmp_path, allow_private_addresses=allowed))
        works.run()
        (job,) = works.jobs(Kind.WEBHOOK)
        assert job.status is (JobStatus.DONE if allowed else JobStatus.DEAD)
        assert len(receiver.requests) == allowed
    assert allowed or "TORIM_ALLOW_PRIVATE_ADDRESSES" in (job.last_error or "")
    store.close()


@pytest.mark.parametrize("answer", [500, None])
def test_what_is_said_of_a_webhook_that_failed_does_not_give_its_address_away(answer: int | None) -> None:
    """Whoever knows the path can often write to the receiver: it stands in no log and no list of jobs."""
    with http_peer(lambda request: (answer or 200, {"error": "busy"})) as peer:
        url = f"{peer.url if answer else 'http://127.0.0.1:9'}/hooks/s3cret"
        with pytest.raises(DeliveryError) as failed:
            post(url, anywhere)
    assert "s3cret" not in str(failed.value) and "127.0.0.1" in str(failed.value)
