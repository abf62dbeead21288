"""The words by which mail programs mark a quotation or a signature, beyond those that mail-parser-reply knows."""

from typing import Final

#: Between the dashes of `-----Original Message-----`; lower case. Never those of a forwarded message: that is the news.
ORIGINAL: Final = frozenset({
    "original message", "original appointment", "ursprüngliche nachricht", "originalnachricht", "original-nachricht",
    "message d'origine", "message d’origine", "message original", "mensaje original", "mensagem original",
    "messaggio originale", "oorspronkelijk bericht", "oprindelig meddelelse", "original meddelelse",
    "opprinnelig melding", "ursprungligt meddelande", "originalmeddelande", "alkuperäinen viesti",
    "wiadomość oryginalna", "oryginalna wiadomość", "původní zpráva", "původní e-mail", "eredeti üzenet",
    "mesaj original", "orijinal mesaj", "исходное сообщение", "原始邮件", "原始郵件",
    "元のメッセージ", "원본 메시지",
})  # fmt: skip
#: The header names that Outlook and its like write above a quotation; lower case.
LABELS: Final = frozenset({
    "from", "sent", "to", "cc", "subject", "date", "von", "gesendet", "an", "betreff", "datum", "de", "envoyé",
    "envoyé le", "à", "objet", "enviado", "enviado el", "enviada em", "para", "asunto", "assunto", "fecha", "data",
    "da", "inviato", "a", "oggetto", "van", "verzonden", "aan", "onderwerp", "fra", "sendt", "til", "emne", "från",
    "skickat", "till", "ämne", "lähettäjä", "lähetetty", "vastaanottaja", "aihe", "od", "wysłano", "wysłane", "do",
    "temat", "odesláno", "komu", "předmět", "feladó", "elküldve", "címzett", "tárgy", "kimden", "gönderilme", "kime",
    "konu", "от", "отправлено", "кому", "тема", "дата", "від", "发件人", "发送时间", "收件人", "主题", "寄件者",
    "送信者", "差出人", "送信日時", "宛先", "件名", "보낸 사람", "보낸 날짜", "받는 사람", "제목",
})  # fmt: skip
#: Whoever says so answers within the quotation, where no mark tells his words from the others (low confidence).
INLINE: Final = (
    "below", "inline", "in-line", "within", "between the lines", "answers", "replies", "comments", "capitals",
    "capital letters", "upper case", "uppercase", "bold", "highlighted", "red", "blue", "green", "unten", "im text",
    "antworten", "anmerkungen", "kommentare", "dazwischen", "großbuchstaben", "fett", "rot", "roter", "blau", "blauer",
    "grün", "grüner", "ci-dessous", "dans le texte", "réponses", "commentaires", "majuscules", "en gras", "rouge",
    "en bleu", "en vert", "abajo", "respuestas", "comentarios", "mayúsculas", "rojo", "en azul", "abaixo", "respostas",
    "maiúsculas", "vermelho", "sotto", "risposte", "maiuscolo", "maiuscole", "rosso", "hieronder", "onderaan",
    "antwoorden", "hoofdletters", "rood", "poniżej", "w tekście", "odpowiedzi", "na czerwono", "nedan", "svaren",
    "rött", "nedenfor", "nedenunder", "svarene", "níže", "odpovědi", "červeně", "ниже", "ответы", "красным",
)  # fmt: skip
#: With these words a telephone or a web mailer signs; a line of its own, at the end.
SENT_FROM: Final = (
    "sent from", "get outlook for", "sent with", "sent via", "gesendet von", "von meinem", "diese nachricht wurde von",
    "hol dir outlook für", "outlook für", "envoyé de", "envoyé depuis", "obtenez outlook pour", "télécharger outlook",
    "enviado desde", "obtener outlook para", "enviado do", "enviado a partir", "inviato da", "scarica outlook per",
    "verzonden vanaf", "verstuurd vanaf", "outlook voor", "sendt fra", "hent outlook", "skickat från", "hämta outlook",
    "lähetetty", "hanki outlook", "wysłano z", "wysłane z", "pobierz outlook", "odesláno z", "отправлено с",
    "отправлено из",
)  # fmt: skip
#: What they name themselves, and the small words around it; with any other word the line is the writer's.
DEVICES: Final = frozenset({
    "iphone", "ipad", "ipod", "ios", "android", "samsung", "galaxy", "huawei", "xiaomi", "nokia", "sony", "xperia",
    "pixel", "oneplus", "motorola", "htc", "blackberry", "windows", "outlook", "gmail", "yahoo", "gmx", "aol",
    "proton", "protonmail", "thunderbird", "fairmail", "icloud", "mailbird", "spark", "phone", "smartphone",
    "handy", "mobiltelefon", "mobile", "téléphone", "portable", "teléfono", "móvil", "celular", "telemóvel",
    "telefono", "cellulare", "telefoon", "puhelimesta", "telefonu", "telefonem", "tablet", "web.de", "t-online",
    "айфона", "телефона", "смартфона",
})  # fmt: skip
AROUND_DEVICES: Final = frozenset({
    "my", "mail", "email", "app", "for", "on", "with", "the", "via", "from", "secure", "touch", "touchscreen",
    "wireless", "device", "gerät", "mein", "meinem", "meiner", "mit", "von", "der", "dem", "gesendet", "mobil",
    "mobilen", "verschickt", "mon", "ma", "un", "mobiles", "avec", "pour", "mi", "meu", "mio", "dal", "il", "o",
    "mijn", "min", "mitt", "laitteesta", "mojego", "mého", "iphonesta", "androidista", "för", "til", "till", "para",
    "per", "voor", "für", "pro", "max", "mini", "plus", "ultra", "note", "моего", "почты", "mobiltelefonen",
})  # fmt: skip
#: The same in writing that sets no blanks between words.
SENT_FROM_UNSPACED: Final = (
    "iphoneから送信", "ipadから送信", "androidから送信", "从我的iphone发送", "从我的ipad发送", "从我的手机发送",
    "发自我的iphone", "发自我的ipad", "发自我的手机", "發自我的iphone", "나의iphone에서보냄", "나의ipad에서보냄",
)  # fmt: skip
