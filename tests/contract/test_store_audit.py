"""What the store answers to an audit and to a round trip, on both databases."""

from datetime import timedelta

from mailcase.ports import Arrival
from mailcase.store.store import Store
from tests.builders import NOW
from tests.contract.store_kit import Desk, journalled, mail

SOURCE = "imap:host:user"


def test_the_journal_of_a_folder_is_told_apart_by_uidvalidity_and_folder(store: Store) -> None:
    journalled(store, 2)
    journalled(store, 1, 7, folder="Junk")
    store.journal([Arrival("support", "maildir:/m", "", "1.a", None, None, NOW, b"x", oversize=True)], None)
    found = store.journal_entries(SOURCE, "INBOX", 1)
    assert sorted((one.key, one.uid, one.outcome, one.marked) for one in found.values()) == [
        ("1:1", 1, None, False),
        ("1:2", 2, None, False),
    ]
    assert store.journal_entries(SOURCE, "INBOX", 2) == {}
    assert list(store.journal_entries(SOURCE, "Junk", 1)) == ["1:7"]
    (lies,) = store.journal_entries("maildir:/m", "", None).values()
    assert (lies.key, lies.oversize, lies.received_at) == ("1.a", True, NOW)


def test_a_delivery_is_found_by_its_message_id_once_it_is_decided(desk: Desk) -> None:
    store, since = desk.store, NOW - timedelta(days=1)
    assert store.find_delivery("support", "<a@x>", since) is None
    desk.receive(mail("a"))
    desk.receive(mail("a"))
    found = store.find_delivery("support", "<a@x>", since)
    assert found is not None
    assert (found["folder"], found["uid"], found["outcome"]) == ("INBOX", 2, "duplicate")
    assert store.find_delivery("sales", "<a@x>", since) is None
    assert store.find_delivery("support", "<a@x>", NOW + timedelta(days=1)) is None
