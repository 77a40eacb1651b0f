"""Items as a client creates them: which parts a role may have, and what they become inside."""

from __future__ import annotations

import base64
import binascii
from typing import Any

from torim.engines.embedded.formats import InputCoder
from torim.engines.embedded.items import Content, Item
from torim.engines.embedded.wire import Ids
from torim.engines.protocol import (
    AudioFormat,
    FunctionCallItem,
    FunctionOutputItem,
    InputAudio,
    InputImage,
    MessageItem,
)
from torim.engines.protocol_faults import ProtocolFault

PARTS = {
    "user": ("input_text", "input_audio", "input_image"),
    "system": ("input_text",),
    "assistant": ("output_text",),
}


def new_item(item: Any, ids: Ids, audio_format: AudioFormat) -> Item:
    """Turn a created item into one of ours, with an id if the client chose none.

    Raises:
        ProtocolFault: a part does not suit the role, or its audio is not base64.
    """
    item_id = item.id or ids.new("item")
    if isinstance(item, FunctionCallItem):
        call_id = item.call_id or ids.new("call")
        return Item(item_id, "function_call", name=item.name, call_id=call_id, arguments=item.arguments)
    if isinstance(item, FunctionOutputItem):
        return Item(item_id, "function_call_output", call_id=item.call_id, output=item.output)
    content = [_content(item, index, audio_format) for index in range(len(item.content))]
    return Item(item_id, "message", item.role, content=content)


def _content(item: MessageItem, index: int, audio_format: AudioFormat) -> Content:
    part, where = item.content[index], f"item.content[{index}]"
    kind = part.__struct_config__.tag
    if kind not in PARTS[item.role]:
        suitable = " and ".join(f"'{name}'" for name in PARTS[item.role])
        message = f"Invalid value: '{kind}'. Supported values for a {item.role} message are: {suitable}."
        raise ProtocolFault("invalid_value", message, f"{where}.type")
    if isinstance(part, InputAudio):
        content = Content("input_audio", transcript=part.transcript)
        content.set_audio(_audio(part, where, audio_format))
        return content
    if isinstance(part, InputImage):
        return Content("input_image", image_url=part.image_url)
    return Content(str(kind), text=part.text)


def _audio(part: InputAudio, where: str, audio_format: AudioFormat) -> bytes:
    try:
        return InputCoder(audio_format).decode(base64.b64decode(part.audio, validate=True))
    except (binascii.Error, ValueError):
        raise ProtocolFault("invalid_value", f"Invalid '{where}.audio': not base64.", f"{where}.audio") from None
