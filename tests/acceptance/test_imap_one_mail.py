"""One mail or folder that a server cannot give: the others are taken all the same, and it is told."""

from datetime import UTC, datetime

import pytest

from mailcase.clock import utcnow
from mailcase.intake.imap.failures import Refused
from mailcase.intake.imap.grammar import LARGEST_UID
from mailcase.intake.imap.session import ImapSession
from mailcase.log import Event
from tests.servers.imap_help import ONE, TWO, Alarms, settings, watch
from tests.servers.memory_journal import MemoryJournal
from tests.servers.scripted_imap import Fault, Link, Normal, ScriptedImap, StoredMail, say_first

SERVERBUG = "NO [SERVERBUG] internal error"


def of_mail(server: ScriptedImap, uid: int, item: str, text: str) -> Fault:
    """A FETCH of that item is refused whenever that mail is among those asked for."""

    async def fault(link: Link, tag: str, arguments: str, normal: Normal) -> None:
        if item in arguments and uid in dict(server._chosen(arguments)):
            await link.say(f"{tag} {text}")
        else:
            await normal()

    return fault


@pytest.mark.parametrize(
    "text", ["NO broken", SERVERBUG, "NO [CORRUPTION] cache", "BAD broken", "NO Server Unavailable. 15"]
)
async def test_a_mail_whose_body_is_refused_holds_nobody_up(
    scripted: ScriptedImap, journal: MemoryJournal, text: str
) -> None:
    alarms: Alarms = []
    scripted.fault("UID FETCH", *[of_mail(scripted, 1, "BODY", text)] * 9)
    await watch(scripted, journal, alarms).once()
    assert journal.raws == [TWO]
    assert [event for event, _ in alarms] == [Event.MAIL_REFUSED]


@pytest.mark.parametrize("text", ["NO broken", SERVERBUG])
async def test_a_mail_whose_facts_are_refused_is_asked_for_its_body(
    scripted: ScriptedImap, journal: MemoryJournal, text: str
) -> None:
    scripted.fault("UID FETCH", *[of_mail(scripted, 2, "RFC822.SIZE", text)] * 9)
    await watch(scripted, journal).once()
    assert sorted(journal.raws) == [ONE, TWO]


async def test_dates_that_are_refused_end_no_first_connection(scripted: ScriptedImap, journal: MemoryJournal) -> None:
    scripted.fault("UID FETCH", *[of_mail(scripted, 1, "INTERNALDATE", SERVERBUG)] * 3)
    watcher = watch(scripted, journal, start="new")
    await watcher.once()
    scripted.folders["INBOX"][3] = StoredMail(b"Subject: new\r\n\r\n")
    await watcher.once()
    assert journal.raws == [b"Subject: new\r\n\r\n"]


async def test_many_refused_facts_are_a_folder_that_is_refused(journal: MemoryJournal) -> None:
    async with ScriptedImap(dict.fromkeys(range(1, 30), ONE)) as server:

        async def no(link: Link, tag: str, _arguments: str, _normal: Normal) -> None:
            await link.say(f"{tag} NO broken")

        server.fault("UID FETCH", *[no] * 99)
        watcher = watch(server, journal)
        with pytest.raises(Refused):
            await watcher.once()
    assert watcher.state.trouble == "folder_refused"


async def test_what_was_expunged_since_it_was_listed_is_asked_for_once(journal: MemoryJournal) -> None:
    async with ScriptedImap(dict.fromkeys(range(1, 30), ONE)) as server:

        async def gone(link: Link, tag: str, _arguments: str, _normal: Normal) -> None:
            server.folders["INBOX"] = {29: StoredMail(TWO)}
            await link.say(f"{tag} OK")

        server.fault("UID FETCH", say_first(), gone)
        await watch(server, journal).once()
        assert journal.raws == [TWO]
        assert server.count("UID FETCH") == 4  # dates, facts, is what is left too large, and its body
        assert server.count("UID SEARCH") <= 3


async def test_a_date_that_is_still_to_come_makes_no_later_mail_old(
    scripted: ScriptedImap, journal: MemoryJournal
) -> None:
    scripted.folders["INBOX"][1].received = datetime(2037, 1, 1, tzinfo=UTC)
    await watch(scripted, journal, start="new").once()
    assert all(one.baseline_at is not None and one.baseline_at <= utcnow() for one in journal.cursors.values())


async def test_nothing_is_asked_for_above_the_largest_uid(scripted: ScriptedImap) -> None:
    session = await ImapSession.open(settings(scripted))
    await session.select("INBOX", read_only=True)
    assert await session.search_above(LARGEST_UID) == []
    assert await session.search_above(1) == [2]
    assert scripted.count("UID SEARCH") == 1
    session.close()


async def test_a_folder_without_sound_numbers_stops_no_other(journal: MemoryJournal) -> None:
    async with ScriptedImap({1: ONE}, folders=["Other"]) as server:

        async def odd(_link: Link, _tag: str, arguments: str, normal: Normal) -> None:
            server.uidvalidity = 0 if "Other" in arguments else 7
            await normal()

        server.fault("EXAMINE", *[odd] * 9)
        watcher = watch(server, journal, folders=("Other", "INBOX"))
        with pytest.raises(Refused, match="UIDVALIDITY 0"):
            await watcher.once()
    assert journal.raws == [ONE]


@pytest.mark.parametrize("size", [0, 10])
async def test_a_mail_that_is_far_larger_than_its_size_holds_nobody_up(journal: MemoryJournal, size: int) -> None:
    large = b"Subject: large\r\n\r\n" + b"x" * 18 * 1024 * 1024  # above twice `max_size` and 16 MiB

    async def told(link: Link, tag: str, arguments: str, normal: Normal) -> None:
        if "RFC822.SIZE" not in arguments:
            return await normal()
        for uid in (1, 2, 3):
            await link.say(f'* {uid} FETCH (UID {uid} RFC822.SIZE {size} INTERNALDATE "02-Jan-2026 03:04:05 +0000")')
        return await link.say(f"{tag} OK")

    alarms: Alarms = []
    async with ScriptedImap({1: ONE, 2: large, 3: TWO}) as server:
        server.fault("UID FETCH", *[told] * 9)
        watcher = watch(server, journal, alarms, max_size=1_000_000)
        await watcher.once()
    assert journal.raws == [ONE, TWO]
    assert [event for event, _ in alarms] == [Event.MAIL_REFUSED]
    assert watcher.state.withheld is not None
    assert watcher.state.withheld.named == "INBOX UID 2"
