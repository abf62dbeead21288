"""Mails whose words want to become headers, recipients or templates of our answer (F30, F31)."""

from typing import Final

from tests.hostile.of import Hostile, mail, multipart, part

VICTIM: Final = b"victim@elsewhere.example"
_BREAKS: Final = (b"=0D=0A", b"=0A", b"=0D", b"=E2=80=A8", b"=C2=85", b"=00=0D=0A", b"=0B", b"=0C", b"=1C")
#: What template languages, formats and shells would act upon; it must arrive, if at all, letter by letter.
TEMPLATES: Final = (
    "{{7*7}}",
    "{% raw %}",
    "{# x #}",
    "${7*7}",
    "#{7*7}",
    "<%= 7*7 %>",
    "{0.__class__}",
    "%(subject)s",
    "%s%s%n",
    "{{config}}",
    "{{''.__class__.__mro__}}",
    "$(id)",
    "`id`",
    "{{number}}",
    "[[7*7]]",
    "{{ '<script>' | safe }}",
)


def _broken(at: int, line_end: bytes) -> list[Hostile]:
    """A header that a line end inside an encoded word would make two of."""
    bcc = b"=?utf-8?q?Hello" + line_end + b"Bcc:_" + VICTIM.replace(b"@", b"=40") + b"?="
    path = b"<erin@visitor.example>"
    return [
        Hostile(f"subject with line end {at}", lambda: mail(f"subject {at}", Subject=bcc)),
        Hostile(f"name with line end {at}", lambda: mail(f"name {at}", From=bcc + b" " + path)),
        Hostile(
            f"file name with line end {at}",
            lambda: multipart(f"file {at}", part(b"x", b'image/png; name="' + bcc + b'"')),
        ),
    ]


def _template(at: int, text: str) -> list[Hostile]:
    word = text.encode()
    return [
        Hostile(f"template {at} in subject", lambda: mail(f"t {at}", Subject=word), answered=True),
        Hostile(f"template {at} in name", lambda: mail(f"n {at}", From=b'"' + word + b'" <erin@visitor.example>')),
    ]


_FIELDS: Final = (
    ("message id with line end", {"Message_ID": b"<a@x.example\rBcc: " + VICTIM + b">"}),
    ("message id with fold", {"Message_ID": b"<fold@x.example\r\n\tBcc: " + VICTIM + b">"}),
    ("message id in words", {"Message_ID": b"<=?utf-8?q?a=0D=0ABcc:_v?=@x.example>"}),
    ("references with line end", {"References": b"<a@x.example> <b\rBcc:" + VICTIM + b"@x>"}),
    ("references with header", {"References": b"<a@x>\r\n Bcc: <" + VICTIM + b">", "In_Reply_To": b"<b\x0bX: y@x>"}),
    ("address with line end", {"From": b'"erin\r\n Bcc: victim"@visitor.example'}),
    ("address with two", {"From": b"erin@visitor.example>, <" + VICTIM, "Return_Path": b""}),
    ("reply to another", {"Reply_To": VICTIM, "Disposition_Notification_To": VICTIM, "Return_Receipt_To": VICTIM}),
    ("source route", {"From": b"<@a.example,@b.example:erin@visitor.example>"}),
    ("percent hack", {"From": b"<victim%elsewhere.example@helpdesk.example>"}),
    ("bang path", {"From": b"<elsewhere!victim@visitor.example>"}),
    ("smtp in the address", {"From": b'<"a@visitor.example> RCPT TO:<victim"@elsewhere.example>'}),
    ("pipe as address", {"From": b'<"|id"@visitor.example>'}),
    ("option as address", {"From": b"<-oQ/tmp@visitor.example>"}),
)

INJECTION: Final = (
    *(one for at, line_end in enumerate(_BREAKS) for one in _broken(at, line_end)),
    *(one for at, text in enumerate(TEMPLATES) for one in _template(at, text)),
    *(Hostile(name, lambda name=name, over=over: mail(name, **over)) for name, over in _FIELDS),  # type: ignore[misc]  # mypy knows no lambda with defaults
)
