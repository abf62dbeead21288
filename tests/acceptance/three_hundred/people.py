"""Who writes, and in what words: names, languages, charsets, subjects, sentences."""

from dataclasses import dataclass

FIRST = ("Ada", "Bela", "Cleo", "Dora", "Enzo", "Finn", "Gina", "Hugo", "Ines", "Jona", "Kira", "Lars", "Mona", "Nico")
LAST = ("Acker", "Brandt", "Costa", "Dubois", "Evers", "Fischer", "Grant", "Hansen", "Iversen", "Jensen", "Keller")
THINGS = ("printer", "scanner", "router", "invoice", "licence", "badge", "telephone", "projector", "laptop", "monitor")
TROUBLES = ("stopped this morning", "shows a red light", "needs a new part", "makes a strange noise", "is too slow")
LINES = (
    "Good morning, could somebody have a look at it?",
    "It began after the weekend and concerns the whole floor.",
    "We have tried the usual things without success.",
    "Please call me if you need more details.",
    "There is no hurry, next week would do.",
)
#: language -> charsets, name, subject, sentence
TONGUES: dict[str, tuple[tuple[str, ...], str, str, str]] = {
    "de": (
        ("iso-8859-1", "utf-8"),
        "Jürgen Groß",
        "Drucker druckt schräg",
        "Guten Tag, können Sie bitte prüfen, wie's läuft?",
    ),
    "fr": (
        ("windows-1252", "utf-8"),
        "Zoé Lefèvre",
        "Écran cassé à l'étage",
        "Bonjour, l'écran est cassé, pouvez-vous m'aider ?",
    ),
    "es": (
        ("iso-8859-15", "utf-8"),
        "Íñigo Muñoz",
        "Contraseña perdida",
        "Buenos días, he perdido mi contraseña mañana.",
    ),
    "pl": (
        ("iso-8859-2", "windows-1250"),
        "Łukasz Żak",
        "Nie działa sieć",
        "Dzień dobry, sieć nie działa od środy, proszę o pomoc.",
    ),
    "cs": (
        ("windows-1250", "utf-8"),
        "Jiří Dvořák",
        "Tiskárna zase nejde",
        "Dobrý den, tiskárna nejde, prosím o opravu.",
    ),
    "ru": (
        ("koi8-r", "windows-1251"),
        "Ольга Смирнова",
        "Не работает принтер",
        "Здравствуйте, принтер не печатает со вторника.",
    ),
    "uk": (("koi8-u", "utf-8"), "Тарас Ющенко", "Зламався ноутбук", "Доброго дня, ноутбук не вмикається з понеділка."),
    "el": (
        ("iso-8859-7", "windows-1253"),
        "Γιώργος Παππάς",
        "Χαλασμένη οθόνη",
        "Καλημέρα, η οθόνη χάλασε και θέλω βοήθεια.",
    ),
    "tr": (
        ("iso-8859-9", "utf-8"),
        "Gülşen Işık",
        "Yazıcı çalışmıyor",
        "Merhaba, yazıcı dünden beri çalışmıyor, lütfen bakın.",
    ),
    "ja": (("iso-2022-jp", "shift_jis"), "山田太郎", "プリンターの故障", "こんにちは、プリンターが動きません。"),
    "zh": (("gb18030", "big5"), "王小明", "密碼不能用", "您好，密碼不能用了，麻煩看一下。"),
    "ko": (("euc-kr", "utf-8"), "김철수", "프린터 고장", "안녕하세요, 프린터가 고장 났습니다."),
    "he": (("windows-1255", "utf-8"), "דוד כהן", "המדפסת לא עובדת", "שלום, המדפסת לא עובדת מאתמול."),
    "ar": (("windows-1256", "utf-8"), "سامي حداد", "الطابعة معطلة", "مرحبا، الطابعة معطلة منذ أمس."),
}


@dataclass(frozen=True)
class Person:
    """Somebody with a name and one address."""

    name: str
    address: str

    @property
    def domain(self) -> str:
        return self.address.partition("@")[2]
