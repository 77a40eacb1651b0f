"""What `torim doctor` says of the work after calls: which channels there are, and whether jobs were given up."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing

from torim.commands.checks import Finding, Grade
from torim.config import Config


def jobs(config: Config) -> Iterator[Finding]:
    """Jobs that somebody must look at."""
    from torim.storage import migrate
    from torim.storage.database import Database
    from torim.storage.jobs import JobBook, JobStatus
    from torim.storage.schema import HEAD

    with closing(Database(config.database_url)) as found:
        if found.path is not None and not found.path.exists():
            yield Finding(Grade.OK, "jobs", "none yet")
            return
        if migrate.current(found) != HEAD:
            yield Finding(Grade.OK, "jobs", "not looked at before the database is migrated")
            return
        counts = JobBook(found).counts()
    dead, waiting = counts.get(JobStatus.DEAD, 0), counts.get(JobStatus.WAITING, 0)
    if dead:
        words = f"{dead} were given up: `torim jobs` shows why, `torim jobs --retry ID` tries one again"
        yield Finding(Grade.WARN, "jobs", words)
    else:
        yield Finding(Grade.OK, "jobs", f"{waiting} waiting, none given up")


def channels(config: Config) -> Iterator[Finding]:
    """What this installation can send, and who writes its summaries."""
    from torim.live.afterwards import summary_model
    from torim.live.texting import sms_account

    missing = {
        "e-mail (TORIM_SMTP_URL)": config.smtp_url is None,
        "text messages (TORIM_SMS_FROM)": sms_account(config) is None,
    }
    model = summary_model(config)
    by = f"summaries by {model.name}" if model else "summaries from the facts of a call"
    without = " and no ".join(name for name, is_missing in missing.items() if is_missing)
    yield Finding(Grade.OK, "messages", f"{by}; no {without}" if without else f"{by}; e-mail and text messages")
