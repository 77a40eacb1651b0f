"""The sentences of the touch-tone menu in English and Hebrew; it decides wording only.

Hebrew addresses the caller in the plural and speaks of the receptionist in the feminine, as the desk does.
Every Hebrew word that stands here has its sounds in `hebrew_words`.
"""

from __future__ import annotations

from enum import Enum


class Line(Enum):
    """A sentence of the menu, by name."""

    MAIN = "main"
    OWN = "own"
    LEAVE = "leave"
    PERSON = "person"
    AGAIN = "again"
    THIS_LANGUAGE = "this_language"  # how to get here from the other language, said in this one
    SERVICE = "service"
    SLOT = "slot"
    START_OVER = "start_over"
    CONFIRM = "confirm"
    CONFIRM_KEYS = "confirm_keys"
    APPOINTMENT = "appointment"
    ITSELF = "itself"
    CHANGE = "change"
    UNBOOK = "unbook"
    MESSAGE = "message"
    MESSAGE_MORE = "message_more"
    NO_MESSAGE = "no_message"
    NAME = "name"
    NO_NAME = "no_name"
    MORE = "more"
    WRONG_KEY = "wrong_key"
    NO_SPEECH = "no_speech"
    MODEL_DOWN = "model_down"
    FAILED = "failed"
    TAKEN = "taken"
    NOTHING_OFFERED = "nothing_offered"
    MOMENT = "moment"
    GOODBYE = "goodbye"
    DEMO = "demo"
    PRESSED = "pressed"


ENGLISH = {
    Line.MAIN: "To book an appointment, press one.",
    Line.OWN: "To hear, move or cancel your appointments, press two.",
    Line.LEAVE: "To leave a message, press three.",
    Line.PERSON: "To speak to a person, press four.",
    Line.AGAIN: "To hear this again, press nine.",
    Line.THIS_LANGUAGE: "For English, press eight.",
    Line.SERVICE: "For {service}, press {key}.",
    Line.SLOT: "For an appointment {slot}, press {key}.",
    Line.START_OVER: "To start over, press zero.",
    Line.CONFIRM: "{service}, {slot}.",
    Line.CONFIRM_KEYS: "To confirm, press one. To choose another time, press two.",
    Line.APPOINTMENT: "For {slot}, press {key}.",
    Line.ITSELF: "{slot}.",
    Line.CHANGE: "To move it, press one. To cancel it, press two.",
    Line.UNBOOK: "Do you want to cancel it? To cancel, press one. To keep it, press two.",
    Line.MESSAGE: "Please leave your message after the tone, then press the hash key.",
    Line.MESSAGE_MORE: "Go on after the tone, or press the hash key to send your message.",
    Line.NO_MESSAGE: "I did not hear a message.",
    Line.NAME: "Please say your name after the tone, then press the hash key.",
    Line.NO_NAME: "I did not hear a name.",
    Line.MORE: "For anything else, press nine. To finish, press zero or hang up.",
    Line.WRONG_KEY: "Sorry, that key does nothing here.",
    Line.NO_SPEECH: "I'm sorry, I cannot understand speech yet. Please use the keys of your phone.",
    Line.MODEL_DOWN: "I'm sorry, I cannot talk freely right now. You can go on with the keys of your phone.",
    Line.FAILED: "Sorry, that did not work. Please try again.",
    Line.TAKEN: "Sorry, that time is no longer free.",
    Line.NOTHING_OFFERED: "I am sorry, nothing can be booked right now.",
    Line.MOMENT: "One moment, please.",
    Line.GOODBYE: "Goodbye.",
    Line.DEMO: (
        "This is a demonstration without an appointment book. "
        "I notice when you speak and which keys you press, but I cannot book anything."
    ),
    Line.PRESSED: "You pressed {keys}.",
}

HEBREW = {
    Line.MAIN: "לקביעת תור, הקישו אחת.",
    Line.OWN: "לשמיעת התורים שלכם, להעברה או לביטול, הקישו שתיים.",
    Line.LEAVE: "להשארת הודעה, הקישו שלוש.",
    Line.PERSON: "לשיחה עם נציג, הקישו ארבע.",
    Line.AGAIN: "לשמיעה חוזרת, הקישו תשע.",
    Line.THIS_LANGUAGE: "לעברית, הקישו שמונה.",
    Line.SERVICE: "{service}, הקישו {key}.",
    Line.SLOT: "{slot}, הקישו {key}.",
    Line.START_OVER: "לחזרה להתחלה, הקישו אפס.",
    Line.CONFIRM: "{service}, {slot}.",
    Line.CONFIRM_KEYS: "לאישור, הקישו אחת. לבחירת מועד אחר, הקישו שתיים.",
    Line.APPOINTMENT: "{slot}, הקישו {key}.",
    Line.ITSELF: "{slot}.",
    Line.CHANGE: "להעברה למועד אחר, הקישו אחת. לביטול, הקישו שתיים.",
    Line.UNBOOK: "לבטל את התור? לביטול, הקישו אחת. להשארת התור, הקישו שתיים.",
    Line.MESSAGE: "אמרו את ההודעה אחרי הצליל, ולסיום הקישו סולמית.",
    Line.MESSAGE_MORE: "אפשר להמשיך אחרי הצליל. לשליחת ההודעה, הקישו סולמית.",
    Line.NO_MESSAGE: "לא שמעתי הודעה.",
    Line.NAME: "אמרו את שמכם אחרי הצליל, ולסיום הקישו סולמית.",
    Line.NO_NAME: "לא שמעתי שם.",
    Line.MORE: "לעניין נוסף, הקישו תשע. לסיום, הקישו אפס או נתקו.",
    Line.WRONG_KEY: "סליחה, המקש הזה אינו פעיל כאן.",
    Line.NO_SPEECH: "סליחה, אני עדיין לא מבינה דיבור. אפשר להשתמש במקשי הטלפון.",
    Line.MODEL_DOWN: "סליחה, אני לא יכולה לשוחח כרגע. אפשר להמשיך במקשי הטלפון.",
    Line.FAILED: "סליחה, זה לא הצליח. אפשר לנסות שוב.",
    Line.TAKEN: "סליחה, המועד הזה כבר נתפס.",
    Line.NOTHING_OFFERED: "אני מצטערת, אין מה לקבוע כרגע.",
    Line.MOMENT: "רק רגע, בבקשה.",
    Line.GOODBYE: "להתראות.",
    Line.DEMO: "זוהי הדגמה בלי יומן תורים. אני שומעת שמדברים ואילו מקשים הוקשו, אבל לא יכולה לקבוע תור.",
    Line.PRESSED: "הוקשו המקשים {keys}.",
}

LINES = {"en": ENGLISH, "he": HEBREW}

KEY_NAMES = {
    "en": dict(
        zip(
            "0123456789*#",
            "zero one two three four five six seven eight nine star hash".split(),
            strict=True,
        )
    ),
    "he": dict(
        zip(
            "0123456789*#",
            "אפס אחת שתיים שלוש ארבע חמש שש שבע שמונה תשע כוכבית סולמית".split(),
            strict=True,
        )
    ),
}

# A whole utterance that is one of these is taken as the key, where speech is transcribed.
SPOKEN_KEYS = {name: key for names in KEY_NAMES.values() for key, name in names.items()} | {
    "אחד": "1",
    "שניים": "2",
    "שתים": "2",
    "שלושה": "3",
    "ארבעה": "4",
}


def line(language: str, name: Line, **blanks: str) -> str:
    """A sentence of the menu with its blanks filled; English where the language is unknown."""
    return LINES.get(language, ENGLISH)[name].format(**blanks)


def key_name(language: str, key: str) -> str:
    """How a key is called."""
    return KEY_NAMES.get(language, KEY_NAMES["en"]).get(key, key)
