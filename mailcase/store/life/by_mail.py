"""After a mail was applied: whoever is to be told of what it did to a case (L2, L6)."""

from collections.abc import Iterator
from dataclasses import replace

import sqlalchemy as sa

from mailcase.actions import CreateCase
from mailcase.life.happened import LONGEST_TEXT, key_of_mail, put_on
from mailcase.life.happening import Happening, What
from mailcase.outbox.lines import cut
from mailcase.store import tables as t
from mailcase.store.hot import Hot
from mailcase.store.life.notify import tell
from mailcase.store.work import Work
from mailcase.verdict import Outcome

_C = t.case.c
_FOLLOWED = sa.exists().where(t.case_follower.c.case_id == _C.running)
#: What a mail that joins a case costs where nobody is to be told.
_WATCHED = Hot(
    sa.select(_C.assignee, _C.assignee_group, sa.case((_FOLLOWED, 1), else_=0).label("followed")).where(
        _C.running == sa.bindparam("of_case")
    )
)


def tell_of_mail(work: Work) -> None:
    """Queue the notices of this mail; the acknowledgement is another matter (B13)."""
    found = work.judge.happened(work.decision, work.email, work.delivery, work.snapshot)
    happenings = [replace(one, case=work.case(one.case), message_pk=work.message_pk) for one in found]
    happenings = [*happenings, *_assigned(work)]
    if happenings and any(_somebody(work, one) for one in happenings):
        work.queued |= tell(work.conn, work.judge, happenings, work.now) > 0


def _assigned(work: Work) -> Iterator[Happening]:
    """L2: the new case has an assignee, or a group alone."""
    create = next((one for one in work.decision.actions if isinstance(one, CreateCase)), None)
    quiet = work.delivery.backlog or work.delivery.no_ack or work.delivery.sent
    if create is None or work.created is None or work.decision.outcome is Outcome.JUNK_CASE or quiet:
        return
    like = Happening(What.CREATED, work.created.running, key_of_mail(work.snapshot), message_pk=work.message_pk)
    told = put_on(like, work.assignee, create.assignee_group)
    if told is not None:
        yield replace(told, text=cut(create.description, LONGEST_TEXT))


def _somebody(work: Work, happening: Happening) -> bool:
    """Whether there is anybody: one small look at the case, where the rules name its own people alone."""
    if not happening.owners_alone:
        return True
    rows = _WATCHED.run(work.conn, {"of_case": happening.case})
    there = bool(rows) and bool(rows[0].assignee or rows[0].assignee_group or rows[0].followed)
    return there or happening.before != ""
