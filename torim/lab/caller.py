"""The synthetic caller: Twilio's side of a telephone call over real sockets.

Decides how the carrier behaves on the wire: the signed webhook, the stream at 50 frames a second without
drift, playback, marks, keys and what follows the stream. What is said and pressed is decided by whoever holds
it. It judges nothing: everything is written down in a `CallRecord`.
"""

from __future__ import annotations

import asyncio
import contextlib
import ssl
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cache

import httpx
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, WebSocketException

from torim.errors import CarrierError
from torim.lab.ear import FRAME_SAMPLES, SAMPLES_PER_MS
from torim.lab.line import CallerLine, LineSettings, Route
from torim.lab.mouth import Mouth
from torim.lab.record import CallRecord, Utterance
from torim.lab.stream import Accepted, Clear, Mark, Media, TwilioStream, Violation
from torim.lab.webhook import Answer, Stream, parse_twiml, signature_headers
from torim.lab.wire import DelayLine, LabClock

HTTP_TIMEOUT_S = 15.0
CLOSE_TIMEOUT_S = 5.0
SETTLED_SAMPLES = 8000  # a server in this process is still starting things in a call's first second


@dataclass(frozen=True, slots=True)
class Dialing:
    """Whom to call and as whom."""

    base_url: str  # of the server, e.g. http://127.0.0.1:8080
    caller: str = "+972501234567"
    called: str = "+97231234567"
    account_sid: str = "AC" + "0" * 32
    auth_token: str | None = field(default=None, repr=False)  # None: unsigned, as a local server allows
    line: LineSettings = field(default_factory=LineSettings)
    hard_limit_ms: int = 10 * 60 * 1000  # the caller gives up by then whatever happens
    stream: Callable[[str], Stream] | None = None  # opened at once for the call's id, without any webhook


class Caller:
    """One telephone call from the caller's end: `dial`, then say and press, then `hang_up` or `finished`."""

    def __init__(self, dialing: Dialing, title: str = "") -> None:
        self._dialing = dialing
        self.clock = LabClock()
        self.record = CallRecord("CA" + uuid.uuid4().hex, title)
        self._stream = TwilioStream(dialing.account_sid, self.record.call_sid, "MZ" + uuid.uuid4().hex)
        self._mouth = Mouth()
        self._line = CallerLine(dialing.line)
        settings = dialing.line
        up = Route(settings.delay_ms, settings.jitter_ms, settings.seed)
        down = Route(settings.delay_ms, settings.jitter_ms, settings.seed + 1)
        self._outbox: asyncio.Queue[str | None] = asyncio.Queue()
        self._up: DelayLine[str | None] = DelayLine(self.clock, up, self._send_now)
        self._down: DelayLine[Accepted] = DelayLine(self.clock, down, self._arrive)
        self._mark_timer: asyncio.TimerHandle | None = None
        self._run: asyncio.Task[None] | None = None
        self._talking = False  # the stream is open

    # --- placing the call -----------------------------------------------------------------------------

    async def dial(self) -> None:
        """Post the webhook, open the stream it asks for and start talking; raises `CarrierError`."""
        started: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._run = asyncio.create_task(self._call(started))
        done, _ = await asyncio.wait([started, self._run], return_when=asyncio.FIRST_COMPLETED)
        if self._run in done:
            self._run.result()

    async def finished(self) -> CallRecord:
        """Wait until the call is over, with the webhook that follows it."""
        if self._run is None:
            raise CarrierError("Dial before waiting for the end of the call.", "lab.not_dialled")
        await self._run
        return self.record

    @property
    def over(self) -> bool:
        """Whether the stream has ended."""
        return bool(self.record.ended_by)

    async def _call(self, started: asyncio.Future[None]) -> None:
        if self._dialing.stream is not None:
            await self._talk(Answer((), self._dialing.stream(self.record.call_sid), None), started)
            return
        # Reading the authorities takes longer than a frame: not on the loop, and not where nothing is encrypted.
        encrypted = self._dialing.base_url.startswith("https:")
        verify = await asyncio.to_thread(_tls) if encrypted else False
        async with httpx.AsyncClient(timeout=HTTP_TIMEOUT_S, verify=verify, trust_env=False) as http:
            url = self._dialing.base_url.rstrip("/") + "/twilio/voice"
            answer = await self._post(http, url, "ringing")
            if answer.stream is None:
                self.record.after, self.record.ended_by = answer.verbs, "server"
                raise CarrierError(_refusal(answer), "lab.no_stream")
            try:
                await self._talk(answer, started)
            finally:
                await self._follow(http, answer)

    async def _follow(self, http: httpx.AsyncClient, answer: Answer) -> None:
        """A carrier goes on with the next verb only if the call is still up."""
        if self.record.ended_by == "caller":
            await self._post_status(http)
        elif self.record.ended_by and answer.redirect_url is not None:
            after = await self._post(http, answer.redirect_url, "in-progress")
            self.record.after = after.verbs

    async def _post(self, http: httpx.AsyncClient, url: str, status: str) -> Answer:
        form = self._form(status)
        headers = signature_headers(self._dialing.auth_token, url, form)
        try:
            reply = await http.post(url, data=form, headers=headers)
        except httpx.HTTPError as error:
            raise CarrierError(f"No answer from {url}: {error}. Is the server running?", "lab.webhook") from error
        if reply.status_code != 200:
            advice = "check the auth token" if reply.status_code == 403 else "see the server's log"
            raise CarrierError(f"{url} answered {reply.status_code}; {advice}.", "lab.webhook")
        return parse_twiml(reply.text, url)

    async def _post_status(self, http: httpx.AsyncClient) -> None:
        url = self._dialing.base_url.rstrip("/") + "/twilio/status"
        form = self._form("completed")
        headers = signature_headers(self._dialing.auth_token, url, form)
        with contextlib.suppress(httpx.HTTPError):  # a carrier does not care whether anybody listens
            await http.post(url, data=form, headers=headers)

    def _form(self, status: str) -> Mapping[str, str]:
        return {
            "AccountSid": self._dialing.account_sid,
            "ApiVersion": "2010-04-01",
            "CallSid": self.record.call_sid,
            "CallStatus": status,
            "Called": self._dialing.called,
            "Caller": self._dialing.caller,
            "Direction": "inbound",
            "From": self._dialing.caller,
            "To": self._dialing.called,
        }

    # --- the stream -------------------------------------------------------------------------------------

    async def _talk(self, answer: Answer, started: asyncio.Future[None]) -> None:
        stream = answer.stream
        assert stream is not None
        self.record.ended_by = "server"  # until the stream is open
        socket = await self._connect(stream.url)
        self.record.ended_by = ""
        self.clock.restart()
        self._up.put(self._stream.connected())
        self._up.put(self._stream.start(stream.parameters))
        tasks = [asyncio.create_task(job) for job in (self._speak(), self._write(socket), self._listen(socket))]
        self._talking = True
        started.set_result(None)
        try:
            await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
            await self._settle(socket, tasks)
        finally:
            self._stop_timers()
            await _cancel(tasks)
            await socket.close()
        for task in tasks:
            if not task.cancelled() and (error := task.exception()) is not None:
                raise error

    async def _connect(self, url: str) -> ClientConnection:
        headers = signature_headers(self._dialing.auth_token, url, {})
        try:
            return await connect(
                url,
                additional_headers=headers,
                compression=None,
                ping_interval=None,
                proxy=None,
                max_queue=None,
            )
        except (OSError, WebSocketException) as error:
            raise CarrierError(f"The media stream {url} did not open: {error}.", "lab.stream") from error

    async def _settle(self, socket: ClientConnection, tasks: list[asyncio.Task[None]]) -> None:
        """After a hang-up let `stop` go out; after the peer's close nothing can."""
        if self.record.ended_by == "caller":
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(tasks[1], CLOSE_TIMEOUT_S)
        self.record.ended_by = self.record.ended_by or "server"
        self.record.length_samples = self.clock.now_samples()

    async def _speak(self) -> None:
        """Send a frame at the end of each 20 ms, for ever, without drift."""
        while not self.over:
            await self.clock.reach(self._mouth.next_samples + FRAME_SAMPLES)
            self._send_frame()
            if self.clock.now_samples() > self._dialing.hard_limit_ms * SAMPLES_PER_MS:
                self._begin_hang_up()

    def _send_frame(self) -> None:
        begin = self._mouth.next_samples
        end = begin + FRAME_SAMPLES
        speech, begun = self._mouth.frame()
        frame = self._line.frame(speech, self.record.ear.recent(begin, end))
        self.record.mouth.append(frame)
        if end > SETTLED_SAMPLES:
            lateness_ms = (self.clock.now_samples() - end) / SAMPLES_PER_MS
            self.record.worst_tick_ms = max(self.record.worst_tick_ms, lateness_ms)
        arrives = self._up.put(self._stream.media(frame, begin // SAMPLES_PER_MS))
        if begun is not None:
            begun.arrived_samples = arrives - (end - begun.onset_samples)

    async def _write(self, socket: ClientConnection) -> None:
        with contextlib.suppress(ConnectionClosed):
            while (message := await self._outbox.get()) is not None:
                await socket.send(message)

    def _send_now(self, message: str | None, _at_samples: int) -> None:
        self._outbox.put_nowait(message)

    async def _listen(self, socket: ClientConnection) -> None:
        with contextlib.suppress(ConnectionClosed):
            async for message in socket:
                self._down.put(self._stream.accept(message))

    def _arrive(self, thing: Accepted, at_samples: int) -> None:
        ear = self.record.ear
        match thing:
            case Media(payload):
                self._return_marks(ear.due_marks(at_samples))
                ear.media(payload, at_samples)
            case Mark(name):
                ear.mark(name, at_samples)
                self._watch_marks()
            case Clear():
                self._return_marks(ear.due_marks(at_samples))
                self._return_marks(ear.clear(at_samples))
            case Violation(detail):
                self.record.violations.append(detail)

    def _return_marks(self, names: list[str]) -> None:
        for name in names:
            self.record.marks_returned.append((self.clock.now_samples(), name))
            self._up.put(self._stream.mark(name))

    def _watch_marks(self) -> None:
        due = self.record.ear.next_mark_samples()
        if self._mark_timer is None and due is not None:
            delay_s = self.clock.until_s(due)
            self._mark_timer = asyncio.get_running_loop().call_later(delay_s, self._marks_due)

    def _marks_due(self) -> None:
        self._mark_timer = None
        self._return_marks(self.record.ear.due_marks(self.clock.now_samples() + SAMPLES_PER_MS))
        self._watch_marks()

    def _stop_timers(self) -> None:
        self._up.close()
        self._down.close()
        if self._mark_timer is not None:
            self._mark_timer.cancel()

    # --- what the caller does ---------------------------------------------------------------------------

    def say(self, text: str, payload: bytes, at_samples: int = 0, stage: str = "") -> Utterance:
        """Say mu-law audio so that its speech begins at an instant, or as soon as possible."""
        utterance = self._mouth.say(text, payload, at_samples, stage)
        self.record.said.append(utterance)
        return utterance

    def press(self, key: str, stage: str = "") -> Utterance:
        """Press one telephone key now."""
        now = self.clock.now_samples()
        arrived = self._up.put(self._stream.dtmf(key))
        utterance = Utterance("", now, now, now, stage, key, arrived)
        self.record.said.append(utterance)
        return utterance

    @property
    def speaking(self) -> bool:
        """Whether the caller has not finished what they were told to say."""
        return self._mouth.speaking

    async def hang_up(self) -> CallRecord:
        """Hang up, and wait until the server was told."""
        self._begin_hang_up()
        return await self.finished()

    async def leave(self) -> None:
        """Leave nothing of the call behind: hang up, or give up dialling if nobody has answered yet."""
        if self._run is None or self._run.done():
            return
        if self._talking:
            self._begin_hang_up()
        else:
            self._run.cancel()
        await asyncio.wait([self._run])

    def _begin_hang_up(self) -> None:
        if not self.over:
            self.record.ended_by = "caller"
            self._up.put(self._stream.stop())
            self._up.put(None)


@cache
def _tls() -> ssl.SSLContext:
    return ssl.create_default_context()


async def _cancel(tasks: list[asyncio.Task[None]]) -> None:
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


def _refusal(answer: Answer) -> str:
    spoken = " ".join(verb.text for verb in answer.verbs if verb.text)
    verbs = ", ".join(verb.name for verb in answer.verbs) or "nothing"
    return f"The server answered the call without a media stream (it asked for {verbs}). {spoken}".strip()
