"""The watched sent folder on Dovecot and pymap (B16), and a disk without room: what is fetched, marked and left."""

import pytest

from mailcase.errors import Unavailable
from mailcase.intake.watcher import Watcher
from tests.servers.imap_source import OLD, Source, mail
from tests.servers.memory_journal import MemoryJournal


def taken(journal: MemoryJournal) -> list[tuple[str, bytes, bool, bool]]:
    return [(one.folder, one.raw, one.sent, one.backlog) for one in journal.arrivals.values()]


@pytest.mark.parametrize("after", ["delete", "move:Done"])
async def test_agents_mails_are_read_and_never_touched(source: Source, journal: MemoryJournal, after: str) -> None:
    await source.person.create("Sent")
    await source.person.append(mail("old"), folder="Sent", received=OLD)
    settings = {"start": "new", "sent_folder": "Sent", "after": after}
    await source.watcher(journal, **settings).once()
    await source.person.append(mail("answer"), folder="Sent")
    await source.person.append(mail("question"))
    for _ in range(2):
        await source.watcher(journal, **settings).once()
    assert sorted(taken(journal)) == [
        ("INBOX", mail("question"), False, False),
        ("Sent", mail("answer"), True, False),
    ]
    assert await source.person.raws("Sent") == [mail("old"), mail("answer")]
    assert await source.person.flags("Sent") == [set(), set()]
    assert await source.person.raws() == []
    assert {place[1] for place in journal.cursors} == {"INBOX", "Sent"}


async def test_nothing_is_fetched_where_there_is_no_room(source: Source, journal: MemoryJournal) -> None:
    await source.person.append(*(mail(str(number)) for number in range(4)))

    def room() -> None:
        """Enough for the first batch alone."""
        if journal.arrivals:
            raise Unavailable("too little free space")

    settings = source.settings(after="delete", batch_mails=2)
    shop = (journal, journal.in_store, journal.submit)
    with pytest.raises(Unavailable):
        await Watcher(settings, *shop, room=room).once()
    assert journal.raws == [mail("0"), mail("1")]
    assert set(await source.person.raws()) >= {mail("2"), mail("3")}
    await Watcher(settings, *shop).once()
    assert journal.raws == [mail(str(number)) for number in range(4)]
    assert await source.person.raws() == []
