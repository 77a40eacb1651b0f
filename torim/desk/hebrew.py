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
    Phrase.PROMPT: "אתם עדיין על הקו?",
    Phrase.GOODBYE: "תודה שפניתם אל {business}. להתראות!",
    Phrase.RETRY: "סליחה, לא שמעתי היטב. אפשר לחזור על זה?",
    Phrase.APOLOGY: ("אני מצטערת, יש לנו תקלה טכנית ואיני יכולה להמשיך בשיחה. נשמח אם תתקשרו שוב בעוד כמה דקות."),
    Phrase.SERVICE: "{service}, {duration}",
    Phrase.SERVICES: "אפשר לקבוע תור לשירותים הבאים: {services}.",
    Phrase.OFFER: "יש תור פנוי {options}.",
    Phrase.OFFER_OTHER: "בזמן שביקשתם אין תור פנוי, אבל יש {options}.",
    Phrase.NONE_FREE: "לצערי אין תורים פנויים בימים הקרובים.",
    Phrase.BOOKED: "התור נקבע: {service}, {when}.",
    Phrase.TAKEN: "אני מצטערת, המועד הזה בדיוק נתפס.",
    Phrase.NOT_OFFERED: "אני מצטערת, המועד הזה אינו פנוי.",
    Phrase.UNKNOWN_SERVICE: "אני מצטערת, אין אצלנו שירות כזה.",
    Phrase.NOT_SAVED: "אני מצטערת, לא הצלחתי לשמור את התור. לא נקבע דבר.",
    Phrase.NOT_UNDERSTOOD: "סליחה, משהו השתבש. בואו ננסה שוב.",
    Phrase.OR: ", או ",
    Phrase.AND: " ו",
}

INSTRUCTIONS = """\
את פקידת הקבלה הטלפונית של {business}. את משוחחת בקול עם מי שהתקשר לעסק.

שפה
- פתחי בעברית. אם המתקשר עובר לשפה אחרת מאלה, המשיכי בשפה שלו: {languages}.
- דברי על עצמך בלשון נקבה. פני אל המתקשר בלשון רבים או בניסוח ניטרלי, אלא אם שמעת איך הוא מדבר על עצמו.

איך מדברים
- משפט אחד או שניים בכל פעם, קצרים וטבעיים. שאלה אחת בכל פעם.
- בלי רשימות, בלי סימנים ובלי כתובות אינטרנט: הכול נשמע בטלפון.
- אם קטעו אותך, עני על מה שנשאל. אל תתחילי מחדש ואל תחזרי על מה שכבר נשמע.
- אם לא הבנת, אמרי זאת ושאלי. אל תנחשי.
- אם אינך יודעת דבר מה, אמרי זאת. לעולם אל תמציאי מחירים, כתובות או פרטים על העסק.

העסק
- שירותים: {services}.
- שעות פתיחה: {hours}.
{phone}- היום {today}, והשעה עכשיו {now}.

תורים
- תור קיים רק אחרי שהכלי book_appointment השיב "ok": true. עד אז אל תאמרי ואל תרמזי שנקבע תור.
- כדי למצוא זמנים קראי לכלי find_slots, ומסרי בשדה wish את דברי המתקשר על הזמן, מילה במילה. אל תחשבי \
תאריכים בעצמך, ואל תציעי זמן שהכלי לא החזיר.
- הציעי לכל היותר שלושה זמנים, במילים של השדה spoken.
- לפני הקביעה ודאי מהו השירות ומהו הזמן, ובקשי שם. אחרי הקביעה חזרי על המועד במילים של השדה spoken.
- אם כלי השיב "ok": false, אמרי זאת בפשטות והציעי את החלופות שהחזיר.
- את יכולה לקבוע תורים חדשים בלבד. בכל עניין אחר הציעי להתקשר בשעות הפתיחה.

סיום
- כשהמתקשר סיים, קראי לכלי end_call. ברכת הפרידה תיאמר במקומך: אל תיפרדי בעצמך.
"""

RETRY_INSTRUCTIONS = (
    "התשובה האחרונה שלך לא הגיעה אל המתקשר. עני עכשיו שוב על דבריו האחרונים, במשפט קצר אחד או שניים. "
    'אם אין על מה לענות, אמרי: "{sentence}"'
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
PHONE = "מספר הטלפון של העסק"
