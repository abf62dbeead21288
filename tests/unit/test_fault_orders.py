"""The reader of strace's lines turns red where the order is wrong, so that the soak part's green says something."""

import pytest

from soak.fsync import Order

WRITE = 'pwrite64(5</s/mailcase.db-wal>, "x", 24, 0) = 24'
SYNC = "fdatasync(5</s/mailcase.db-wal>) = 0"
MOVE = 'sendto(9<socket:[1]>, "A5 UID MOVE 1:3 \\"Done\\"\\r\\n", 24, 0, NULL, 0) = 24'
RAW = 'write(7</s/raw/ab/tmp1>, "From", 4) = 4'
RAW_SYNC, FOLDER_SYNC = "fsync(7</s/raw/ab/tmp1>) = 0", "fsync(8</s/raw/ab>) = 0"
RENAME = 'rename("/s/raw/ab/tmp1", "/s/raw/ab/abcd") = 0'


def read(*calls: str) -> Order:
    order = Order()
    for call in calls:
        order.read(f"123  {call}")
    return order


def test_the_right_order_has_nothing_wrong() -> None:
    order = read(RAW, RAW_SYNC, RENAME, FOLDER_SYNC, WRITE, SYNC, MOVE)
    assert list(order.wrong(raw_files=True)) == []
    assert order.told().endswith("sync raw folder → store written and synced → UID MOVE")


def test_a_sync_counts_when_it_has_returned() -> None:
    unfinished = "fdatasync(5</s/mailcase.db-wal> <unfinished ...>"
    assert list(read(WRITE, unfinished, "<... fdatasync resumed>) = 0", MOVE).wrong(raw_files=False)) == []
    assert list(read(WRITE, unfinished, MOVE, "<... fdatasync resumed>) = 0").wrong(raw_files=False))


@pytest.mark.parametrize(
    ("calls", "said"),
    [
        ((WRITE, MOVE), "was not synced"),
        ((WRITE, SYNC, WRITE, MOVE), "was not synced"),
        ((RAW, RENAME, FOLDER_SYNC, WRITE, SYNC, MOVE), "renamed before it was synced"),
        ((RAW, RAW_SYNC, RENAME, WRITE, SYNC, MOVE), "before the folder"),
        ((WRITE, SYNC), "never told"),
    ],
)
def test_a_wrong_order_is_said(calls: tuple[str, ...], said: str) -> None:
    assert any(said in line for line in read(*calls).wrong(raw_files=RAW in calls))
