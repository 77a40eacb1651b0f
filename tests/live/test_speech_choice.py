"""Which voice a call is answered with: what the business wishes, else what the installation says."""

from __future__ import annotations

import asyncio
from pathlib import Path

import msgspec
import pytest

from torim.config import Config
from torim.engines.base import SessionConfig
from torim.lab.caller import Caller, Dialing
from torim.live import engines
from torim.live.clock import utc_now
from torim.live.engine_side import EnginePlan
from torim.live.front_office import speaks
from torim.live.serve import running


@pytest.mark.parametrize(("wished", "heard"), [("cedar", "cedar"), (None, "marin")])
def test_a_call_is_answered_in_the_voice_of_its_business(tmp_path: Path, wished: str | None, heard: str) -> None:
    asked: list[str] = []
    config = Config(
        engine="scripted",
        host="127.0.0.1",
        port=0,
        media_port=0,
        data_dir=tmp_path,
        database_url=f"sqlite:///{tmp_path / 'torim.db'}",
    )

    def plans(session: SessionConfig) -> tuple[EnginePlan, ...]:
        asked.append(session.voice)
        return engines.plans(config, session)

    async def scene() -> None:
        async with running(config, plans) as server:
            record = server.store.businesses.get("shaked")
            assert record is not None
            wanted = msgspec.structs.replace(record.business, voice=wished)
            server.store.businesses.save(wanted, record.version, utc_now())
            server.node.desks.refresh()
            caller = Caller(Dialing(server.web_url))
            await caller.dial()
            await caller.hang_up()

    asyncio.run(asyncio.wait_for(scene(), 30))
    assert asked == [heard]


def test_only_an_engine_with_voices_offers_them() -> None:
    assert speaks(Config(engine="embedded")).voices == ()
    hosted = speaks(Config(engine="openai", openai_api_key="sk-test", voice="sage"))
    assert hosted.voice == "sage" and "cedar" in hosted.voices
