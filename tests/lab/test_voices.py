"""The caller's voice: levels, trimming, WAV files."""

import asyncio
import wave
from pathlib import Path

import numpy as np
import pytest

from torim.audio import g711
from torim.errors import ConfigError
from torim.lab.line import onset_samples
from torim.lab.scenario import Say, parse_scenario
from torim.lab.voices import levelled, prepare, read_wav, trimmed


def sine(rate_hz: int, seconds: float, frequency_hz: float = 500.0) -> np.ndarray:
    return (np.sin(2 * np.pi * frequency_hz * np.arange(int(rate_hz * seconds)) / rate_hz) * 9000).astype("<i2")


def write(path: Path, rate_hz: int, samples: np.ndarray, channels: int = 1) -> None:
    with wave.open(str(path), "wb") as file:
        file.setnchannels(channels)
        file.setsampwidth(2)
        file.setframerate(rate_hz)
        file.writeframes(samples.tobytes())


@pytest.mark.parametrize("rate_hz", [8000, 16000, 22050, 44100, 48000])
def test_a_wav_of_any_rate_becomes_telephone_audio(tmp_path: Path, rate_hz: int) -> None:
    write(tmp_path / "a.wav", rate_hz, sine(rate_hz, 0.5))
    audio = read_wav(tmp_path / "a.wav")
    assert len(audio) == 4000
    spectrum = np.abs(np.fft.rfft(g711.decode(audio).astype(float)))
    assert np.argmax(spectrum) * 2 == pytest.approx(500, abs=4)


def test_stereo_is_mixed(tmp_path: Path) -> None:
    left = sine(8000, 0.1)
    write(tmp_path / "a.wav", 8000, np.column_stack((left, left)), channels=2)
    assert len(read_wav(tmp_path / "a.wav")) == 800


def test_a_missing_file_is_explained(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"nobody\.wav"):
        read_wav(tmp_path / "nobody.wav")


def test_speech_is_brought_to_the_level_of_a_talker() -> None:
    quiet = g711.encode((sine(8000, 0.5) // 10).astype(np.int16))
    samples = g711.decode(levelled(quiet)).astype(float) / 32768
    assert 20 * np.log10(np.sqrt(np.mean(samples**2))) == pytest.approx(-22, abs=0.7)


def test_an_utterance_begins_with_its_speech() -> None:
    audio = trimmed(b"\xff" * 4000 + g711.encode(sine(8000, 0.3).astype(np.int16)) + b"\xff" * 4000, 1)
    assert onset_samples(audio) <= 80
    assert len(audio) <= 80 + 2400 + 480 + 40


def test_silence_cannot_be_said() -> None:
    with pytest.raises(ConfigError, match="Line 7"):
        trimmed(b"\xff" * 1000, 7)


def test_every_utterance_is_made_once_and_in_its_language(tmp_path: Path) -> None:
    asked: list[tuple[str, str]] = []

    async def speak(text: str, language: str) -> bytes:
        asked.append((text, language))
        return g711.encode(sine(8000, 0.3).astype(np.int16))

    write(tmp_path / "b.wav", 8000, sine(8000, 0.2))
    scenario = parse_scenario('language en\nsay "one"\nsay "one"\nsay "shalom" in he\nsay file "b.wav"')
    ready = asyncio.run(prepare(scenario, speak, tmp_path))
    assert asked == [("one", "en"), ("shalom", "he")]
    assert set(ready) == {Say("one"), Say("shalom", language="he"), Say("", file="b.wav")}
