"""An old thread that somebody takes up to write of something else: his mail makes a case of its own, by setting."""

import re
from datetime import timedelta
from typing import Final

from mailcase.hearing import Hearing
from mailcase.linking.finding import Candidate
from mailcase.linking.order import NEW_TOPIC
from mailcase.snapshot import CaseView
from mailcase.subjects import base_subject

_WORD: Final = re.compile(r"[^\W\d_]{3,}")
_STEM: Final = 4  # letters: "Drucker" and "Druckers" are one word

__all__ = ["NEW_TOPIC", "is_new_topic"]


def is_new_topic(hearing: Hearing, winner: Candidate, case: CaseView) -> bool:
    """Whether a person answers an old mail of this case's thread to write of something else.

    Only where nothing speaks for the case: what he answers is older than [linking] new_topic_days, and his subject
    is no reply's, holds no case number, and has no word in common with the case's title. Notes what it found.
    """
    days = hearing.policy.linking.new_topic_days
    if not days or not hearing.person or winner.linked_by not in ("token", "thread"):
        return False
    found = _is_old(hearing, timedelta(days=days)) and _is_another(hearing, case)
    told = f"the subject has nothing of {case.title!r}, and what it answers is older than {days} days"
    hearing.note("topic", "new" if found else "same", told if found else f"nothing says that it is not {case.number}'s")
    return found


def _is_old(hearing: Hearing, pause: timedelta) -> bool:
    """Whether the newest mail that it names was so old when it came, however late it is read; else it is not."""
    snapshot = hearing.snapshot
    named = (one for name in snapshot.lookup.thread_ids for one in snapshot.messages.get(name, ()))
    newest = max((one.received_at for one in named), default=None)
    return newest is not None and hearing.delivery.received_at - newest >= pause


def _is_another(hearing: Hearing, case: CaseView) -> bool:
    base = base_subject(hearing.email.subject)
    if base.replied or base.forwarded or hearing.snapshot.lookup.subject_numbers:
        return False
    words = _words(base.text)
    return bool(words) and not words & _words(case.title)


def _words(text: str) -> frozenset[str]:
    return frozenset(one[:_STEM].casefold() for one in _WORD.findall(text))
