"""Which groups and agents a configuration names, and where."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

from mailcase.life.named import Named

if TYPE_CHECKING:
    from mailcase.config import Settings


def named(settings: "Settings") -> tuple[Named, ...]:
    """Everybody whom mailboxes and assignment rules give cases to; [[notice]] names roles and nobody."""
    return (*_mailboxes(settings), *_assignments(settings))


def _mailboxes(settings: "Settings") -> Iterator[Named]:
    for number, box in enumerate(settings.mailbox):
        if box.assignee_group:
            yield Named(("mailbox", number, "assignee_group"), "group", box.assignee_group, box.name)


def _assignments(settings: "Settings") -> Iterator[Named]:
    for number, rule in enumerate(settings.assignment):
        if rule.group:
            yield Named(("assignment", number, "group"), "group", rule.group)
        if rule.agent:
            yield Named(("assignment", number, "agent"), "agent", rule.agent)
