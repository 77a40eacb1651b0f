"""The doctor: one line per part, the right grade, advice, and no secret in it."""

from __future__ import annotations

import socket
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest
from websockets.http11 import Request, Response
from websockets.sync.server import ServerConnection, serve

from torim import cli
from torim.audio import canceller
from torim.commands.checks import CHECKS, Finding, Grade, examine, names
from torim.commands.checks_online import ONLINE_CHECKS
from torim.config import Config, load_config
from torim.storage.store import Store

KEY = "sk-not-a-real-key"


@pytest.fixture(autouse=True)
def _nowhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def config(**env: str) -> Config:
    return load_config({"TORIM_PORT": "0", "TORIM_MEDIA_PORT": "0", **env})


def found(part: str, **env: str) -> Finding:
    (finding, *_) = examine(config(**env), {part: CHECKS[part]})
    return finding


def online(part: str, **env: str) -> Finding:
    (finding, *_) = examine(config(**env), {part: ONLINE_CHECKS[part]})
    return finding


def test_a_fresh_checkout_can_take_calls(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TORIM_PORT", "0")
    monkeypatch.setenv("TORIM_MEDIA_PORT", "0")
    assert cli.main(["doctor"]) == cli.OK
    shown = capsys.readouterr().out
    assert all(any(line.split()[1] == part for line in shown.splitlines() if line) for part in CHECKS)
    assert "Ready" in shown


def test_it_changes_nothing(tmp_path: Path) -> None:
    list(examine(config(), CHECKS))
    assert list(tmp_path.iterdir()) == []


def test_bad_settings_are_listed_and_end_the_examination(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TORIM_PROT", "1")
    assert cli.main(["doctor"]) == cli.FAILED
    shown = capsys.readouterr().out
    assert "fail  settings   TORIM_PROT is not a setting" in shown
    assert "database" not in shown


def test_a_misspelt_name_of_another_program_is_pointed_out() -> None:
    (finding,) = names({"ENABLE_BARGEIN": "0", "PATH": "/bin", "OPENAI_API_KEY": KEY})
    assert finding.grade is Grade.WARN
    assert "Did you mean ENABLE_BARGE_IN?" in finding.words


def test_barge_in_that_is_off_is_the_first_thing_to_know() -> None:
    assert found("barge-in").grade is Grade.OK
    assert found("barge-in", ENABLE_BARGE_IN="off").grade is Grade.WARN


@pytest.mark.parametrize(
    ("env", "grade", "words"),
    [
        ({}, Grade.OK, "touch-tone"),
        ({"OPENAI_API_KEY": KEY}, Grade.OK, "api.openai.com, key set"),
        ({"TORIM_ENGINE": "openai", "OPENAI_BASE_URL": "ws://localhost:1"}, Grade.WARN, "without OPENAI_API_KEY"),
        ({"TORIM_ENGINE": "scripted"}, Grade.WARN, "a double"),
        ({"TORIM_STT_URL": "http://localhost:1"}, Grade.WARN, "find no answer"),
        ({"TORIM_LLM_URL": "http://localhost:1", "TORIM_LLM_MODEL": "m"}, Grade.WARN, "never becomes words"),
    ],
)
def test_the_engine(env: dict[str, str], grade: Grade, words: str) -> None:
    finding = found("engine", **env)
    assert (finding.grade, words in finding.words) == (grade, True)
    assert KEY not in finding.words


def test_the_address_that_twilio_calls() -> None:
    assert found("address").grade is Grade.WARN
    assert found("address", TORIM_PUBLIC_URL="http://localhost:8080").grade is Grade.WARN
    good = found("address", TORIM_PUBLIC_URL="https://phone.example.com/")
    assert good == Finding(Grade.OK, "address", "webhook: https://phone.example.com/twilio/voice")


@pytest.mark.parametrize(
    ("url", "workers", "good"),
    [
        ("wss://phone.example.com", "1", True),
        ("wss://phone.example.com/w{worker}", "4", True),
        ("wss://phone.example.com", "2", False),
        ("wss://phone.example.com:8081", "1", False),
        ("wss://phone.example.com:{port}", "2", False),
        ("ws://localhost", "2", True),
    ],
)
def test_media_that_twilio_cannot_reach(url: str, workers: str, good: bool) -> None:
    given = config(TORIM_PUBLIC_URL="https://phone.example.com", TORIM_MEDIA_URL=url, TORIM_WORKERS=workers)
    findings = list(examine(given, {"address": CHECKS["address"]}))
    assert all(finding.grade is Grade.OK for finding in findings) is good


def test_a_public_address_without_a_token_answers_nobody() -> None:
    assert found("signature", TORIM_PUBLIC_URL="https://phone.example.com").grade is Grade.FAIL
    assert found("signature", TORIM_PUBLIC_URL="https://x.example.com", TWILIO_AUTH_TOKEN="t").grade is Grade.OK
    assert found("signature").grade is Grade.OK


def test_the_voice_speaks() -> None:
    finding = found("voice")
    assert finding.grade is Grade.OK
    assert "espeak-ng" in finding.words


@pytest.fixture
def without_canceller(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Python finds no livekit package, as where the extra was not installed."""
    monkeypatch.setitem(sys.modules, "livekit", None)
    canceller._module.cache_clear()
    yield
    canceller._module.cache_clear()


@pytest.mark.skipif(not canceller.available(), reason=f"needs {canceller.EXTRA}")
def test_the_canceller_is_named_where_it_is_installed() -> None:
    finding = found("echo")
    assert finding.grade is Grade.OK and "livekit" in finding.words


@pytest.mark.usefixtures("without_canceller")
def test_without_the_canceller_the_extra_is_named() -> None:
    finding = found("echo")
    assert finding.grade is Grade.OK and canceller.EXTRA in finding.words


def test_a_business_file_that_is_wrong_is_a_finding_with_its_advice(tmp_path: Path) -> None:
    file = tmp_path / "business.toml"
    file.write_text("name = 1", encoding="utf-8")
    finding = found("business", TORIM_BUSINESS_FILE=str(file))
    assert finding.grade is Grade.FAIL
    assert "business.toml" in finding.words


def test_a_data_directory_that_is_a_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "data").write_text("", encoding="utf-8")
    assert found("data").grade is Grade.FAIL


def test_the_database_is_looked_at(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'torim.db'}"
    assert "does not exist yet" in found("database", TORIM_DATABASE_URL=url).words
    (tmp_path / "torim.db").write_bytes(b"")
    assert found("database", TORIM_DATABASE_URL=url).grade is Grade.WARN
    store = Store(url)
    store.upgrade()
    store.close()
    good = found("database", TORIM_DATABASE_URL=url)
    assert (good.grade, "writable" in good.words) == (Grade.OK, True)


def test_a_database_that_is_none_is_a_finding(tmp_path: Path) -> None:
    (tmp_path / "torim.db").write_text("not a database, but quite long enough to be read as one\n" * 40)
    assert found("database", TORIM_DATABASE_URL=f"sqlite:///{tmp_path / 'torim.db'}").grade is Grade.FAIL


def test_a_port_in_use_is_named() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        finding = found("ports", TORIM_PORT=str(taken.getsockname()[1]))
    assert finding.grade is Grade.WARN
    assert finding.words.startswith("web port ")


def test_too_few_open_files_are_noticed() -> None:
    assert found("files", TORIM_MAX_CALLS="1").grade is Grade.OK


@contextmanager
def realtime_server(first: str, key: str = KEY) -> Iterator[str]:
    def refuse(connection: ServerConnection, request: Request) -> Response | None:
        good = request.headers.get("Authorization") == f"Bearer {key}"
        return None if good else connection.respond(401, "no")

    with serve(lambda link: link.send(first), "127.0.0.1", 0, process_request=refuse) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"ws://127.0.0.1:{server.socket.getsockname()[1]}/v1"
        server.shutdown()
        thread.join()


def test_online_a_session_is_opened() -> None:
    with realtime_server('{"type":"session.created","session":{}}') as url:
        good = online("session", OPENAI_API_KEY=KEY, OPENAI_BASE_URL=url)
        bad = online("session", OPENAI_API_KEY="wrong", OPENAI_BASE_URL=url)
    assert good == Finding(Grade.OK, "session", "the engine opened a session")
    assert (bad.grade, "refused the key (401)" in bad.words) == (Grade.FAIL, True)


@pytest.mark.parametrize("first", ['{"type":"error"}', "no JSON"])
def test_online_a_server_of_another_kind_is_noticed(first: str) -> None:
    with realtime_server(first) as url:
        assert online("session", OPENAI_API_KEY=KEY, OPENAI_BASE_URL=url).grade is Grade.FAIL


class Answers(BaseHTTPRequestHandler):
    """Answers `/healthz` with 200 and everything else with 404, at the dawn of time."""

    def do_GET(self) -> None:
        self.send_response(200 if self.path == "/healthz" else 404)
        self.end_headers()

    def date_time_string(self, timestamp: float | None = None) -> str:
        return "Thu, 01 Jan 1970 00:00:00 GMT"

    def log_message(self, *args: object) -> None:
        """Silence."""


@contextmanager
def http_server() -> Iterator[str]:
    with HTTPServer(("127.0.0.1", 0), Answers) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


def test_online_the_public_address_answers_and_tells_the_time() -> None:
    with http_server() as url:
        reach = {"reach": ONLINE_CHECKS["reach"]}
        grades = [(item.part, item.grade) for item in examine(config(TORIM_PUBLIC_URL=url), reach)]
        astray = online("reach", TORIM_PUBLIC_URL=f"{url}/below")
    assert grades == [("reach", Grade.OK), ("clock", Grade.WARN)]
    assert astray.grade is Grade.FAIL


def test_online_an_address_that_nobody_answers() -> None:
    with http_server() as url:
        pass
    assert online("reach", TORIM_PUBLIC_URL=url).grade is Grade.FAIL
    assert online("endpoint", TORIM_TTS_URL=url).grade is Grade.FAIL
