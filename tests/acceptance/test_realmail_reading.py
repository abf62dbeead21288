"""919 real mails are read without an error, unchanged, and as their own projects say they read."""

import hashlib
from collections.abc import Iterator
from typing import Any

import pytest

from mailcase.message import Email
from tests.acceptance.realmail import MARKS, real_mails

pytestmark = MARKS
WANTED = 0.95  # of the oracles that apply

# Where we differ on purpose: the file, and why.
DELIBERATE = {
    ("subject", "zbateson/m1011.txt.eml"): "UTF-7 in a raw header: nobody may send that, and it can hide markup",
    ("attachments", "stalwart/malformed_"): "counts the second and later inline text parts; for us they are the text",
    ("attachments", "stalwart/rfc_003.eml"): "counts another form of an alternative; for us it is the same text",
    ("attachments", "stalwart/thirdparty_002.eml"): "counts inline text parts that follow the first",
    ("attachments", "stalwart/thirdparty_015.eml"): "counts only one of three carried messages",
    ("attachments", "zbateson/m1009.txt.eml"): "does not count an inline text part with a file name",
    ("attachments", "zbateson/m4002.txt.eml"): "does not count the PGP signature",
}


def expected_sender(oracle: dict[str, Any]) -> str | None:
    named = oracle.get("from_email")
    if named is None and isinstance(oracle.get("from"), list) and oracle["from"]:
        named = oracle["from"][0].get("address")
    return named.lower() if isinstance(named, str) else None


def words(text: str) -> str:
    return " ".join(text.split())


def subject_agrees(wanted: str, found: str) -> bool:
    """Where the other project could not decode a letter (U+FFFD), ours may."""
    wanted = words(wanted)
    return len(wanted) == len(found) and all(a in (b, "\ufffd") for a, b in zip(wanted, found, strict=True))


def verdicts(oracle: dict[str, Any], found: Email) -> Iterator[tuple[str, bool]]:
    if oracle.get("subject") is not None:
        yield "subject", subject_agrees(oracle["subject"], found.subject)
    sender = expected_sender(oracle)
    if sender is not None:
        yield "from_email", found.sender is not None and found.sender.address.lower() == sender
    if oracle.get("message_id"):
        yield "message_id", (found.message_id or "").strip("<>") == oracle["message_id"].strip("<>")
    for name in ("n_attachments", "n_attachments_stalwart", "n_attachments_webklex"):
        if name in oracle:
            yield "attachments", oracle[name] == len(found.attachments)


def is_deliberate(field: str, file: str) -> bool:
    return any(field == known and file.startswith(start) for known, start in DELIBERATE)


def test_every_real_mail_is_read_and_left_as_it_was() -> None:
    count = 0
    for one in real_mails():
        found = one.email
        assert found.sha256 == one.sha256 == hashlib.sha256(one.raw).hexdigest(), one.file
        assert not [word for word in found.defects if word.endswith("_failed")], (one.file, found.defects)
        assert len(found.identity) < 200
        count += 1
    assert count >= 919


@pytest.mark.parametrize("field", ["subject", "from_email", "message_id", "attachments"])
def test_we_agree_with_the_oracles(field: str) -> None:
    judged = [
        (one.file, agrees)
        for one in real_mails()
        for name, agrees in verdicts(one.oracle, one.email)
        if name == field and not (not agrees and is_deliberate(field, one.file))
    ]
    wrong = [file for file, agrees in judged if not agrees]
    assert len(judged) > 20
    assert 1 - len(wrong) / len(judged) >= WANTED, wrong
