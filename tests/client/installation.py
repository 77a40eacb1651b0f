"""A Torim as its owner has it: a server process of its own, reached over the loopback, and people with browsers."""

from __future__ import annotations

import contextlib
import json
import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, ClassVar, TypeVar

import httpx
from playwright.sync_api import Browser, BrowserContext, Page

from torim.desk.business import Business, load_business
from torim.storage.access import AccessStore
from torim.storage.store import Store
from torim.web.passwords import hash_password

Seen = TypeVar("Seen")
PASSWORD = "correct horse battery"
OWNER = "dana@shaked.example"
START_S, STOP_S = 180.0, 90.0
WAIT_MS = 60_000  # for something that must happen, a spoken answer among it; the machine may be busy
LOOK_MS = 100


def free_port() -> int:
    """A port that nobody listens on now."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port: int = listener.getsockname()[1]
        return port


@dataclass
class Installation:
    """One data directory and the server on it."""

    folder: Path
    port: int = field(default_factory=free_port)
    _process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def _log(self) -> Path:
        return self.folder / "server.log"

    def start(self) -> None:
        """Start the server, and wait until it answers."""
        ours = ("TORIM_", "OPENAI_", "TWILIO_")
        env = {name: value for name, value in os.environ.items() if not name.startswith(ours)}
        env |= {"TORIM_PORT": str(self.port), "TORIM_MEDIA_PORT": str(free_port()), "TORIM_DATA_DIR": str(self.folder)}
        env |= {"TORIM_ENGINE": "embedded", "TORIM_WORKERS": "1"}
        with self._log.open("ab") as log:
            command = [sys.executable, "-c", "import sys; from torim.cli import main; sys.exit(main())", "serve"]
            self._process = subprocess.Popen(command, env=env, cwd=self.folder, stdout=log, stderr=log)
        self._until_it_answers()

    def stop(self) -> None:
        """Stop the server as an operator does."""
        if self._process is not None:
            process, self._process = self._process, None
            process.send_signal(signal.SIGTERM)
            try:
                process.wait(STOP_S)
            finally:
                process.kill()

    def first_run_path(self) -> str:
        """Where the console says that the first account is made."""
        found = re.findall(r"/welcome#token=\S+", self.log())
        assert found, self.log()
        return str(found[-1])

    def log(self) -> str:
        return self._log.read_text(encoding="utf-8", errors="replace")

    def errors(self) -> list[str]:
        """What the server wrote at ERROR."""
        return [line for line in self.log().splitlines() if " ERROR " in line]

    def add_person(self, email: str, roles: Mapping[str, str], name: str = "Dana Shaked") -> None:
        """An account with a password, as if its person had used an invitation."""
        with contextlib.closing(Store(f"sqlite:///{self.folder / 'torim.db'}")) as store:
            AccessStore(store.database).add_account(email, name, roles, datetime.now(UTC), hash_password(PASSWORD))

    def add_business(self, business: Business) -> None:
        """A further business of the same installation."""
        with contextlib.closing(Store(f"sqlite:///{self.folder / 'torim.db'}")) as store:
            store.businesses.save(business, 0, datetime.now(UTC))

    def _until_it_answers(self) -> None:
        give_up = time.monotonic() + START_S
        while time.monotonic() < give_up:
            assert self._process is not None and self._process.poll() is None, self.log()
            try:
                if httpx.get(f"{self.url}/healthz", timeout=10.0).status_code == 200:
                    return
            except httpx.HTTPError:
                time.sleep(0.1)
        raise AssertionError(f"The server did not start:\n{self.log()}")


@contextlib.contextmanager
def running(folder: Path) -> Iterator[Installation]:
    """A new installation in a folder; its server is stopped however the scenes end."""
    installation = Installation(folder)
    try:
        installation.start()
        yield installation
    finally:
        installation.stop()


def look_again(page: Page, seen: Callable[[], Seen], what: str) -> Seen:
    """Look again and again until there is something to see; what it is.

    `Page.wait_for_function` is not for these pages: from its second look on, their policy forbids it to evaluate.
    """
    give_up = time.monotonic() + WAIT_MS / 1000
    while not (found := seen()):
        assert time.monotonic() < give_up, f"not seen in {WAIT_MS} ms: {what}"
        page.wait_for_timeout(LOOK_MS)
    return found


class Person:
    """Somebody with a browser: pages that complain about errors, and the API of the same session."""

    present: ClassVar[list[Person]] = []  # whose browsers are open

    def __init__(self, browser: Browser, at: Installation, *, language: str = "he", **options: Any) -> None:
        self.at = at
        self.language = language
        options = {"viewport": {"width": 1360, "height": 900}, "locale": "he-IL", **options}
        self.context: BrowserContext = browser.new_context(base_url=at.url, **options)
        self.context.set_default_timeout(WAIT_MS)
        chosen = f"localStorage.setItem('torim.language', '{language}')"
        self.context.add_init_script(f"localStorage.getItem('torim.language') ?? {chosen}")
        self.complaints: list[str] = []
        self.foreign: list[str] = []
        self.present.append(self)

    def open(self, path: str = "/") -> Page:
        """A page of this person's browser."""
        page = self.context.new_page()
        page.on("pageerror", lambda error: self.complaints.append(str(error)))
        page.on("console", lambda message: self._heard(message.type, message.text))
        page.on("request", lambda request: self._asked(request.url))
        page.goto(path)
        return page

    def log_in(self, email: str = OWNER) -> None:
        """Begin a session without the page of the login."""
        answer = self.context.request.post("/api/v1/session", data={"email": email, "password": PASSWORD})
        assert answer.ok, answer.text()

    def api(self, method: str, path: str, data: object = None, version: str = "*") -> Any:
        """Ask the API as this person's pages do; the decoded answer."""
        token = self.context.request.get("/api/v1/session").json()["csrf_token"]
        headers = {"X-CSRF-Token": token, "If-Match": version, "Content-Type": "application/json"}
        body = None if data is None else json.dumps(data)
        answer = self.context.request.fetch(f"/api/v1{path}", method=method, headers=headers, data=body)
        assert answer.ok, f"{method} {path}: {answer.status} {answer.text()}"
        return answer.json() if answer.text() else None

    def until(self, seen: Callable[[], Seen], what: str) -> Seen:
        """Look again and again until there is something to see; what it is."""
        page = self.context.pages[0] if self.context.pages else self.context.new_page()
        return look_again(page, seen, what)

    def close(self) -> None:
        """Leave: every call of this browser ends."""
        self.present.remove(self)
        self.context.close()

    def _heard(self, kind: str, text: str) -> None:
        # A refusal of the server is told to the reader by the page; the console repeats it.
        if kind == "error" and "Failed to load resource" not in text:
            self.complaints.append(text)

    def _asked(self, url: str) -> None:
        if not url.startswith((self.at.url, "data:", "blob:")):
            self.foreign.append(url)


def shaked() -> Business:
    """The sample business that an empty installation begins with."""
    return load_business()
