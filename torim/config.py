"""The settings of a running Torim: their names, defaults, and which combinations can work.

Reads the environment and an optional `torim.toml` (the environment wins) and refuses what it does not know.
It never opens a connection, creates a directory or asks the network: `torim doctor` does that.
"""

from __future__ import annotations

import difflib
import os
import tomllib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, fields
from ipaddress import IPv4Network, IPv6Network
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from torim import config_values as read
from torim.errors import ConfigError

BUILT_IN_ENGINES = ("openai", "embedded", "scripted")
DATABASES = ("sqlite", "postgresql")
DEFAULT_FILE = Path("torim.toml")
# Read by the command line itself: it names the file, so it cannot stand in the file.
FILE_VARIABLE = "TORIM_CONFIG"


def setting(
    default: Any,
    reads: Callable[[str], Any],
    why: str,
    *,
    env: str | None = None,
    secret: bool = False,
    many: bool = False,
) -> Any:
    """A field of `Config`: its default, parser, one sentence for the documentation, and outside name.

    ``many``: the file may hold a list of texts.
    """
    metadata = {"reads": reads, "why": why, "env": env, "secret": secret, "many": many}
    return field(default=default, repr=not secret, metadata=metadata)


@dataclass(frozen=True, slots=True)
class Config:
    """Everything an operator can set, validated; secrets stay out of its repr."""

    enable_barge_in: bool = setting(
        True, read.boolean, "Default of each call's permission to interrupt the AI.", env="ENABLE_BARGE_IN"
    )
    patience: str = setting(
        "balanced",
        read.choice("quick", "balanced", "patient"),
        "How soon a caller's sound stops the AI: `quick` obeys every short word, `balanced` lets acknowledgements and"
        " coughs pass, `patient` asks for more certainty.",
    )
    greeting_lock: bool = setting(True, read.boolean, "The greeting is played to its end before a caller can cut in.")
    language: str | None = setting(
        None, read.code, "Opening language of calls, in place of the business's `opening_language`."
    )
    business_file: Path | None = setting(
        None,
        read.path,
        "TOML file that describes the business; without it a built-in sample business answers.",
    )
    max_call_minutes: int = setting(30, read.whole(1, 240), "A call that is still open after this is closed politely.")
    record_calls: bool = setting(
        False, read.boolean, "Write a two-channel recording of every call to the data directory."
    )
    data_dir: Path = setting(Path("data"), read.path, "Directory of the database, the recordings and the timelines.")
    database_url: str = setting(
        "", read.text, "SQLAlchemy URL of the database; `sqlite` and `postgresql` are supported.", secret=True
    )
    public_url: str | None = setting(
        None, read.public_url, "The https address that Twilio calls, as configured at the number."
    )
    trusted_proxies: tuple[IPv4Network | IPv6Network, ...] = setting(
        (),
        read.networks,
        "Addresses or networks of proxies on other machines, separated by commas: while there is no public URL,"
        " what their `X-Forwarded-Proto` and `X-Forwarded-Host` say is believed.",
        many=True,
    )
    host: str = setting("127.0.0.1", read.text, "Address that the web and media ports listen on.")
    port: int = setting(8080, read.whole(0, 65535), "Web port: webhooks, API, health. 0 takes a free one.")
    media_port: int = setting(
        8081,
        read.whole(0, 65535),
        "Media port of the first worker; worker n listens n ports above. 0 takes free ones.",
    )
    media_url: str | None = setting(
        None,
        read.media_url,
        "Public wss address of the media port, without `/twilio/media`. With several workers `{worker}` (or `{port}`)"
        " in it tells them apart, as in `wss://phone.example.com/w{worker}`.",
    )
    workers: int = setting(1, read.whole(1, 64), "Number of media worker processes.")
    max_calls: int = setting(
        100, read.whole(1, 10_000), "Calls at a time; further callers hear that all lines are busy."
    )
    engine: str = setting("", read.text, "Speech engine: `openai`, `embedded`, `scripted`, or the name of a plugin.")
    engine_creates: bool = setting(
        False,
        read.boolean,
        "Let the engine create and interrupt responses by itself; the core still decides what is heard.",
    )
    openai_api_key: str | None = setting(None, read.text, "Key of the Realtime API.", env="OPENAI_API_KEY", secret=True)
    openai_base_url: str | None = setting(
        None,
        read.realtime_url,
        "Base URL of a compatible Realtime server, http(s) or ws(s).",
        env="OPENAI_BASE_URL",
    )
    model: str = setting("gpt-realtime-2", read.text, "Speech-to-speech model.")
    transcription_model: str = setting("gpt-live-transcribe", read.text, "Model that transcribes the caller.")
    voice: str = setting("marin", read.text, "Voice of the AI.")
    stt_url: str | None = setting(
        None, read.open_url, "Transcription endpoint of the embedded engine (OpenAI-compatible)."
    )
    stt_model: str = setting("whisper-1", read.text, "Model name sent to the transcription endpoint.")
    llm_url: str | None = setting(None, read.open_url, "Chat endpoint of the embedded engine (OpenAI-compatible).")
    llm_model: str | None = setting(None, read.text, "Model name sent to the chat endpoint.")
    tts_url: str | None = setting(None, read.open_url, "Speech endpoint of the embedded engine (OpenAI-compatible).")
    tts_model: str = setting("tts-1", read.text, "Model name sent to the speech endpoint.")
    tts_voice: str = setting("alloy", read.text, "Voice name sent to the speech endpoint.")
    endpoint_api_key: str | None = setting(
        None, read.text, "Key sent to the embedded engine's endpoints, if they want one.", secret=True
    )
    engine_token: str | None = setting(
        None, read.text, "Bearer token that `torim engine serve` asks of its clients.", secret=True
    )
    twilio_account_sid: str | None = setting(None, read.text, "Account of the Twilio number.", env="TWILIO_ACCOUNT_SID")
    twilio_auth_token: str | None = setting(
        None, read.text, "Checks the signature of Twilio's requests.", env="TWILIO_AUTH_TOKEN", secret=True
    )
    sms_from: str | None = setting(
        None, read.text, "Number, or messaging service (MG...), of the Twilio account that text messages come from."
    )
    twilio_api_url: str = setting(
        "https://api.twilio.com", read.open_url, "Address of Twilio's REST API, for an account in another region."
    )
    smtp_url: str | None = setting(
        None,
        read.mail_server,
        "Mail server that confirmations and reminders go out through, such as"
        " `smtp://user:password@mail.example.com:587`; `smtps` speaks TLS from the beginning. A password"
        " is sent without TLS only on this machine, or with `?tls=optional` at the end.",
        secret=True,
    )
    mail_from: str | None = setting(
        None, read.mail_address, "Address that e-mail comes from, such as `Shaked Studio <desk@shaked.example>`."
    )
    summary_url: str | None = setting(
        None,
        read.open_url,
        "Chat endpoint (OpenAI-compatible) that writes the summaries of calls; by default that of `TORIM_LLM_URL`, or"
        " OpenAI's when its key is set. Without any the facts of a call are its summary.",
    )
    summary_model: str | None = setting(
        None, read.text, "Model that writes the summaries; by default that of the endpoint, at OpenAI `gpt-4.1-mini`."
    )
    do_jobs: bool = setting(
        True,
        read.boolean,
        "Do here what follows calls and bookings: summaries, messages, clean-up. One machine must.",
    )
    allow_private_addresses: bool = setting(
        False,
        read.boolean,
        "Let linked calendars and webhooks of the settings lead to this machine and its own network, too.",
    )
    log_level: str = setting("INFO", read.choice("DEBUG", "INFO", "WARNING", "ERROR"), "Least severity that is logged.")
    log_format: str = setting("console", read.choice("console", "json"), "Log lines for people or for machines.")

    def __post_init__(self) -> None:
        if not self.engine:
            object.__setattr__(self, "engine", "openai" if self.openai_api_key else "embedded")
        if not self.database_url:
            object.__setattr__(self, "database_url", f"sqlite:///{self.data_dir / 'torim.db'}")

    @property
    def secrets(self) -> tuple[str, ...]:
        """Every value that must never be printed."""
        own = [getattr(self, item.name) for item in fields(self) if item.metadata["secret"]]
        passwords = [urlsplit(url).password for url in (self.database_url, self.smtp_url or "")]
        return tuple(value for value in (*own, *passwords) if value and value != self.database_url)

    @property
    def media_ports(self) -> tuple[int, ...]:
        """The port of each media worker, in order; 0 where the system chooses."""
        step = 1 if self.media_port else 0
        return tuple(self.media_port + step * number for number in range(self.workers))

    def media_url_of(self, worker: int, media_port: int) -> str | None:
        """The public media address with its placeholders filled in for one worker."""
        return read.filled(self.media_url, worker, media_port) if self.media_url else None


@dataclass(frozen=True, slots=True)
class Setting:
    """What is known about one field of `Config` from outside."""

    name: str
    env: str
    default: Any
    why: str
    secret: bool
    reads: Callable[[str], Any]
    many: bool


def settings() -> Iterator[Setting]:
    """Yield every setting, in the order of the documentation."""
    for item in fields(Config):
        meta = item.metadata
        env = meta["env"] or f"TORIM_{item.name.upper()}"
        yield Setting(item.name, env, item.default, meta["why"], meta["secret"], meta["reads"], meta["many"])


def load_config(env: Mapping[str, str] | None = None, toml_path: Path | None = None) -> Config:
    """Build the configuration from the environment and a TOML file.

    Args:
        env: Environment variables; ``os.environ`` by default.
        toml_path: The file; by default the one that ``TORIM_CONFIG`` names, else ``torim.toml`` if it exists.

    Raises:
        ConfigError: With every problem found, each on its own line and with what to do about it.
    """
    env = os.environ if env is None else env
    problems: list[str] = []
    raw = _from_file(_file(env, toml_path), problems)
    raw.update(_from_env(env, problems))
    config = Config(**_parse(raw, problems))
    problems.extend(_relations(config))
    if problems:
        raise ConfigError("\n".join(problems), code="config.invalid")
    return config


@dataclass(frozen=True, slots=True)
class _Given:
    """A setting's text and the name under which the operator wrote it."""

    value: str
    source: str


def _file(env: Mapping[str, str], toml_path: Path | None) -> Path | None:
    if toml_path is not None:
        return toml_path
    if named := env.get(FILE_VARIABLE):
        return Path(named)
    return DEFAULT_FILE if DEFAULT_FILE.is_file() else None


def _from_env(env: Mapping[str, str], problems: list[str]) -> dict[str, _Given]:
    known = {item.env: item.name for item in settings()}
    for name in sorted(env):
        if name.startswith("TORIM_") and name not in known and name != FILE_VARIABLE:
            problems.append(f"{name} is not a setting.{_suggest(name, known)}")
    # An empty variable is how a compose file or a unit says "not set".
    return {known[name]: _Given(value, name) for name, value in env.items() if name in known and value.strip()}


def _from_file(file: Path | None, problems: list[str]) -> dict[str, _Given]:
    if file is None:
        return {}
    known = {item.name: item for item in settings()}
    found: dict[str, _Given] = {}
    for key, value in _table(file).items():
        name = key.lower().removeprefix("torim_")
        if name not in known:
            problems.append(f"{file.name}: {key} is not a setting.{_suggest(name, set(known))}")
        elif isinstance(value, bool | int | str):
            found[name] = _Given(_as_text(value), f"{file.name}: {key}")
        elif known[name].many and isinstance(value, list) and all(isinstance(part, str) for part in value):
            found[name] = _Given(",".join(value), f"{file.name}: {key}")
        else:
            wanted = "a text or a list of texts" if known[name].many else "a text, a whole number or true/false"
            problems.append(f"{file.name}: {key} must be {wanted}.")
    return found


def _table(file: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(file.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"Cannot read {file}: {error}. Check the path and its permissions.") from error
    except tomllib.TOMLDecodeError as error:
        raise ConfigError(f"{file} is not valid TOML: {error}. Each line reads: name = value") from error


def _as_text(value: bool | int | str) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _suggest(name: str, known: Mapping[str, str] | set[str]) -> str:
    near = difflib.get_close_matches(name, known, n=1, cutoff=0.7)
    return f" Did you mean {near[0]}?" if near else " See docs/configuration.md for the names."


def _parse(raw: Mapping[str, _Given], problems: list[str]) -> dict[str, Any]:
    parsed: dict[str, Any] = {}
    for item in settings():
        given = raw.get(item.name)
        if given is None:
            continue
        try:
            parsed[item.name] = item.reads(given.value.strip())
        except read.BadValue as error:
            shown = "" if item.secret else f", not {given.value.strip()!r}"
            problems.append(f"{given.source} must be {error}{shown}.")
    return parsed


def _relations(config: Config) -> Iterator[str]:
    """Yield one piece of advice for each combination of settings that cannot work."""
    yield from _engine_problems(config)
    yield from _port_problems(config)
    if config.twilio_account_sid and not config.twilio_auth_token:
        yield (
            "TWILIO_ACCOUNT_SID is set without TWILIO_AUTH_TOKEN: requests could not be checked."
            " Copy the auth token from the Twilio console."
        )
    if config.database_url.partition("://")[0].partition("+")[0] not in DATABASES:
        yield ("TORIM_DATABASE_URL must begin with sqlite:/// or postgresql://, for example sqlite:///data/torim.db.")


def _engine_problems(config: Config) -> Iterator[str]:
    if config.engine not in BUILT_IN_ENGINES and config.engine not in (plugins := _engine_plugins()):
        known = ", ".join((*BUILT_IN_ENGINES, *plugins))
        yield f"TORIM_ENGINE is {config.engine!r}, which is not installed. Known engines: {known}."
    if config.engine == "openai" and not (config.openai_api_key or config.openai_base_url):
        yield (
            "TORIM_ENGINE=openai needs OPENAI_API_KEY (or OPENAI_BASE_URL of a server that wants no key)."
            " Leave TORIM_ENGINE out to run on the embedded engine."
        )
    if config.llm_url and not config.llm_model:
        yield "TORIM_LLM_URL needs TORIM_LLM_MODEL: the name of a model that this server offers."
    if config.summary_url and not (config.summary_model or config.llm_model):
        yield "TORIM_SUMMARY_URL needs TORIM_SUMMARY_MODEL: the name of a model that this server offers."
    if config.smtp_url and not config.mail_from:
        yield "TORIM_SMTP_URL needs TORIM_MAIL_FROM: the address that the mail comes from."


def _engine_plugins() -> tuple[str, ...]:
    from importlib.metadata import entry_points

    return tuple(sorted(item.name for item in entry_points(group="torim.engines")))


def _port_problems(config: Config) -> Iterator[str]:
    if config.port and config.port in config.media_ports:
        yield (
            f"TORIM_PORT {config.port} is also a media port (TORIM_MEDIA_PORT {config.media_port},"
            f" {config.workers} workers): choose a TORIM_MEDIA_PORT so that all of them fit beside it."
        )
    if max(config.media_ports) > 65535:
        yield (
            f"TORIM_MEDIA_PORT {config.media_port} leaves no room for {config.workers} workers below 65536:"
            " choose a lower one."
        )
