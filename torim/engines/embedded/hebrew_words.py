"""How Hebrew words sound, in the phoneme letters of espeak-ng's Hebrew voice, written by hand.

Hebrew script leaves out most vowels, and espeak-ng does not restore them; so every word of the menu, of the
desk's sentences and of the sample business stands here. An apostrophe precedes the stressed vowel. Letters
that are not obvious: S as in "she", X as in "loch", R the Hebrew resh, j as in "yes".
"""

from __future__ import annotations

NUMBERS = """
אפס 'efes | אחת aX'at | שתיים St'ajim | שתים St'em | שלוש Sal'oS | ארבע 'aRba | חמש Xam'eS | שש S'eS
שבע S'eva | שמונה Sm'one | תשע t'eSa | עשר 'eseR | עשרה asaR'a | אחד eX'ad | שניים Sn'ajim | שנים Sn'em
שלושה SloS'a | ארבעה aRba'a | חמישה XamiS'a | שישה SiS'a | שבעה Siv'a | תשעה tiS'a
עשרים esR'im | שלושים SloS'im | ארבעים aRba'im | חמישים XamiS'im | שישים SiS'im | שבעים Siv'im
שמונים Smon'im | תשעים tiS'im | מאה me'a | מאתיים mat'ajim | אלף 'elef | אלפיים alp'ajim
ואחת veaX'at | ושתיים uSt'ajim | ושתים uSt'em | ושלוש veSal'oS | וארבע ve'aRba | וחמש veXam'eS
ושש vaS'eS | ושבע vaS'eva | ושמונה uSm'one | ותשע vat'eSa | ועשר va'eseR
ואחד veeX'ad | ושניים uSn'ajim | ושלושה uSloS'a | וארבעה veaRba'a | וחמישה vaXamiS'a | ושישה veSiS'a
ושבעה veSiv'a | ותשעה vetiS'a | ועשרה vaasaR'a | ועשרים veesR'im | ושלושים uSloS'im
וארבעים veaRba'im | וחמישים vaXamiS'im | ראשון RiS'on | שני Sen'i | שלישי SliS'i | רביעי Revi'i
חמישי XamiS'i | שישי SiS'i
"""

TIME = """
יום j'om | ימים jam'im | בימים bajam'im | היום haj'om | מחר maX'aR | אתמול etm'ol | שבת Sab'at
ביום bej'om | שבוע Sav'ua | חודש X'odeS | שנה San'a | בוקר b'okeR | בבוקר bab'okeR | צהריים tsohoR'ajim
הצהריים hatsohoR'ajim | בצהריים batsohoR'ajim | ערב 'eRev | בערב ba'eRev | לילה l'ajla | בלילה bal'ajla
לפנות lifn'ot | אחר aX'eR | אחרי aXaR'ej | לפני lifn'ej | שעה Sa'a | בשעה beSa'a | השעה haSa'a
שעות Sa'ot | שעתיים Seat'ajim | חצי X'etsi | וחצי vaX'etsi | רבע R'eva | ורבע vaR'eva
דקה dak'a | דקות dak'ot | ודקה vedak'a | שתי St'ej | ושתי uSt'ej | דקותיים dakot'ajim
עכשיו aXS'av | כרגע kaR'ega | רגע R'ega | עוד 'od | בעוד be'od | זמן zm'an | בזמן bazm'an | מועד mo'ed
המועד hamo'ed | ינואר j'anuaR | פברואר f'ebRuaR | מרץ m'eRts | אפריל apR'il | מאי m'aj | יוני j'uni
יולי j'uli | אוגוסט 'ogust | ספטמבר sept'embeR | אוקטובר okt'obeR | נובמבר nov'embeR | דצמבר dets'embeR
בינואר bej'anuaR | בפברואר bef'ebRuaR | במרץ bem'eRts | באפריל beapR'il | במאי bem'aj | ביוני bej'uni
ביולי bej'uli | באוגוסט be'ogust | בספטמבר besept'embeR | באוקטובר beokt'obeR | בנובמבר benov'embeR
בדצמבר bedets'embeR
"""

MENU = """
לקביעת likvi'at | קביעת kvi'at | תור t'oR | התור hat'oR | תורים toR'im | הקישו hak'iSu | לשמיעה liSmi'a
חוזרת Xoz'eRet | לעברית leivR'it | עברית ivR'it | לאנגלית leangl'it | אנגלית angl'it | לחזרה laXazaR'a
להתחלה lahatXal'a | לאישור leiS'uR | לבחירת livXiR'at | אמרו imR'u | את 'et | שמכם SimX'em
הצליל hatsl'il | צליל tsl'il | ולסיום ulesij'um | לסיום lesij'um | סולמית sulam'it | כוכבית koXav'it
לשמיעת liSmi'at | התורים hatoR'im | שלכם Sel'aXem | להעברה lehaavaR'a | למועד lemo'ed | לביטול levit'ul | לבטל levat'el
להשארת lehaS'aRat | הודעה hoda'a | ההודעה hahoda'a | לשיחה lesiX'a | נציג nats'ig | לשליחת liSliX'at
לא l'o | שמעתי Sam'ati | שם S'em | לעניין leinj'an | עניין inj'an | נוסף nos'af | גם g'am | לנתק lenat'ek
נתקו natk'u | או 'o | אפשר efS'aR | סליחה sliX'a | המקש ham'akeS | מקש m'akeS | מקשים makaS'im
המקשים hamakaS'im | במקשי bemakS'ej | הטלפון hat'elefon | טלפון t'elefon | הזה haz'e | זה z'e | זאת z'ot
אינו ejn'o | אינה ejn'a | פעיל pa'il | כאן k'an | אני an'i | אנחנו an'aXnu | עדיין ad'ajin | מבינה mevin'a
דיבור dib'uR | להשתמש lehiStam'eS | יכולה jeXol'a | לשוחח lesoX'eaX | להמשיך lehamS'iX | הצליח hitsl'iaX
לנסות lenas'ot | שוב S'uv | כבר kv'aR | נתפס nitp'as | מצטערת mitsta'eRet | אין 'ejn | יש j'eS | מה m'a
לקבוע likb'oa | רק R'ak | בבקשה bevakaS'a | להתראות lehitRa'ot | זוהי z'ohi | הדגמה hadgam'a | בלי bl'i
יומן jom'an | שומעת Som'aat | שמדברים SemedabR'im | ואילו ve'ejlu | אילו 'ejlu | הוקשו hukS'u | אבל av'al
ו v'e | עם 'im | של S'el | כל k'ol | כן k'en | טוב t'ov | ולא vel'o | הוא h'u | היא h'i | אתה at'a
"""

DESK = """
שלום Sal'om | מדברת medab'eRet | פקידת pkid'at | הקבלה hakabal'a | הממוחשבת hamemuXS'evet | במה bam'e
להעביר leha'aviR | לנציג lenats'ig | אתכם etX'em | זמין zam'in | לי l'i
לעזור laaz'oR | אתם at'em | עדין ad'in | על 'al | הקו hak'av | תודה tod'a | שפניתם Sepn'item | אל 'el
היטב hejt'ev | לחזור laXz'oR | לנו l'anu | תקלה takal'a | טכנית t'eXnit | ואיני veejn'i | איני ejn'i
בשיחה basiX'a | נשמח nism'aX | אם 'im | תתקשרו titkaSR'u | כמה k'ama | לשירותים laSeRut'im
שירותים SeRut'im | שירות SeR'ut | הבאים haba'im | פנוי pan'uj | פנויים pnuj'im | שביקשתם Sebik'aStem
לצערי letsaaR'i | הקרובים hakRov'im | נקבע nikb'a | בדיוק bed'ijuk | אצלנו etsl'enu | כזה kaz'e
אותו ot'o | אלה 'ele | אליכם alejX'em | אשמח esm'aX | בוטל but'al | ביותר bejot'eR | בלבד bilv'ad
האימות haim'ut | הגיעה higi'a | הועבר huav'aR | הכוונה hakavan'a | המספר hamisp'aR | למספר lamisp'aR
ממספר mimisp'aR | הקוד hak'od | קוד k'od | השיחה hasiX'a | השתנה hiStan'a | ואעביר veaav'iR
תאריך taaR'iX | והתאריך vehataaR'iX | ויחזרו vejaXzeR'u | ולכן velaX'en | חסוי Xas'uj | כאלה ka'ele
להבין lehav'in | לומר lom'aR | לכם laX'em | למסור lims'oR | לראות liR'ot | לרשום liRS'om
לשלוח liSl'oaX | מאושר meuS'aR | מדרך mid'eReX | מוקלטת mukl'etet | מי m'i | מעבירה maaviR'a | מענה maan'e
מצאתי mats'ati | מתאימים matim'im | מתי mat'aj | נוח n'oaX | נכון naX'on | ספרה sifR'a | עבר av'aR | עד 'ad
קלטתי kal'atti | רשום RaS'um | רשמתי RaS'amti | שיענה Sejaan'e | שלחתי Sal'aXti | שמור Sam'uR
שרשום SeRaS'um | תקף tak'ef
הצלחתי hitsl'aXti | לשמור liSm'oR | דבר dav'aR | משהו m'aSehu | השתבש hiStab'eS | בואו b'ou | ננסה nenas'e
"""

SAMPLE_BUSINESS = """
סטודיו st'udjo | שקד Sak'ed | תספורת tisp'oRet | פן f'en | צביעת tsvi'at | שיער se'aR | ייעוץ ji'uts
טיפול tip'ul | פגישה pgiS'a | בדיקה bdik'a | ניקוי nik'uj | שיניים Sin'ajim | עיסוי is'uj | מניקור manik'uR
פדיקור pedik'uR | גוונים gvan'im | זקן zak'an | ילדים jelad'im | גברים gvaR'im | נשים naS'im
מרפאת miRpa'at | מספרת mispaR'at | מכון maX'on | רופא Rof'e | רופאה Rof'a | דוקטור d'oktoR
"""


def _table(*groups: str) -> dict[str, str]:
    pairs = (entry.split() for group in groups for row in group.splitlines() for entry in row.split("|"))
    return {pair[0]: pair[1] for pair in pairs if len(pair) == 2}


SOUNDS = _table(NUMBERS, TIME, MENU, DESK, SAMPLE_BUSINESS)
MONTHS = frozenset("ינואר פברואר מרץ אפריל מאי יוני יולי אוגוסט ספטמבר אוקטובר נובמבר דצמבר".split())
MASCULINE_UNITS = frozenset("אחד שנים שלושה ארבעה חמישה שישה שבעה שמונה תשעה".split())
FEMININE_UNITS = frozenset("אחת שתים שלוש ארבע חמש שש שבע שמונה תשע".split())
