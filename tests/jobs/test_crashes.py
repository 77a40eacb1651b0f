"""A process that does jobs is killed at every single step; what it owed is done once, and nothing is forgotten."""

from __future__ import annotations

import json
import random
import shutil
import sqlite3
import subprocess
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from jobs_scene import (
    CONVERSATION,
    Request,
    book,
    business,
    call,
    everybody,
    http_peer,
    mail_server,
    open_store,
    twilio,
)

from torim.jobs.base import Kind

ANSWER = {
    "summary": "Noa Levi asked for a haircut on Tuesday. It was booked for half past ten.",
    "intent": "book a haircut",
    "outcome": "booked",
    "next_action": None,
    "sentiment": "positive",
    "urgency": "normal",
    "details": {"name": "Noa Levi", "phone": None, "request": None},
}


def now() -> datetime:
    return datetime.now(UTC)


class Town:
    """The servers that jobs talk to, and a worker that can be killed."""

    def __init__(self, folder: Path, stack: ExitStack) -> None:
        self.folder = folder
        self.sent: list[dict[str, str]] = []
        self.post = stack.enter_context(mail_server())
        self.carrier = stack.enter_context(http_peer(twilio(self.sent, now)))
        self.receiver = stack.enter_context(http_peer())
        self.chat = stack.enter_context(http_peer(self._summary))
        self._worker = stack.enter_context(
            subprocess.Popen(
                [sys.executable, str(Path(__file__).with_name("dying_worker.py"))],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                text=True,
            )
        )
        stack.callback(self._worker.terminate)
        self.template = folder / "template.db"
        self._prepare()

    def _summary(self, request: Request) -> tuple[int, Any]:
        return 200, {"choices": [{"message": {"content": json.dumps(ANSWER)}}]}

    def _prepare(self) -> None:
        made = business(notifications=everybody(self.receiver.url))
        store = open_store(f"sqlite:///{self.template}", made)
        call(store, turns=CONVERSATION, ended=False)
        at = (now() + timedelta(days=3)).replace(minute=30, second=0, microsecond=0)
        book(store, "CA1", starts_at=at, ends_at=at + timedelta(minutes=30), asked_at=now())
        call(store, turns=CONVERSATION)
        store.close()
        with closing(sqlite3.connect(self.template)) as connection:
            connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")

    def begin(self, number: int) -> Path:
        """A new copy of the database; the servers have heard of nothing."""
        for kept in (self.sent, self.post.mails, self.receiver.requests, self.carrier.requests, self.chat.requests):
            kept.clear()
        database = self.folder / f"{number}.db"
        shutil.copy(self.template, database)
        return database

    def run(self, database: Path, steps: int = 0) -> bool:
        """Do the jobs; False if the worker was killed at its last step."""
        names = {
            "database": f"sqlite:///{database}",
            "data": str(self.folder),
            "post": self.post.url,
            "carrier": self.carrier.url,
            "chat": self.chat.url,
            "steps": steps,
        }
        assert self._worker.stdin is not None and self._worker.stdout is not None
        self._worker.stdin.write(json.dumps(names) + "\n")
        self._worker.stdin.flush()
        answer = self._worker.stdout.readline().strip()
        assert answer in ("finished", "killed"), f"the worker said {answer!r}"
        return answer == "finished"


@pytest.fixture
def town(tmp_path: Path) -> Iterator[Town]:
    with ExitStack() as stack:
        yield Town(tmp_path, stack)


def rows(database: Path) -> list[tuple[str, str, int]]:
    with closing(sqlite3.connect(database)) as connection:
        return connection.execute("SELECT kind, status, attempts FROM jobs ORDER BY kind, key").fetchall()


def stored_summary(database: Path) -> tuple[str, str, str]:
    with closing(sqlite3.connect(database)) as connection:
        query = (
            "SELECT c.summary, c.summary_source, a.call_summary FROM calls c JOIN appointments a ON a.call_id = c.id"
        )
        (found,) = connection.execute(query).fetchall()
        return found


def everything_is_done_once(town: Town, database: Path, undisturbed: dict[str, Any]) -> None:
    found = rows(database)
    open_kinds = {kind for kind, status, _ in found if status != "done"}
    assert open_kinds == {Kind.REMINDER.value, Kind.RETENTION.value}  # their time has not come
    assert sorted(kind for kind, _, _ in found) == undisturbed["kinds"]
    # A server cannot be asked whether it took a mail or a webhook; the same one again carries the same id.
    mails = Counter(mail["Message-ID"] for mail in town.post.mails)
    hooks = Counter(request.headers["webhook-id"] for request in town.receiver.requests)
    assert len(mails) == undisturbed["mails"] and len(hooks) == undisturbed["hooks"]
    assert sum(mails.values()) + sum(hooks.values()) <= len(mails) + len(hooks) + 4  # what four threads had in hand
    texts = Counter((message["to"], message["body"]) for message in town.sent)
    assert len(texts) == undisturbed["texts"] and set(texts.values()) == {1}
    assert stored_summary(database) == (ANSWER["summary"], "model", ANSWER["summary"])


def undisturbed(town: Town) -> dict[str, Any]:
    database = town.begin(0)
    assert town.run(database)
    found = rows(database)
    assert {kind for kind, _, _ in found} == {kind.value for kind in Kind}
    assert all(attempts <= 1 for _, _, attempts in found)
    return {
        "kinds": sorted(kind for kind, _, _ in found),
        "mails": len({mail["Message-ID"] for mail in town.post.mails}),
        "hooks": len({request.headers["webhook-id"] for request in town.receiver.requests}),
        "texts": len(town.sent),
        "steps": sum(3 * attempts for _, _, attempts in found),
    }


def killed_at(town: Town, steps: Callable[[int], range]) -> None:
    expected = undisturbed(town)
    assert (expected["mails"], expected["hooks"], expected["texts"]) == (2, 2, 2)
    for step in steps(expected["steps"]):
        database = town.begin(step)
        assert not town.run(database, step), f"it was not killed at step {step}"
        assert town.run(database)
        everything_is_done_once(town, database, expected)


def test_killed_at_a_step_the_rest_is_done_by_the_next_process(town: Town) -> None:
    killed_at(town, lambda last: range(1, last + 1, 3))


@pytest.mark.deep
@pytest.mark.timeout(600)
def test_killed_at_every_step_the_rest_is_done_by_the_next_process(town: Town) -> None:
    killed_at(town, lambda last: range(1, last + 1))


@pytest.mark.deep
@pytest.mark.timeout(600)
def test_killed_again_and_again_it_still_comes_to_an_end(town: Town) -> None:
    """Every process may see some steps only, and the last one finishes what is left."""
    expected = undisturbed(town)
    deaths = 0
    for seed in range(25):
        draw = random.Random(seed)
        database = town.begin(1000 + seed)
        while not town.run(database, draw.randint(3, 12)):
            deaths += 1
        found = rows(database)
        assert all(status in ("done", "waiting") for _, status, _ in found)
        assert sorted(kind for kind, _, _ in found) == expected["kinds"]
        assert stored_summary(database)[1] == "model"
        assert set(Counter((message["to"], message["body"]) for message in town.sent).values()) == {1}
        assert len({mail["Message-ID"] for mail in town.post.mails}) == expected["mails"]
        assert len({request.headers["webhook-id"] for request in town.receiver.requests}) == expected["hooks"]
    assert deaths > 50
