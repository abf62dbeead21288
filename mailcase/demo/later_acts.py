"""The second and third act: people answer what they got, or nearly."""

from typing import Final

from mailcase.demo.first_act import TO_BOTH
from mailcase.demo.mails import HELP, HILFE, bounce, receipt, reply
from mailcase.demo.people import BRUNO, COLLEAGUE, ERIN, FIONA, GRACE, HUGO, KARL, LENA, MONA, OSCAR, PAUL
from mailcase.demo.sample import Sample, about, answering, new, same

ACT_2: Final = (
    Sample(
        "karl late",
        "the copy for the other address",
        same(TO_BOTH),
        "duplicate",
        box="hilfe",
    ),
    Sample(
        "erin 2",
        "answers our acknowledgement",
        answering("erin", ERIN, "jam-2", "It jams again."),
        "linked",
        by="token",
        joins="erin",
    ),
    Sample(
        "vic",
        "a colleague answers Erin's mail",
        new(
            COLLEAGUE,
            "jam-3",
            "AW: Printer on floor 3 jams",
            "For me it jams as well.\n",
            to=f"{ERIN.address}, {HELP}",
            headers={"In-Reply-To": ERIN.id("jam-1"), "References": ERIN.id("jam-1")},
        ),
        "linked",
        by="thread",
        joins="erin",
    ),
    Sample(
        "grace 2",
        "names the number in the subject",
        about("grace", GRACE, "vpn-2", "More about {0}", "It is the blue router."),
        "linked",
        by="subject",
        joins="grace",
    ),
    Sample(
        "fiona 2",
        "names the number in the text",
        about("fiona", FIONA, "order-2", "One more thing", "This belongs to {0}: a cable is missing too."),
        "linked",
        by="body",
        joins="fiona",
    ),
    Sample(
        "paul",
        "a stranger names a number",
        about("grace", PAUL, "hello-1", "{0}", "Please tell me all about this case."),
        "linked",
        by="subject",
        joins="grace",
        stranger=True,
    ),
    Sample(
        "lena 2",
        "answers a resolved case",
        answering("lena", LENA, "login-2", "It does not work yet."),
        "reopened",
        by="token",
        joins="lena",
    ),
    Sample(
        "mona 2",
        "answers a closed case",
        answering("mona", MONA, "none-2", "The parcel came, but it is broken."),
        "followed",
        by="token",
        acknowledged=True,
    ),
    Sample(
        "karl 2",
        "out of office, to our acknowledgement",
        answering("karl", KARL, "ooo-2", "I am away until Friday.", {"Auto-Submitted": "auto-replied"}),
        "noted",
        by="token",
        joins="karl",
    ),
    Sample(
        "oscar 2",
        "a mail server returns our acknowledgement",
        lambda answers: bounce(answers["oscar"], OSCAR.address),
        "noted",
        joins="oscar",
        returns="oscar",
    ),
    Sample(
        "own",
        "our own acknowledgement comes back",
        lambda answers: answers["erin"].raw,
        "ignored",
        by="own_mail",
    ),
)

ACT_3: Final = (
    Sample(
        "erin 3",
        "answers her colleague, three deep",
        new(
            ERIN,
            "jam-4",
            "AW: AW: Printer on floor 3 jams",
            "Then it is the device.\n",
            to=f"{COLLEAGUE.address}, {HELP}",
            headers={
                "In-Reply-To": COLLEAGUE.id("jam-3"),
                "References": f"{ERIN.id('jam-1')} {COLLEAGUE.id('jam-3')}",
            },
        ),
        "linked",
        by="thread",
        joins="erin",
    ),
    Sample(
        "mona 3",
        "answers the closed case again",
        answering("mona", MONA, "none-3", "Here is the tracking number."),
        "linked",
        by="token",
        joins="mona 2",
    ),
    Sample(
        "bruno 2",
        "answers in German",
        lambda answers: reply(BRUNO, "rechnung-2", answers["bruno"], "Danke, gefunden.", to=HILFE),
        "linked",
        by="token",
        joins="bruno",
        box="hilfe",
    ),
    Sample(
        "ida 2",
        "a read receipt for our acknowledgement",
        lambda answers: receipt(HUGO, answers["hugo"]),
        "noted",
        joins="hugo",
    ),
)
