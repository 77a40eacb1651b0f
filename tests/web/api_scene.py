"""What the scenes of the API share: a real database in a temporary directory, a clock, people, and a client."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import numpy as np
from web_scene import Settings, World, dependencies

from torim.carriers.trust import Doorkeeper
from torim.core.events import EndReason
from torim.core.transcript import Speaker, Turn
from torim.desk.book import BookingRequest
from torim.desk.business import Business, parse_business
from torim.desk.messages import Message, MessageRequest
from torim.live.recording import wav_header
from torim.storage.access import AccessStore, Account, ApiKey, Session
from torim.storage.files import call_files
from torim.storage.office import OfficeStore
from torim.storage.privacy import PrivacyStore
from torim.storage.records import CallEnd, CallStart
from torim.storage.store import Store
from torim.web.api.deps import ApiDeps
from torim.web.app import build_app
from torim.web.live_calls import BrowserCall, Command, LiveCall
from torim.web.news import NewsDesk
from torim.web.passwords import csrf_token, hash_password, hash_token, new_id, new_token

NOW = datetime(2027, 1, 10, 8, 0, tzinfo=UTC)  # a Sunday, 10:00 in Jerusalem
PASSWORD = "correct horse battery"
PASSWORD_HASH = hash_password(PASSWORD)
OWNER, STAFF = "owner@torim.example", "staff@torim.example"
HOST = "http://127.0.0.1:8080"

SHOP = """
id = "shop"
languages = ["he", "en"]
opening_language = "he"
numbers = ["+97235550100"]
minimum_notice_min = 60
horizon_days = 30
name = { he = "מספרה", en = "Barber" }
holidays = { country = "none", public_holidays = false, holiday_eves = false }

[[services]]
id = "haircut"
name = { he = "תספורת", en = "Haircut" }
duration_min = 30

[hours]
sunday = ["09:00-17:00"]
monday = ["09:00-17:00"]
tuesday = ["09:00-17:00"]
wednesday = ["09:00-17:00"]
thursday = ["09:00-17:00"]
"""
OTHER = SHOP.replace('"shop"', '"other"').replace("+97235550100", "+97235550199")


@dataclass
class Stage:
    """Live calls that a scene sets up, and the orders they were given."""

    live: tuple[LiveCall, ...] = ()
    orders: list[tuple[str, Command]] = field(default_factory=list)
    changed: asyncio.Event = field(default_factory=asyncio.Event)

    async def calls(self, business_id: str) -> Sequence[LiveCall]:
        return [call for call in self.live if call.business_id == business_id]

    async def follow(self, business_id: str) -> AsyncIterator[tuple[LiveCall, ...]]:
        while True:
            await self.changed.wait()
            self.changed.clear()
            yield tuple(await self.calls(business_id))

    async def command(self, business_id: str, call_id: str, command: Command) -> bool:
        found = any(call.call_id == call_id and call.business_id == business_id for call in self.live)
        if found:
            self.orders.append((call_id, command))
        return found

    def begin(self, business_id: str, called: str, caller: str) -> BrowserCall:
        return BrowserCall("browser-1", "/browser/media", {"token": "t", "called": called, "caller": caller})


@dataclass
class Clock:
    now: datetime = NOW

    def __call__(self) -> datetime:
        return self.now

    def forward(self, **by: float) -> None:
        self.now += timedelta(**by)


class Office:
    """A small installation: one business, an owner and a member of staff, a database of its own."""

    def __init__(
        self,
        directory: Path,
        *,
        settings: Settings | None = None,
        businesses: Sequence[str] = (SHOP,),
        url: str | None = None,
    ) -> None:
        self.data_dir = directory
        self.store = Store(url or f"sqlite:///{directory / 'torim.db'}")
        self.store.upgrade()
        self.clock = Clock()
        self.stage = Stage()
        self.ids: dict[str, str] = {}
        self.access = AccessStore(self.store.database)
        self.settings = settings or Settings()
        self.businesses = [parse_business(text, "test") for text in businesses]
        for business in self.businesses:
            self.store.businesses.adopt(business, NOW)
        office = OfficeStore(self.store.database)
        self.deps = ApiDeps(
            access=self.access,
            store=self.store,
            office=office,
            privacy=PrivacyStore(self.store.database, directory),
            live=self.stage,
            news=NewsDesk(self.stage, office, self.clock),
            doorkeeper=Doorkeeper(None, self.settings.public_url),
            data_dir=directory,
            now=self.clock,
            browser=self.stage,
        )
        self.app = build_app(dependencies(World(), self.settings, api=self.deps))

    @property
    def business(self) -> Business:
        return self.businesses[0]

    def person(self, email: str = OWNER, role: str = "owner", business_id: str = "shop") -> Account:
        return self.access.add_account(email, email.partition("@")[0], {business_id: role}, NOW, PASSWORD_HASH)

    def key(self, *scopes: str, business_id: str = "shop") -> dict[str, str]:
        """The header of a new API key."""
        secret = new_token("torim_")
        self.access.add_key(
            ApiKey(secret[-16:], business_id, "test", scopes, None, NOW, None, None, None), hash_token(secret)
        )
        return {"Authorization": f"Bearer {secret}"}

    def session_headers(self, email: str = OWNER) -> dict[str, str]:
        """The headers of a new session, as a page sends them."""
        account = self.access.account_by_email(email)
        assert account is not None
        token, now = new_token(), self.clock.now
        session = Session(new_id(), account.id, next(iter(account.roles)), "", now, now, now + timedelta(days=1))
        self.access.add_session(hash_token(token), session)
        return {"Cookie": f"torim_session={token}", "X-CSRF-Token": csrf_token(token)}

    def fill(self) -> None:
        """A call with its files, an appointment and a message of it; their ids are kept."""
        self.call("CA1")
        self.call_file("CA1", ".call").write_text(TIMELINE, encoding="utf-8")
        self.call_file("CA1", ".wav").write_bytes(recording(seconds=2))
        made = self.store.book(self.wish())
        left = self.fill_message()
        self.ids |= {"call_id": "CA1", "appointment_id": made.id, "message_id": left.id}

    def fill_message(self) -> Message:
        """A message of the call."""
        message = MessageRequest(
            business_id="shop",
            text="Please call back.",
            idempotency_key="m1",
            asked_at=self.clock.now,
            call_id="CA1",
            from_number="+972501234567",
        )
        return self.store.leave_message(message)

    def wish(self, hours: int = 24, **more: Any) -> BookingRequest:
        """A haircut, some hours from now."""
        begins = self.clock.now + timedelta(hours=hours)
        given = {
            "business_id": "shop",
            "service_id": "haircut",
            "starts_at": begins,
            "ends_at": begins + timedelta(minutes=30),
            "timezone": "Asia/Jerusalem",
            "idempotency_key": f"wish-{hours}",
            "asked_at": self.clock.now,
            "call_id": "CA1",
            "contact_name": "Dana Levi",
            "contact_phone": "+972501234567",
        }
        return BookingRequest(**(given | more))

    def call_file(self, call_id: str, suffix: str) -> Path:
        """Where a file of a call belongs; its directory exists."""
        files = call_files(self.data_dir, call_id, self.clock.now)
        path = files.timeline if suffix == ".call" else files.recording
        path.parent.mkdir(parents=True, exist_ok=True)
        return path

    def client(self, headers: dict[str, str] | None = None, peer: str = "203.0.113.7") -> httpx.AsyncClient:
        transport = httpx.ASGITransport(self.app, client=(peer, 50_000))
        return httpx.AsyncClient(transport=transport, base_url=HOST, headers=headers, trust_env=False)

    def call(
        self, call_id: str = "CA1", number: str | None = "+972501234567", business_id: str = "shop", **end: Any
    ) -> None:
        """A call that ended, with one question and an answer that was cut; ``counts`` are added to the usual ones."""
        counts = {"duration_ms": 30_000, "barge_ins": 1, **end.pop("counts", {})}
        start = CallStart(call_id, business_id, "twilio", "embedded", self.clock.now, number, "+97235550100")
        self.store.start_call(start)
        self.store.put_turns(call_id, TURNS)
        ended = {"outcome": None, "summary": "Asked about prices.", **end}
        self.store.finish_call(
            CallEnd(
                call_id,
                self.clock.now + timedelta(seconds=30),
                EndReason.CALLER_HUNG_UP,
                counts,
                transcript="Caller: how much?",
                **ended,
            )
        )


TURNS = (
    Turn(Speaker.CALLER, 1_000, 2_000, "how much is a haircut", "how much is a haircut", item_id="u1"),
    Turn(
        Speaker.AI,
        2_500,
        4_000,
        "It is ninety shekels, and we",
        "It is ninety",
        "shekels, and we",
        heard_ms=1_500,
        audio_ms=3_000,
        interrupted=True,
        estimated=True,
        item_id="a1",
    ),
)

TIMELINE = """# call: CA1
     0  carrier started
    30  engine  ready
  1000  engine  created R1 key=r1
  1100  torim   log DEBUG [AUDIO_STATE] first audio of the response is on its way response=R1
  1300  carrier mark 1 epoch=0
  2060  caller  voice_onset audio_ms=2000 speech=0.9
  2060  torim   clear epoch=1
  2060  torim   log INFO [ECHO_CHECK] held: a sound is being verified sounding=true echo_window=true speech=0.9
  2200  caller  voice_dropped noise audio_ms=2200
  2200  torim   log INFO [ECHO_CHECK] resumed: it was not the caller's voice floor=ai verdict=noise
  3060  caller  voice_onset audio_ms=3000 speech=0.9
  3060  torim   clear epoch=2
  3060  torim   log INFO [ECHO_CHECK] held: a sound is being verified sounding=true echo_window=true speech=0.9
  3160  caller  voice_sure audio_ms=3160 speech=1.0
  3160  torim   cancel R1
  3160  torim   log INFO [ECHO_CHECK] verified: the caller's voice speech=1.0
  3160  torim   log INFO [BARGE-IN] detected: the caller has the floor response=R1 heard_ms=1900 queued_ms=4000
  3170  engine  done R1 cancelled
  5000  torim   run_tool t1 book_appointment "{}"
  5040  desk    tool_finished t1 "{}"
 30000  carrier gone caller_hung_up
"""


def recording(seconds: int) -> bytes:
    """A recording in which the caller is at half of full scale and the AI silent, but for its last sample."""
    lanes = np.zeros((seconds * 8_000, 2), "<i2")
    lanes[:, 0] = 16_384
    lanes[-1, 1] = -32_768
    return wav_header(len(lanes), channels=2) + lanes.tobytes()


Scene = Callable[[httpx.AsyncClient], Awaitable[None]]


async def log_in(client: httpx.AsyncClient, email: str = OWNER, password: str = PASSWORD) -> httpx.Response:
    """Log in as a page does: with our own Origin; later requests carry the CSRF token."""
    answer = await client.post("/api/v1/session", json={"email": email, "password": password}, headers={"Origin": HOST})
    if answer.status_code == 200:
        client.headers["X-CSRF-Token"] = answer.json()["csrf_token"]
    return answer


def play(office: Office, scene: Scene, headers: dict[str, str] | None = None, *, email: str | None = None) -> None:
    """Run one scene against the application; logged in where ``email`` names somebody."""

    async def run() -> None:
        async with office.client(headers) as client:
            if email is not None:
                assert (await log_in(client, email)).status_code == 200
            await scene(client)

    asyncio.run(run())
