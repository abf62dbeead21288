"""What is new in a mail is told from quotation and signature, and nothing that the writer wrote is ever hidden."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailcase.intake.parse import read
from mailcase.intake.quotation import new_text

NEW = "It jams again.\n\nCan you send somebody on Monday?"
OLD = "Good morning,\nwe have replaced the roller.\n\nYour help desk"
MARKED = "\n".join(f"> {line}".rstrip() for line in OLD.split("\n"))

ABOVE_MARKED = {
    "gmail-en": "On Wed, Nov 5, 2025 at 10:00 AM Help Desk <help@desk.example> wrote:\n",
    "gmail-en-wrapped": "On Wed, Nov 5, 2025 at 10:00 AM Help Desk of Example\n<help@desk.example> wrote:\n",
    "apple-en": "On 5 Nov 2025, at 10:00, Help Desk <help@desk.example> wrote:\n",
    "thunderbird-en": "On 11/5/25 10:00, Help Desk wrote:",
    "gmail-de": "Am Mi., 5. Nov. 2025 um 10:00 Uhr schrieb Help Desk <help@desk.example>:\n",
    "gmail-de-old": "Help Desk <help@desk.example> schrieb am Mi., 5. Nov. 2025\num 10:00 Uhr:\n",
    "thunderbird-de": "Am 05.11.25 um 10:00 schrieb Help Desk:",
    "gmail-fr": "Le mer. 5 nov. 2025 à 10:00, Help Desk <help@desk.example> a écrit :\n",
    "gmail-es": "El mié, 5 nov 2025 a las 10:00, Help Desk (<help@desk.example>) escribió:\n",
    "gmail-it": "Il giorno mer 5 nov 2025 alle ore 10:00 Help Desk <help@desk.example> ha scritto:\n",
    "gmail-nl": "Op wo 5 nov 2025 om 10:00 schreef Help Desk <help@desk.example>:\n",
    "gmail-pl": "śr., 5 lis 2025 o 10:00 Help Desk <help@desk.example> napisał(a):\n",
    "gmail-pt": "Em qua., 5 de nov. de 2025 às 10:00, Help Desk <help@desk.example> escreveu:\n",
    "gmail-sv": "Den ons 5 nov. 2025 kl 10:00 skrev Help Desk <help@desk.example>:\n",
    "gmail-da": "Den ons. 5. nov. 2025 kl. 10.00 skrev Help Desk <help@desk.example>:\n",
    "gmail-cs": "st 5. 11. 2025 v 10:00 odesílatel Help Desk <help@desk.example> napsal:\n",
    "gmail-ru": "ср, 5 нояб. 2025 г. в 10:00, Help Desk <help@desk.example>:\n",
    "gmail-ja": "2025年11月5日(水) 10:00 Help Desk <help@desk.example>:\n",
    "gmail-zh": "Help Desk <help@desk.example> 于2025年11月5日周三 10:00写道：\n",
    "date-alone": "2025-11-05 10:00 GMT+01:00 Help Desk <help@desk.example>:\n",
    "nothing": "",
}

ABOVE_UNMARKED = {
    "outlook-en": "From: Help Desk <help@desk.example>\nSent: Wednesday, 5 November 2025 10:00\nTo: Erin\n"
    "Subject: RE: Printer",
    "outlook-en-bold": "*From:* Help Desk <help@desk.example>\n*Sent:* Wednesday, 5 November 2025 10:00\n*To:* Erin\n"
    "*Subject:* RE: Printer",
    "outlook-mobile": "________________________________\nFrom: Help Desk <help@desk.example>\n"
    "Sent: Wednesday, November 5, 2025 10:00:00 AM\nTo: Erin <erin@visitor.example>\nSubject: Re: Printer",
    "outlook-de": "Von: Help Desk <help@desk.example>\nGesendet: Mittwoch, 5. November 2025 10:00\nAn: Erin\n"
    "Betreff: AW: Drucker",
    "outlook-fr": "De : Help Desk <help@desk.example>\nEnvoyé : mercredi 5 novembre 2025 10:00\nÀ : Erin\n"
    "Objet : RE: Imprimante",
    "outlook-es": "De: Help Desk <help@desk.example>\nEnviado el: miércoles, 5 de noviembre de 2025 10:00\nPara: Erin\n"
    "Asunto: RE: Impresora",
    "outlook-nl": "Van: Help Desk <help@desk.example>\nVerzonden: woensdag 5 november 2025 10:00\nAan: Erin\n"
    "Onderwerp: RE: Printer",
    "outlook-pl": "Od: Help Desk <help@desk.example>\nWysłano: środa, 5 listopada 2025 10:00\nDo: Erin\n"
    "Temat: RE: Drukarka",
    "outlook-ru": "От: Help Desk <help@desk.example>\nОтправлено: 5 ноября 2025 г. 10:00\nКому: Erin\n"
    "Тема: RE: Принтер",
    "line-en": "-----Original Message-----\nFrom: Help Desk",
    "line-de": "-------- Ursprüngliche Nachricht --------\nVon: Help Desk",
    "zoho": "---- On Wed, 05 Nov 2025 10:00:00 +0100 Help Desk <help@desk.example> wrote ----",
    "yahoo": "On Wednesday, November 5, 2025, 10:00:00 AM GMT+1, Help Desk <help@desk.example> wrote:",
    "gmail-de": "Am Mi., 5. Nov. 2025 um 10:00 Uhr schrieb Help Desk <help@desk.example>:",
}

WRITER = "Erin Example erin@visitor.example"
SIGNATURES = {
    "rfc-3676": "-- \nErin Example\nVisitor Ltd",
    "without-its-blank": "--\nErin Example\nVisitor Ltd",
    "iphone": "Sent from my iPhone",
    "iphone-de": "Von meinem iPhone gesendet",
    "android-fr": "Envoyé depuis mon téléphone",
    "outlook-ios": "Get Outlook for iOS<https://aka.ms/example>",
    "webmailer-de": "Diese Nachricht wurde von meinem Android Mobiltelefon mit WEB.DE Mail gesendet.",
    "samsung": "Sent from my Samsung Galaxy S21",
    "iphone-ja": "iPhoneから送信",
    "with-an-address": "--\nE. Example\n+49 30 1234567\nerin@visitor.example",
}


@pytest.mark.parametrize("above", ABOVE_MARKED.values(), ids=ABOVE_MARKED)
def test_marked_quotations_are_told_in_every_language(above: str) -> None:
    assert new_text(f"{NEW}\n\n{above}\n{MARKED}\n", "", reply=True) == NEW


@pytest.mark.parametrize("above", ABOVE_UNMARKED.values(), ids=ABOVE_UNMARKED)
def test_quotations_below_an_announcement_are_told(above: str) -> None:
    assert new_text(f"{NEW}\n\n{above}\n\n{OLD}\n", "", reply=True) == NEW


@pytest.mark.parametrize("signature", SIGNATURES.values(), ids=SIGNATURES)
@pytest.mark.parametrize("reply", [True, False])
def test_a_signature_is_told(signature: str, reply: bool) -> None:
    assert new_text(f"{NEW}\n\n{signature}\n", "", reply=reply, writer=WRITER) == NEW


@pytest.mark.parametrize("signature", SIGNATURES.values(), ids=SIGNATURES)
def test_a_signature_is_told_above_and_below_a_quotation(signature: str) -> None:
    above = f"{NEW}\n\n{signature}\n\nOn 11/5/25 10:00, Help Desk wrote:\n{MARKED}"
    assert new_text(above, "", reply=True, writer=WRITER) == NEW
    assert new_text(f"{NEW}\n\n{MARKED}\n\n{signature}", "", reply=True, writer=WRITER) == NEW


WROTE = "On Wed, Nov 5, 2025 at 10:00 AM Help Desk <help@desk.example> wrote:"
OUTLOOK = ABOVE_UNMARKED["outlook-en"]
KEPT = {
    "nothing-quoted": (NEW, True),
    "quotation-alone": (MARKED, True),
    "announcement-and-quotation-alone": (f"{WROTE}\n{MARKED}", True),
    "answers-within": (f"{WROTE}\n> Is it on?\nYes.\n> Since when?\nMonday.", True),
    "answers-within-below-a-greeting": (f"Hello,\n\n{WROTE}\n> Is it on?\nYes.\n> Since when?\nMonday.", True),
    "answers-within-an-unmarked-one": (f"See my answers below in red.\n\n{WROTE}\n\nIs it on? Yes.", True),
    "pasted-header": (f"I got this mail from you:\n\n{ABOVE_UNMARKED['outlook-en']}\n\n{OLD}", True),
    "not-a-reply": (f"{NEW}\n\n{ABOVE_UNMARKED['outlook-en']}\n\n{OLD}", False),
    "not-a-reply-marked": ("The log says\n\n> error 17\n> error 18", False),
    "forwarded": (f"FYI\n\n---------- Forwarded message ---------\nSubject: x\n\n{OLD}", True),
    "prose-that-wrote": ("On the display it wrote:\nerror 17\nand stopped.", True),
    "prose-with-a-date": ("Hello\nOn 5 November 2025 the printer wrote:\nerror 17", True),
    "two-labels": (f"{NEW}\n\nFrom: erin@visitor.example\nTo: the door", True),
    "not-a-reply-with-a-line": (f"{NEW}\n\n-----Original Message-----\nFrom: Help Desk\n\n{OLD}", False),
    "a-list": ("Please\n- replace the roller\n- clean it\n-- and the other one", True),
    "a-ruler": ("First\n--\n" + "long lines of text that go on and on, as no signature does. " * 3, True),
    "a-long-text-below-dashes": ("First\n--\n" + "line\n" * 30, True),
    "thanks-is-no-signature": ("Hi\n\nThanks, that helped.\n\nBut now it is loud.", True),
    "only-a-signature": ("-- \nErin", True),
    "an-order-below-a-ruler": ("My order:\n--\n2 x chair, broken\n1 x table, missing", True),
    "an-order-below-a-mark": ("My order:\n\n-- \nTwo chairs of Erin", True),
    "names-below-a-ruler": ("These are missing\n\n--\nTwo chairs\nOne table", True),
    "numbers-below-a-ruler": ("These are missing\n\n--\n4711 Erin\n4712", True),
    "a-sentence-below-a-ruler": ("It jams.\n--\nand Erin knows it", True),
    "a-question-below-a-ruler": ("It jams.\n--\nErin told you?", True),
    "sent-from-a-desk": ("Hello\n\nSent from my desk: the lamp is on fire", True),
    "sent-from-somewhere": ("Hello\n\nSent from the factory, broken", True),
    "sent-from-a-telephone-in-prose": ("Hello\n\nSent from my phone the app crashes", True),
    "answers-in-capitals": (f"See my answers, in capitals.\n\n{OUTLOOK}\n\nIs it on? YES.\n\nSince when? MONDAY", True),
    "answers-de": (f"Antworten in Großbuchstaben.\n\n{OUTLOOK}\n\nIst es an? JA.", True),
    "answers-fr": (f"Mes réponses en rouge.\n\n{OUTLOOK}\n\nIs it on? Oui.", True),
    "a-salutation-alone": (f"Dear help desk,\n\n{OUTLOOK}\n\nIs it on? Yes.", True),
}


@pytest.mark.parametrize(("text", "reply"), KEPT.values(), ids=KEPT)
def test_what_is_not_certain_stays_whole(text: str, reply: bool) -> None:
    assert new_text(text, "", reply=reply, writer=WRITER) == ""


def test_what_stands_below_a_quotation_is_the_new_text() -> None:
    assert new_text(f"{WROTE}\n{MARKED}\n\n{NEW}\n\n-- \nErin", "", reply=True) == NEW


def test_answers_within_keep_their_questions_and_lose_the_rest() -> None:
    within = "Hello,\n\n> Is it on?\nYes."
    assert new_text(f"{within}\n\n{WROTE}\n{MARKED}", "", reply=True) == within


QUOTES = {
    "gmail": f'<div class="gmail_quote"><div class="gmail_attr">{WROTE}</div><blockquote class="gmail_quote">OLD'
    "</blockquote></div>",
    "apple": f'<br><blockquote type="cite"><div>{WROTE}</div>OLD</blockquote>',
    "thunderbird": f'<div class="moz-cite-prefix">{WROTE}</div><blockquote type="cite" cite="mid:a">OLD</blockquote>',
    "outlook": '<div style="border:none;border-top:solid #E1E1E1 1.0pt;padding:3.0pt 0cm 0cm 0cm"><p><b>From:</b> Help'
    "</p></div><p>OLD</p>",
    "outlook-web": '<div id="appendonsend"></div><hr><div id="divRplyFwdMsg">From: Help</div><div>OLD</div>',
    "gmx": '<div name="quote" style="margin:10px"><b>Gesendet:</b> Mittwoch<div>OLD</div></div>',
}
HTML = "<html><body><div>It jams <b>again</b>.</div><p>Can you send somebody on Monday?</p>"


def html_mail(html: str, subject: str = "Re: Printer") -> bytes:
    head = f"From: e@visitor.example\r\nSubject: {subject}\r\nContent-Type: text/html; charset=utf-8\r\n\r\n"
    return (head + html).encode()


@pytest.mark.parametrize("quote", QUOTES.values(), ids=QUOTES)
def test_quotations_of_html_are_told_by_their_elements(quote: str) -> None:
    found = read(html_mail(f"{HTML}{quote}</body></html>"))
    assert found.new_text.split() == NEW.split()
    assert "OLD" in found.text


@pytest.mark.parametrize("name", ["gmail", "apple", "thunderbird"])
@pytest.mark.parametrize("below", ["<p>And it is loud.</p>", "<p>Yes.</p><blockquote type=cite>More</blockquote>"])
def test_answers_in_or_below_a_quotation_of_html_are_never_hidden(name: str, below: str) -> None:
    assert read(html_mail(f"{HTML}{QUOTES[name]}{below}")).new_text == ""


@pytest.mark.parametrize(
    ("head", "trimmed"),
    [
        ("Subject: AW: Printer", True),
        ("Subject: Printer\r\nIn-Reply-To: <a@desk.example>", True),
        ("Subject: Fwd: Re: Printer\r\nReferences: <a@desk.example>", False),
        ("Subject: Re: Fwd: Printer", True),
        ("Subject: Printer", False),
        ("Subject: Re: Printer\r\nReturn-Path: <>", False),
    ],
)
def test_only_an_answer_has_a_quotation(head: str, trimmed: bool) -> None:
    assert bool(read(f"{head}\r\n\r\n{NEW}\n\n{WROTE}\n{MARKED}".encode()).new_text) is trimmed


def test_answers_within_a_quotation_of_html_are_never_hidden() -> None:
    assert read(html_mail(f"<p>See my answers, in capitals.</p>{QUOTES['outlook']}<p>YES</p>")).new_text == ""


def test_a_signature_is_the_senders_own() -> None:
    mail = f"From: %s\r\nSubject: Printer\r\n\r\n{NEW}\n\n--\nErin Example\nVisitor Ltd"
    assert read((mail % "Erin Example <e@visitor.example>").encode()).new_text == NEW
    assert read((mail % "Joe <joe@visitor.example>").encode()).new_text == ""


HOSTILE = {
    "line ends": "\n" * 32_768,
    "marks": "> " * 16_384,
    "lines of marks": ">\n" * 16_384,
    "wrote": "On 5 Nov 2025 10:00 wrote:\n" * 1_200,
    "on": ("On " + "a " * 140 + "2025 10:00 a@b:\n") * 110,
    "skrev": ("Den " + "1 skrev " * 30 + "2025 10:00 a@b:\n") * 125,
    "dashes": "--\n" * 10_922,
    "separators": ("-- " + "- " * 140 + "x --\n") * 110,
    "dashed": ("---- On " + "a " * 90 + "2025 10:00 ----\n") * 160,
    "sent from": "Sent from my iPhone\n" * 1_638,
    "labels": "From: a@b\nSent: 2025\n" * 1_560,
    "one line": "a" * 32_768 + ":",
}


@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE)
def test_hostile_text_is_read(text: str) -> None:
    found = new_text(text, "", reply=True)
    assert found in text


@given(
    st.text(alphabet=st.sampled_from("> -:\nab@Ü5"), max_size=300)
    | st.lists(st.sampled_from([*ABOVE_MARKED.values(), *ABOVE_UNMARKED.values(), NEW, MARKED, ""]), max_size=6).map(
        "\n".join
    ),
    st.booleans(),
)
def test_the_new_text_is_one_piece_of_the_text_or_nothing(text: str, reply: bool) -> None:
    found = new_text(text, "", reply=reply)
    assert found in text
    assert found == "" or (found.strip() and found.strip() != text.strip())
