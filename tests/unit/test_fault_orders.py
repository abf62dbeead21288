"""The reader of strace's lines turns red where the order is wrong, so that the soak part's green says something."""

import pytest

from soak.fsync import Order

WRITE = 'pwrite64(5</s/mailcase.db-wal>, "x", 24, 0) = 24'
HEADER = 'pwrite64(5</s/mailcase.db-wal>, "7", 32, 0) = 32'
SYNC = "fdatasync(5</s/mailcase.db-wal>) = 0"
FETCH = 'sendto(9<socket:[1]>, "A4 UID FETCH 1:3 (UID BODY.PEEK[])\\r\\n", 36, 0, NULL, 0) = 36'
MOVE = 'sendto(9<socket:[1]>, "A5 UID MOVE 1:3 \\"Done\\"\\r\\n", 24, 0, NULL, 0) = 24'
RAW = 'write(7</s/raw/ab/tmp1>, "From", 4) = 4'
RAW_SYNC, FOLDER_SYNC = "fsync(7</s/raw/ab/tmp1>) = 0", "fsync(8</s/raw/ab>) = 0"
COMMITS = (WRITE, SYNC, WRITE, SYNC)  # of the journal, and of the outcome
RENAME = 'rename("/s/raw/ab/tmp1", "/s/raw/ab/abcd") = 0'


def read(*calls: str) -> Order:
    order = Order()
    for call in calls:
        order.read(f"123  {call}")
    return order


def test_the_right_order_has_nothing_wrong() -> None:
    order = read(FETCH, RAW, RAW_SYNC, RENAME, FOLDER_SYNC, *COMMITS, MOVE)
    assert list(order.wrong(raw_files=True)) == []
    assert order.told().startswith("UID FETCH → write raw → sync raw → ")
    assert order.told().endswith("sync raw folder → store written and synced → UID MOVE")


def test_a_sync_counts_when_it_has_returned() -> None:
    unfinished = "fdatasync(5</s/mailcase.db-wal> <unfinished ...>"
    before = (FETCH, *COMMITS, WRITE, unfinished)
    assert list(read(*before, "<... fdatasync resumed>) = 0", MOVE).wrong(raw_files=False)) == []
    assert list(read(*before, MOVE, "<... fdatasync resumed>) = 0").wrong(raw_files=False))


@pytest.mark.parametrize(
    ("calls", "said"),
    [
        ((FETCH, *COMMITS, WRITE, MOVE), "was not synced"),
        ((FETCH, WRITE, MOVE, SYNC, WRITE, SYNC), "was not synced"),
        ((FETCH, MOVE, *COMMITS), "after 0 commits"),
        ((FETCH, WRITE, SYNC, MOVE, WRITE, SYNC), "after 1 commits"),
        ((FETCH, WRITE, SYNC, SYNC, MOVE), "after 1 commits"),
        ((FETCH, HEADER, SYNC, WRITE, SYNC, MOVE), "after 1 commits"),
        ((*COMMITS, FETCH, MOVE, *COMMITS), "after 0 commits"),
        ((FETCH, *COMMITS, MOVE, FETCH, MOVE, *COMMITS), "after 0 commits"),
        ((FETCH, RAW, RENAME, FOLDER_SYNC, *COMMITS, MOVE), "renamed before it was synced"),
        ((FETCH, RAW, RAW_SYNC, RENAME, *COMMITS, MOVE), "before the folder"),
        ((FETCH, *COMMITS), "never told"),
        ((*COMMITS, MOVE), "no mail was fetched"),
    ],
)
def test_a_wrong_order_is_said(calls: tuple[str, ...], said: str) -> None:
    assert any(said in line for line in read(*calls).wrong(raw_files=RAW in calls))
