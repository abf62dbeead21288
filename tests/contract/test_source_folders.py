"""Several folders of one mailbox, a provider's Junk and the sent folder among them, on Dovecot and pymap (B1, B16)."""

import asyncio

from tests.servers.imap_source import Source, mail
from tests.servers.memory_journal import MemoryJournal
from tests.servers.ports import until

FOLDERS = ("INBOX", "Junk")


async def test_every_folder_is_read_and_told_and_the_sent_one_is_only_read(
    source: Source, journal: MemoryJournal
) -> None:
    for folder in ("Junk", "Sent"):
        await source.person.create(folder)
    for folder in ("INBOX", "Junk", "Sent"):
        await source.person.append(mail(f"to {folder}"), folder=folder)
    await source.watcher(journal, folders=FOLDERS, sent_folder="Sent", after="delete").once()
    found = {one.folder: (one.raw, one.sent) for one in journal.arrivals.values()}
    assert found == {
        "INBOX": (mail("to INBOX"), False),
        "Junk": (mail("to Junk"), False),
        "Sent": (mail("to Sent"), True),
    }
    assert [await source.person.raws(folder) for folder in (*FOLDERS, "Sent")] == [[], [], [mail("to Sent")]]


async def test_idle_watches_the_first_folder_and_the_clock_the_others(source: Source, journal: MemoryJournal) -> None:
    for folder in ("Junk", "Sent"):
        await source.person.create(folder)
    watcher = source.watcher(journal, folders=FOLDERS, sent_folder="Sent", start="new", poll_s=0.3)
    task = asyncio.create_task(watcher.run())
    await until(lambda: watcher.state.last_look is not None)
    for folder in ("Junk", "Sent"):
        await source.person.append(mail(folder), folder=folder)
    await until(lambda: {mail("Junk"), mail("Sent")} == set(journal.raws))
    await source.person.append(mail("announced"))
    await until(lambda: mail("announced") in journal.raws)
    watcher.stop.set()
    await task


async def test_what_is_announced_is_read_after_the_sent_folder(source: Source, journal: MemoryJournal) -> None:
    """An agent's mail with a copy to us is then known as his before the copy is decided (B16)."""
    await source.person.create("Sent")
    watcher = source.watcher(journal, sent_folder="Sent", start="new", poll_s=60)
    task = asyncio.create_task(watcher.run())
    await until(lambda: watcher.state.last_look is not None)
    await source.person.append(mail("the agent's"), folder="Sent")
    await source.person.append(mail("its copy"))
    await until(lambda: mail("its copy") in journal.raws)
    assert journal.raws == [mail("the agent's"), mail("its copy")]
    watcher.stop.set()
    await task
