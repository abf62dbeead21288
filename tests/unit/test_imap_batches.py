"""Batches by size."""

from collections.abc import Sequence
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailcase.intake.imap.batches import batches
from mailcase.intake.imap.ports import MailFact

NOW = datetime(2026, 1, 1, tzinfo=UTC)


def mails(sizes: Sequence[int | None]) -> list[MailFact]:
    return [MailFact(uid, size, NOW) for uid, size in enumerate(sizes, 1)]


@pytest.mark.parametrize(
    ("sizes", "cut"),
    [
        ([], []),
        ([10, 10, 10], [[1, 2, 3]]),
        ([60, 60, 30], [[1], [2, 3]]),
        ([1, 1, 1, 1, 1], [[1, 2, 3, 4], [5]]),
        ([150, 10], [[1], [2]]),
        ([10, 999, 10], [[1], [2], [3]]),
        ([10, None, 10, 10], [[1], [2], [3, 4]]),
        ([None, None], [[1], [2]]),
        ([None, 0], [[1], [2]]),
    ],
)
def test_batches_keep_order_and_bounds(sizes: list[int | None], cut: list[list[int]]) -> None:
    found = list(batches(mails(sizes), max_bytes=100, max_mails=4, max_size=200))
    assert [batch.uids for batch in found] == cut
    assert [batch.oversize for batch in found] == [(sizes[uids[0] - 1] or 0) > 200 for uids in cut]


@given(st.lists(st.integers(0, 400)))
def test_every_mail_is_in_one_batch_and_no_batch_is_over_the_bound(sizes: list[int]) -> None:
    found = list(batches(mails(sizes), max_bytes=100, max_mails=4, max_size=200))
    assert [uid for batch in found for uid in batch.uids] == list(range(1, len(sizes) + 1))
    assert all(len(batch.mails) == 1 or sum(mail.size or 0 for mail in batch.mails) <= 100 for batch in found)
