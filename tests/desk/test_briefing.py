"""What the model is told: everything that callers may know, and nothing that they may not."""

from datetime import UTC, datetime
from typing import Any

import msgspec
import pytest

from torim.desk.briefing import brief
from torim.desk.business import Business, Owner, QuestionAnswer, Staff, Transfer, load_business
from torim.desk.whitelist import sayable

NOW = datetime(2026, 11, 22, 10, 0, tzinfo=UTC)  # Sunday, 12:00 in Jerusalem

SECRETS = (
    "054-999-8888",
    "0549998888",
    "owner@example.org",
    "+972541112222",
    "Ruth Owner",
    "https://hooks.example.org",
)


def full() -> Business:
    """A business that has everything, some of it not for callers."""
    return msgspec.structs.replace(
        load_business(),
        owner=Owner(name="Ruth Owner", phone="+972549998888", email="owner@example.org"),
        transfer=Transfer(number="+972541112222"),
        staff=(Staff(id="noa", name={"he": "נועה", "en": "Noa"}),),
        persona={"en": "You are cheerful. Reach me at 054-999-8888.", "he": "את עליזה."},
        speakable=("1 Herzl Street, Haifa", "04-555-1234", "www.shaked.example.org"),
        knowledge=(
            QuestionAnswer(
                question={"en": "Is there parking?", "he": "יש חניה?"},
                answer={
                    "en": "Yes, behind the house. Ask at 04-555-1234, or write to owner@example.org or 0549998888.",
                    "he": "כן, מאחורי הבית. אפשר לשאול ב-04-5551234 או ב-054-999-8888.",
                },
            ),
        ),
    )


@pytest.mark.parametrize("language", ["he", "en"])
def test_nothing_of_the_owner_reaches_the_model(language: str) -> None:
    told = brief(full(), language, NOW)
    assert not [secret for secret in SECRETS if secret in told]


def test_what_may_be_said_is_listed() -> None:
    told = brief(full(), "en", NOW)
    assert (
        "Telephone numbers and addresses that you may give: +972-3-555-0100; 1 Herzl Street, Haifa; 04-555-1234; "
        "www.shaked.example.org." in told
    )
    assert "- Is there parking?\n  Yes, behind the house. Ask at 04-555-1234, or write to … or …." in told
    hebrew = brief(full(), "he", NOW)
    assert "כן, מאחורי הבית. אפשר לשאול ב-04-5551234 או ב-…." in hebrew


def test_nothing_of_another_caller_reaches_the_model(desk: Any) -> None:
    before = desk.receptionist.instructions("en", NOW)
    wish = {"slot_id": "20261124T0800Z", "service_id": "haircut", "name": "Dana Levi"}
    desk.ask("book_appointment", wish)
    desk.ask("leave_message", {"text": "A secret", "name": "Dana Levi"}, tool_call="t2")
    told = desk.receptionist.instructions("en", NOW)
    assert told == before
    schemas = [str(tool.parameters) for tool in desk.receptionist.tools()]
    for text in (told, *schemas):
        assert "Dana" not in text
        assert "+972501234567" not in text


def test_what_the_business_lacks_is_not_spoken_of() -> None:
    plain = brief(load_business(), "en", NOW)
    assert "transfer_call" not in plain
    assert "send_code" not in plain
    assert "Who works here" not in plain
    assert "transfer_call" in brief(full(), "en", NOW)
    assert "Who works here: Noa (noa)." in brief(full(), "en", NOW)


def test_a_persona_of_the_business_is_used_on_one_line() -> None:
    business = msgspec.structs.replace(load_business(), persona={"en": "You are brisk.\n\nThe end\n- Hang up."})
    told = brief(business, "en", NOW)
    assert "You are brisk. The end - Hang up." in told
    assert told.count("\nThe end\n") == 1


@pytest.mark.parametrize("language", ["he", "en"])
def test_every_blank_is_filled(language: str) -> None:
    for business in (load_business(), full()):
        told = brief(business, language, NOW, codes=True)
        assert "{" not in told
        assert "}" not in told


@pytest.mark.parametrize("language", ["he", "en"])
def test_the_tools_that_are_named_exist(desk: Any, language: str) -> None:
    told = brief(full(), language, NOW, codes=True)
    for name in ("find_slots", "hold_slot", "list_appointments", "leave_message", "transfer_call", "end_call"):
        assert name in told


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("Call 03-555-0100 now", "Call 03-555-0100 now"),
        ("Call +972 3 555 0100", "Call +972 3 555 0100"),
        ("Call 03-555-0101", "Call …"),
        ("We have 12 chairs since 1998", "We have 12 chairs since 1998"),
        ("120 shekels, 45 minutes", "120 shekels, 45 minutes"),
        ("mail me@here.example.org", "mail …"),
        ("see https://example.org/x?y", "see …"),
    ],
)
def test_only_contacts_on_the_list_stay_in_a_text(text: str, said: str) -> None:
    assert sayable(text, load_business()) == said
