"""A program of its own that speaks with the espeak-ng library: requests on stdin, audio on stdout.

espeak-ng is GPL software. It is loaded here, in a separate process that the engine talks to through pipes,
and nowhere else. One request is a line of JSON: ``text``, ``voice``, ``rate_wpm``, ``phonemes`` (whether
``[[...]]`` holds phonemes). The answer is a line of JSON and then raw 16-bit samples: ``bytes`` of them at
``rate_hz``, and ``words``: pairs of (position of a word in the text, from 1, and sample at which it begins).
A request that fails is answered by ``error``. The program ends with its stdin.
"""

from __future__ import annotations

import ctypes
import importlib
import json
import sys
from collections.abc import Callable
from typing import Any, BinaryIO

_SYNCHRONOUS = 2  # audio by callback, on this thread
_DONT_EXIT = 0x8000  # report a missing data directory instead of ending the process
_UTF8 = 1
_PHONEMES = 0x100
_RATE = 1  # parameter number: words per minute
_POSITION_CHARACTER = 1
_EVENT_END, _EVENT_WORD = 0, 1


class _Id(ctypes.Union):
    _fields_ = [("number", ctypes.c_int), ("name", ctypes.c_char_p), ("string", ctypes.c_char * 8)]


class _Event(ctypes.Structure):
    _fields_ = [
        ("type", ctypes.c_int),
        ("unique_identifier", ctypes.c_uint),
        ("text_position", ctypes.c_int),
        ("length", ctypes.c_int),
        ("audio_position", ctypes.c_int),
        ("sample", ctypes.c_int),
        ("user_data", ctypes.c_void_p),
        ("id", _Id),
    ]


_Callback = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.POINTER(ctypes.c_short), ctypes.c_int, ctypes.POINTER(_Event))


class Synthesizer:
    """The library, initialised once."""

    def __init__(self, library_path: str, data_path: str) -> None:
        self._library = ctypes.CDLL(library_path)
        self._audio = bytearray()
        self._words: list[tuple[int, int]] = []
        self.rate_hz: int = self._library.espeak_Initialize(_SYNCHRONOUS, 0, data_path.encode(), _DONT_EXIT)
        if self.rate_hz <= 0:
            raise OSError(f"espeak-ng found no data in {data_path}")
        self._callback = _Callback(self._collect)  # kept: the library holds only its address
        self._library.espeak_SetSynthCallback(self._callback)

    def speak(self, request: dict[str, Any]) -> tuple[bytes, list[tuple[int, int]]]:
        """Samples and word positions of one request."""
        self._audio.clear()
        self._words.clear()
        if self._library.espeak_SetVoiceByName(str(request["voice"]).encode()):
            raise ValueError(f"espeak-ng has no voice {request['voice']!r}")
        self._library.espeak_SetParameter(_RATE, int(request["rate_wpm"]), 0)
        text = str(request["text"]).encode() + b"\0"
        flags = _UTF8 | (_PHONEMES if request.get("phonemes") else 0)
        if self._library.espeak_Synth(text, len(text), 0, _POSITION_CHARACTER, 0, flags, None, None):
            raise ValueError("espeak-ng refused the text")
        return bytes(self._audio), list(self._words)

    def _collect(self, wave: Any, count: int, events: Any) -> int:
        if wave and count > 0:
            self._audio += ctypes.string_at(wave, count * 2)
        index = 0
        while events[index].type != _EVENT_END:
            if events[index].type == _EVENT_WORD:
                self._words.append((events[index].text_position, events[index].sample))
            index += 1
        return 0


def load() -> Synthesizer:
    """The synthesizer with the library that the `espeakng_loader` package ships."""
    loader = importlib.import_module("espeakng_loader")
    return Synthesizer(loader.get_library_path(), loader.get_data_path())


def serve(source: BinaryIO, sink: BinaryIO, speak: Callable[[dict[str, Any]], Any], rate_hz: int) -> None:
    """Answer requests until the source ends."""
    for request in iter(source.readline, b""):
        try:
            audio, words = speak(json.loads(request))
        except (ValueError, KeyError, TypeError) as error:
            _write(sink, {"error": str(error)})
            continue
        _write(sink, {"rate_hz": rate_hz, "bytes": len(audio), "words": words}, audio)


def _write(sink: BinaryIO, header: dict[str, Any], body: bytes = b"") -> None:
    sink.write(json.dumps(header).encode() + b"\n" + body)
    sink.flush()


def main() -> int:
    """Run as a program; the first line says whether the library is there."""
    try:
        synthesizer = load()
    except (ImportError, OSError) as error:
        _write(sys.stdout.buffer, {"error": str(error)})
        return 1
    _write(sys.stdout.buffer, {"ready": True})
    serve(sys.stdin.buffer, sys.stdout.buffer, synthesizer.speak, synthesizer.rate_hz)
    return 0


if __name__ == "__main__":
    sys.exit(main())
