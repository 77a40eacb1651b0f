"""Settings: where they come from, what wins, and what stops the start with advice."""

from __future__ import annotations

from pathlib import Path

import pytest

from torim.config import Config, load_config, settings
from torim.desk.business import load_business
from torim.engines.embedded.server import EmbeddedConfig
from torim.errors import ConfigError

KEY = "sk-not-a-real-key"


@pytest.fixture(autouse=True)
def _nowhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No `torim.toml` of this checkout takes part."""
    monkeypatch.chdir(tmp_path)


def toml(tmp_path: Path, text: str) -> Path:
    file = tmp_path / "torim.toml"
    file.write_text(text, encoding="utf-8")
    return file


def refusal(env: dict[str, str], file: Path | None = None) -> str:
    with pytest.raises(ConfigError) as caught:
        load_config(env, file)
    return str(caught.value)


def test_nothing_set_runs_on_the_embedded_engine() -> None:
    config = load_config({})
    assert config == Config()
    assert (config.engine, config.enable_barge_in, config.greeting_lock) == ("embedded", True, True)
    assert config.database_url == "sqlite:///data/torim.db"


def test_a_key_selects_openai_and_a_choice_of_engine_wins_over_it() -> None:
    assert load_config({"OPENAI_API_KEY": KEY}).engine == "openai"
    assert load_config({"OPENAI_API_KEY": KEY, "TORIM_ENGINE": "embedded"}).engine == "embedded"


def test_the_database_lies_in_the_data_directory() -> None:
    assert load_config({"TORIM_DATA_DIR": "/srv/torim"}).database_url == "sqlite:////srv/torim/torim.db"


def test_the_environment_wins_over_the_file(tmp_path: Path) -> None:
    file = toml(tmp_path, 'port = 9000\nlanguage = "en"\nenable_barge_in = false\n')
    config = load_config({"TORIM_PORT": "9001"}, file)
    assert (config.port, config.language, config.enable_barge_in) == (9001, "en", False)


def test_the_file_may_spell_a_name_as_the_environment_does(tmp_path: Path) -> None:
    assert load_config({}, toml(tmp_path, "TORIM_PORT = 9000")).port == 9000


def test_a_file_in_the_working_directory_is_found(tmp_path: Path) -> None:
    toml(tmp_path, "port = 9000")
    assert load_config({}).port == 9000


def test_a_variable_names_the_file(tmp_path: Path) -> None:
    other = tmp_path / "elsewhere.toml"
    other.write_text("port = 9000", encoding="utf-8")
    assert load_config({"TORIM_CONFIG": str(other)}).port == 9000


def test_an_empty_variable_is_not_set() -> None:
    assert load_config({"TORIM_PORT": "", "OPENAI_API_KEY": " "}) == Config()


@pytest.mark.parametrize("word", ["true", "1", "yes", "on", "TRUE", "On"])
def test_words_for_true(word: str) -> None:
    assert load_config({"TORIM_RECORD_CALLS": word}).record_calls is True


@pytest.mark.parametrize("word", ["false", "0", "no", "off", "False"])
def test_words_for_false(word: str) -> None:
    assert load_config({"ENABLE_BARGE_IN": word}).enable_barge_in is False


def test_an_unknown_name_is_refused_with_the_name_that_was_meant(tmp_path: Path) -> None:
    assert "TORIM_PROT is not a setting. Did you mean TORIM_PORT?" in refusal({"TORIM_PROT": "1"})
    file = toml(tmp_path, 'langauge = "he"')
    assert "langauge is not a setting. Did you mean language?" in refusal({}, file)


def test_an_unknown_name_without_a_neighbour_points_to_the_list() -> None:
    assert "docs/configuration.md" in refusal({"TORIM_FLUX_CAPACITOR": "1"})


def test_names_of_other_programs_are_left_alone() -> None:
    assert load_config({"OPENAI_ORG_ID": "org", "TWILIO_REGION": "ie1", "PATH": "/bin"}) == Config()


def test_all_problems_come_at_once() -> None:
    lines = refusal({"TORIM_PROT": "1", "TORIM_WORKERS": "many", "TORIM_LOG_FORMAT": "xml"}).splitlines()
    assert len(lines) == 3


@pytest.mark.parametrize(
    ("name", "value", "advice"),
    [
        ("ENABLE_BARGE_IN", "maybe", "true or false"),
        ("TORIM_PORT", "http", "a whole number from 0 to 65535"),
        ("TORIM_PORT", "70000", "a whole number from 0 to 65535"),
        ("TORIM_WORKERS", "0", "a whole number from 1 to 64"),
        ("TORIM_LANGUAGE", "hebrew", "a language code"),
        ("TORIM_LOG_LEVEL", "LOUD", "DEBUG or INFO"),
        ("TORIM_PUBLIC_URL", "phone.example.com", "an https URL"),
        ("TORIM_PUBLIC_URL", "http://phone.example.com", "without TLS only on this machine"),
        ("TORIM_PUBLIC_URL", "https://phone.example.com:nan", "an https URL"),
        ("TORIM_MEDIA_URL", "https://phone.example.com", "a wss URL"),
        ("TORIM_MEDIA_URL", "ws://phone.example.com", "without TLS only on this machine"),
        ("TORIM_MEDIA_URL", "wss://phone.example.com/{number}", "a wss URL"),
        ("TORIM_MEDIA_URL", "wss://phone.example.com/w{worker}?x=1", "a wss URL"),
        ("OPENAI_BASE_URL", "localhost:8000", "an http(s) or ws(s) URL"),
        ("TORIM_STT_URL", "ftp://localhost", "a URL such as"),
        ("TORIM_TRUSTED_PROXIES", "10.0.0.5, proxy.example.com", "IP addresses or networks"),
    ],
)
def test_a_value_that_cannot_be_right_is_refused(name: str, value: str, advice: str) -> None:
    message = refusal({name: value})
    assert message.startswith(f"{name} must be ")
    assert advice in message
    assert repr(value) in message


@pytest.mark.parametrize(
    ("value", "advice"),
    [
        ("smtp://desk:s3cret@mail.shaked.example?tls=never", "?tls=optional"),
        ("desk:s3cret@mail.shaked.example", "an address such as smtp://user:password@"),
    ],
)
def test_a_wrong_address_of_a_mail_server_is_refused_without_its_password(value: str, advice: str) -> None:
    message = refusal({"TORIM_SMTP_URL": value})
    assert advice in message and "s3cret" not in message


@pytest.mark.parametrize(
    ("env", "advice"),
    [
        ({"TORIM_ENGINE": "openai"}, "needs OPENAI_API_KEY"),
        ({"TORIM_ENGINE": "opneai"}, "Known engines: openai, embedded, scripted"),
        ({"TORIM_LLM_URL": "http://localhost:1"}, "needs TORIM_LLM_MODEL"),
        ({"TORIM_PORT": "8081"}, "is also a media port"),
        ({"TORIM_MEDIA_PORT": "8078", "TORIM_WORKERS": "4"}, "is also a media port"),
        ({"TORIM_MEDIA_PORT": "65530", "TORIM_WORKERS": "8"}, "no room for 8 workers"),
        ({"TWILIO_ACCOUNT_SID": "AC1"}, "without TWILIO_AUTH_TOKEN"),
        ({"TORIM_DATABASE_URL": "mysql://localhost/torim"}, "must begin with sqlite"),
    ],
)
def test_settings_that_contradict_each_other_are_refused(env: dict[str, str], advice: str) -> None:
    assert advice in refusal(env)


def test_a_compatible_server_may_want_no_key() -> None:
    env = {"TORIM_ENGINE": "openai", "OPENAI_BASE_URL": "ws://localhost:9000/v1"}
    assert load_config(env).openai_base_url == "ws://localhost:9000/v1"


def test_free_ports_never_clash() -> None:
    config = load_config({"TORIM_PORT": "0", "TORIM_MEDIA_PORT": "0", "TORIM_WORKERS": "2"})
    assert config.media_ports == (0, 0)


def test_each_worker_has_a_port() -> None:
    assert load_config({"TORIM_WORKERS": "3"}).media_ports == (8081, 8082, 8083)


def test_a_file_that_cannot_be_read_says_so(tmp_path: Path) -> None:
    assert "Check the path" in refusal({}, tmp_path / "missing.toml")
    assert "not valid TOML" in refusal({}, toml(tmp_path, "port 9000"))
    assert "must be a text" in refusal({}, toml(tmp_path, "port = [1]"))


SECRET_ENV = {
    "OPENAI_API_KEY": KEY,
    "TWILIO_AUTH_TOKEN": "twilio-secret",
    "TORIM_ENDPOINT_API_KEY": "endpoint-secret",
    "TORIM_DATABASE_URL": "postgresql://torim:database-secret@db/torim",
}


def test_secrets_are_not_in_the_repr() -> None:
    shown = repr(load_config(SECRET_ENV))
    assert not any(word in shown for word in (KEY, "twilio-secret", "endpoint-secret", "database-secret"))


def test_secrets_are_known_for_masking() -> None:
    assert set(load_config(SECRET_ENV).secrets) == {
        KEY,
        "twilio-secret",
        "endpoint-secret",
        "database-secret",
    }


def test_a_bad_value_of_a_secret_is_not_repeated() -> None:
    assert all("***" not in item.why for item in settings())
    assert "hunter2" not in refusal({"TORIM_DATABASE_URL": "mysql://u:hunter2@db/x"})


@pytest.mark.parametrize(
    "text", ["10.0.0.5, 172.16.0.0/12 fd00::/8", "10.0.0.5,172.16.0.0/12,fd00::/8", "10.0.0.5\n172.16.9.9/12,fd00::/8,"]
)
def test_trusted_proxies_are_addresses_and_networks(text: str) -> None:
    proxies = load_config({"TORIM_TRUSTED_PROXIES": text}).trusted_proxies
    assert [str(network) for network in proxies] == ["10.0.0.5/32", "172.16.0.0/12", "fd00::/8"]


def test_the_file_may_hold_a_list_where_many_values_fit(tmp_path: Path) -> None:
    config = load_config({}, toml(tmp_path, 'trusted_proxies = ["10.0.0.5", "172.16.0.0/12"]'))
    assert len(config.trusted_proxies) == 2
    assert "a text or a list of texts" in refusal({}, toml(tmp_path, "trusted_proxies = [1]"))
    assert "a whole number or true/false" in refusal({}, toml(tmp_path, "port = ['9000']"))


def test_the_opening_language_is_the_businesss_unless_it_is_set() -> None:
    business = load_business()
    assert business.language(load_config({}).language) == business.opening_language
    assert business.language(load_config({"TORIM_LANGUAGE": "EN"}).language) == "en"


def test_the_embedded_engine_gets_its_voice_and_its_token() -> None:
    made = EmbeddedConfig.of(load_config({"TORIM_TTS_VOICE": "af_bella", "TORIM_ENGINE_TOKEN": KEY}))
    assert (made.endpoints.speech_voice, made.bearer_token, made.language) == ("af_bella", KEY, "en")
    assert KEY not in repr(load_config({"TORIM_ENGINE_TOKEN": KEY}))
    assert KEY in load_config({"TORIM_ENGINE_TOKEN": KEY}).secrets
