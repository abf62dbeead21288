"""What to fetch of a folder: baseline, cursor, UIDVALIDITY and what is known already (B1, I1-I3); pure."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta

from mailcase.intake.imap.ports import MailFact, SelectedFolder
from mailcase.ports import Cursor

_ROUND = 2**32  # above every UIDVALIDITY, and above every UID


@dataclass(frozen=True, slots=True)
class Wanted:
    """A mail to fetch; `backlog` ones lay there at the first connection and are never acknowledged."""

    mail: MailFact
    backlog: bool
    late: bool = False  # the cursor is beyond it: it was missing


def baseline_uid(selected: SelectedFolder, uids: Sequence[int]) -> int:
    """The UID below which everything lay there when the folder was selected.

    UIDNEXT of the SELECT; a mail listed above it came in between and is new. Without UIDNEXT: above all.
    """
    return selected.uidnext if selected.uidnext is not None else max(uids, default=0) + 1


def newest(before: datetime | None, dates: Iterable[datetime]) -> datetime | None:
    """The newest of these INTERNALDATEs and of those looked at before; None where there is none at all."""
    return max((*dates, *([before] if before else [])), default=None)


def first_cursor(
    source: str, mailbox: str, selected: SelectedFolder, baseline: int, newest: datetime | None, start: str
) -> Cursor:
    """The cursor of a first connection; `newest` is the newest INTERNALDATE below the baseline, None where it is empty.

    With start = "new" everything below is left on purpose; else reading begins at the first mail.
    """
    return Cursor(
        source=source,
        folder=selected.name,
        mailbox=mailbox,
        uidvalidity=selected.uidvalidity,
        last_uid=baseline - 1 if start == "new" else 0,
        baseline_uid=baseline,
        baseline_at=newest,
        start=start,
    )


def restarted_cursor(old: Cursor, source: str, mailbox: str, selected: SelectedFolder, baseline: int) -> Cursor:
    """The cursor after a new UIDVALIDITY or a move to another host or user.

    The date of the baseline and the `start` of the first connection stay in force; the UIDs mean nothing any more,
    so the baseline UID is that of this moment: what lies below was judged by date, once, in `by_date`.
    """
    return replace(
        old,
        source=source,
        folder=selected.name,
        mailbox=mailbox,
        uidvalidity=selected.uidvalidity,
        last_uid=baseline - 1,
        baseline_uid=baseline,
        compared_at=None,
    )


def numbered(selected: SelectedFolder, cursor: Cursor | None) -> SelectedFolder:
    """The folder by the number under which its UIDs are journalled.

    That is UIDVALIDITY, and 2^32 more for each time that the server began to give UIDs again that it had given.
    """
    if cursor is None or cursor.uidvalidity % _ROUND != selected.uidvalidity:
        return selected
    return replace(selected, uidvalidity=cursor.uidvalidity)


def set_back(selected: SelectedFolder, cursor: Cursor | None) -> bool:
    """Whether UIDs that were read are still to come: against RFC 3501 2.3.1.1, but a backup or GMX do it."""
    if cursor is None or cursor.uidvalidity != selected.uidvalidity or selected.uidnext is None:
        return False
    return selected.uidnext <= cursor.last_uid


def begun(cursor: Cursor) -> Cursor:
    """The cursor while a round begins, so that it is gone on with however many UIDs are given again meanwhile."""
    return replace(cursor, last_uid=_ROUND)


def has_begun(selected: SelectedFolder, cursor: Cursor | None) -> bool:
    """Whether the next round began and was not read to its end: mail was kept back, or we were stopped."""
    return cursor is not None and cursor.uidvalidity == selected.uidvalidity and cursor.last_uid == _ROUND


def next_round(selected: SelectedFolder) -> SelectedFolder:
    """The folder with UIDs that mean other mails than before."""
    return replace(selected, uidvalidity=selected.uidvalidity + _ROUND)


def rounds(uidvalidity: int) -> range:
    """The numbers under which earlier mails of that UIDVALIDITY are journalled, ascending; none in the first round."""
    return range(uidvalidity % _ROUND, uidvalidity, _ROUND)


def unlike(facts: Iterable[MailFact], received: Mapping[int, datetime]) -> list[MailFact]:
    """Those that are not, by UID and INTERNALDATE, the mails of an earlier round."""
    return [one for one in facts if one.received_at is None or received.get(one.uid) != one.received_at]


def by_uid(mails: Iterable[MailFact], cursor: Cursor) -> list[Wanted]:
    """Those to fetch within one UIDVALIDITY, where the UID alone says what lay there before."""
    judged = ((mail, mail.uid < cursor.baseline_uid) for mail in mails)
    wanted = ((mail, before) for mail, before in judged if not before or takes_old(mail.received_at, cursor.start))
    return [Wanted(mail, before, mail.uid <= cursor.last_uid) for mail, before in wanted]


def by_date(mails: Iterable[MailFact], cursor: Cursor, known: Collection[int]) -> list[Wanted]:
    """Those to fetch after a reset, where INTERNALDATE up to `baseline_at` counts as before (B1).

    One whose date cannot be read may be new: it is taken. It may be old: nobody is answered.
    """
    unknown = [mail for mail in mails if mail.uid not in known]
    return [Wanted(mail, _may_be_old(mail, cursor)) for mail in unknown if _taken_by_date(mail, cursor)]


def _may_be_old(mail: MailFact, cursor: Cursor) -> bool:
    newest = cursor.baseline_at
    return mail.received_at is None or (newest is not None and mail.received_at <= newest)


def _taken_by_date(mail: MailFact, cursor: Cursor) -> bool:
    if mail.received_at is None or not _may_be_old(mail, cursor):
        return True
    return takes_old(mail.received_at, cursor.start)


def takes_old(received_at: datetime | None, start: str) -> bool:
    """Whether `start` takes a mail that lay there at the first connection: "all", or from its date on (UTC).

    Of one whose date cannot be read only the server's own SINCE says that: whoever asks for it has asked that.
    """
    if start in ("new", "all"):
        return start == "all"
    return received_at is None or received_at.date() >= date.fromisoformat(start)


def since_day(start: str) -> date | None:
    """The day for a SINCE search that cannot miss any mail `takes_old` takes; None where `start` is no date.

    One day earlier than `start`: the server counts days in zones of its own.
    """
    return None if start in ("new", "all") else date.fromisoformat(start) - timedelta(days=1)


def answered(uids: Iterable[int], facts: Iterable[MailFact]) -> list[MailFact]:
    """A fact for each of the UIDs; of one that the server said nothing readable about only the UID is known."""
    found = {one.uid: one for one in facts}
    return [found.get(uid) or MailFact(uid, None, None) for uid in uids]


def candidates(
    uids: Iterable[int], known: Collection[int], cursor: Cursor, since: Collection[int] | None = None
) -> list[int]:
    """UIDs whose facts are worth asking: unknown, and not below a baseline that `start` leaves alone.

    `since` are the UIDs of `since_day`, where that is a day.
    """
    if cursor.uidvalidity >= _ROUND:  # what lies below was looked at when the round began
        return [uid for uid in uids if uid not in known and uid >= cursor.baseline_uid]
    if cursor.start == "all":
        return [uid for uid in uids if uid not in known]
    older = since or frozenset()
    return [uid for uid in uids if uid not in known and (uid >= cursor.baseline_uid or uid in older)]


def moved_on(cursor: Cursor, uids: Iterable[int]) -> Cursor:
    """The cursor after everything up to the highest of these UIDs was dealt with; never back."""
    return replace(cursor, last_uid=max(cursor.last_uid, max(uids, default=0)))


def compare_due(cursor: Cursor, now: datetime, every_s: float) -> bool:
    """Whether the whole UID list has to be compared again (I3); a clock set back counts as due."""
    if cursor.compared_at is None:
        return True
    return not timedelta(0) <= now - cursor.compared_at < timedelta(seconds=every_s)
