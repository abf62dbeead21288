"""What the store keeps of new text, and of a mail whose beginning alone was fetched."""

from typing import Any

import pytest

from mailcase.ports import LeftPart, Remainder
from mailcase.store.store import Store
from tests.builders import CUSTOMER, KEYS, NOW, make_attachment, make_policy
from tests.contract.office import Office
from tests.contract.store_kit import Desk, case, mail

REMAINDER = Remainder(90_000_000, (LeftPart("2", "a.pdf", "application/pdf", 60_000_000),))


def test_the_new_text_is_kept_beside_the_whole_one(desk: Desk) -> None:
    desk.receive(mail("a", text="Yes\n\n> Is it on?", new_text="Yes"))
    for found in (desk.store.message_show(1), case(desk)["messages"][0]):
        assert (found["text"], found["new_text"]) == ("Yes\n\n> Is it on?", "Yes")


def test_what_is_left_on_the_server_is_named(desk: Desk) -> None:
    cut = make_attachment(part="2", name="a.pdf", size=7)
    desk.receive(mail("big", attachments=(cut,)), oversize=True, remainder=REMAINDER)
    desk.receive(mail("small", attachments=(cut,)))
    big, small = desk.store.message_show(1), desk.store.message_show(2)
    assert (big["oversize"], big["server_size"], small["oversize"], small["server_size"]) == (
        True, 90_000_000, False, None,
    )  # fmt: skip
    assert [_left(one) for one in (big, case(desk)["messages"][0])] == [[("2", 60_000_000, False)]] * 2
    assert [_left(one) for one in (small, case(desk, "SR-2")["messages"][0])] == [[("2", 7, True)]] * 2


def test_the_history_says_that_there_is_more_and_where(desk: Desk) -> None:
    desk.receive(mail("big"), oversize=True, remainder=Remainder(90_000_000))
    desk.receive(mail("small"))
    (told,) = [one for one in case(desk)["events"] if one["event"] == "oversized"]
    assert told["data"]["see"] == "mailbox support, folder INBOX, UID 1"
    assert "oversized" not in [one["event"] for one in case(desk, "SR-2")["events"]]


LARGE = (
    b"From: Erin <erin@visitor.example>\r\nTo: support@helpdesk.example\r\nSubject: Plans\r\n%s"
    b"Content-Type: multipart/mixed; boundary=x\r\n\r\n--x\r\nContent-Type: text/plain\r\n\r\nHere they are\r\n"
    b"--x\r\nContent-Type: application/pdf; name=a.pdf\r\n\r\n" + b"plan\r\n" * 20_000 + b"--x--\r\n"
)
CUT = 100_000
HEADS = {
    "no-message-id": b"Date: Mon, 02 Nov 2026 10:00:00 +0000\r\n",
    "no-date": b"Message-ID: <a@visitor.example>\r\n",
    "both": b"Message-ID: <a@visitor.example>\r\nDate: Mon, 02 Nov 2026 10:00:00 +0000\r\n",
}


@pytest.mark.parametrize("head", HEADS.values(), ids=HEADS)
@pytest.mark.parametrize("whole_first", [False, True])
def test_a_large_mail_is_the_same_whole_and_in_part(store: Store, head: bytes, whole_first: bool) -> None:
    office = Office(store, make_policy())
    whole = LARGE % head
    for cut in (not whole_first, whole_first):
        raw = whole[:CUT] if cut else b"Received: by mx.example; Tue\r\n" + whole
        settled = office.receive(raw, oversize=cut)
    assert (settled.outcome, settled.reason) == (
        "duplicate",
        "same_message" if head == HEADS["both"] else "same_content",
    )
    told = f"of {'this' if whole_first else 'that'} one only the beginning was fetched"
    assert (told in str(store.message_show(2)["trace"])) is (head != HEADS["both"])


def test_mails_that_begin_alike_are_two_mails(store: Store) -> None:
    office = Office(store, make_policy())
    large = LARGE % b""
    assert office.receive(large).outcome == "created"
    assert office.receive(large.replace(b"plan\r\n--x--", b"plot\r\n--x--")).outcome == "created"
    longer = large[:CUT].replace(b"plan", b"plot")
    assert [office.receive(one, oversize=True).outcome for one in (longer, longer[:-9])] == ["created", "created"]


def test_a_large_mail_that_was_erased_does_not_come_back_whole(store: Store) -> None:
    office = Office(store, make_policy())
    office.receive((LARGE % b"")[:CUT], oversize=True)
    store.forget(CUSTOMER, KEYS.keys[0], NOW, "ann")
    settled = office.receive(LARGE % b"")
    assert (settled.outcome, settled.reason) == ("duplicate", "erased")


def test_the_whole_mail_says_which_parts_were_taken_at_first(store: Store) -> None:
    office = Office(store, make_policy())
    whole = LARGE % HEADS["both"]
    left = Remainder(len(whole), (LeftPart("2", "a.pdf", "application/pdf", 120_000),))
    office.receive(whole[:CUT], oversize=True, remainder=left)
    office.receive(whole)
    for number in (1, 2):
        assert _left(store.message_show(number)) == [("2", 120_000, False)]
    assert [store.message_show(number)["oversize"] for number in (1, 2)] == [True, False]


def _left(found: dict[str, Any]) -> list[tuple[str, int, bool]]:
    return [(one["part"], one["size"], one["taken"]) for one in found["attachments"]]
