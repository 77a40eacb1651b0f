"""Who is told of what: over real SMTP and HTTP, on loopback."""

import base64
from datetime import timedelta
from pathlib import Path

import icalendar
from jobs_scene import (
    CALLER,
    NOW,
    SECRET,
    SID,
    TOKEN,
    TUESDAY,
    Clock,
    Works,
    book,
    business,
    calendar_of,
    call,
    everybody,
    http_peer,
    mail_server,
    open_store,
    settings,
    text_of,
    twilio,
)

from torim.desk.book import ChangeRequest, EditRequest, RescheduleRequest, Source
from torim.desk.business import Notifications
from torim.desk.messages import MessageRequest, Urgency
from torim.jobs import webhooks
from torim.jobs.base import Kind
from torim.storage.jobs import JobStatus
from torim.storage.store import Store


def test_a_booking_is_confirmed_to_the_customer_with_a_calendar_file(store: Store, tmp_path: Path) -> None:
    call(store)
    made = book(store)
    with mail_server() as post:
        works = Works(store, settings(tmp_path, post))
        works.run()
        (mail,) = post.to("noa@example.com")
    assert "haircut" in mail["Subject"] and "Tuesday 24.11.2026 at 10:30" in mail["Subject"]
    assert text_of(mail).startswith("Hello Noa Levi,\n")
    (event,) = icalendar.Calendar.from_ical(calendar_of(mail)).walk("VEVENT")
    assert (event["UID"], event["SEQUENCE"], event["STATUS"]) == (f"{made.id}@torim", 0, "CONFIRMED")
    assert event.decoded("DTSTART") == TUESDAY
    assert "haircut on Tuesday" not in mail.as_string()  # nothing of what was said


def test_hebrew_is_written_in_the_language_of_the_call(store: Store, tmp_path: Path) -> None:
    call(store, language="he")
    book(store)
    with mail_server() as post:
        Works(store, settings(tmp_path, post)).run()
        (mail,) = post.to("noa@example.com")
    assert mail["Subject"] == "נקבע תור: תספורת, יום שלישי 24.11.2026 בשעה 10:30"
    assert "נקבע לך תור בסטודיו שקד: תספורת, יום שלישי 24.11.2026 בשעה 10:30." in text_of(mail)


def test_the_owner_is_told_of_bookings_by_telephone_and_not_of_their_own(store: Store, tmp_path: Path) -> None:
    call(store)
    book(store)
    later = TUESDAY + timedelta(hours=1)
    book(store, None, starts_at=later, ends_at=later + timedelta(minutes=30), source=Source.WEB)
    with mail_server() as post:
        Works(store, settings(tmp_path, post)).run()
        (mail,) = post.to("dana@shaked.example")
        assert len(post.to("noa@example.com")) == 2
    assert "Noa Levi" in text_of(mail) and CALLER in text_of(mail)


def test_a_move_and_a_cancellation_are_told_with_the_same_event(store: Store, tmp_path: Path) -> None:
    made = book(store, None)
    with mail_server() as post:
        works = Works(store, settings(tmp_path, post))
        works.run()
        at = TUESDAY + timedelta(hours=2)
        move = {"starts_at": at, "ends_at": at + timedelta(minutes=30), "asked_at": NOW}
        store.reschedule(
            RescheduleRequest(business_id="shaked", appointment_id=made.id, idempotency_key="m", **move)  # type: ignore[arg-type]
        )
        works.run()
        store.cancel(ChangeRequest(business_id="shaked", appointment_id=made.id, idempotency_key="c", asked_at=NOW))
        works.run()
        mails = post.to("noa@example.com")
    events = [icalendar.Calendar.from_ical(calendar_of(mail)).walk("VEVENT")[0] for mail in mails]
    assert [str(event["STATUS"]) for event in events] == ["CONFIRMED", "CONFIRMED", "CANCELLED"]
    assert [event["SEQUENCE"] for event in events] == [0, 1, 2]
    assert len({str(event["UID"]) for event in events}) == 1
    assert "METHOD:CANCEL" in calendar_of(mails[2])


def test_a_reminder_comes_a_day_before_and_not_after_a_move(store: Store, tmp_path: Path) -> None:
    made = book(store, None)
    with mail_server() as post:
        works = Works(store, settings(tmp_path, post), Clock())
        works.run()
        at = TUESDAY + timedelta(days=1)
        store.reschedule(
            RescheduleRequest(
                business_id="shaked",
                appointment_id=made.id,
                idempotency_key="m",
                asked_at=NOW,
                starts_at=at,
                ends_at=at + timedelta(minutes=30),
            )
        )
        works.run()
        works.clock.at = TUESDAY - timedelta(hours=23)
        works.run()
        assert not [mail for mail in post.mails if "Reminder" in mail["Subject"]]
        works.clock.at = at - timedelta(hours=24)
        works.run()
        reminders = [mail for mail in post.mails if "Reminder" in mail["Subject"] or "תזכורת" in mail["Subject"]]
    assert [mail["To"] for mail in reminders] == ["noa@example.com"]
    assert len(works.jobs(Kind.REMINDER, JobStatus.DROPPED)) == 1


def test_nobody_is_reminded_of_what_was_cancelled(store: Store, tmp_path: Path) -> None:
    made = book(store, None)
    with mail_server() as post:
        works = Works(store, settings(tmp_path, post))
        works.run()
        store.cancel(ChangeRequest(business_id="shaked", appointment_id=made.id, idempotency_key="c", asked_at=NOW))
        works.until_nothing_waits()
        assert not [mail for mail in post.mails if "תזכורת" in mail["Subject"]]


def test_a_confirmation_overtaken_by_a_cancellation_is_not_sent(store: Store, tmp_path: Path) -> None:
    made = book(store, None)
    store.cancel(ChangeRequest(business_id="shaked", appointment_id=made.id, idempotency_key="c", asked_at=NOW))
    with mail_server() as post:
        Works(store, settings(tmp_path, post)).run()
        (mail,) = post.to("noa@example.com")
    assert "בוטל" in mail["Subject"]


def test_a_hold_and_a_change_of_contact_tell_nobody(store: Store, tmp_path: Path) -> None:
    made = book(store, None)
    with mail_server() as post:
        works = Works(store, settings(tmp_path, post))
        works.run()
        before = len(post.mails)
        edit = EditRequest(
            business_id="shaked", appointment_id=made.id, idempotency_key="e", asked_at=NOW, contact_name="Noa"
        )
        store.edit(edit)
        assert works.run() == [] and len(post.mails) == before


def test_text_messages_go_through_the_carrier(store: Store, tmp_path: Path) -> None:
    book(store, None, contact_phone="050-123-4567", contact_email=None)
    sent: list[dict[str, str]] = []
    with http_peer(twilio(sent, lambda: NOW)) as carrier:
        Works(store, settings(tmp_path, carrier=carrier)).run()
        (request,) = carrier.got()
    assert request.path == f"/2010-04-01/Accounts/{SID}/Messages.json"
    assert base64.b64decode(request.headers["Authorization"].split()[1]).decode() == f"{SID}:{TOKEN}"
    assert (request.form["To"], request.form["From"]) == (CALLER, "+15005550006")
    assert request.form["Body"].startswith("נקבע לך תור בסטודיו שקד: תספורת")


def test_a_number_that_the_carrier_will_never_take_is_given_up_at_once(store: Store, tmp_path: Path) -> None:
    book(store, None, contact_email=None)
    with http_peer(lambda request: (400, {"code": 21610, "message": "unsubscribed"})) as carrier:
        works = Works(store, settings(tmp_path, carrier=carrier))
        works.run()
        assert len(carrier.requests) == 1
    (dead,) = works.jobs(Kind.SMS, JobStatus.DEAD)
    assert "21610" in str(dead.last_error)


def test_a_text_message_whose_answer_was_lost_is_found_and_not_sent_again(store: Store, tmp_path: Path) -> None:
    book(store, None, contact_email=None)
    sent: list[dict[str, str]] = []
    clock = Clock(NOW)
    taking = twilio(sent, clock)

    def answer(request):  # type: ignore[no-untyped-def]
        status, content = taking(request)
        return (502, b"gateway") if request.method == "POST" else (status, content)

    with http_peer(answer) as carrier:
        works = Works(store, settings(tmp_path, carrier=carrier), clock)
        works.run()
        clock.pass_(minutes=2)
        works.run()
    (job,) = works.jobs(Kind.SMS)
    assert (job.status, job.attempts, job.result) == (JobStatus.DONE, 2, {"carrier_id": "SM0"})
    assert len(sent) == 1


def test_a_mailbox_that_does_not_exist_is_given_up_and_a_busy_server_is_not(store: Store, tmp_path: Path) -> None:
    book(store, None)
    with mail_server() as post:
        post.refuse = lambda line: "451 later" if "noa" in line else None
        works = Works(store, settings(tmp_path, post))
        works.run()
        (job,) = works.jobs(Kind.EMAIL)
        assert (job.status, job.attempts) == (JobStatus.WAITING, 1)
        assert job.run_at >= NOW + timedelta(seconds=30)
        post.refuse = lambda line: "550 no such mailbox"
        works.clock.pass_(minutes=2)
        works.run()
    (job,) = works.jobs(Kind.EMAIL)
    assert job.status is JobStatus.DEAD and "550" in str(job.last_error)


def test_a_mail_keeps_its_message_id_when_it_is_sent_again(store: Store, tmp_path: Path) -> None:
    book(store, None)
    with mail_server() as post:
        post.lost_answers = 1
        works = Works(store, settings(tmp_path, post))
        works.run()
        works.clock.pass_(minutes=2)
        works.run()
        first, second = post.mails
    assert first["Message-ID"] == second["Message-ID"]
    assert [job.status for job in works.jobs(Kind.EMAIL)] == [JobStatus.DONE]


def test_messages_of_callers_reach_the_owner_with_their_urgency(store: Store, tmp_path: Path) -> None:
    call(store, ended=False)
    store.leave_message(
        MessageRequest(
            business_id="shaked",
            text="The tap is leaking.",
            idempotency_key="CA1/t9",
            asked_at=NOW,
            call_id="CA1",
            from_number=CALLER,
            name="Noa",
            urgency=Urgency.URGENT,
        )
    )
    sent: list[dict[str, str]] = []
    with mail_server() as post, http_peer(twilio(sent, lambda: NOW)) as carrier:
        Works(store, settings(tmp_path, post, carrier)).run()
        (mail,) = post.to("dana@shaked.example")
    assert mail["Subject"] == f"הודעה דחופה מאת Noa, {CALLER}"
    assert "The tap is leaking." in text_of(mail)
    assert [message["to"] for message in sent] == ["+97235550199"]


def test_without_a_mail_server_or_a_number_nothing_is_owed(store: Store, tmp_path: Path) -> None:
    book(store, None)
    works = Works(store, settings(tmp_path))
    works.run()
    assert {job.kind for job in works.jobs()} == {Kind.FOLLOW.value}


def test_switches_are_per_business(tmp_path: Path) -> None:
    off = Notifications(owner_email=False, customer_email=False)
    store = open_store(f"sqlite:///{tmp_path}/torim.db", business(notifications=off))
    book(store, None)
    with mail_server() as post:
        Works(store, settings(tmp_path, post)).run()
        assert post.mails == []
    store.close()


# --- webhooks -------------------------------------------------------------------------------------------------


def with_webhook(tmp_path: Path, url: str) -> Store:
    return open_store(f"sqlite:///{tmp_path}/torim.db", business(notifications=everybody(url)))


def test_a_webhook_is_signed_and_its_receiver_can_check_it(tmp_path: Path) -> None:
    with http_peer() as receiver:
        store = with_webhook(tmp_path, f"{receiver.url}/hook")
        made = book(store, None)
        works = Works(store, settings(tmp_path))
        works.run()
        (request,) = receiver.got("/hook")
    (job,) = works.jobs(Kind.WEBHOOK)
    assert webhooks.verify(SECRET, request.headers, request.body, int(NOW.timestamp())) == job.id
    event = request.json
    assert (event["id"], event["type"], event["business_id"]) == (job.id, "appointment.booked", "shaked")
    assert (event["data"]["appointment_id"], event["data"]["starts_at"]) == (made.id, "2026-11-24T08:30:00Z")
    store.close()


def test_a_webhook_is_tried_again_later_with_the_same_id_and_a_new_time(tmp_path: Path) -> None:
    failures = [503, 500]
    with http_peer(lambda request: (failures.pop(0) if failures else 204, {})) as receiver:
        store = with_webhook(tmp_path, receiver.url)
        book(store, None)
        works = Works(store, settings(tmp_path))
        works.until_nothing_waits()
        ids = [request.headers["webhook-id"] for request in receiver.requests]
        times = [int(request.headers["webhook-timestamp"]) for request in receiver.requests]
    assert len(ids) == 3 and len(set(ids)) == 1
    assert times[1] - times[0] >= 10 and times[2] - times[1] >= 20
    store.close()


def test_a_server_that_asks_for_time_gets_it_and_one_that_is_gone_is_left_alone(tmp_path: Path) -> None:
    with http_peer(lambda request: (429, {}, {"Retry-After": "3600"})) as receiver:
        store = with_webhook(tmp_path, receiver.url)
        book(store, None)
        works = Works(store, settings(tmp_path))
        works.run()
        (job,) = works.jobs(Kind.WEBHOOK)
        assert job.run_at >= NOW + timedelta(hours=1)
        receiver.answer = lambda request: (410, {})
        works.clock.pass_(hours=2)
        works.run()
        (job,) = works.jobs(Kind.WEBHOOK)
    assert (job.status, job.attempts) == (JobStatus.DEAD, 2)
    store.close()


def test_a_dead_job_can_be_revived_by_hand(tmp_path: Path) -> None:
    with http_peer(lambda request: (410, {})) as receiver:
        store = with_webhook(tmp_path, receiver.url)
        book(store, None)
        works = Works(store, settings(tmp_path))
        works.run()
        (job,) = works.jobs(Kind.WEBHOOK, JobStatus.DEAD)
        assert not works.book.revive("another", job.id, NOW)
        assert works.book.revive("shaked", job.id, NOW)
        receiver.answer = lambda request: (200, {})
        works.run()
    assert [job.status for job in works.jobs(Kind.WEBHOOK)] == [JobStatus.DONE]
    store.close()
