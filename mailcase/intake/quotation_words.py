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
    "below", "inline", "in-line", "in red", "in blue", "in green", "unten", "im text", "in rot", "ci-dessous",
    "dans le texte", "en rouge", "abajo", "abaixo", "sotto", "in rosso", "hieronder", "onderaan", "poniżej",
    "w tekście", "nedan", "nedenfor", "nedenunder", "níže", "ниже",
)  # fmt: skip
#: With these words a telephone or a web mailer signs; a line of its own, at the end.
SENT_FROM: Final = (
    "sent from", "get outlook for", "sent with", "sent via", "gesendet von", "von meinem", "diese nachricht wurde von",
    "hol dir outlook für", "outlook für", "envoyé de", "envoyé depuis", "obtenez outlook pour", "télécharger outlook",
    "enviado desde", "obtener outlook para", "enviado do", "enviado a partir", "inviato da", "scarica outlook per",
    "verzonden vanaf", "verstuurd vanaf", "outlook voor", "sendt fra", "hent outlook", "skickat från", "hämta outlook",
    "lähetetty", "hanki outlook", "wysłano z", "wysłane z", "pobierz outlook", "odesláno z", "отправлено с",
    "отправлено из", "从我的", "发自我的", "iphoneから送信", "나의",
)  # fmt: skip
