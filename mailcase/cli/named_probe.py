"""Whether the groups and agents that the configuration gives cases to are there, for `mailcase check`."""

from mailcase.cli.probing import Finding
from mailcase.config import Settings
from mailcase.configuration.named import named
from mailcase.life.named import Gone
from mailcase.store.store import Store


def assignees(settings: Settings, store: Store | None) -> list[Finding]:
    """A failure for each that no case reaches, with the near name and what to do; nothing where there is no store."""
    found = store.gone(named(settings)) if store else ()
    return [_finding(settings, one) for one in found]


def _finding(settings: Settings, one: Gone) -> Finding:
    """With file, line and key, and who hears in its place."""
    said = settings.refusal(one.of.path, f"{_in_its_place(settings, one)}: {one.detail}")
    return Finding(one.of.kind, one.of.mailbox, ok=False, detail=str(said), cure=one.cure)


def _in_its_place(settings: Settings, one: Gone) -> str:
    """Of the group of a mailbox its `notify`; of a rule's group that of the mailbox comes first."""
    if one.of.kind == "group" and not one.of.mailbox:
        return "the group of their mailbox, else its notify, is told of its cases instead"
    boxes = (box for box in settings.mailbox if box.name == one.of.mailbox)
    notified = ", ".join(address for box in boxes for address in box.notify)
    return f"{notified} (notify) is told of its cases instead" if notified else "nobody is told of its cases"
