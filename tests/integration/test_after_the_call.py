"""A call over the telephone, and what is there of it afterwards: numbers, timeline, summary, and who was told."""

from __future__ import annotations

import asyncio
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from importlib.resources import files
from pathlib import Path
from typing import Any

import pytest
from serving_scene import CALLER, rude, scripted, serving

from torim.core.actions import Note
from torim.core.events import AudioDelta, EndReason
from torim.core.reasons import Reason
from torim.core.timeline import parse
from torim.desk.business import load_business
from torim.desk.outcomes import Outcome
from torim.engines.script import says
from torim.engines.scripted import ScriptedPeer
from torim.jobs import webhooks
from torim.storage.jobs import JobBook, JobStatus
from torim.storage.records import SummarySource

GREETING_MS, ANSWER_MS = 6_000, 600  # what is cut into is long enough for a machine that is busy
SECRET = "a-secret-of-the-shop"
SUMMARY = {
    "summary": "The caller asked for the opening hours. They were told.",
    "intent": "ask for the opening hours",
    "outcome": "question",
    "next_action": None,
    "sentiment": "neutral",
    "urgency": "low",
    "details": {"name": None, "phone": None, "request": None},
}


@dataclass
class Peer:
    """An HTTP server that takes everything, and answers with a summary."""

    url: str = ""
    got: list[tuple[str, dict[str, str], bytes]] = field(default_factory=list)

    def bodies(self, path: str) -> list[Any]:
        return [json.loads(body) for where, _, body in self.got if where == path]


@contextmanager
def peer() -> Iterator[Peer]:
    made = Peer()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            made.got.append((self.path, dict(self.headers), body))
            answer = json.dumps({"choices": [{"message": {"content": json.dumps(SUMMARY)}}]}).encode()
            self.send_response(200)
            self.send_header("Content-Length", str(len(answer)))
            self.end_headers()
            self.wfile.write(answer)

        def log_message(self, format: str, *args: Any) -> None: ...

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        made.url = f"http://127.0.0.1:{server.server_address[1]}"
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
        thread.start()
        yield made
        server.shutdown()
        thread.join()


def talkative() -> ScriptedPeer:
    """An engine whose first answer, the greeting, is long."""
    return ScriptedPeer(otherwise=lambda request: says(f"Answer {request.number}.", ANSWER_MS)).then(
        says("Answer 1.", GREETING_MS)
    )


def business_file(folder: Path, url: str, mode: str) -> Path:
    """The sample business with a webhook and a storage mode."""
    text = files("torim.desk").joinpath("sample.toml").read_text(encoding="utf-8")
    file = folder / "business.toml"
    switches = f'[notifications]\nwebhook_url = "{url}/hook"\nwebhook_secret = "{SECRET}"\n'
    file.write_text(f'privacy_mode = "{mode}"\n{text}\n{switches}', encoding="utf-8")
    return file


@pytest.mark.parametrize("mode", ["everything", "facts_only"])
def test_a_call_leaves_its_numbers_its_timeline_and_a_summary(tmp_path: Path, mode: str) -> None:
    async def scene() -> None:
        with peer() as other:
            changes = {
                "business_file": business_file(tmp_path, other.url, mode),
                "allow_private_addresses": True,
                "summary_url": f"{other.url}/v1",
                "summary_model": "tiny",
                "record_calls": True,
            }
            plans = scripted(talkative)
            async with serving(tmp_path, plans, **changes) as watched:
                await asyncio.wait_for(talk(watched), 90)
                await watched.server.settled()
                store, business = watched.server.store, load_business().id
                await watched.until(lambda: other.bodies("/hook"))
                call = store.call(business, "CAafter")
                assert call is not None
                check(call)
                (event,) = other.bodies("/hook")
                assert (event["type"], event["data"]["call_id"]) == ("call.ended", "CAafter")
                (_, headers, body) = next(got for got in other.got if got[0] == "/hook")
                at_s = int(next(value for name, value in headers.items() if name.lower() == "webhook-timestamp"))
                assert webhooks.verify(SECRET, headers, body, at_s) == event["id"]
                lines = [line.line for line in store.timeline(business, "CAafter")]
                kept = sorted(path.suffix for path in (tmp_path / "data" / "calls").rglob("CAafter*"))
                if mode == "everything":
                    assert (call.summary, call.summary_source) == (SUMMARY["summary"], SummarySource.MODEL)
                    assert call.from_number == CALLER and event["data"]["summary"] == SUMMARY["summary"]
                    parsed = parse("\n".join(lines))
                    assert parsed[0].what == "started" and {"created", "done"} <= {
                        line.what.split()[0] for line in parsed
                    }
                    assert not [line for line in parsed if line.what.split()[0] in ("audio", "play", "text")]
                    assert kept == [".call", ".wav"] and call.measures and call.measures.recording_path
                    assert (tmp_path / "data" / call.measures.recording_path).is_file()
                else:
                    assert call.summary_source is SummarySource.FACTS and not other.bodies("/v1/chat/completions")
                    assert (call.from_number, lines, kept, store.turns(business, "CAafter")) == (None, [], [], [])

    asyncio.run(scene())


def check(call: Any) -> None:
    assert (call.end_reason, call.outcome, call.language) == (EndReason.LINE_LOST, Outcome.QUESTION, "en")
    measures = call.measures
    assert measures is not None and measures.barge_in_count == call.counts["barge_ins"] == 1
    assert measures.false_alarm_count == 0 and measures.usage


async def talk(watched: Any) -> None:
    """Hear the greeting begin, cut in by key, hear an answer, and hang up."""
    async with rude(watched.server, "CAafter") as carrier:
        talking = asyncio.create_task(frames(carrier))
        await watched.until(lambda: watched.happened(AudioDelta))
        await asyncio.sleep(0.2)
        await carrier.press("1")
        await carrier.press("#")
        await watched.until(lambda: [note for note in watched.happened(Note) if note.reason is Reason.AI_HEARD])
        talking.cancel()


async def frames(carrier: Any) -> None:
    while True:
        await carrier.frame()
        await asyncio.sleep(0.02)


def test_jobs_that_were_owed_are_done_at_the_next_start(tmp_path: Path) -> None:
    """A server that does no jobs takes the call; the next one tells of it."""

    async def scene() -> None:
        with peer() as other:
            file = business_file(tmp_path, other.url, "everything")
            changes: dict[str, Any] = {"business_file": file, "allow_private_addresses": True}
            plans = scripted(talkative)
            async with serving(tmp_path, plans, do_jobs=False, **changes) as watched:
                await asyncio.wait_for(talk(watched), 90)
                await watched.server.settled()
            assert not other.got
            async with serving(tmp_path, plans, **changes) as watched:
                await watched.until(lambda: other.bodies("/hook"))
                assert JobStatus.DEAD not in JobBook(watched.server.store.database).counts()

    asyncio.run(scene())
