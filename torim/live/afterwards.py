"""What happens after calls, in this process: the job service, made from the configuration.

It decides which model writes summaries; what is done, and when, is the jobs' own business.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator

from torim.config import Config
from torim.jobs.chat import Model
from torim.jobs.service import JobService, JobSettings
from torim.live.clock import utc_now
from torim.live.texting import sms_account
from torim.storage.store import Store

OPENAI_URL, OPENAI_MODEL = "https://api.openai.com/v1", "gpt-4.1-mini"


@contextlib.asynccontextmanager
async def doing_jobs(config: Config) -> AsyncIterator[None]:
    """Do the jobs of the installation while the block runs; those in hand are finished at its end."""
    if not config.do_jobs:
        yield
        return
    store = Store(config.database_url)
    service = JobService(job_settings(config), store, utc_now)
    await asyncio.to_thread(service.start)
    try:
        yield
    finally:
        await asyncio.to_thread(service.stop)
        store.close()


def job_settings(config: Config) -> JobSettings:
    """What the operator chose for the work after calls."""
    return JobSettings(
        data_dir=config.data_dir,
        smtp_url=config.smtp_url,
        mail_from=config.mail_from or "",
        sms=sms_account(config),
        model=summary_model(config),
        allow_private_addresses=config.allow_private_addresses,
    )


def summary_model(config: Config) -> Model | None:
    """The model that writes summaries: the one named for it, the embedded engine's, or OpenAI's; None: the facts do."""
    url, name = config.summary_url or config.llm_url, config.summary_model or config.llm_model
    if url and name:
        return Model(url, name, config.endpoint_api_key)
    if config.openai_api_key and not config.openai_base_url:
        return Model(OPENAI_URL, config.summary_model or OPENAI_MODEL, config.openai_api_key)
    return None
