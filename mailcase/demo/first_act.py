"""The first act: everybody writes for the first time."""

from typing import Final

from mailcase.demo.mails import HELP, HILFE, File, Person, mail, pdf, png
from mailcase.demo.people import BRUNO, ERIN, FIONA, FORM, GRACE, HUGO, IDA, KARL, LENA, MONA, OSCAR, PAUL, SCANNER, ZOE
from mailcase.demo.sample import Sample, new, same

_ERIN_1 = mail(
    ERIN,
    "jam-1",
    "Printer on floor 3 jams",
    "Good morning,\n\nthe device by the window shows error 17. A photo is attached.\n\nErin\n",
    files=(File("photo.png", "image/png", png()),),
)
_GRACE_1 = mail(GRACE, "vpn-1", "VPN drops every hour", "Since Monday my VPN drops every hour.\n\nGrace\n")
TO_BOTH = mail(KARL, "badge-1", "New badge", "My badge broke, may I have a new one?\n\nKarl\n", to=f"{HELP}, {HILFE}")
_ODD = (
    b"From: =?x-unknown-charset?Q?Olga_=D6dd?= <olga@odd.example>\r\nTo: help@harbor.example\r\n"
    b"Subject: =?utf-8?B?4oKs?= broken =?nonsense\r\nMessage-ID: <odd-1@odd.example>\r\n"
    b"Content-Type: multipart/mixed; boundary=never\r\nMIME-Version: 1.0\r\n\r\n--never\r\n"
    b"Content-Type: text/plain; charset=no-such-charset\r\n\r\n"
    b"My umlauts \xe4\xf6\xfc and a \x00 got hurt, the last line is"
)
_HTML = "<h1>Order 4711</h1><p>Two <b>screens</b> are missing.</p><script>alert('never shown')</script>"


ACT_1: Final = (
    Sample("erin", "a new request with a photo", same(_ERIN_1), "created", acknowledged=True),
    Sample(
        "bruno",
        "in German, with a PDF",
        same(
            mail(
                BRUNO,
                "rechnung-1",
                "Rechnung für Oktober fehlt",
                "Guten Tag,\n\nin der Übersicht fehlt die Rechnung für Oktober.\n\nGrüße\nBruno Groß\n",
                to=HILFE,
                files=(File("Übersicht.pdf", "application/pdf", pdf()),),
            )
        ),
        "created",
        acknowledged=True,
        box="hilfe",
    ),
    Sample(
        "fiona",
        "HTML only",
        same(mail(FIONA, "order-1", "Order incomplete", "", html=_HTML)),
        "created",
        acknowledged=True,
    ),
    Sample("grace", "a new request", same(_GRACE_1), "created", acknowledged=True),
    Sample("grace again", "the very same mail once more", same(_GRACE_1), "duplicate"),
    Sample("karl", "to both of our addresses", same(TO_BOTH), "created", acknowledged=True),
    Sample(
        "lena",
        "marked as important",
        new(
            LENA, "login-1", "Cannot log in", "I cannot log in, please help.\n\nLena\n", headers={"Importance": "high"}
        ),
        "created",
        acknowledged=True,
    ),
    Sample(
        "mona", "no subject", new(MONA, "none-1", "", "Where is my parcel?\n\nMona\n"), "created", acknowledged=True
    ),
    Sample(
        "oscar",
        "an address that will bounce",
        new(OSCAR, "key-1", "Lost key", "I lost my key.\n\nOscar\n"),
        "created",
        acknowledged=True,
    ),
    Sample(
        "hugo",
        "an answer that overtook its question",
        new(
            HUGO,
            "plan-2",
            "Re: Room plan",
            "I can confirm that the plan is wrong.\n\nHugo\n",
            to=f"{IDA.address}, {HELP}",
            headers={"In-Reply-To": IDA.id("plan-1"), "References": IDA.id("plan-1")},
        ),
        "created",
        acknowledged=True,
    ),
    Sample(
        "ida",
        "the question, late",
        new(IDA, "plan-1", "Room plan", "The room plan seems to be wrong.\n\nIda\n", to=f"{HELP}, {HUGO.address}"),
        "linked",
        by="thread",
        joins="hugo",
    ),
    Sample(
        "form",
        "the web form: the customer is in Reply-To",
        new(
            FORM,
            "form-1",
            "Contact form: opening hours",
            "When are you open?\n",
            headers={"Reply-To": "Wilma Web <wilma@web.example>"},
        ),
        "created",
        acknowledged=True,
    ),
    Sample("odd", "broken charset, broken MIME", same(_ODD), "created", acknowledged=True),
    Sample(
        "scanner",
        "no Message-ID",
        new(SCANNER, "", "Scan of today", "See the scan.\n"),
        "created",
        acknowledged=True,
    ),
    Sample(
        "monitor",
        "a machine",
        new(
            Person("Monitoring", "alerts@monitor.example"),
            "disk-1",
            "Disk 91 % full",
            "disk /srv is 91 % full\n",
            headers={"Auto-Submitted": "auto-generated"},
        ),
        "created",
    ),
    Sample(
        "list",
        "a mailing list",
        new(
            Person("Tools list", "tools@lists.example"),
            "issue-1",
            "Tools weekly, issue 12",
            "What is new this week.\n",
            headers={"List-Id": "Tools weekly <tools.lists.example>", "Precedence": "list"},
        ),
        "created",
    ),
    Sample(
        "shop",
        "a no-reply address",
        new(Person("Shop", "no-reply@shop.example"), "order-9", "Your order 9", "Your order was sent.\n"),
        "created",
    ),
    Sample(
        "promo",
        "a blacklisted domain",
        new(Person("Mega Offer", "offer@promo.example"), "buy-1", "Buy now", "Cheap toner!\n"),
        "ignored",
        by="blacklisted",
    ),
    Sample(
        "zoe",
        "out of office, to nothing of ours",
        new(ZOE, "ooo-1", "Automatic reply: newsletter", "I am away.\n", headers={"Auto-Submitted": "auto-replied"}),
        "ignored",
        by="auto_reply",
    ),
    Sample(
        "nobody",
        "to none of our addresses",
        new(PAUL, "sales-1", "Price list", "Please send it.\n", to="sales@elsewhere.example"),
        "ignored",
        by="recipient_not_registered",
    ),
)
