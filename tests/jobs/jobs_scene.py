"""A business, its database, and servers on loopback that keep what they are sent."""

from __future__ import annotations

import email
import email.policy
import json
import socketserver
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email.message import EmailMessage
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import msgspec

from torim.core.events import EndReason
from torim.core.transcript import Speaker, Turn
from torim.desk.book import Appointment, BookingRequest, Source
from torim.desk.business import Business, Notifications, Owner, load_business
from torim.jobs.base import Kind
from torim.jobs.service import JobService, JobSettings, SmsAccount
from torim.storage.jobs import Job, JobStatus
from torim.storage.records import CallEnd, CallStart, TurnsSoFar
from torim.storage.store import Store

NOW = datetime(2026, 11, 22, 10, 0, tzinfo=UTC)  # Sunday noon in Jerusalem
TUESDAY = datetime(2026, 11, 24, 8, 30, tzinfo=UTC)  # 10:30 there
SECRET = "whsec_c2hha2VkLXNlY3JldC1zaGFrZWQtc2VjcmV0"
SID, TOKEN = "AC" + "1" * 32, "token-of-the-account"
CALLER = "+972501234567"


class Clock:
    """A clock that is moved by hand."""

    def __init__(self, at: datetime = NOW) -> None:
        self.at = at

    def __call__(self) -> datetime:
        return self.at

    def pass_(self, **span: float) -> None:
        self.at += timedelta(**span)


# --- servers --------------------------------------------------------------------------------------------------


@dataclass
class Request:
    method: str
    path: str
    headers: dict[str, str]
    body: bytes

    @property
    def form(self) -> dict[str, str]:
        return dict(parse_qsl(self.body.decode()))

    @property
    def query(self) -> dict[str, str]:
        return dict(parse_qsl(urlsplit(self.path).query))

    @property
    def json(self) -> Any:
        return json.loads(self.body)


Answer = tuple[int, Any] | tuple[int, Any, dict[str, str]]


@dataclass
class HttpPeer:
    """An HTTP server whose answers a test chooses."""

    url: str = ""
    requests: list[Request] = field(default_factory=list)
    answer: Callable[[Request], Answer] = lambda request: (200, {})

    def got(self, part: str = "") -> list[Request]:
        return [request for request in self.requests if part in request.path]


@contextmanager
def http_peer(answer: Callable[[Request], Answer] | None = None) -> Iterator[HttpPeer]:
    peer = HttpPeer()
    if answer is not None:
        peer.answer = answer

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            request = Request(self.command, self.path, dict(self.headers), body)
            peer.requests.append(request)
            status, content, *more = peer.answer(request)
            data = content if isinstance(content, bytes) else json.dumps(content).encode()
            self.send_response(status)
            for name, value in (more[0] if more else {}).items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)

        do_GET = do_POST

        def log_message(self, format: str, *args: Any) -> None: ...

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        server.daemon_threads = True
        peer.url = f"http://127.0.0.1:{server.server_address[1]}"
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
        thread.start()
        yield peer
        server.shutdown()
        thread.join()


@dataclass
class Post:
    """A mail server: what it took, and how it answers an address."""

    url: str = ""
    mails: list[EmailMessage] = field(default_factory=list)
    refuse: Callable[[str], str | None] = lambda address: None
    logins: list[str] = field(default_factory=list)  # what came after AUTH, in clear
    lost_answers: int = 0  # so many times it takes a mail and breaks off before it says so

    def to(self, address: str) -> list[EmailMessage]:
        return [mail for mail in self.mails if mail["To"] == address]


@contextmanager
def mail_server() -> Iterator[Post]:
    """A real SMTP conversation on a socket (RFC 5321: HELO, MAIL, RCPT, DATA, RSET, QUIT)."""
    post = Post()

    class Session(socketserver.StreamRequestHandler):
        def say(self, line: str) -> None:
            self.wfile.write(f"{line}\r\n".encode())

        def handle(self) -> None:
            self.say("220 post.example ready")
            while line := self.rfile.readline().decode().strip():
                verb = line[:4].upper()
                if verb == "QUIT":
                    return self.say("221 bye")
                if verb == "DATA":
                    if not self.data():
                        return None
                elif verb == "EHLO":
                    self.say("250-post.example")
                    self.say("250 AUTH PLAIN")
                elif verb == "AUTH":
                    post.logins.append(line)
                    self.say("235 welcome")
                elif verb == "RCPT" and (refusal := post.refuse(line)):
                    self.say(refusal)
                else:
                    self.say("250 ok")
            return None

        def data(self) -> bool:
            self.say("354 go on")
            lines = []
            while (line := self.rfile.readline()) != b".\r\n":
                lines.append(line[1:] if line.startswith(b"..") else line)
            post.mails.append(email.message_from_bytes(b"".join(lines), policy=email.policy.default))
            if post.lost_answers:
                post.lost_answers -= 1
                return False
            self.say("250 taken")
            return True

    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), Session) as server:
        server.daemon_threads = True
        post.url = f"smtp://127.0.0.1:{server.server_address[1]}"
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
        thread.start()
        yield post
        server.shutdown()
        thread.join()


def twilio(sent: list[dict[str, str]], now: Callable[[], datetime]) -> Callable[[Request], Answer]:
    """How Twilio's Messages resource answers."""

    def answer(request: Request) -> Answer:
        if request.method == "GET":
            return 200, {"messages": [one for one in sent if one["to"] == request.query["To"]]}
        created = f"{now():%a, %d %b %Y %H:%M:%S +0000}"
        form = request.form
        message = {"sid": f"SM{len(sent)}", "to": form["To"], "body": form["Body"], "status": "queued"}
        sent.append(message | {"date_created": created})
        return 201, message

    return answer


# --- a business and its calls ---------------------------------------------------------------------------------


def business(**changes: Any) -> Business:
    """The sample business, with an owner who can be told."""
    owner = Owner(name="Dana", phone="+97235550199", email="dana@shaked.example")
    made: Business = msgspec.structs.replace(load_business(), owner=owner, **changes)
    return made


def everybody(url: str | None = None) -> Notifications:
    """Every switch on."""
    return Notifications(owner_sms=True, customer_sms=True, webhook_url=url, webhook_secret=SECRET if url else None)


def open_store(url: str, made: Business) -> Store:
    store = Store(url)
    store.upgrade()
    if store.businesses.get(made.id) is None:
        store.businesses.save(made, 0, NOW)
    return store


def book(store: Store, call: str | None = "CA1", tool: str = "t1", **changes: Any) -> Appointment:
    values: dict[str, Any] = {
        "business_id": "shaked",
        "service_id": "haircut",
        "starts_at": TUESDAY,
        "ends_at": TUESDAY + timedelta(minutes=30),
        "timezone": "Asia/Jerusalem",
        "idempotency_key": f"{call or 'api'}/{tool}",
        "asked_at": NOW,
        "call_id": call,
        "source": Source.CALL if call else Source.API,
        "contact_name": "Noa Levi",
        "contact_phone": CALLER,
        "contact_email": "noa@example.com",
    }
    return store.book(BookingRequest(**(values | changes)))


def said(speaker: Speaker, start_ms: int, text: str, unheard: str = "") -> Turn:
    whole = f"{text} {unheard}".strip()
    return Turn(speaker, start_ms, start_ms + 1500, whole, text, unheard, 1500, 3000, bool(unheard), bool(unheard), "i")


CONVERSATION = (
    said(Speaker.AI, 0, "Hello, this is Shaked. How can I help?"),
    said(Speaker.CALLER, 2500, "I would like a haircut on Tuesday."),
    said(Speaker.AI, 5000, "Tuesday at half past ten is free.", "Shall I book it for you?"),
    said(Speaker.CALLER, 7000, "Yes please, for Noa Levi."),
)


def call(
    store: Store,
    call_id: str = "CA1",
    *,
    turns: tuple[Turn, ...] = CONVERSATION,
    ended: bool = True,
    language: str = "en",
    caller: str | None = CALLER,
    reason: EndReason = EndReason.CALLER_HUNG_UP,
) -> None:
    """A call as the live side stores it."""
    start = CallStart(
        call_id, "shaked", "twilio", "scripted", NOW - timedelta(seconds=65), caller, "+97235550100", 1, language
    )
    store.write([start, TurnsSoFar(call_id, turns)])
    if ended:
        counts = {"duration_ms": 65_000, "barge_ins": 1}
        store.write([CallEnd(call_id, NOW, reason, counts, "a line of facts", "said")])


# --- the work -------------------------------------------------------------------------------------------------


class Works:
    """The jobs of a database, done one after the other when a test says so."""

    def __init__(self, store: Store, settings: JobSettings, clock: Clock | None = None) -> None:
        self.clock = clock or Clock()
        self.store = store
        self.service = JobService(settings, store, self.clock)
        self.book = self.service.book

    def run(self, rounds: int = 20) -> list[Job]:
        """Do what is due, and what follows from it, until nothing is."""
        done = []
        for _ in range(rounds):
            taken = self.book.claim(self.clock(), 50)
            if not taken:
                return done
            for job in taken:
                self.service.workshop.perform(job)
            done += taken
        raise AssertionError(f"still jobs after {rounds} rounds")

    def until_nothing_waits(self, **step: float) -> None:
        """Let time pass until every job has come to an end."""
        for _ in range(200):
            self.run()
            due = self.book.next_due()
            if due is None:
                return
            self.clock.at = max(due, self.clock.at)
        raise AssertionError("jobs without end")

    def jobs(self, kind: Kind | None = None, status: JobStatus | None = None) -> list[Job]:
        found = self.book.of_business("shaked", status=status, limit=1000)
        return [job for job in found if kind is None or job.kind == kind.value]


def settings(tmp_path: Path, post: Post | None = None, carrier: HttpPeer | None = None, **changes: Any) -> JobSettings:
    values: dict[str, Any] = {"data_dir": tmp_path}
    if post is not None:
        values |= {"smtp_url": post.url, "mail_from": "Shaked <desk@shaked.example>"}
    if carrier is not None:
        values["sms"] = SmsAccount(SID, TOKEN, "+15005550006", carrier.url)
    return JobSettings(**({"allow_private_addresses": True} | values | changes))


def text_of(mail: EmailMessage) -> str:
    body = mail.get_body(("plain",))
    assert body is not None
    return str(body.get_content())


def calendar_of(mail: EmailMessage) -> str:
    (attached,) = [part for part in mail.iter_attachments() if part.get_content_type() == "text/calendar"]
    content = attached.get_content()
    return content if isinstance(content, str) else content.decode()
