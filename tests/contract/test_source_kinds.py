"""A mailbox that is read another way from now on, a Maildir or IMAP: nothing of it falls between the two (B1, P1)."""

from datetime import timedelta
from pathlib import Path

from tests.servers.imap_source import OLD, Source, mail
from tests.servers.maildir import Maildir
from tests.servers.memory_journal import MemoryJournal

LATER = OLD + timedelta(days=1)


async def test_from_a_maildir_to_imap_what_arrived_between_is_taken(
    source: Source, journal: MemoryJournal, tmp_path: Path
) -> None:
    box = Maildir(tmp_path / "Maildir")
    box.put(mail("before"), received=OLD)
    await box.watcher(journal, start="new").once()
    await source.person.append(mail("before"), received=OLD)
    await source.person.append(mail("between"), received=LATER)
    for _ in range(2):
        await source.watcher(journal, start="new").once()
    assert [(one.folder, one.raw, one.backlog) for one in journal.arrivals.values()] == [
        ("INBOX", mail("between"), False)
    ]


async def test_from_imap_to_a_maildir_what_arrived_between_is_taken(
    source: Source, journal: MemoryJournal, tmp_path: Path
) -> None:
    await source.person.append(mail("before"), received=OLD)
    await source.watcher(journal, start="new").once()
    box = Maildir(tmp_path / "Maildir")
    box.put(mail("before"), received=OLD)
    box.put(mail("between"), received=LATER)
    for _ in range(2):
        await box.watcher(journal, start="new").once()
    assert [(one.folder, one.raw, one.backlog) for one in journal.arrivals.values()] == [("", mail("between"), False)]
    assert {place: one.folder for place, one in journal.cursors.items()} == {
        (source.settings().source, "INBOX"): "INBOX",
        (box.settings().source, ""): "",
    }
