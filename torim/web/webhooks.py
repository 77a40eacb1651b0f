"""Twilio's webhooks: what a call is told when it comes in, and what follows its media stream.

Every webhook is checked before anything in it is used. Nothing here decides whether a call is admitted (the
dispatcher does) or why it ended (the call itself did).
"""

from __future__ import annotations

import asyncio
import logging
from urllib.parse import urlsplit

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from torim.carriers import twilio
from torim.carriers.trust import Doorkeeper
from torim.core.events import EndReason
from torim.web.fresh import stream_token
from torim.web.metrics import WebMetrics
from torim.web.ports import WebDeps
from torim.web.requests import Form, approach, call_sid, field, read_form

RETURNED = {"returned": "transfer"}  # tells the new stream why it begins
_log = logging.getLogger("torim.web")


class TwilioWebhooks:
    """The three webhooks of a Twilio number."""

    def __init__(self, deps: WebDeps, doorkeeper: Doorkeeper, metrics: WebMetrics) -> None:
        self._deps = deps
        self._doorkeeper = doorkeeper
        self._metrics = metrics

    def routes(self) -> list[Route]:
        """Where they are."""
        return [
            Route("/twilio/voice", self.voice, methods=["POST"]),
            Route("/twilio/after", self.after, methods=["POST"]),
            Route("/twilio/status", self.status, methods=["POST"]),
        ]

    async def voice(self, request: Request) -> Response:
        """A call comes in: connect it to a worker's media stream, or say that all lines are busy."""
        return self._connect(await self._checked(request), {})

    def _connect(self, form: Form, more: dict[str, str]) -> Response:
        sid = call_sid(form)
        target = self._deps.dispatcher.choose(sid)
        if target is None:
            self._metrics.webhooks.labels("voice", "busy").inc()
            return twiml(twilio.busy(self._deps.language))
        self._metrics.webhooks.labels("voice", "answered").inc()
        parameters = self._parameters(form, sid, target.worker) | more
        return twiml(twilio.answer(target.url, parameters, self._after_url()))

    async def after(self, request: Request) -> Response:
        """The media stream or a transfer ended: hang up, dial, apologise, or take the caller back."""
        form = await self._checked(request)
        dialled = field(form, "DialCallStatus")
        if dialled:
            return self._after_transfer(form, dialled)
        reason = await self._end_reason(call_sid(form))
        self._metrics.webhooks.labels("after", reason.value if reason else "unknown").inc()
        if reason is EndReason.TRANSFERRED:
            return await self._transfer(form)
        return twiml(twilio.after(reason, self._deps.language))

    async def _transfer(self, form: Form) -> Response:
        """Dial the person; without one the caller comes back to leave a message."""
        number = self._deps.transfers.of(call_sid(form))
        number = number or await asyncio.to_thread(self._deps.transfer_number, field(form, "To"))
        if number is None:
            return self._take_back(form)
        return twiml(twilio.transfer(number, self._after_url()))

    def _after_transfer(self, form: Form, dialled: str) -> Response:
        """They have spoken; or nobody answered, and the caller comes back to leave a message."""
        answered = twilio.was_answered(dialled)
        self._metrics.webhooks.labels("after", "transfer_answered" if answered else "transfer_failed").inc()
        self._deps.transfers.forget(call_sid(form))
        return twiml(twilio.hang_up()) if answered else self._take_back(form)

    def _take_back(self, form: Form) -> Response:
        """Connect the caller again; should that fail, nobody is dialled for the transfer that is over."""
        self._deps.call_ends.came_back(call_sid(form))
        return self._connect(form, RETURNED)

    async def status(self, request: Request) -> Response:
        """Twilio reports on a call or stream; a stream's error is worth a warning."""
        form = await self._checked(request)
        sid = call_sid(form)
        event = field(form, "StreamEvent") or field(form, "CallStatus")
        if event == "stream-error":
            _log.warning("Twilio reports a stream error: call=%s %r", sid, field(form, "StreamError")[:200])
        self._metrics.webhooks.labels("status", "received").inc()
        return Response(status_code=204)

    async def _checked(self, request: Request) -> Form:
        form = await read_form(request)
        self._doorkeeper.check_webhook(approach(request), form)
        return form

    def _parameters(self, form: Form, sid: str, worker: int) -> dict[str, str]:
        token = stream_token(self._deps.token_secret, sid, worker)
        return {"token": token, "caller": field(form, "From")[:64], "called": field(form, "To")[:64]}

    def _after_url(self) -> str:
        # Relative to the host that Twilio called, below the path a proxy may have put us under.
        return urlsplit(self._deps.config.public_url or "").path.rstrip("/") + "/twilio/after"

    async def _end_reason(self, sid: str) -> EndReason | None:
        try:
            async with asyncio.timeout(self._deps.end_wait_s):
                return await self._deps.call_ends.end_reason(sid)
        except TimeoutError:
            _log.warning("Why the call ended was not known in time: call=%s", sid)
            return None


def twiml(document: str) -> Response:
    """A TwiML answer."""
    return Response(document, media_type="text/xml")
