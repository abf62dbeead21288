"""K3 and K4: marks on the mail that forbid an answer (RFC 3834, reliability.md A1-A3, A8)."""

from collections.abc import Callable
from typing import Final

from mailcase.junk.ack_question import AckQuestion, No, Yes
from mailcase.junk.bulk import list_marks, precedence_mark
from mailcase.junk.header_values import auto_submitted, headers_unseen, suppressed_words
from mailcase.message import once
from mailcase.tokens import LOOP_HEADER

_SUPPRESSING: Final = frozenset({"all", "oof", "autoreply"})
_WORD, _SUPPRESSED = once(auto_submitted), once(suppressed_words)
_LOOP_HEADERS: Final = (LOOP_HEADER, "X-Loop", "X-No-Loop")


def envelope_sender(q: AckQuestion) -> No | Yes:
    """K3: Return-Path, where present, is not null; an absent one says nothing."""
    if q.email.return_path == "":
        return No("null_return_path", "Return-Path: <>")
    return Yes("no Return-Path" if q.email.return_path is None else f"Return-Path {q.email.return_path}")


def _auto_submitted(q: AckQuestion) -> No | None:
    word = _WORD(q.email)
    return None if word is None else No("auto_submitted", f"Auto-Submitted: {word}")


def _list_mail(q: AckQuestion) -> No | None:
    names = list_marks(q.email, q.policy.linking.own_lists)
    return No("list_mail", names[0]) if names else None


def _precedence(q: AckQuestion) -> No | None:
    mark = precedence_mark(q.email, q.policy.linking.own_lists)
    return No("precedence", mark) if mark else None


def _suppress_header(q: AckQuestion) -> No | None:
    words = sorted(_SUPPRESSED(q.email) & _SUPPRESSING)
    return No("suppress_header", f"X-Auto-Response-Suppress: {', '.join(words)}") if words else None


def _loop_header(q: AckQuestion) -> No | None:
    name = next((name for name in _LOOP_HEADERS if q.email.has(name)), None)
    return No("loop_header", name) if name else None


def _unseen_header(q: AckQuestion) -> No | None:
    """A mark may stand behind the header fields that are kept: no person's program writes so many."""
    known = f"header fields behind the first {len(q.email.headers)} are not known"
    return No("headers_unseen", known) if headers_unseen(q.email) else None


MARKS: Final[tuple[Callable[[AckQuestion], No | None], ...]] = (
    _auto_submitted,
    _list_mail,
    _precedence,
    _suppress_header,
    _loop_header,
    _unseen_header,
)


def machine_marks(q: AckQuestion) -> No | Yes:
    """K4: no header that a machine writes or that asks for silence."""
    hits = (mark(q) for mark in MARKS)
    return next((hit for hit in hits if hit), Yes("no Auto-Submitted, List-*, Precedence, suppression or loop header"))
