"""Which mails are asked for together: under a memory bound, in order, the too large ones alone; pure."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import TypeVar

from mailcase.intake.imap.ports import MailFact

SLICE = 500  # mails whose facts are held at once
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Batch:
    """Mails of one fetch; an oversize one stands alone and only its beginning is fetched (I10)."""

    mails: tuple[MailFact, ...]
    oversize: bool = False

    @property
    def uids(self) -> list[int]:
        """Their UIDs, ascending."""
        return [mail.uid for mail in self.mails]


def batches(mails: Iterable[MailFact], max_bytes: int, max_mails: int, max_size: int) -> Iterator[Batch]:
    """Cut the mails into batches of at most so many octets and mails, in the order given.

    One whose size nobody knows may fill a batch, so it stands alone. A mail between `max_bytes` and `max_size` is a
    batch of its own; one above `max_size` an oversize batch.
    """
    waiting: list[MailFact] = []
    unknown = max_bytes + 1
    for mail in mails:
        size = _weight(mail, unknown)
        too_large = size > max_size and mail.size is not None
        full = len(waiting) >= max_mails or sum(_weight(one, unknown) for one in waiting) + size > max_bytes
        if waiting and (too_large or full):
            yield Batch(tuple(waiting))
            waiting = []
        if too_large:
            yield Batch((mail,), oversize=True)
        else:
            waiting.append(mail)
    if waiting:
        yield Batch(tuple(waiting))


def _weight(mail: MailFact, unknown: int) -> int:
    return unknown if mail.size is None else mail.size


def slices(items: Sequence[T]) -> Iterator[Sequence[T]]:
    """The items in parts whose facts fit the memory and one command, however large the mailbox is."""
    return (items[start : start + SLICE] for start in range(0, len(items), SLICE))
