"""What the store keeps of new text, and of a mail whose beginning alone was fetched."""

from typing import Any

from mailcase.ports import LeftPart, Remainder
from tests.builders import make_attachment
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


def _left(found: dict[str, Any]) -> list[tuple[str, int, bool]]:
    return [(one["part"], one["size"], one["taken"]) for one in found["attachments"]]
