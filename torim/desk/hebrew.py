"""How Hebrew says dates, times and the desk's sentences; it decides wording only, never what is offered.

Hours and minutes are feminine, days of the month masculine. The receptionist speaks of herself in the
feminine and addresses the caller in the plural or without gender.
"""

from __future__ import annotations

from datetime import date, datetime, time, timedelta

from torim.desk.phrases import Phrase

WEEKDAYS = ("יום שני", "יום שלישי", "יום רביעי", "יום חמישי", "יום שישי", "שבת", "יום ראשון")
SHORT_WEEKDAYS = ("שני", "שלישי", "רביעי", "חמישי", "שישי", "שבת", "ראשון")
MONTHS = (
    "ינואר",
    "פברואר",
    "מרץ",
    "אפריל",
    "מאי",
    "יוני",
    "יולי",
    "אוגוסט",
    "ספטמבר",
    "אוקטובר",
    "נובמבר",
    "דצמבר",
)
FEMININE = ("אפס", "אחת", "שתיים", "שלוש", "ארבע", "חמש", "שש", "שבע", "שמונה", "תשע", "עשר")
FEMININE_TEENS = (
    "אחת עשרה",
    "שתים עשרה",
    "שלוש עשרה",
    "ארבע עשרה",
    "חמש עשרה",
    "שש עשרה",
    "שבע עשרה",
    "שמונה עשרה",
    "תשע עשרה",
)
MASCULINE = ("אפס", "אחד", "שניים", "שלושה", "ארבעה", "חמישה", "שישה", "שבעה", "שמונה", "תשעה", "עשרה")
MASCULINE_TEENS = (
    "אחד עשר",
    "שנים עשר",
    "שלושה עשר",
    "ארבעה עשר",
    "חמישה עשר",
    "שישה עשר",
    "שבעה עשר",
    "שמונה עשר",
    "תשעה עשר",
)
TENS = ("", "", "עשרים", "שלושים", "ארבעים", "חמישים", "שישים", "שבעים", "שמונים", "תשעים")

LANGUAGE_NAMES = {"he": "עברית", "en": "אנגלית"}

PHRASES: dict[Phrase, str] = {
    Phrase.GREETING: "שלום, כאן {business}. מדברת פקידת הקבלה הממוחשבת. במה אפשר לעזור?",
    Phrase.CONSENT: "השיחה מוקלטת.",
    Phrase.PROMPT: "אתם עדיין על הקו?",
    Phrase.GOODBYE: "תודה שפניתם אל {business}. להתראות!",
    Phrase.HANDOVER: "אני מעבירה את השיחה. רק רגע, בבקשה.",
    Phrase.RETURNED: "מצטערת, אין שם מענה. אשמח לרשום הודעה. מה למסור?",
    Phrase.RETRY: "סליחה, לא שמעתי היטב. אפשר לחזור על זה?",
    Phrase.MOMENT: "רק רגע, בבקשה.",
    Phrase.APOLOGY: "אני מצטערת, יש לנו תקלה טכנית ואיני יכולה להמשיך בשיחה. נשמח אם תתקשרו שוב בעוד כמה דקות.",
    Phrase.SERVICE: "{service}, {duration}",
    Phrase.SERVICES: "אפשר לקבוע תור לשירותים הבאים: {services}.",
    Phrase.OFFER: "יש תור פנוי {options}.",
    Phrase.OFFER_OTHER: "בזמן שביקשתם אין תור פנוי, אבל יש {options}.",
    Phrase.OFFER_UNSURE: "אפשר להבין את זה ביותר מדרך אחת. {offer} למה הכוונה?",
    Phrase.OFFER_CONTRADICTED: "היום בשבוע והתאריך לא מתאימים זה לזה. {offer} למה הכוונה?",
    Phrase.NONE_FREE: "לצערי אין תורים פנויים בימים הקרובים.",
    Phrase.CALENDAR_AWAY: "מצטערת, היומן אינו זמין לי כרגע. אשמח לרשום הודעה, ויחזרו אליכם.",
    Phrase.NO_SUCH_TIME: "סליחה, אין תאריך או שעה כאלה. מתי נוח לכם?",
    Phrase.PAST: "סליחה, המועד הזה כבר עבר. מתי נוח לכם?",
    Phrase.TOO_FAR: "אפשר לקבוע תורים רק עד {day}. מתי נוח לכם?",
    Phrase.HELD: "המועד שמור לכם לדקה וחצי: {when}.",
    Phrase.BOOKED: "התור נקבע: {service}, {when}.",
    Phrase.MOVED: "התור הועבר: {service}, {when}.",
    Phrase.CANCELLED: "התור בוטל: {service}, {when}.",
    Phrase.CONFIRMED: "התור מאושר: {service}, {when}.",
    Phrase.APPOINTMENT: "{service}, {when}",
    Phrase.YOUR_APPOINTMENT: "רשום לכם תור אחד: {appointment}.",
    Phrase.YOUR_APPOINTMENTS: "אלה התורים שלכם: {appointments}.",
    Phrase.NO_APPOINTMENTS: "לא מצאתי תור שרשום על המספר שלכם.",
    Phrase.NOT_FOUND: "סליחה, לא מצאתי את התור הזה.",
    Phrase.TAKEN: "אני מצטערת, המועד הזה בדיוק נתפס.",
    Phrase.NOT_OFFERED: "אני מצטערת, המועד הזה אינו פנוי.",
    Phrase.UNKNOWN_SERVICE: "אני מצטערת, אין אצלנו שירות כזה.",
    Phrase.NOT_SAVED: "אני מצטערת, לא הצלחתי לשמור את זה. דבר לא השתנה.",
    Phrase.NOT_UNDERSTOOD: "סליחה, משהו השתבש. בואו ננסה שוב.",
    Phrase.WITHHELD: "השיחה הגיעה ממספר חסוי, ולכן איני יכולה לראות תורים. אשמח לרשום הודעה, ויחזרו אליכם.",
    Phrase.NOT_A_NUMBER: "סליחה, לא קלטתי את המספר. אפשר לומר אותו שוב, ספרה ספרה?",
    Phrase.CODE_MESSAGE: "{business}: קוד האימות הוא {code}. הקוד תקף לחמש דקות. יש למסור אותו לפקידת הקבלה שלנו בלבד.",
    Phrase.CODE_SENT: "שלחתי למספר הזה הודעה עם קוד. מה הקוד?",
    Phrase.CODE_NOT_SENT: "סליחה, לא הצלחתי לשלוח קוד למספר הזה. אשמח לרשום הודעה.",
    Phrase.CODE_RIGHT: "תודה, הקוד נכון.",
    Phrase.CODE_WRONG: "סליחה, זה לא הקוד. אפשר לומר אותו שוב?",
    Phrase.CODE_SPENT: "סליחה, הקוד הזה כבר לא תקף. אשמח לרשום הודעה.",
    Phrase.MESSAGE_TAKEN: "רשמתי, ואעביר את ההודעה.",
    Phrase.MESSAGE_EMPTY: "מה למסור?",
    Phrase.NOBODY_THERE: "מצטערת, אין כרגע מי שיענה. אשמח לרשום הודעה. מה למסור?",
    Phrase.WAY_OUT: "סליחה, לא הצלחתי להבין. אשמח לרשום הודעה, ויחזרו אליכם.",
    Phrase.WAY_OUT_OR_PERSON: "סליחה, לא הצלחתי להבין. אפשר להעביר אתכם לנציג, או לרשום הודעה. מה נוח לכם?",
    Phrase.OR: ", או ",
    Phrase.AND: " ו",
}

RETRY_INSTRUCTIONS = (
    "התשובה האחרונה שלך לא הגיעה אל המתקשר. עני עכשיו שוב על דבריו האחרונים, במשפט קצר אחד או שניים. "
    'אם אין על מה לענות, אמרי: "{sentence}"'
)


WAY_OUT_INSTRUCTIONS = (
    "את דבריו האחרונים של המתקשר לא היה אפשר לתמלל: אולי הקו גרוע. אם הבנת את דבריו האחרונים, עני עליהם. "
    'אם לא הבנת, אמרי: "{sentence}" ואז עשי כבקשת המתקשר.'
)


def feminine(value: int) -> str:
    """A whole number from 0 to 99 in words, feminine, as hours and minutes are counted."""
    return _number(value, FEMININE, FEMININE_TEENS)


def masculine(value: int) -> str:
    """A whole number from 0 to 99 in words, masculine, as days of the month are counted."""
    return _number(value, MASCULINE, MASCULINE_TEENS)


def _number(value: int, units: tuple[str, ...], teens: tuple[str, ...]) -> str:
    if value <= 10:
        return units[value]
    if value < 20:
        return teens[value - 11]
    tens, ones = divmod(value, 10)
    return TENS[tens] + (f" ו{units[ones]}" if ones else "")


def duration(minutes: int) -> str:
    """A length of time, up to 99 hours: "חצי שעה", "שעה וחצי", "שעתיים ועשרים דקות"."""
    hours, rest = divmod(minutes, 60)
    if hours == 0:
        return {15: "רבע שעה", 30: "חצי שעה"}.get(rest) or _minute_count(rest)
    spoken = {1: "שעה", 2: "שעתיים"}.get(hours) or f"{feminine(hours)} שעות"
    if rest == 0:
        return spoken
    return f"{spoken} ו" + ({15: "רבע", 30: "חצי"}.get(rest) or _minute_count(rest))


def _minute_count(minutes: int) -> str:
    return {1: "דקה", 2: "שתי דקות"}.get(minutes) or f"{feminine(minutes)} דקות"


def year(value: int) -> str:
    """A year from 2000 to 2099 in words; "and" stands before the last part only."""
    rest = value - 2000
    if rest == 0:
        return "אלפיים"
    joined = "" if rest > 20 and rest % 10 else "ו"
    return f"אלפיים {joined}{feminine(rest)}"


def calendar_day(day: date) -> str:
    """A date without the year: "יום שלישי, עשרים וארבעה בנובמבר"."""
    return f"{WEEKDAYS[day.weekday()]}, {masculine(day.day)} ב{MONTHS[day.month - 1]}"


def clock(at: time) -> str:
    """A wall-clock time: "עשר וחצי בבוקר", "רבע לשש בערב"."""
    if at.minute == 45:
        hour = (at.hour + 1) % 24
        return f"רבע ל{_hour(hour)} {_part_of_day(hour)}"
    return f"{_hour(at.hour)}{_minutes(at.minute)} {_part_of_day(at.hour)}"


def _hour(hour: int) -> str:
    return feminine(hour % 12 or 12)


def _minutes(minute: int) -> str:
    named = {0: "", 15: " ורבע", 30: " וחצי"}
    if minute in named:
        return named[minute]
    return f" ו{_minute_count(minute)}" if minute < 20 else f" {feminine(minute)}"


def _part_of_day(hour: int) -> str:
    if 5 <= hour < 12:
        return "בבוקר"
    if 12 <= hour < 15:
        return "בצהריים"
    if 15 <= hour < 18:
        return "אחר הצהריים"
    if 18 <= hour < 22:
        return "בערב"
    return "לפנות בוקר" if 3 <= hour < 5 else "בלילה"


def day(wanted: date, today: date | None = None) -> str:
    """A day as it is offered; today and tomorrow by name when ``today`` is given."""
    if wanted == today:
        return "היום"
    if today is not None and wanted == today + timedelta(days=1):
        return f"מחר, {WEEKDAYS[wanted.weekday()]}"
    return f"ב{calendar_day(wanted)}"


def at_clock(at: time) -> str:
    """A time with its preposition: "בשעה עשר וחצי בבוקר"."""
    return f"בשעה {clock(at)}"


def when(local: datetime, today: date | None = None) -> str:
    """A local date and time: "ביום שלישי, עשרים וארבעה בנובמבר, בשעה עשר וחצי בבוקר"."""
    return f"{day(local.date(), today)}, {at_clock(local.time())}"


def full_date(wanted: date) -> str:
    """A date with its year, in words."""
    return f"{calendar_day(wanted)}, {year(wanted.year)}"


def open_days(first: int, last: int) -> str:
    """A run of weekdays as Python numbers them (Monday is 0), for written hours."""
    if first == last:
        return WEEKDAYS[first]
    join = " ו" if (last - first) % 7 == 1 else " עד "
    return f"ימים {SHORT_WEEKDAYS[first]}{join}{SHORT_WEEKDAYS[last]}"


CLOSED = "סגור"
