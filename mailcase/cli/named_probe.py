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
    """With file, line and key."""
    said = settings.refusal(one.of.path, f"nobody is told of its cases: {one.detail}")
    return Finding(one.of.kind, one.of.mailbox, ok=False, detail=str(said), cure=one.cure)
