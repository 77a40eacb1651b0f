"""A business file that cannot work is refused with advice that names the key."""

from importlib.resources import files
from pathlib import Path

import msgspec
import pytest

from torim.desk.business import Opening, business_from, load_business, parse_business, settings_json
from torim.errors import BookingError, ConfigError

GOOD = """
id = "clinic"
languages = ["he", "en"]
opening_language = "he"
name = { he = "מרפאה", en = "Clinic" }
[hours]
sunday = ["09:00-13:00", "14:00-19:30"]
[[services]]
id = "visit"
duration_min = 30
name = { he = "ביקור", en = "visit" }
"""


def advice(text: str) -> list[str]:
    with pytest.raises(ConfigError) as refused:
        parse_business(text, "b.toml")
    assert refused.value.code == "config.business"
    return str(refused.value).splitlines()


def test_the_sample_business_answers_when_no_file_is_given() -> None:
    business = load_business()
    assert business.languages == ("he", "en")
    assert business.timezone == "Asia/Jerusalem"
    assert [service.id for service in business.services] == ["haircut", "blow_dry", "color"]


def test_a_good_file_is_read(tmp_path: Path) -> None:
    file = tmp_path / "clinic.toml"
    file.write_text(GOOD, encoding="utf-8")
    business = load_business(file)
    assert business.openings(6) == (Opening(540, 780), Opening(840, 1170))
    assert business.openings(0) == ()
    assert business.timezone == "Asia/Jerusalem"


def test_midnight_may_end_an_opening() -> None:
    assert parse_business(GOOD.replace("14:00-19:30", "14:00-24:00"), "b").openings(6)[1].closes_min == 1440


@pytest.mark.parametrize(
    ("found", "written", "path"),
    [
        ("duration_min = 30", 'duration_min = "30"', "services[0].duration_min: Expected `int`, got `str`"),
        ("duration_min = 30", "duration_min = 0", "services[0].duration_min: choose"),
        ("duration_min = 30", "duration_min = 600", "services[0].duration_min: no opening is that long"),
        ("duration_min = 30", "minutes = 30", "unknown field `minutes`"),
        ('"09:00-13:00"', '"9-13"', 'hours.sunday[0]: write hours as "09:00-17:30"'),
        ('"09:00-13:00"', '"22:00-02:00"', "hours.sunday[0]: '22:00-02:00' must end after it begins"),
        ('"09:00-13:00"', '"09:00-24:30"', "hours.sunday[0]:"),
        ('"09:00-13:00"', '"09:00-15:00"', "hours.sunday: the stretches overlap"),
        ("sunday", "sonntag", "unknown field `sonntag`"),
        ('opening_language = "he"', 'opening_language = "fr"', "opening_language: 'fr'"),
        ('["he", "en"]', '["he", "en", "fr"]', "languages[2]: 'fr' is not spoken yet"),
        ('["he", "en"]', '["he"]', "name.en: this language is not in `languages`"),
        (', en = "visit"', "", "services[0].name.en: write it"),
        ('id = "clinic"', 'id = "My Clinic"', "id: use lower-case"),
        ('id = "clinic"', 'id = "clinic"\ntimezone = "Israel/Tel Aviv"', "timezone:"),
        ('id = "clinic"', 'id = "clinic"\nhorizon_days = 0', "horizon_days: 0 is out of range"),
        ('id = "clinic"', 'id = "clinic"\nphone = "call us"', "phone:"),
        ('id = "clinic"', 'id = "clinic', "is not valid TOML"),
    ],
)
def test_each_mistake_is_named_by_its_path(found: str, written: str, path: str) -> None:
    assert found in GOOD
    lines = advice(GOOD.replace(found, written, 1))
    assert any(line.startswith("b.toml") and path in line for line in lines), lines


def test_all_mistakes_are_told_at_once() -> None:
    lines = advice(GOOD.replace('"clinic"', '"My Clinic"').replace("duration_min = 30", "duration_min = 1"))
    assert len(lines) == 2


def test_a_repeated_service_id_is_refused() -> None:
    again = '[[services]]\nid = "visit"\nduration_min = 10\nname = { he = "א", en = "b" }\n'
    assert any("'visit' is used twice" in line for line in advice(GOOD + again))


def test_a_missing_file_is_a_configuration_mistake(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="Check the path"):
        load_business(tmp_path / "none.toml")


def test_an_unknown_language_falls_back_to_the_opening_one() -> None:
    business = load_business()
    assert business.language("en-US") == "en"
    assert business.language("fr") == "he"


def test_an_unknown_service_is_a_refusal_with_the_known_ones() -> None:
    with pytest.raises(BookingError, match="haircut, blow_dry, color") as refused:
        load_business().service("massage")
    assert refused.value.code == "booking.unknown_service"


FULL = """
numbers = ["+97235550100"]
capacity = 2
closed_days = [{ first = 2027-01-01, last = 2027-01-05, name = { he = "חופשה", en = "Vacation" } }]
speakable = ["+97235550100"]
privacy_mode = "no_personal_data"
patience = "long"
voice = "cedar"

[breaks]
monday = ["13:00-13:30"]

[holidays]
shabbat = true
open_on = ["Independence Day"]

[[staff]]
id = "dana"
name = { he = "דנה", en = "Dana" }
services = ["haircut"]
hours = { monday = ["10:00-16:00"] }
calendar = "https://example.com/dana.ics"

[[staff]]
id = "noa"
name = { he = "נועה", en = "Noa" }

[owner]
phone = "050-123-4567"
email = "owner@example.com"

[transfer]
number = "+972501234567"
hours = { monday = ["09:00-17:00"] }
"""


def full(text: str = FULL) -> str:
    """The sample with every newer setting: keys before its first table, tables at its end."""
    sample = files("torim.desk").joinpath("sample.toml").read_text(encoding="utf-8")
    keys, tables = text.split("\n[", 1)
    return sample.replace("\n[name]", f"\n{keys}\n[name]", 1) + f"\n[{tables}"


def test_a_full_description_is_read_from_toml_and_back_from_json() -> None:
    business = parse_business(full(), "salon.toml")
    assert business.member("dana").performs("haircut")
    assert not business.member("dana").performs("color")
    assert business.listens == "patient"
    assert business.voice == "cedar"
    assert business.openings(0) == (Opening(540, 780), Opening(810, 1140))
    assert business_from(msgspec.json.decode(settings_json(business)), "stored") == business


@pytest.mark.parametrize(
    ("wrong", "right", "advice"),
    [
        ('services = ["haircut"]', 'services = ["shave"]', "staff[0].services: there is no service 'shave'"),
        ('id = "noa"', 'id = "dana"', "staff[0].id: 'dana' is used twice"),
        ("capacity = 2", "capacity = 0", "capacity: 0 is out of range"),
        ("last = 2027-01-05", "last = 2026-01-05", "closed_days[0].last: it lies before `first`"),
        ('"+97235550100"]\ncapacity', '"call me"]\ncapacity', "numbers[0]: 'call me' is no telephone number"),
        ("13:00-13:30", "13:00", 'breaks.monday[0]: write hours as "09:00-17:30"'),
        ("https://example.com/dana.ics", "file:///etc/passwd", "staff[0].calendar: write an address that begins"),
        ('patience = "long"', 'patience = "endless"', "patience: choose one of: short, normal, long"),
        ('voice = "cedar"', 'voice = "a voice, please"', "voice: name a voice of the engine"),
        ("owner@example.com", "nobody", "owner.email: write an address such as"),
        ("050-123-4567", "12", "owner.phone: '12' is no telephone number"),
        ("no_personal_data", "some", "privacy_mode: Invalid enum value 'some'"),
    ],
)
def test_newer_settings_that_cannot_work_are_refused_with_advice(wrong: str, right: str, advice: str) -> None:
    with pytest.raises(ConfigError) as refused:
        parse_business(full(FULL.replace(wrong, right)), "salon.toml")
    assert advice in str(refused.value)


@pytest.mark.parametrize("secret", ["", 'webhook_secret = "too short"'])
def test_a_webhook_needs_a_secret_to_be_signed_with(secret: str) -> None:
    sample = files("torim.desk").joinpath("sample.toml").read_text(encoding="utf-8")
    hook = f'{sample}\n[notifications]\nwebhook_url = "https://example.com/hook"\n{secret}\n'
    with pytest.raises(ConfigError, match=r"notifications\.webhook_secret: webhooks are signed"):
        parse_business(hook, "salon.toml")


def test_settings_that_were_stored_are_read_although_they_would_be_refused_now() -> None:
    hook = {"webhook_url": "https://example.com/hook"}
    stored = msgspec.json.decode(settings_json(load_business())) | {"notifications": hook}
    assert business_from(stored, "stored").notifications.webhook_secret is None
    with pytest.raises(ConfigError, match=r"stored: .*unknown field"):
        business_from(stored | {"colour": "blue"}, "stored")


def test_a_service_that_nobody_performs_is_refused() -> None:
    text = full(FULL[: FULL.index('[[staff]]\nid = "noa"')] + FULL[FULL.index("[owner]") :])
    with pytest.raises(ConfigError, match="nobody performs 'blow_dry'"):
        parse_business(text, "salon.toml")
