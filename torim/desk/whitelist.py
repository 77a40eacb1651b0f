"""Which telephone numbers and addresses may be said to callers: only those that the owner allowed.

Numbers, e-mail and web addresses in any text that a model reads are taken out unless they are on the list, so that
it cannot say what it does not know. Street addresses cannot be told from other words and stay.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from torim.desk.business import Business

LEFT_OUT = "\u2026"
_CONTACT = re.compile(r"[\w.+-]+@[\w-]+\.[\w.-]*\w|(?:https?://|www\.)\S+|(?:\+|\b)\d(?:[\s().-]{0,2}\d){6,14}\b")


def allowed(business: Business) -> tuple[str, ...]:
    """The numbers and addresses that may be said, the business's own first."""
    return tuple(dict.fromkeys(filter(None, (business.phone, *business.speakable))))


def sayable(text: str, business: Business) -> str:
    """A text on one line, without contacts that may not be said."""
    known = {_core(item) for item in allowed(business)}
    one_line = " ".join(text.split())
    return _CONTACT.sub(lambda found: found[0] if _is_known(found[0], known) else LEFT_OUT, one_line)


def _is_known(contact: str, known: Iterable[str]) -> bool:
    core = _core(contact)
    return any(core == item or (len(core) >= 7 and core in item) for item in known)


def _core(contact: str) -> str:
    """A contact without what people write differently: digits without the country, or lower-case letters."""
    digits = re.sub(r"\D", "", contact)
    if "@" in contact or not digits or re.search(r"[^\W\d_]", contact):
        return contact.strip(" .,;").casefold()
    return re.sub(r"^(?:972|0)+", "", digits)
