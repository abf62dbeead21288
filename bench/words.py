"""What customers write in eight languages, and the character sets that they write it in."""

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class Tongue:
    """A language as mails show it."""

    code: str  # ISO 639-1
    charsets: tuple[str, ...]  # names as they stand in Content-Type; the first is the most common
    names: tuple[str, ...]
    subjects: tuple[str, ...]
    sentences: tuple[str, ...]
    reply: str  # prefix of a reply's subject
    away: str  # subject of an out-of-office


TONGUES: Final = {
    "en": Tongue(
        "en",
        ("utf-8", "us-ascii", "windows-1252"),
        ("Erin Fletcher", "Tom Baker", "Olive Harper", "Sam Whitfield", "Grace Lowell"),
        ("Printer on floor 3 jams", "Invoice for March", "Cannot log in since Monday", "Question about my order"),
        (
            "Good morning, the device by the window shows an error again.",
            "It worked until last Thursday and nobody has changed anything since.",
            "Please let me know what else you need from us to look into it.",
            "We have restarted it twice and the message came back within the hour.",
            "The parcel arrived, yet two of the five boxes were empty.",
            "Could somebody call me on Tuesday before noon?",
            "I attach what I see on the screen.",
            "Many thanks for the quick help of last week.",
        ),
        "Re",
        "Out of Office",
    ),
    "de": Tongue(
        "de",
        ("utf-8", "iso-8859-1", "iso-8859-15", "windows-1252"),
        ("Jürgen Weiß", "Sabine Köhler", "Björn Schäfer", "Anneliese Groß", "Uwe Kröger"),
        ("Drucker im dritten Stock klemmt", "Rückfrage zur Rechnung", "Zugang gesperrt", "Gerät läuft nicht an"),
        (
            "Guten Morgen, das Gerät am Fenster zeigt wieder einen Fehler.",
            "Bis letzten Donnerstag lief alles, geändert hat seither niemand etwas.",
            "Bitte sagen Sie mir, was Sie noch von uns benötigen.",
            "Wir haben zweimal neu gestartet, die Meldung kam jedes Mal zurück.",
            "Das Paket ist da, zwei der fünf Schachteln waren allerdings leer.",
            "Könnte mich jemand am Dienstag vor zwölf Uhr anrufen?",
            "Im Anhang sehen Sie, was auf dem Bildschirm steht.",
            "Vielen Dank für die schnelle Hilfe in der vergangenen Woche, schöne Grüße.",
        ),
        "AW",
        "Abwesenheitsnotiz",
    ),
    "fr": Tongue(
        "fr",
        ("utf-8", "iso-8859-1", "iso-8859-15"),
        ("Hélène Dupré", "Benoît Lefèvre", "Chloé Mercier", "Jérôme Garçon", "Aimée Noël"),
        ("Imprimante bloquée au troisième", "Question sur la facture", "Accès refusé depuis lundi", "Colis abîmé"),
        (
            "Bonjour, l'appareil près de la fenêtre affiche de nouveau une erreur.",
            "Tout marchait jusqu'à jeudi dernier et personne n'a rien changé depuis.",
            "Dites-moi s'il vous faut autre chose de notre côté.",
            "Nous l'avons redémarré deux fois, le message est revenu dans l'heure.",
            "Le colis est arrivé, mais deux des cinq boîtes étaient vides.",
            "Quelqu'un pourrait-il m'appeler mardi avant midi ?",
            "Vous trouverez ci-joint ce que je vois à l'écran.",
            "Merci beaucoup pour l'aide rapide de la semaine passée.",
        ),
        "Re",
        "Réponse automatique",
    ),
    "es": Tongue(
        "es",
        ("utf-8", "iso-8859-1"),
        ("Íñigo Muñoz", "Lucía Peña", "José Ibáñez", "Begoña Núñez", "Martín Güell"),
        ("La impresora se atasca", "Duda sobre la factura", "No puedo entrar desde el lunes", "Pedido incompleto"),
        (
            "Buenos días, el aparato junto a la ventana muestra otra vez un error.",
            "Funcionó hasta el jueves pasado y nadie ha cambiado nada desde entonces.",
            "Díganme, por favor, qué más necesitan de nosotros.",
            "Lo hemos reiniciado dos veces y el mensaje volvió en menos de una hora.",
            "El paquete llegó, pero dos de las cinco cajas estaban vacías.",
            "¿Podría llamarme alguien el martes antes del mediodía?",
            "Adjunto lo que veo en la pantalla.",
            "Muchas gracias por la rápida ayuda de la semana pasada, señores.",
        ),
        "RE",
        "Respuesta automática",
    ),
    "pl": Tongue(
        "pl",
        ("utf-8", "iso-8859-2", "windows-1250"),
        ("Łukasz Żak", "Zofia Wójcik", "Paweł Dąbrowski", "Małgorzata Święs", "Grażyna Król"),
        ("Drukarka się zacina", "Pytanie o fakturę", "Nie mogę się zalogować", "Uszkodzona przesyłka"),
        (
            "Dzień dobry, urządzenie przy oknie znowu pokazuje błąd.",
            "Działało do zeszłego czwartku i nikt od tego czasu niczego nie zmienił.",
            "Proszę dać znać, czego jeszcze Państwo potrzebują.",
            "Uruchomiliśmy je ponownie dwa razy, a komunikat wrócił po godzinie.",
            "Paczka dotarła, ale dwa z pięciu pudełek były puste.",
            "Czy ktoś mógłby zadzwonić we wtorek przed południem?",
            "W załączniku jest to, co widzę na ekranie.",
            "Bardzo dziękuję za szybką pomoc w zeszłym tygodniu.",
        ),
        "Odp",
        "Automatyczna odpowiedź",
    ),
    "ru": Tongue(
        "ru",
        ("utf-8", "koi8-r", "windows-1251"),
        ("Ольга Смирнова", "Иван Кузнецов", "Юлия Щербакова", "Пётр Орлов", "Анна Белова"),
        ("Принтер зажёвывает бумагу", "Вопрос по счёту", "Не могу войти с понедельника", "Посылка повреждена"),
        (
            "Доброе утро, устройство у окна снова показывает ошибку.",
            "До прошлого четверга всё работало, и с тех пор никто ничего не менял.",
            "Сообщите, пожалуйста, что ещё вам нужно от нас.",
            "Мы перезапустили его дважды, и сообщение вернулось в течение часа.",
            "Посылка пришла, но две из пяти коробок были пусты.",
            "Может ли кто-нибудь позвонить мне во вторник до полудня?",
            "Во вложении то, что я вижу на экране.",
            "Большое спасибо за быструю помощь на прошлой неделе.",
        ),
        "Re",
        "Автоматический ответ",
    ),
    "ja": Tongue(
        "ja",
        ("utf-8", "iso-2022-jp", "shift_jis", "euc-jp"),
        ("山田太郎", "佐藤花子", "鈴木一郎", "高橋美咲", "田中健"),
        ("プリンターが紙詰まりします", "請求書について", "月曜日からログインできません", "荷物が破損しています"),
        (
            "おはようございます。窓際の装置がまたエラーを表示しています。",
            "先週の木曜日までは動いていて、それから誰も何も変えていません。",
            "ほかに必要なものがあればお知らせください。",
            "二回再起動しましたが、一時間以内に同じ表示が出ました。",
            "荷物は届きましたが、五箱のうち二箱は空でした。",
            "火曜日の正午までに電話をいただけますか。",
            "画面の様子を添付します。",
            "先週はすぐに助けていただき、ありがとうございました。",
        ),
        "Re",
        "自動応答",
    ),
    "zh": Tongue(
        "zh",
        ("utf-8", "gb2312"),
        ("王小明", "李华", "张伟", "刘洋", "陈静"),
        ("打印机卡纸", "关于发票的问题", "从周一起无法登录", "包裹损坏"),
        (
            "早上好,窗边的设备又显示错误了。",
            "直到上周四都正常,之后没有人改过任何东西。",
            "请告诉我还需要我们提供什么。",
            "我们重启了两次,一小时之内又出现了同样的提示。",
            "包裹到了,可是五个盒子里有两个是空的。",
            "周二中午之前能给我打个电话吗?",
            "附件是我在屏幕上看到的内容。",
            "非常感谢上周的及时帮助。",
        ),
        "回复",
        "自动回复",
    ),
}
#: How often each is written, in the order of TONGUES.
SPOKEN: Final = (30, 20, 12, 10, 8, 8, 7, 5)
CHARSETS: Final = frozenset(charset for tongue in TONGUES.values() for charset in tongue.charsets)
