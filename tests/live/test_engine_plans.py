"""What a call's engines can do follows from the configuration."""

from pathlib import Path

import pytest

from torim.config import Config
from torim.engines.base import SessionConfig
from torim.live import engines


@pytest.mark.parametrize(("llm_url", "single_keys"), [(None, True), ("http://127.0.0.1:9/v1", False)])
def test_a_typed_number_reaches_an_engine_that_converses_whole(llm_url: str | None, single_keys: bool) -> None:
    config = Config(data_dir=Path("data"), engine="embedded", llm_url=llm_url, llm_model="small")
    (plan,) = engines.plans(config, SessionConfig(model="m", instructions=""))
    assert plan.capabilities.single_keys is single_keys
