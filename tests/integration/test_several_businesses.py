"""Two businesses in one installation, over the telephone: each call is its business's own, settings and all."""

import asyncio
from datetime import UTC, datetime
from pathlib import Path

import msgspec
from serving_scene import scripted, serving, talkative

from torim.core.actions import PlayAudio
from torim.desk.business import Business, load_business
from torim.lab.caller import Caller, Dialing
from torim.storage.store import Store

SALON, CLINIC = "+97235550100", "+97235550200"
NOW = datetime(2026, 11, 22, tzinfo=UTC)


def business(name: str, number: str) -> Business:
    return msgspec.structs.replace(load_business(), id=name, numbers=(number,))


def stored_before_the_start(tmp_path: Path) -> None:
    (tmp_path / "data").mkdir(parents=True, exist_ok=True)
    store = Store(f"sqlite:///{tmp_path}/data/torim.db")
    store.upgrade()
    store.businesses.adopt(business("salon", SALON), NOW)
    store.businesses.save(business("clinic", CLINIC), 0, NOW)
    store.businesses.save(business("clinic", CLINIC), 1, NOW)
    store.close()


def test_a_call_belongs_to_the_business_whose_number_was_called(tmp_path: Path) -> None:
    async def call(watched: object, number: str) -> str:
        caller = Caller(Dialing(watched.server.web_url, called=number))
        await caller.dial()
        heard = len(watched.happened(PlayAudio))
        await watched.until(lambda: len(watched.happened(PlayAudio)) > heard)
        record = await caller.hang_up()
        await watched.server.settled()
        return record.call_sid

    async def scene() -> None:
        stored_before_the_start(tmp_path)
        async with serving(tmp_path, scripted(talkative)) as watched:
            first, second = await call(watched, SALON), await call(watched, CLINIC)
            store = watched.server.store
            assert [made.call_id for made in store.calls("salon")] == [first]
            assert [made.call_id for made in store.calls("clinic")] == [second]
            assert store.call("salon", second) is None
            assert [store.calls(name)[0].settings_version for name in ("salon", "clinic")] == [1, 2]
            assert store.calls(load_business().id) == []

    asyncio.run(scene())
