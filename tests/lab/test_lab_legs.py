"""A telephone's leg and the ways of an echo: band, noise, loss, bursts, overdrive."""

import numpy as np
import pytest

from torim.lab.echo_path import Echo, EchoPath, Response, Samples
from torim.lab.leg import Codec, Leg, LegSettings
from torim.lab.line import CallerLine, LineSettings

SILENT = b"\xff" * 160


def rms_db(samples: Samples) -> float:
    return float(10 * np.log10(np.mean(samples**2) + 1e-9))


def through(leg: Leg, samples: Samples) -> Samples:
    return np.concatenate([leg.frame(frame) for frame in samples.reshape(-1, 160)])


def tone(hz: float, seconds: float = 1.0) -> Samples:
    return 8000 * np.sin(2 * np.pi * hz * np.arange(int(8000 * seconds)) / 8000)


def leg(codec: Codec = Codec.NONE, loss: float = 0.0) -> Leg:
    return Leg(LegSettings(codec, loss), np.random.default_rng(1))


@pytest.mark.parametrize(("hz", "lost_db"), [(100, 12), (1000, -1), (2500, -1), (3900, 20)])
def test_the_coarse_codec_keeps_the_telephone_band(hz: float, lost_db: float) -> None:
    wave = tone(hz)
    assert rms_db(wave) - rms_db(through(leg(Codec.GSM_LIKE), wave)) > lost_db


def test_the_coarse_codec_adds_noise_that_follows_the_voice() -> None:
    wave = tone(1000)
    out = through(leg(Codec.GSM_LIKE), wave)
    noise = out[400:] - wave[360:-40]  # the filter's delay
    assert 15 < rms_db(wave) - rms_db(noise) < 30


def test_lost_frames_fade_from_the_one_before() -> None:
    out = through(leg(loss=0.99), tone(1000)).reshape(-1, 160)
    assert rms_db(out[-1]) < -60


def test_a_plain_leg_is_no_leg() -> None:
    one, two = CallerLine(LineSettings()), CallerLine(LineSettings(leg=LegSettings(Codec.NONE, 0.0)))
    assert one.frame(SILENT, SILENT) == two.frame(SILENT, SILENT)


@pytest.mark.parametrize("response", list(Response))
@pytest.mark.parametrize("erl_db", [0.0, 15.0, 30.0])
def test_every_echo_has_its_return_loss(response: Response, erl_db: float) -> None:
    rng = np.random.default_rng(3)
    far = rng.normal(0, 1500, 8000)
    echo = Echo(EchoPath(erl_db, 100, response=response), rng)
    back = np.concatenate([echo.frame(frame) for frame in far.reshape(-1, 160)])
    assert not np.any(back[: 8 * 95])
    assert rms_db(far) - rms_db(back[8 * 300 : 8 * 500]) == pytest.approx(erl_db, abs=3)


def test_a_canceller_leaves_bursts() -> None:
    rng = np.random.default_rng(5)
    echo = Echo(EchoPath(20, 0, response=Response.RESIDUAL), rng)
    levels = np.array([rms_db(echo.frame(frame)) for frame in rng.normal(0, 1500, 160_000).reshape(-1, 160)])
    assert 0.05 < np.mean(levels > 20) < 0.6


def test_a_loudspeaker_at_full_level_distorts() -> None:
    echo = Echo(EchoPath(0, 0, response=Response.SPEAKERPHONE), np.random.default_rng(5))
    wave = tone(500, 1) * 3
    back = np.concatenate([echo.frame(frame) for frame in wave.reshape(-1, 160)])[4000:]
    spectrum = np.abs(np.fft.rfft(back * np.hanning(len(back))))
    assert spectrum[750] > 0.01 * spectrum.max()  # the third harmonic: 2 Hz a bin
