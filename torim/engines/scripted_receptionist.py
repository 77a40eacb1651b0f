"""What the engine called `scripted` says when nobody gave it a script: a small receptionist, always the same.

It understands nothing. It speaks what it is told to say exactly, calls a tool after a key, reads a tool's
result aloud, and answers everything else with one of a few sentences of about six seconds.
"""

from __future__ import annotations

import itertools
import json
import re

from torim.engines.script import Answer, Behaviour, Request, calls_tool, says
from torim.engines.scripted import ScriptedPeer

_EXACTLY = re.compile(r'Say exactly: "(.*)"', re.DOTALL)
_SENTENCES = (
    "Of course. We are open from nine to six, and tomorrow I could offer you ten or half past two.",
    "I have noted that for you. May I also have your name, and a number where we can reach you?",
    "Thank you for telling me. Is there anything else that I can look up for you in the calendar?",
)
_sessions = itertools.count(1)


def receptionist(behaviour: Behaviour | None = None) -> ScriptedPeer:
    """A new connection to the scripted receptionist; ids are unique in the process."""
    return ScriptedPeer(otherwise=receptionist_answer, behaviour=behaviour, session_id=str(next(_sessions)))


def receptionist_answer(request: Request) -> Answer:
    """The receptionist's answer to one request."""
    exactly = _EXACTLY.search(request.instructions)
    if exactly:
        return says(exactly[1])
    if request.last_item.get("type") == "function_call_output":
        return says(_spoken(request.last_item["output"]))
    if request.tools and _is_key(request):
        return calls_tool(request.tools[0])
    return says(_SENTENCES[request.number % len(_SENTENCES)])


def _spoken(output: str) -> str:
    try:
        result = json.loads(output)
    except ValueError:
        result = None
    spoken = result.get("spoken") if isinstance(result, dict) else None
    return spoken if isinstance(spoken, str) and spoken else "That is done."


def _is_key(request: Request) -> bool:
    parts = request.last_item.get("content") or [{}]
    return str(parts[0].get("text", "")).startswith("[dtmf]")
