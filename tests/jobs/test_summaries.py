"""Summaries of calls: by a model on a real HTTP endpoint, and by the facts."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from jobs_scene import (
    CALLER,
    CONVERSATION,
    NOW,
    HttpPeer,
    Request,
    Works,
    book,
    business,
    call,
    everybody,
    http_peer,
    mail_server,
    open_store,
    said,
    settings,
    text_of,
)

from torim.core.events import EndReason
from torim.core.transcript import Speaker
from torim.desk.book import ChangeRequest
from torim.desk.business import PrivacyMode
from torim.desk.messages import MessageRequest, Urgency
from torim.desk.outcomes import Outcome, Sentiment
from torim.jobs.base import PATIENCE, Kind
from torim.jobs.chat import Model
from torim.jobs.summary import SCHEMA
from torim.storage.jobs import JobStatus
from torim.storage.records import StoredCall, SummarySource
from torim.storage.store import Store

GOOD: dict[str, Any] = {
    "summary": "Noa Levi asked for a haircut on Tuesday. She was offered half past ten.",
    "intent": "book a haircut",
    "outcome": "question",
    "next_action": "Call her back about the price.",
    "sentiment": "positive",
    "urgency": "normal",
    "details": {"name": "Noa Levi", "phone": None, "request": "short at the sides"},
}


def completion(content: Any) -> tuple[int, Any]:
    text = content if isinstance(content, str) else json.dumps(content, ensure_ascii=False)
    return 200, {"choices": [{"message": {"role": "assistant", "content": text}}]}


def answers(*contents: Any) -> Callable[[Request], tuple[int, Any]]:
    """One after the other, the last again and again."""
    left = list(contents)
    return lambda request: completion(left.pop(0) if len(left) > 1 else left[0])


def works(store: Store, tmp_path: Path, chat: HttpPeer | None, **more: Any) -> Works:
    model = Model(f"{chat.url}/v1", "tiny", "key-of-the-model") if chat else None
    return Works(store, settings(tmp_path, model=model, **more))


def stored(store: Store, call_id: str = "CA1") -> StoredCall:
    found = store.call("shaked", call_id)
    assert found is not None
    return found


def test_a_model_writes_the_summary_and_it_is_filed_with_call_and_appointment(store: Store, tmp_path: Path) -> None:
    call(store)
    book(store)
    with http_peer(answers(GOOD | {"outcome": "booked"})) as chat:
        works(store, tmp_path, chat).run()
        (request,) = chat.requests
    found = stored(store)
    assert (found.summary, found.summary_source) == (GOOD["summary"], SummarySource.MODEL)
    assert (found.intent, found.outcome, found.sentiment) == ("book a haircut", Outcome.BOOKED, Sentiment.POSITIVE)
    assert found.details == {"name": "Noa Levi", "phone": CALLER, "request": "short at the sides"}
    (made,) = store.of_call("shaked", "CA1")
    assert made.call_summary == GOOD["summary"]
    assert request.path == "/v1/chat/completions" and request.headers["Authorization"] == "Bearer key-of-the-model"
    strict = request.json["response_format"]["json_schema"]
    assert strict["strict"] is True and strict["schema"] == json.loads(json.dumps(SCHEMA))


def test_the_model_reads_what_was_heard_and_no_more(store: Store, tmp_path: Path) -> None:
    call(store)
    with http_peer(answers(GOOD)) as chat:
        works(store, tmp_path, chat).run()
        asked = chat.requests[0].json["messages"][1]["content"]
    assert "0:02 Caller: I would like a haircut on Tuesday." in asked
    assert "Tuesday at half past ten is free. \u2014" in asked and "Shall I book it" not in asked


@pytest.mark.parametrize(
    "bad",
    [
        "I am sorry, I cannot do that.",
        GOOD | {"outcome": "triumph"},
        {key: value for key, value in GOOD.items() if key != "urgency"},
        GOOD | {"mood": "sunny"},
        GOOD | {"summary": "Short."},
        GOOD | {"summary": "One. Two. Three. Four. Five. And so on and on."},
        GOOD | {"summary": "נועה ביקשה תספורת ביום שלישי. הוצע לה תור."},
        GOOD | {"outcome": "booked"},
        GOOD | {"details": {"name": None, "phone": "+972521111111", "request": None}},
    ],
    ids=["prose", "unknown", "missing", "extra", "short", "long", "language", "invented booking", "invented number"],
)
def test_a_bad_answer_is_refused_and_asked_for_again_with_the_reason(
    store: Store, tmp_path: Path, bad: dict[str, Any] | str
) -> None:
    call(store)
    with http_peer(answers(bad, GOOD)) as chat:
        works(store, tmp_path, chat).run()
        assert len(chat.requests) == 2
        assert "cannot be used" in chat.requests[1].json["messages"][-1]["content"]
    assert stored(store).summary == GOOD["summary"]


def test_a_model_that_goes_on_answering_badly_leaves_the_word_to_the_facts(store: Store, tmp_path: Path) -> None:
    call(store)
    with http_peer(answers("no")) as chat:
        at_work = works(store, tmp_path, chat)
        at_work.until_nothing_waits()
        assert len(chat.requests) == 2 * PATIENCE[Kind.SUMMARY].attempts
    (job,) = at_work.jobs(Kind.SUMMARY)
    assert job.status is JobStatus.DONE and job.result is not None and job.result["source"] == "facts"
    assert stored(store).summary_source is SummarySource.FACTS


def test_a_server_that_knows_no_strict_form_is_asked_without(store: Store, tmp_path: Path) -> None:
    call(store)
    fenced = "```json\n" + json.dumps(GOOD) + "\n```"

    def old(request: Request) -> tuple[int, Any]:
        return (400, {"error": "response_format"}) if "response_format" in request.json else completion(fenced)

    with http_peer(old) as chat:
        works(store, tmp_path, chat).run()
        assert len(chat.requests) == 3
    assert stored(store).summary == GOOD["summary"]


def test_a_server_that_is_away_is_tried_again(store: Store, tmp_path: Path) -> None:
    call(store)
    with http_peer(lambda request: (503, {})) as chat:
        at_work = works(store, tmp_path, chat)
        at_work.run()
        assert stored(store).summary == "a line of facts"  # the call has one meanwhile
        chat.answer = answers(GOOD)
        at_work.until_nothing_waits()
    assert stored(store).summary == GOOD["summary"]


def test_without_a_model_the_facts_are_the_summary(store: Store, tmp_path: Path) -> None:
    call(store)
    book(store)
    works(store, tmp_path, None).run()
    found = stored(store)
    assert found.summary == (
        "Booked haircut for Tuesday 24.11.2026 at 10:30."
        " The call lasted 1:05 minutes, and the caller cut in once; the caller hung up."
    )
    assert (found.outcome, found.intent) == (Outcome.BOOKED, "to book an appointment")
    assert found.details == {"name": "Noa Levi", "phone": CALLER}


def test_facts_in_hebrew(store: Store, tmp_path: Path) -> None:
    call(store, language="he")
    book(store)
    works(store, tmp_path, None).run()
    assert stored(store).summary == (
        "נקבע תור: תספורת, יום שלישי 24.11.2026 בשעה 10:30. השיחה נמשכה 1:05 דקות, המתקשר התפרץ פעם אחת; המתקשר ניתק."
    )


def test_the_outcome_is_what_the_call_did(store: Store, tmp_path: Path) -> None:
    """One call books, another cancels that appointment, one leaves a message, one says nothing."""
    call(store, "CA1")
    made = book(store, "CA1")
    call(store, "CA2", ended=False)
    store.cancel(
        ChangeRequest(
            business_id="shaked", appointment_id=made.id, idempotency_key="CA2/t1", asked_at=NOW, call_id="CA2"
        )
    )
    call(store, "CA2")
    message = MessageRequest(
        business_id="shaked",
        text="Call me.",
        idempotency_key="CA3/t1",
        asked_at=NOW,
        call_id="CA3",
        urgency=Urgency.URGENT,
    )
    call(store, "CA3", ended=False)
    store.leave_message(message)
    call(store, "CA3")
    call(store, "CA4", turns=(said(Speaker.AI, 0, "Hello?"),))
    call(store, "CA5")
    call(store, "CA6", turns=(), reason=EndReason.LINE_LOST)
    works(store, tmp_path, None).run()
    outcomes = {name: stored(store, name).outcome for name in ("CA1", "CA2", "CA3", "CA4", "CA5", "CA6")}
    assert outcomes == {
        "CA1": Outcome.BOOKED,  # whatever another call did with it
        "CA2": Outcome.CANCELLED,
        "CA3": Outcome.MESSAGE,
        "CA4": Outcome.ABANDONED,
        "CA5": Outcome.QUESTION,
        "CA6": Outcome.NONE,
    }
    assert stored(store, "CA3").urgency is Urgency.URGENT


def test_a_summary_is_made_again_when_asked_for_and_tells_nobody_twice(tmp_path: Path) -> None:
    with http_peer() as receiver, mail_server() as post, http_peer(answers(GOOD)) as chat:
        store = open_store(f"sqlite:///{tmp_path}/torim.db", business(notifications=everybody(receiver.url)))
        call(store)
        at_work = works(store, tmp_path, chat, post=post)
        at_work.run()
        better = GOOD | {"summary": "Noa Levi wants a haircut on Tuesday, short at the sides. She will call again."}
        chat.answer = answers(better)
        at_work.book.summarize_again("shaked", "CA1", NOW + timedelta(hours=1))
        at_work.clock.pass_(hours=2)
        at_work.run()
        assert len(receiver.requests) == 1 and len(post.to("dana@shaked.example")) == 1
        assert GOOD["summary"] in text_of(post.mails[0])
    assert stored(store).summary == better["summary"]
    store.close()


def test_an_erased_call_gets_no_new_summary(store: Store, tmp_path: Path) -> None:
    call(store)
    at_work = works(store, tmp_path, None)
    at_work.run()
    at_work.service.privacy.forget("shaked", ["CA1"], NOW)
    at_work.book.summarize_again("shaked", "CA1", NOW)
    at_work.run()
    assert stored(store).summary is None


# --- storage modes --------------------------------------------------------------------------------------------

NUMBER = "Sure, it is 0 5 0 - 1 2 3 4 5 6 7, and noa@example.com."


@pytest.mark.parametrize("mode", [PrivacyMode.NO_PERSONAL_DATA, PrivacyMode.FACTS_ONLY])
def test_a_business_that_keeps_no_persons_keeps_none(tmp_path: Path, mode: PrivacyMode) -> None:
    """Nothing of the caller is stored with the call, and nothing reaches a model."""
    store = open_store(f"sqlite:///{tmp_path}/torim.db", business(privacy_mode=mode))
    call(store, turns=(*CONVERSATION, said(Speaker.CALLER, 9000, NUMBER)))
    book(store)
    with http_peer(answers(GOOD | {"outcome": "booked"})) as chat:
        works(store, tmp_path, chat).run()
        asked = "".join(json.dumps(request.json, ensure_ascii=False) for request in chat.requests)
    turns = store.turns("shaked", "CA1")
    found, (made,) = stored(store), store.of_call("shaked", "CA1")
    kept = " ".join([*(turn.text for turn in turns), str(found), str(made.call_summary), str(made.call_transcript)])
    for secret in ("Noa", "Levi", "123", "4567", "noa@example.com", CALLER):
        assert secret not in kept, f"{secret} in {kept}"
        assert secret not in asked
    assert found.outcome is Outcome.BOOKED and found.ended_at is not None
    assert bool(turns) == bool(chat.requests) == (mode is PrivacyMode.NO_PERSONAL_DATA)
    store.close()
