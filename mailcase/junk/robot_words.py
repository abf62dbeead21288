"""Local parts that say "do not answer" in the languages of our mail, and the programs that send such mail (K5).

Each is a list of words that stand together, with `-`, `_`, `.` or nothing between them; it grows by what real mail
shows. What a person may call himself (Cron, "sin respuesta") does not stand here: these words count at a separator too.
"""

from typing import Final

#: By the name that the trace tells. A letter of the language that addresses seldom have stands as a class.
NO_ANSWER: Final = {
    "no-reply (English)": (
        "dont reply",
        "not reply",
        "no response",
        "no respond",
        "no answer",
        "do not respond",
        "do not answer",
        "dont respond",
        "dont answer",
    ),
    "no-reply (German)": (
        "nicht antworten",
        "nicht beantworten",
        "keine antwort",
        "keine antworten",
        "keine r(?:ue|ü|u)ckantwort",
    ),
    "no-reply (French)": (
        "ne pas r[eé]pondre",
        "ne r[eé]pondez pas",
    ),
    "no-reply (Spanish)": (
        "no responder",
        "no responda",
        "no respondas",
        "no respondan",
        "no contestar",
        "no conteste",
    ),
    "no-reply (Italian)": (
        "non rispondere",
        "non rispondete",
    ),
    "no-reply (Dutch)": (
        "niet beantwoorden",
        "niet antwoorden",
        "niet reageren",
        "geen antwoord",
    ),
    "no-reply (Portuguese)": (
        "n[aã]o responda",
        "n[aã]o responder",
        "n[aã]o respondas",
    ),
    "no-reply (Polish)": (
        "nie odpowiadaj",
        "nie odpowiada[cć]",
    ),
    "automailer": (
        "auto mailer",
        "automatic mailer",
        "auto responder",
        "auto respond",
        "auto response",
        "auto antwort",
    ),
}


def spelled(words: tuple[str, ...]) -> str:
    """What a local part fits that is one of these, or begins or ends with it at a separator."""
    said = "|".join(one.replace(" ", "[-_.]?") for one in words)
    return rf"(.{{0,64}}[-_.+])?(?:{said})([-_.+0-9].{{0,64}})?"
