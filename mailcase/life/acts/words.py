"""Acts in words: reply to the customer; note, comment, attach and urge among ourselves."""

from collections.abc import Sequence

from mailcase.intake.addresses import key_of
from mailcase.life.acts.limits import LONGEST_REPLY, MOST_COPIES, line, within_limits, words
from mailcase.life.acts.table import must
from mailcase.life.asked import Asked
from mailcase.life.changes import Changes, Did, File, PutFiles, SendReply
from mailcase.life.happening import What
from mailcase.life.refused import Refused


def reply(
    asked: Asked, text: str, files: Sequence[File] = (), cc: Sequence[str] = (), template: str = "reply"
) -> Changes:
    """A mail to the customer in the thread of the case; the first one is the first response."""
    must(asked, "reply")
    said = words(text, "reply", LONGEST_REPLY)
    allowed = within_limits(files, asked.policy.attachments)
    if len(cc) > MOST_COPIES:
        raise Refused(f"{len(cc)} copies are too many: one reply goes to {MOST_COPIES} beside the customer at most")
    if ours := next((one for one in cc if asked.policy.is_ours(key_of(one))), ""):
        raise Refused(f"{ours} is an address of our own, and gets no copy")
    first = {} if asked.on.first_response_at else {"first_response_at": asked.now}
    return Changes(first, deeds=(SendReply(said, template, allowed, tuple(cc)),))


def note(asked: Asked, text: str) -> Changes:
    """An internal record; the customer never sees it."""
    must(asked, "note")
    return Changes(events=(Did("note", {"text": words(text, "note")}),))


def comment(asked: Asked, text: str) -> Changes:
    """A word to every agent who reads the case; assignee and followers are told."""
    must(asked, "comment")
    said = words(text, "comment")
    return Changes(events=(Did("comment", {"text": said}),), happened=(What.COMMENTED,), text=said)


def attach(asked: Asked, files: Sequence[File]) -> Changes:
    """Files onto the case, within [attachments]."""
    must(asked, "attach")
    if not files:
        raise Refused("there is no file to attach")
    allowed = within_limits(files, asked.policy.attachments)
    events = tuple(Did("file_attached", {"name": one.name, "size": len(one.content)}) for one in allowed)
    return Changes(events=events, deeds=(PutFiles(allowed),))


def urge(asked: Asked, text: str = "") -> Changes:
    """A mail to the assignee, or to the group where nobody is: this case cannot wait."""
    must(asked, "urge")
    said = line(text, "text", needed=False, most=2_000)
    return Changes(events=(Did("urged", {"text": said}),), happened=(What.URGED,), text=said)
