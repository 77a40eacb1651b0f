"""A one-time code leaves through the carrier's REST API, and the caller who reads it out sees their appointments."""

import json
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import parse_qs

import httpx
import pytest

from torim.config import Config
from torim.desk.business import load_business
from torim.desk.receptionist import CallContext, Receptionist
from torim.live.texting import make_code, sms_account, texting
from torim.storage.store import Store

NOW = datetime(2026, 11, 22, 10, 0, tzinfo=UTC)
ACCOUNT = {"twilio_account_sid": "AC1", "twilio_auth_token": "secret", "sms_from": "+97235550100"}


def account(**changes: str | None) -> Config:
    return Config(data_dir=Path("data"), **(ACCOUNT | changes))  # type: ignore[arg-type]


class Twilio:
    """The carrier's REST API: keeps what it is asked to send."""

    def __init__(self, status: int = 201) -> None:
        self.status = status
        self.sent: list[dict[str, str]] = []

    def __call__(self, request: httpx.Request) -> httpx.Response:
        assert request.url.path == "/2010-04-01/Accounts/AC1/Messages.json"
        assert request.headers["authorization"].startswith("Basic ")
        self.sent.append({name: values[0] for name, values in parse_qs(request.content.decode()).items()})
        return httpx.Response(self.status, json={"sid": "SM1", "code": 21211, "message": "no such number"})

    def desk(self, store: Store) -> Receptionist:
        send_text = texting(sms_account(account()), httpx.Client(transport=httpx.MockTransport(self)))
        return Receptionist(load_business(), store, send_text=send_text, make_code=make_code)


@pytest.fixture
def store(tmp_path: Path) -> Store:
    store = Store(f"sqlite:///{tmp_path}/torim.db")
    store.upgrade()
    return store


def test_the_code_that_was_sent_is_the_one_that_counts(store: Store) -> None:
    twilio = Twilio()
    desk = twilio.desk(store)
    identity = desk.identity("+972527654321")

    def ask(tool: str, **arguments: str) -> dict[str, object]:
        context = CallContext("CA1", tool, "+972527654321", "he", identity)
        answer: dict[str, object] = json.loads(desk.run(tool, json.dumps(arguments), context, NOW))
        return answer

    assert ask("send_code", phone="0501234567")["ok"] is True
    (message,) = twilio.sent
    assert (message["To"], message["From"]) == ("+972501234567", "+97235550100")
    code = "".join(letter for letter in message["Body"] if letter.isdigit())
    assert len(code) == 6
    assert ask("check_code", code=code)["ok"] is True
    assert identity.numbers == ("+972527654321", "+972501234567")


def test_a_number_that_the_carrier_refuses_gets_no_code(store: Store) -> None:
    desk = Twilio(status=400).desk(store)
    context = CallContext("CA1", "t", "+972527654321", "en", desk.identity("+972527654321"))
    answer = json.loads(desk.run("send_code", '{"phone": "0501234567"}', context, NOW))
    assert (answer["ok"], answer["error"]) == (False, "identity.not_sent")


@pytest.mark.parametrize("missing", sorted(ACCOUNT))
def test_without_an_account_nothing_is_sent(missing: str) -> None:
    gone = {missing: None} if missing != "twilio_auth_token" else {missing: None, "twilio_account_sid": None}
    assert sms_account(account(**gone)) is None
    assert texting(None, httpx.Client()) is None


def test_codes_are_six_digits_and_differ() -> None:
    codes = {make_code() for _ in range(50)}
    assert all(len(code) == 6 and code.isdecimal() for code in codes)
    assert len(codes) > 40
