"""What `mailcase audit` prints for people: a line a state or finding, the first of them by name, and the cure."""

from collections.abc import Iterable, Sequence
from itertools import groupby
from typing import TYPE_CHECKING, Final

from mailcase.cli.output import safe, say

if TYPE_CHECKING:
    from mailcase.intake.audit import FolderAudit
    from mailcase.soundness import Finding

_MOST_LINES: Final = 50  # differences of a folder, or findings of a kind


def print_checked(found: "Sequence[Finding]") -> None:
    """What the store holds doubled or stuck, by rule, with what to do."""
    from mailcase.soundness import BY_WORD

    say("store")
    for word, same in groupby(found, key=lambda one: one.word):
        rule, rows = BY_WORD[word], list(same)
        say(f"  {word.replace('_', ' '):<14} {len(rows):>7}  {rule.kind}: {rule.means}")
        for one in rows[:_MOST_LINES]:
            say(f"    {_line(one)}")
        _more(len(rows))
        say(f"    → {rule.cure}")


def _line(one: "Finding") -> str:
    named = (("message", one.messages), ("case", one.cases), ("outbox", one.outbox))
    what = "; ".join(f"{name} {', '.join(map(str, ids))}" for name, ids in named if ids)
    return f"{one.at:%Y-%m-%d %H:%M}  {safe(one.mailbox or '–')}  {safe(what)}  {safe(one.detail)}".rstrip()


def print_compared(mailbox: str, source: str, folders: "Iterable[FolderAudit]", error: str) -> None:
    """One mailbox: each folder's mails by state, and those that are not as they should be."""
    from mailcase.intake.audit import STATES

    say(f"{mailbox}  {safe(source)}")
    if error:
        say(f"  not compared: {safe(error)}")
    for one in folders:
        say(f"{safe(one.folder or 'Maildir')}: {one.on_server} on the server{f'; {one.note}' if one.note else ''}")
        for state, count in one.counts.items():
            say(f"  {state.replace('_', ' '):<13} {count:>7}  {STATES[state]}")
        _print_differences(one)


def _print_differences(one: "FolderAudit") -> None:
    for line in one.differences[:_MOST_LINES]:
        name = f"UID {line.uid}" if line.uid is not None else line.key
        row = f"message {line.delivery}: {line.outcome or 'undecided'} {line.reason}" if line.delivery else ""
        at = f"{line.received_at:%Y-%m-%d %H:%M}" if line.received_at else f"{'no date':<16}"
        say(f"    {line.state.replace('_', ' '):<11}  {safe(name):<12}  {at}  {row}".rstrip())
    _more(len(one.differences))


def _more(count: int) -> None:
    if (more := count - _MOST_LINES) > 0:
        say(f"    … {more} more: --json shows them all")


def print_sum(found: "Sequence[Finding] | None", missing: int | None, not_compared: int = 0) -> None:
    """The last line: how many of each, of what was looked at.

    Args:
        found: of the store; None: it was not looked at.
        missing: of all mailboxes; None: none was to be compared.
        not_compared: mailboxes of which nobody knows what is missing.
    """
    from mailcase.soundness import counts

    if found is None:
        told = f"{missing} missing: the daemon's next comparison fetches what it can"
        say(told if missing else "nothing is missing")
        return
    parts = [f"{count} {kind}" for kind, count in counts(found).items()]
    parts += [f"{not_compared} not compared"] if not_compared else []
    say(", ".join(([f"{missing} missing"] if missing is not None else []) + parts))
