"""The voice: real espeak-ng in its own process, what is cut, levelled and timed, and what happens when it dies."""

from __future__ import annotations

import asyncio
import os
import signal
import stat
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import TypeVar

import numpy as np
import pytest

from torim.audio import g711
from torim.engines.embedded.endpoints import wav_of
from torim.engines.embedded.formats import InputCoder, encode_audio
from torim.engines.embedded.jobs import Speech
from torim.engines.embedded.menu_words import ENGLISH, HEBREW, Line, line
from torim.engines.embedded.shaping import level, resample, speech_of_wav, spread
from torim.engines.embedded.tone import LENGTH_MS, PITCH_HZ, beep
from torim.engines.embedded.voice import EspeakVoice, LibraryWorker, Program, find_synthesizer
from torim.engines.protocol import Pcm, Pcma
from torim.errors import EngineError

T = TypeVar("T")


def with_voice(scene: Callable[[EspeakVoice], Awaitable[T]], voice: EspeakVoice | None = None) -> T:
    async def run() -> T:
        used = voice or EspeakVoice()
        try:
            return await scene(used)
        finally:
            await used.close()

    return asyncio.run(run())


def level_db(speech: Speech) -> float:
    samples = g711.decode_float(speech.payload)
    return float(10 * np.log10(np.mean(samples.astype(np.float64) ** 2) + 1e-12))


def filled(name: Line, language: str) -> str:
    blanks = {"service": "haircut", "slot": "on Tuesday", "key": "one", "keys": "one two"}
    if language == "he":
        blanks = {"service": "תספורת", "slot": "ביום שלישי", "key": "אחת", "keys": "אחת שתיים"}
    return line(language, name, **blanks)


# --- what it sounds like ----------------------------------------------------------------------------------


@pytest.mark.parametrize("language", ["en", "he"])
def test_every_sentence_of_the_menu_is_audible_at_the_same_level_and_of_sane_length(language: str) -> None:
    texts = [filled(name, language) for name in (ENGLISH if language == "en" else HEBREW)]

    async def scene(voice: EspeakVoice) -> list[Speech]:
        return [await voice.speak(text, language) for text in texts]

    for text, speech in zip(texts, with_voice(scene), strict=True):
        assert len(speech.payload) % 160 == 0
        assert -24 < level_db(speech) < -18, text
        ms_per_letter = speech.duration_ms / len(text)
        assert 35 < ms_per_letter < 160, (text, speech.duration_ms)


def test_word_times_cover_the_sentence_in_order() -> None:
    text = "Your appointment, on Tuesday at 10:30, is made."
    speech = with_voice(lambda voice: voice.speak(text, "en"))
    assert "".join(word.text for word in speech.words) == text
    starts = [word.start_ms for word in speech.words]
    assert starts == sorted(starts) and starts[0] < 60
    assert speech.words[-1].end_ms == speech.duration_ms
    assert all(word.end_ms > word.start_ms for word in speech.words)


def test_hebrew_is_spoken_word_by_word_and_shown_as_written() -> None:
    text = "ביום שלישי, עשרים וארבעה בנובמבר, בשעה עשר וחצי בבוקר."
    speech = with_voice(lambda voice: voice.speak(text, "he"))
    assert "".join(word.text for word in speech.words) == text
    assert all(word.end_ms - word.start_ms > 150 for word in speech.words)


def test_hebrew_by_phonemes_is_no_spelling_of_letters() -> None:
    """Letter names take several times as long as the word."""

    async def scene(voice: EspeakVoice) -> list[int]:
        return [(await voice.speak(word, "he")).duration_ms for word in ("או", "שולחן", "מוסדניקיות")]

    short, middle, long = with_voice(scene)
    assert 200 < short < 700 and 400 < middle < 1000 and 700 < long < 1600


def test_two_languages_in_one_sentence() -> None:
    speech = with_voice(lambda voice: voice.speak("לתספורת אצל Dana Levi בשעה 10:30", "he"))
    assert level_db(speech) > -25 and len(speech.words) == 6


def test_speed_changes_the_length() -> None:
    async def scene(voice: EspeakVoice) -> list[int]:
        return [(await voice.speak("One two three four five.", "en", speed)).duration_ms for speed in (0.7, 1.0, 1.5)]

    slow, normal, fast = with_voice(scene)
    assert slow > normal * 1.2 and fast < normal * 0.85


@pytest.mark.parametrize("text", ["", "   ", "...", "[[", "]]\n{}", "\x00", "🙂", "a" * 4000])
def test_any_text_can_be_spoken_or_passed_over(text: str) -> None:
    async def scene(voice: EspeakVoice) -> tuple[Speech, Speech]:
        return await voice.speak(text, "en"), await voice.speak("Still there.", "en")

    _, after = with_voice(scene)
    assert level_db(after) > -25


# --- memory -----------------------------------------------------------------------------------------------


def test_a_sentence_is_made_once() -> None:
    async def scene(voice: EspeakVoice) -> None:
        first, second = await asyncio.gather(voice.speak("Hello.", "en"), voice.speak("Hello.", "en"))
        assert first is second is await voice.speak("Hello.", "en")

    with_voice(scene)


# --- accidents --------------------------------------------------------------------------------------------


def test_a_killed_worker_is_started_again() -> None:
    worker = LibraryWorker()

    async def scene(voice: EspeakVoice) -> None:
        await voice.speak("One.", "en")
        assert worker._process is not None
        os.kill(worker._process.pid, signal.SIGKILL)
        worker._process.wait()
        assert level_db(await voice.speak("Two.", "en")) > -25
        os.kill(worker._process.pid, signal.SIGSTOP)  # alive and silent, then killed in the middle of a request
        asking = asyncio.ensure_future(voice.speak("Three.", "en"))
        await asyncio.sleep(0.05)
        os.kill(worker._process.pid, signal.SIGKILL)
        assert level_db(await asking) > -25

    with_voice(scene, EspeakVoice(worker))


def test_a_worker_that_cannot_start_gives_advice() -> None:
    worker = LibraryWorker([sys.executable, "-c", 'print(\'{"error": "no library"}\')'])
    with pytest.raises(EngineError, match="install the Python package espeakng-loader"):
        with_voice(lambda voice: voice.speak("One.", "en"), EspeakVoice(worker))


def test_a_worker_that_dies_at_every_sentence_is_given_up() -> None:
    dying = "import sys; print('{}', flush=True); sys.stdin.readline()"
    worker = LibraryWorker([sys.executable, "-c", dying])
    with pytest.raises(EngineError, match="died twice") as caught:
        with_voice(lambda voice: voice.speak("One.", "en"), EspeakVoice(worker))
    assert caught.value.code == "engine.no_voice"


def test_a_worker_that_refuses_a_text_stays() -> None:
    refusing = (
        "import sys, json\n"
        "print('{}', flush=True)\n"
        "for line in sys.stdin: print(json.dumps({'error': 'no such voice'}), flush=True)\n"
    )
    with pytest.raises(EngineError, match="no such voice"):
        with_voice(
            lambda voice: voice.speak("One.", "en"), EspeakVoice(LibraryWorker([sys.executable, "-c", refusing]))
        )


PROGRAM = """#!{python}
import json, sys, wave
from torim.engines.embedded.espeak_worker import load
arguments = dict(zip(sys.argv[1::2], sys.argv[2::2]))
speaker = load()
text = sys.stdin.read()
request = {{"text": text, "voice": arguments["-v"], "rate_wpm": arguments["-s"], "phonemes": "[[" in text}}
audio, _ = speaker.speak(request)
with wave.open(sys.stdout.buffer, "wb") as out:
    out.setnchannels(1), out.setsampwidth(2), out.setframerate(speaker.rate_hz)
    out.writeframesraw(audio)
"""


def test_the_program_serves_where_there_is_no_package(tmp_path: Path) -> None:
    """The program is driven by its command line; here the same library stands behind that command line."""
    program = tmp_path / "espeak-ng"
    program.write_text(PROGRAM.format(python=sys.executable))
    program.chmod(program.stat().st_mode | stat.S_IXUSR)
    speech = with_voice(lambda voice: voice.speak("To book, press one.", "en"), EspeakVoice(Program(str(program))))
    assert level_db(speech) > -24 and speech.duration_ms > 800
    assert "".join(word.text for word in speech.words) == "To book, press one."


def test_a_program_that_fails_gives_advice(tmp_path: Path) -> None:
    with pytest.raises(EngineError, match="Try it by hand"):
        with_voice(lambda voice: voice.speak("One.", "en"), EspeakVoice(Program(str(tmp_path / "none"))))
    with pytest.raises(EngineError, match="Try it by hand"):
        with_voice(lambda voice: voice.speak("One.", "en"), EspeakVoice(Program("/bin/true")))


def test_a_synthesizer_is_found_here() -> None:
    assert isinstance(find_synthesizer(), LibraryWorker)


# --- numerics ---------------------------------------------------------------------------------------------


def tone(hertz: float, rate_hz: int, seconds: float = 0.5, size: float = 0.5) -> np.ndarray:
    return (size * np.sin(2 * np.pi * hertz * np.arange(int(rate_hz * seconds)) / rate_hz)).astype(np.float32)


@pytest.mark.parametrize("rate_hz", [8000, 16000, 22050, 24000, 44100, 48000])
def test_resampling_keeps_the_telephone_band_and_nothing_above(rate_hz: int) -> None:
    kept = resample(tone(1000, rate_hz), rate_hz)
    assert len(kept) == 4000
    assert abs(float(np.sqrt(np.mean(kept[400:-400] ** 2))) - 0.5 / np.sqrt(2)) < 0.01
    peak = np.argmax(np.abs(np.fft.rfft(kept))) * 8000 / len(kept)
    assert abs(peak - 1000) < 5
    if rate_hz > 10_000:
        assert float(np.abs(resample(tone(4800, rate_hz), rate_hz)[400:-400]).max()) < 0.003


def test_loudness_is_even_and_never_clips() -> None:
    for size in (0.01, 0.1, 0.9):
        levelled = level(tone(500, 8000, size=size))
        assert abs(10 * np.log10(np.mean(levelled**2)) + 20) < 0.5
    click = tone(500, 8000, size=0.02)
    click[100] = 1.0
    assert float(np.abs(level(click)).max()) <= 0.9
    assert len(level(np.zeros(0, np.float32))) == 0


def test_words_without_marks_are_spread_by_their_letters() -> None:
    words = spread(["a", "longer", "word"], 1400)
    assert [word.text for word in words] == ["a", " longer", " word"]
    assert words[0].end_ms == words[1].start_ms and words[-1].end_ms == 1400
    assert words[1].end_ms - words[1].start_ms > words[0].end_ms - words[0].start_ms


def test_a_wav_of_any_rate_becomes_speech_and_rubbish_does_not() -> None:
    speech = speech_of_wav(wav_of(g711.encode((tone(500, 8000) * 32767).astype(np.int16))), "one two")
    assert 480 <= speech.duration_ms <= 700 and len(speech.words) == 2
    with pytest.raises(ValueError, match="not a WAV file"):
        speech_of_wav(b"ID3 this is an mp3", "one")


@pytest.mark.parametrize("audio_format", [Pcm(), Pcma()])
def test_pcm_and_alaw_round_trips_sound_alike(audio_format: Pcm | Pcma) -> None:
    payload = g711.encode((tone(700, 8000) * 32767).astype(np.int16))
    heard = g711.decode_float(InputCoder(audio_format).decode(encode_audio(payload, audio_format)))[200:3600]
    angle = 2 * np.pi * 700 * np.arange(len(heard)) / 8000
    basis = np.stack([np.sin(angle), np.cos(angle)], axis=1)
    fitted, *_ = np.linalg.lstsq(basis, heard, rcond=None)
    noise = np.mean((heard - basis @ fitted) ** 2)
    assert abs(np.hypot(*fitted) - 0.5) < 0.02
    assert 10 * np.log10(np.mean(heard**2) / noise) > 30


def test_the_tone_is_a_tone() -> None:
    samples = g711.decode_float(beep())
    peak = np.argmax(np.abs(np.fft.rfft(samples))) * 8000 / len(samples)
    assert abs(peak - PITCH_HZ) < 10 and len(beep()) == (LENGTH_MS + 200) * 8
