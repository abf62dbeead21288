"""Ways around the blacklist, and look-alikes that it must not catch (F39); spammer@junk.example is on it.

The lists: spammer@junk.example, blocked.example, *.blocked.example, bücher-blocked.example, casino@, *lottery*@.
"""

from typing import Final

from tests.hostile.of import Hostile, mail

BLACKLIST: Final = (
    "spammer@junk.example\nblocked.example\n*.blocked.example\nbücher-blocked.example\ncasino@\n*lottery*@\n"
)
_CAUGHT: Final = {
    "plain": b"spammer@junk.example",
    "with a name": b'"Your friend erin@visitor.example" <spammer@junk.example>',
    "in other case": b"SpamMer@JUNK.Example",
    "with a tag": b"spammer+july@junk.example",
    "with a quoted local part": b'"spammer"@junk.example',
    "with an escaped letter": b'"spam\\mer"@junk.example',
    "with a comment": b"spammer(best)@(offers)junk.example",
    "with a trailing dot": b"spammer@junk.example.",
    "with blanks": b"spammer @ junk . example",
    "folded": b"spammer\r\n @junk.example",
    "in wide letters": "ｓｐａｍｍｅｒ@ｊｕｎｋ.example".encode(),
    "with another full stop": "spammer@junk。example".encode(),
    "with a soft hyphen": "spammer@ju\u00adnk.example".encode(),
    "as an encoded word before it": b"=?utf-8?q?friend?= <spammer@junk.example>",
    "in a group": b"friends: spammer@junk.example;",
    "second of two": b"erin@visitor.example, spammer@junk.example",
    "by a source route": b"<@relay.example:spammer@junk.example>",
    "by a domain": b"anyone@blocked.example",
    "by a sub-domain": b"anyone@deep.mail.blocked.example",
    "by U-label": "x@BÜCHER-blocked.example".encode(),
    "by A-label": b"x@xn--bcher-blocked-wob.example",
    "by local part": b"Casino+win@any.example",
    "by a piece": b"best-LOTTERY-ever@any.example",
}
_FREE: Final = {
    "in the name alone": b'"spammer@junk.example" <erin@visitor.example>',
    "of a longer domain": b"spammer@junk.example.org",
    "of a domain that ends so": b"spammer@myjunk.example",
    "of a sub-domain not listed": b"spammer@mail.junk.example",
    "in other letters": "spammer@junk.\u0435xample".encode(),
    "with another letter": b"spammer@junc.example",
    "as a comment": b"erin@visitor.example (spammer@junk.example)",
    "of a longer local part": b"nospammer@junk.example",
}


def _of(name: str, sender: bytes, outcome: str) -> Hostile:
    return Hostile(f"blacklisted {name}", lambda: mail(f"bl {name}", From=sender, Return_Path=b""), outcome=outcome)


def _field(name: str, field: str) -> Hostile:
    made = {field: b"spammer@junk.example"}
    return Hostile(f"blacklisted {name}", lambda: mail(f"bl {name}", **made), outcome="ignored", answered=False)


EVASION: Final = (
    *(_of(name, sender, "ignored") for name, sender in _CAUGHT.items()),
    *(_of(name, sender, "created") for name, sender in _FREE.items()),
    _field("in Reply-To", "Reply_To"),
    _field("in Sender", "Sender"),
)
