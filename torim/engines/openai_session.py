"""The session a Realtime engine is asked for, and the check that it is the one we got.

A rejected update leaves the engine's defaults, 24 kHz PCM among them, which is loud noise on a mu-law line.
So nothing may sound before the effective configuration was compared with this one.
"""

from __future__ import annotations

from typing import Any

from torim.core.abilities import EngineCapabilities
from torim.engines.base import SessionConfig, ToolSpec
from torim.engines.openai_wire import AudioInput, AudioOutput, SessionAudio, SessionBody

# Voices of the hosted engine; a compatible server may have others.
VOICES = ("marin", "cedar", "alloy", "ash", "ballad", "coral", "echo", "sage", "shimmer", "verse")
MU_LAW = "audio/pcmu"
_SEVERAL_LANGUAGES = ("gpt-transcribe", "gpt-live-transcribe")  # the models that take a list


def session_body(config: SessionConfig, capabilities: EngineCapabilities) -> dict[str, Any]:
    """The `session` object of our `session.update`."""
    return {
        "type": "realtime",
        "output_modalities": ["audio"],
        "instructions": config.instructions,
        "audio": {
            "input": {
                "format": {"type": MU_LAW},
                "noise_reduction": {"type": "near_field"},  # a telephone is held to the mouth
                "transcription": _transcription(config),
                "turn_detection": _turn_detection(config, capabilities),
            },
            "output": {"format": {"type": MU_LAW}, "voice": config.voice},
        },
        "tools": [_tool(tool) for tool in config.tools],
        "tool_choice": "auto",
    }


def mismatch(session: SessionBody, config: SessionConfig, capabilities: EngineCapabilities) -> str | None:
    """What is wrong with the effective session, as advice; None when it is the one that was asked for."""
    audio = session.audio or SessionAudio()
    return (
        _wrong_modality(session.output_modalities)
        or _wrong_format("input", audio.input)
        or _wrong_format("output", audio.output)
        or _wrong_voice(audio.output, config.voice)
        or _wrong_turns(audio.input, config, capabilities)
    )


def _transcription(config: SessionConfig) -> dict[str, Any] | None:
    if config.transcription_model is None:
        return None
    wanted: dict[str, Any] = {"model": config.transcription_model}
    if config.transcription_model.startswith(_SEVERAL_LANGUAGES):
        wanted["languages"] = list(config.languages)
    elif len(config.languages) == 1:
        # With several languages, naming one would spoil the others: such a model detects by itself.
        wanted["language"] = config.languages[0]
    return wanted


def _turn_detection(config: SessionConfig, capabilities: EngineCapabilities) -> dict[str, Any] | None:
    if not capabilities.detects_turns:
        return None
    return {
        "type": "server_vad",
        "silence_duration_ms": config.silence_duration_ms,
        "create_response": config.engine_creates,
        "interrupt_response": config.engine_creates,
    }


def _tool(tool: ToolSpec) -> dict[str, Any]:
    return {
        "type": "function",
        "name": tool.name,
        "description": tool.description,
        "parameters": dict(tool.parameters),
    }


def _wrong_modality(modalities: list[str] | None) -> str | None:
    if modalities is None or "audio" in modalities:
        return None
    return f"the engine will answer with {', '.join(modalities)} and no audio: choose a model that speaks"


def _wrong_format(side: str, half: AudioInput | AudioOutput | None) -> str | None:
    effective = half.format.type if half and half.format else None
    if effective == MU_LAW:
        return None
    return f"{side} format is {effective or 'unknown'}: the engine must support {MU_LAW} (G.711 mu-law)"


def _wrong_voice(output: AudioOutput | None, voice: str) -> str | None:
    effective = output.voice if output else None
    # An engine with a single voice may leave it out; a custom voice is an object and ours by its id.
    if not isinstance(effective, str) or effective == voice:
        return None
    return f"voice is {effective} instead of {voice}: choose a voice that this engine has"


def _wrong_turns(audio_input: AudioInput | None, config: SessionConfig, capabilities: EngineCapabilities) -> str | None:
    effective = audio_input.turn_detection if audio_input else None
    if not capabilities.detects_turns:
        return "turn detection is on although it was switched off" if effective else None
    if effective is None:
        return "turn detection is off: the engine must support server_vad"
    flags = (effective.create_response, effective.interrupt_response)
    # Servers written in Go leave a false flag out, so only a flag that contradicts us is a mismatch.
    if any(flag is not None and flag is not config.engine_creates for flag in flags):
        return f"create_response, interrupt_response are {flags}: two writers would answer the same turn"
    return None
