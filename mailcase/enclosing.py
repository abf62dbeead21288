"""Which files of an agent's mail go along with his reply to the customer, and why the others do not."""

from collections.abc import Iterable
from typing import Final

from mailcase.hearing import Hearing
from mailcase.intake.offered import offered
from mailcase.life.acts.limits import why_not_taken
from mailcase.life.changes import StoredFile
from mailcase.message import Attachment

_TNEF: Final = ("application/ms-tnef", "application/vnd.ms-tnef")
_MAIL_ENDINGS: Final = (".eml", ".msg")
_A_MAIL: Final = "a mail may hold our notice, which is not for customers"
_A_PART: Final = "only the beginning of the mail was fetched"


def enclosed(hearing: Hearing) -> tuple[tuple[StoredFile, ...], tuple[str, ...]]:
    """The files that go along, as far as [attachments] allows, and the names of the others with the reason.

    Pictures within the text come last, as files, since the reply is text; one that does not fit is not named: most
    are in a signature. A winmail.dat is what is in it.
    """
    mail, policy = hearing.email, hearing.policy.attachments
    listed = [one for one in mail.attachments if one.type not in _TNEF]
    barred = {one.part: why for one in listed if (why := _A_PART if hearing.delivery.oversize else _barred(one))}
    wanted = sorted((one for one in listed if one.part not in barred), key=lambda one: one.inline)
    facts = offered(({"name": one.name, "size": one.size, "inline": False} for one in wanted), policy)
    refused = {
        one.part: why_not_taken(fact["reason"], policy)
        for one, fact in zip(wanted, facts, strict=True)
        if not fact["allowed"]
    }
    along = (one for one in wanted if one.part not in refused)
    return tuple(_stored(one, mail.sha256) for one in along), tuple(_named(listed, {**barred, **refused}))


def _barred(one: Attachment) -> str:
    is_mail = one.type.startswith("message/") or one.name.lower().endswith(_MAIL_ENDINGS)
    return _A_MAIL if is_mail else ""


def _stored(one: Attachment, sha256: str) -> StoredFile:
    return StoredFile(one.name, one.type, one.size, sha256, one.part)


def _named(listed: Iterable[Attachment], why: dict[str, str]) -> Iterable[str]:
    return (f"{one.name}: {why[one.part]}" for one in listed if one.part in why and not one.inline)
