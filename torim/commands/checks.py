"""What `torim doctor` looks at: one function per part of a set-up, each yielding what it found with advice.

It looks and changes nothing: no directory is made, no table created, no call placed. Keys are never shown.
"""

from __future__ import annotations

import asyncio
import difflib
import resource
import shutil
import socket
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import Enum
from importlib.metadata import version
from pathlib import Path
from urllib.parse import urlsplit

from torim.config import BUILT_IN_ENGINES, Config, settings
from torim.config_values import is_loopback
from torim.errors import TorimError

TWILIO_PORT = 443  # of media streams, whatever their address says
BYTES_PER_MS = 8  # mu-law at 8 kHz
EXTRA_HINT = "To have it: pip install 'torim[echo]'"
FREE_DISK_MIN_BYTES = 1_000_000_000
# The carrier's socket, the engine's, a timeline, a recording; and what the process itself holds.
FILES_PER_CALL, FILES_OF_PROCESS = 4, 128
# Twilio's own published example of a signature.
EXAMPLE_TOKEN = "12345"
EXAMPLE_URL = "https://mycompany.com/myapp.php?foo=1&bar=2"
EXAMPLE_FORM = {
    "CallSid": "CA1234567890ABCDE",
    "Caller": "+14158675309",
    "Digits": "1234",
    "From": "+14158675309",
    "To": "+18005551212",
}
EXAMPLE_SIGNATURE = "RSOYDt4T1cUTdK1PDd93/VVr8B8="


class Grade(Enum):
    """How a finding is to be taken."""

    OK = "ok"
    WARN = "warn"  # works, but perhaps not as meant
    FAIL = "fail"  # calls will not work


@dataclass(frozen=True, slots=True)
class Finding:
    """One line of the doctor's: the part, the grade, and what is so or what to do."""

    grade: Grade
    part: str
    words: str


Check = Callable[[Config], Iterator[Finding]]


def examine(config: Config, checks: Mapping[str, Check]) -> Iterator[Finding]:
    """What the checks find, in their order; an error of one is a finding too."""
    for part, check in checks.items():
        try:
            yield from check(config)
        except (TorimError, OSError) as error:
            yield Finding(Grade.FAIL, part, str(error))


def names(env: Mapping[str, str]) -> Iterator[Finding]:
    """Variables without our prefix that look like a misspelt setting; with it they stop the start anyway."""
    known = [item.env for item in settings() if not item.env.startswith("TORIM_")]
    for name in sorted(set(env) - set(known)):
        near = difflib.get_close_matches(name, known, n=1, cutoff=0.85)
        if near:
            yield Finding(Grade.WARN, "settings", f"{name} is set but means nothing to Torim. Did you mean {near[0]}?")


def barge_in(config: Config) -> Iterator[Finding]:
    if config.enable_barge_in:
        yield Finding(Grade.OK, "barge-in", "callers may cut in")
    else:
        yield Finding(Grade.WARN, "barge-in", "ENABLE_BARGE_IN is off: no caller can cut in. Remove it to allow it.")


def engine(config: Config) -> Iterator[Finding]:
    if config.engine == "openai":
        yield from _openai(config)
    elif config.engine == "embedded":
        yield from _embedded(config)
    elif config.engine in BUILT_IN_ENGINES:
        yield Finding(Grade.WARN, "engine", f"{config.engine} is a double for tests; callers will not be served")
    else:
        yield Finding(Grade.OK, "engine", f"plugin {config.engine}")


def _openai(config: Config) -> Iterator[Finding]:
    from torim.engines.openai_endpoint import endpoint

    where = urlsplit(endpoint(config.model, None, config.openai_base_url).url).hostname
    if config.openai_api_key:
        yield Finding(Grade.OK, "engine", f"{config.model} at {where}, key set (not tried; --online tries it)")
    else:
        yield Finding(Grade.WARN, "engine", f"{config.model} at {where} without OPENAI_API_KEY; most servers want one")


def _embedded(config: Config) -> Iterator[Finding]:
    given = {"transcription": config.stt_url, "chat": config.llm_url, "speech": config.tts_url}
    wanting = [name for name, url in given.items() if url is None]
    if len(wanting) == len(given):
        words = "embedded, by touch-tone keys; it cannot understand speech without TORIM_STT_URL and TORIM_LLM_URL"
        yield Finding(Grade.OK, "engine", words)
    elif config.llm_url and not config.stt_url:
        yield Finding(
            Grade.WARN, "engine", "TORIM_LLM_URL without TORIM_STT_URL: speech never becomes words. Set both."
        )
    elif config.stt_url and not config.llm_url:
        yield Finding(Grade.WARN, "engine", "TORIM_STT_URL without TORIM_LLM_URL: words find no answer. Set both.")
    else:
        yield Finding(Grade.OK, "engine", "embedded, with model endpoints")


def public_address(config: Config) -> Iterator[Finding]:
    if config.public_url is None:
        words = "TORIM_PUBLIC_URL is not set: Twilio cannot be answered through a proxy. `torim demo` needs none."
        yield Finding(Grade.WARN, "address", words)
    elif is_loopback(urlsplit(config.public_url).hostname or ""):
        yield Finding(Grade.WARN, "address", f"{config.public_url} is this machine; Twilio cannot reach it")
    else:
        yield Finding(Grade.OK, "address", f"webhook: {config.public_url}/twilio/voice")
    if config.public_url and urlsplit(config.public_url).path.endswith("/twilio/voice"):
        yield Finding(Grade.FAIL, "address", "TORIM_PUBLIC_URL must not hold the path: leave /twilio/voice out")
    if config.public_url and not config.media_url and config.workers > 1:
        words = "without TORIM_MEDIA_URL calls come in on the web port, so TORIM_WORKERS has no effect"
        yield Finding(Grade.WARN, "address", words)
    yield from _media_address(config)


def _media_address(config: Config) -> Iterator[Finding]:
    from torim.live.dispatch import media_url

    if config.media_url is None:
        return
    named = urlsplit(media_url(config, 1, config.media_port))
    if named.port not in (None, TWILIO_PORT) and not is_loopback(named.hostname or ""):
        hint = "TORIM_MEDIA_URL such as wss://phone.example.com/w{worker}, and a proxy that sorts by path"
        words = f"Twilio opens streams on port {TWILIO_PORT} only, never on {named.netloc}: use a {hint}"
        yield Finding(Grade.FAIL, "address", words)


def signature(config: Config) -> Iterator[Finding]:
    from torim.carriers.signature import sign

    if sign(EXAMPLE_TOKEN, EXAMPLE_URL, EXAMPLE_FORM.items()) != EXAMPLE_SIGNATURE:
        yield Finding(Grade.FAIL, "signature", "Twilio's own example does not verify: this installation is broken")
    elif config.twilio_auth_token:
        yield Finding(Grade.OK, "signature", "self-test passed; unsigned requests are refused")
    elif config.public_url and not is_loopback(urlsplit(config.public_url).hostname or ""):
        words = "no TWILIO_AUTH_TOKEN: every request from outside is refused. Copy it from the Twilio console."
        yield Finding(Grade.FAIL, "signature", words)
    else:
        yield Finding(Grade.OK, "signature", "self-test passed; without TWILIO_AUTH_TOKEN only this machine may call")


def voice(config: Config) -> Iterator[Finding]:
    from torim.engines.embedded.voice import EspeakVoice, LibraryWorker

    async def speak() -> int:
        speaker = EspeakVoice()
        try:
            return len((await speaker.speak("One two three.", "en")).payload) // BYTES_PER_MS
        finally:
            await speaker.close()

    spoken_ms = asyncio.run(speak())
    source = "espeak-ng of espeakng-loader" if LibraryWorker.available() else "the program espeak-ng"
    yield Finding(Grade.OK, "voice", f"{source}: three words in {spoken_ms} ms of sound")


def echo(config: Config) -> Iterator[Finding]:
    from torim.audio import canceller

    if canceller.available():
        words = f"canceller installed (livekit {version('livekit')}); it runs on lines that return the AI's voice"
    else:
        words = f"no canceller: on lines that return the AI's voice callers are heard later. {EXTRA_HINT}"
    yield Finding(Grade.OK, "echo", words)


def business(config: Config) -> Iterator[Finding]:
    from torim.desk.business import load_business

    found = load_business(config.business_file)
    name = found.name.get(found.opening_language, found.id)
    source = config.business_file or "the built-in sample: set TORIM_BUSINESS_FILE to your own"
    grade = Grade.OK if config.business_file else Grade.WARN
    yield Finding(grade, "business", f"{name}, {len(found.services)} services, from {source}")
    if config.language is not None and config.language not in found.languages:
        words = f"TORIM_LANGUAGE={config.language} is not among its languages ({', '.join(found.languages)})"
        yield Finding(Grade.WARN, "business", words)


def clock(config: Config) -> Iterator[Finding]:
    from torim.desk.business import load_business

    now = datetime.now(UTC)
    zone = load_business(config.business_file).zone
    if now.year < int(version("tzdata")[:4]):
        yield Finding(Grade.FAIL, "clock", f"this machine believes it is {now:%Y-%m-%d}: set its clock (NTP)")
    else:
        yield Finding(Grade.OK, "clock", f"{now.astimezone(zone):%Y-%m-%d %H:%M} in {zone.key}")


def data_directory(config: Config) -> Iterator[Finding]:
    directory = config.data_dir
    standing = next(folder for folder in (directory.absolute(), *directory.absolute().parents) if folder.exists())
    if not standing.is_dir() or not _can_write(standing):
        yield Finding(Grade.FAIL, "data", f"{standing} cannot be written: change its owner or set TORIM_DATA_DIR")
        return
    free_bytes = shutil.disk_usage(standing).free
    found = f"{directory}{'' if directory.exists() else ' (will be made)'}, {free_bytes / 1e9:.1f} GB free"
    yield Finding(Grade.OK if free_bytes >= FREE_DISK_MIN_BYTES else Grade.WARN, "data", found)


def _can_write(directory: Path) -> bool:
    try:
        with tempfile.TemporaryFile(dir=directory) as file:
            return file.write(b"torim") > 0
    except OSError:
        return False


def database(config: Config) -> Iterator[Finding]:
    from torim.storage import migrate
    from torim.storage.database import Database
    from torim.storage.schema import HEAD

    with closing(Database(config.database_url)) as found:
        if found.path is not None and not found.path.exists():
            yield Finding(Grade.OK, "database", f"{found.path} does not exist yet; `torim serve` makes it")
            return
        revision = migrate.current(found)
        if revision != HEAD:
            words = f"at revision {revision}, this version needs {HEAD}: back up, then `torim db upgrade`"
            yield Finding(Grade.WARN, "database", words)
            return
        with found.write():
            yield Finding(Grade.OK, "database", f"{found.url.get_backend_name()}, writable, at revision {HEAD}")


def ports(config: Config) -> Iterator[Finding]:
    wanted = {"web": config.port} | {f"media {n}": port for n, port in enumerate(config.media_ports)}
    taken = {name: why for name, port in wanted.items() if port and (why := _why_taken(config.host, port))}
    for name, why in taken.items():
        words = f"{name} port {wanted[name]} on {config.host}: {why}. Is Torim running? Else choose another."
        yield Finding(Grade.WARN, "ports", words)
    if not taken:
        yield Finding(
            Grade.OK, "ports", f"{', '.join(str(port) for port in wanted.values())} are free on {config.host}"
        )


def _why_taken(host: str, port: int) -> str | None:
    try:
        family, kind, _, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        with socket.socket(family, kind) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(address)
    except OSError as error:
        return error.strerror or str(error)
    return None


def open_files(config: Config) -> Iterator[Finding]:
    limit, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    needed = FILES_OF_PROCESS + FILES_PER_CALL * config.max_calls
    if limit == resource.RLIM_INFINITY or limit >= needed:
        yield Finding(Grade.OK, "files", f"room for {config.max_calls} calls")
    else:
        words = f"{limit} open files are too few for {config.max_calls} calls: allow {needed} (ulimit -n, LimitNOFILE)"
        yield Finding(Grade.WARN, "files", words)


CHECKS: Mapping[str, Check] = {
    "barge-in": barge_in,
    "engine": engine,
    "address": public_address,
    "signature": signature,
    "voice": voice,
    "echo": echo,
    "business": business,
    "clock": clock,
    "data": data_directory,
    "database": database,
    "ports": ports,
    "files": open_files,
}
