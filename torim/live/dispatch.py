"""Where the media of a new call goes: the ports of the web side, implemented for the workers of this machine.

It decides which worker has room, by what each reported last and by the calls just sent to it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from torim.config import Config
from torim.web.ports import MediaTarget, Readiness

MEDIA_PATH = "/twilio/media"
SENT_WAIT_S = 10.0  # a carrier opens its stream within seconds; until then the call counts as one


@dataclass(slots=True)
class WorkerView:
    """One worker as the dispatcher sees it."""

    worker: int
    url: str
    calls: int = 0
    refusal: str | None = "starting"
    sent: dict[str, float] = field(default_factory=dict)  # call ids on their way, by the time they were sent

    def load(self, now_s: float) -> int:
        """Calls that are live or on their way."""
        for call_sid in [sid for sid, at_s in self.sent.items() if now_s - at_s > SENT_WAIT_S]:
            del self.sent[call_sid]
        return self.calls + len(self.sent)


class Dispatcher:
    """Chooses among workers; implements the web side's `Dispatcher` and `Health`."""

    def __init__(self, workers: Sequence[WorkerView], max_calls: int, now_s: Callable[[], float]) -> None:
        self._workers = list(workers)
        self._max_calls = max_calls
        self._now_s = now_s
        self.draining = False

    def choose(self, call_sid: str) -> MediaTarget | None:
        """The worker with the fewest calls; None while all are full, lagging or draining."""
        now_s = self._now_s()
        open_to_calls = [view for view in self._workers if view.refusal is None and not self.draining]
        loads = {view.worker: view.load(now_s) for view in open_to_calls}
        if not open_to_calls or sum(loads.values()) >= self._max_calls:
            return None
        chosen = min(open_to_calls, key=lambda view: loads[view.worker])
        chosen.sent[call_sid] = now_s
        return MediaTarget(chosen.url, chosen.worker)

    def add(self, view: WorkerView) -> None:
        """One more worker to choose from."""
        self._workers.append(view)

    def arrived(self, worker: int, call_sid: str) -> None:
        """The stream of a call that was sent to a worker is open."""
        for view in self._workers:
            if view.worker == worker:
                view.sent.pop(call_sid, None)
                view.calls += 1  # until the worker reports its own count

    def readiness(self) -> Readiness:
        """Whether new calls are welcome."""
        if self.draining:
            return Readiness(False, "draining: live calls finish, new ones are sent away")
        refusals = [view.refusal for view in self._workers if view.refusal is not None]
        if len(refusals) == len(self._workers):
            return Readiness(False, f"no worker takes calls: {refusals[0]}" if refusals else "no worker is running")
        return Readiness(True)


def media_url(config: Config, worker: int, media_port: int) -> str:
    """The address at which the carrier reaches a worker's media port.

    ``media_url`` names it where it is given; if it names several workers alike, its port becomes the worker's.
    Otherwise a public address means the web port, and no public address means this machine.
    """
    named = config.media_url_of(worker, media_port)
    if named:
        told_apart = named != config.media_url or config.workers == 1
        return _below(named if told_apart else _with_port(named, media_port))
    if config.public_url:
        return web_media_url(config)
    return f"ws://{_reachable(config.host)}:{media_port}{MEDIA_PATH}"


def web_media_url(config: Config) -> str:
    """The media socket on the public web port."""
    public = config.public_url or ""
    return _below("ws" + public.removeprefix("http"))


def on_web_port(config: Config) -> bool:
    """Whether calls come in on the web port: a public address is known, one of the media port is not."""
    return bool(config.public_url and not config.media_url)


def _below(url: str) -> str:
    """The media socket below a base address; one that names it already stays."""
    return url.rstrip("/").removesuffix(MEDIA_PATH) + MEDIA_PATH


def _with_port(url: str, port: int) -> str:
    parts = urlsplit(url)
    host = f"[{parts.hostname}]" if ":" in (parts.hostname or "") else parts.hostname
    return parts._replace(netloc=f"{host}:{port}").geturl()


def _reachable(host: str) -> str:
    if host in ("0.0.0.0", ""):
        return "127.0.0.1"
    return f"[{host}]" if ":" in host else host
