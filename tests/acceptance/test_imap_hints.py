"""Size and date of a mail are hints: however a server spoils them, the mail is taken, or told as missing."""

from datetime import UTC, datetime, timedelta

import pytest

from mailcase.clock import utcnow
from mailcase.intake.audit import FolderAudit
from mailcase.intake.imap.audit import audit_folder
from mailcase.intake.imap.session import ImapSession
from mailcase.log import Event
from mailcase.ports import Remainder
from tests.servers.imap_help import ONE, TWO, Alarms, settings, watch
from tests.servers.memory_journal import MemoryJournal
from tests.servers.scripted_imap import Fault, Link, Normal, ScriptedImap, StoredMail, refuse, say_first

GOOD = 'INTERNALDATE "02-Jan-2026 03:04:05 +0000"'
SPOILT = [
    "INTERNALDATE NIL",
    'INTERNALDATE ""',
    'INTERNALDATE "01-Jan-0000 00:00:00 +0000"',
    'INTERNALDATE "00-Nov-2026 03:00:00 +0000"',
    'INTERNALDATE "23-Nov-2026 03:00:60 +0000"',
    'INTERNALDATE "23-Nov-2026 03:00:00 GMT"',
    'INTERNALDATE "23-Dez-2026 03:00:00 +0000"',
    'INTERNALDATE "23-Nov-2026 03:00:00 +2500"',
    'INTERNALDATE "01-Jan-0001 00:00:00 +0100"',
    "INTERNALDATE {26}\r\n23-Nov-2026 03:00:00 +0000",
    "",
]


def facts(*lines: str) -> Fault:
    """These instead of the facts of the folder, and then the usual end."""

    async def fault(link: Link, tag: str, _arguments: str, _normal: Normal) -> None:
        for line in lines:
            await link.say(line)
        await link.say(f"{tag} OK")

    return fault


class Audited(MemoryJournal):
    """The journal as `audit` asks it: nothing of this folder is in it."""

    def journal_entries(self, _source: str, _folder: str, _uidvalidity: int | None) -> dict[str, object]:
        return {}


async def audited(server: ScriptedImap, journal: MemoryJournal, *answers: Fault) -> FolderAudit:
    """The audit of the folder by that journal's cursors, as if it held no mail."""
    kept = Audited()
    kept.cursors = journal.cursors
    session = await ImapSession.open(settings(server))
    server.fault("UID FETCH", *answers)
    try:
        return await audit_folder(session, settings(server), "INBOX", None, kept)  # type: ignore[arg-type]  # no rows
    finally:
        session.close()


@pytest.mark.parametrize("spoilt", SPOILT)
async def test_a_mail_whose_date_cannot_be_read_is_taken_at_the_moment_we_see_it(
    journal: MemoryJournal, spoilt: str
) -> None:
    async with ScriptedImap() as server:
        before = utcnow()
        await watch(server, journal, start="new").once()
        server.folders["INBOX"] = {1: StoredMail(ONE), 2: StoredMail(TWO)}
        spoil = facts(f"* 1 FETCH (UID 1 RFC822.SIZE 23 {GOOD})", f"* 2 FETCH (UID 2 RFC822.SIZE 23 {spoilt})")
        server.fault("UID FETCH", spoil)
        await watch(server, journal, start="new").once()
    assert journal.raws == [ONE, TWO]
    _, two = journal.arrivals.values()
    assert before <= two.received_at <= utcnow()
    assert not two.backlog


@pytest.mark.parametrize("size", ["NIL", "-1", "99999999999999999999", "9" * 5000, '"23"'])
async def test_a_mail_whose_size_cannot_be_read_is_taken_whole(
    scripted: ScriptedImap, journal: MemoryJournal, size: str
) -> None:
    answer = facts(f"* 1 FETCH (UID 1 RFC822.SIZE {size} {GOOD})", f"* 2 FETCH (UID 2 RFC822.SIZE 23 {GOOD})")
    scripted.fault("UID FETCH", say_first(), answer)
    await watch(scripted, journal).once()
    assert journal.raws == [ONE, TWO]
    assert not any(one.oversize for one in journal.arrivals.values())


@pytest.mark.parametrize(("octets", "oversize"), [(100_000, False), (100_001, True)])
async def test_of_a_mail_of_unknown_size_no_more_is_fetched_than_of_others(
    journal: MemoryJournal, octets: int, *, oversize: bool
) -> None:
    large = ONE + b"x" * (octets - len(ONE))
    async with ScriptedImap({1: large, 2: TWO}) as server:
        unknown = facts(f"* 1 FETCH (UID 1 {GOOD})", f"* 2 FETCH (UID 2 RFC822.SIZE NIL {GOOD})")
        server.fault("UID FETCH", say_first(), unknown)
        await watch(server, journal, max_size=100_000).once()
        whole = server.count("UID FETCH 1 (UID BODY.PEEK[])")
    assert journal.raws == [large, TWO]  # its beginning is 256 KiB
    first, second = journal.arrivals.values()
    assert (first.oversize, second.oversize, whole) == (oversize, False, not oversize)
    assert first.remainder == (Remainder(None) if oversize else None)


@pytest.mark.parametrize("said", ["NO no partial fetch", "BAD no partial fetch", "OK"])
async def test_a_server_that_tells_no_size_in_any_way_is_asked_for_the_whole(
    scripted: ScriptedImap, journal: MemoryJournal, said: str
) -> None:
    answer = facts(f"* 1 FETCH (UID 1 RFC822.SIZE NIL {GOOD})", f"* 2 FETCH (UID 2 RFC822.SIZE 23 {GOOD})")
    scripted.fault("UID FETCH", say_first(), answer, refuse(said))
    await watch(scripted, journal).once()
    assert journal.raws == [ONE, TWO]


@pytest.mark.parametrize("answer", ["* 2 FETCH (FLAGS ())", "* 2 FETCH (UID two)", "* OK nothing of it"])
async def test_a_mail_of_which_nothing_readable_is_said_is_asked_for_all_the_same(
    scripted: ScriptedImap, journal: MemoryJournal, answer: str
) -> None:
    scripted.fault("UID FETCH", say_first(), facts(f"* 1 FETCH (UID 1 RFC822.SIZE 23 {GOOD})", answer))
    await watch(scripted, journal).once()
    assert journal.raws == [ONE, TWO]


async def test_after_a_reset_a_mail_without_a_date_is_taken_and_nobody_is_answered(
    scripted: ScriptedImap, journal: MemoryJournal
) -> None:
    await watch(scripted, journal, start="new").once()
    scripted.uidvalidity = 8
    spoil = facts(f"* 1 FETCH (UID 1 RFC822.SIZE 23 {GOOD})", "* 2 FETCH (UID 2 RFC822.SIZE 23 INTERNALDATE NIL)")
    scripted.fault("UID FETCH", spoil)
    await watch(scripted, journal, start="new").once()
    assert [(one.raw, one.backlog) for one in journal.arrivals.values()] == [(TWO, True)]


async def test_a_reset_is_not_over_while_the_server_says_nothing_of_a_mail(
    scripted: ScriptedImap, journal: MemoryJournal
) -> None:
    await watch(scripted, journal, start="new").once()
    scripted.uidvalidity = 8
    scripted.folders["INBOX"][2].received = datetime(2026, 2, 1, tzinfo=UTC)
    alarms: Alarms = []
    scripted.fault("UID FETCH", facts(f"* 1 FETCH (UID 1 RFC822.SIZE 23 {GOOD})"))
    await watch(scripted, journal, alarms, start="new").once()
    assert [event for event, _ in alarms] == [Event.MAIL_REFUSED]
    await watch(scripted, journal, start="new").once()
    assert journal.raws == [TWO]


@pytest.mark.parametrize("answer", ["* 2 FETCH (UID 2 RFC822.SIZE 23 INTERNALDATE NIL)", "* OK nothing of it"])
async def test_audit_names_a_mail_without_facts_as_missing(
    scripted: ScriptedImap, journal: MemoryJournal, answer: str
) -> None:
    await watch(scripted, journal).once()
    told = await audited(scripted, journal, facts(f"* 1 FETCH (UID 1 RFC822.SIZE 23 {GOOD})", answer))
    assert told.counts == {"missing": 2}
    assert [(line.uid, line.received_at is None) for line in told.lines] == [(2, True), (1, False)]


async def test_audit_says_of_mail_without_dates_what_the_daemon_does_with_it(
    scripted: ScriptedImap, journal: MemoryJournal
) -> None:
    """Below the baseline the UID alone says that it lay there; of a `start` by date the server's own SINCE does."""
    bare = facts("* 1 FETCH (UID 1 RFC822.SIZE 23)", "* 2 FETCH (UID 2 RFC822.SIZE 23)")
    await watch(scripted, journal, start="new").once()
    assert (await audited(scripted, journal, bare)).counts == {"before_start": 2}
    by_day = MemoryJournal()
    await watch(scripted, by_day, start=f"{utcnow() - timedelta(days=1):%Y-%m-%d}").once()
    assert (await audited(scripted, by_day, bare)).counts == {"missing": 2}
    scripted.fault("UID SEARCH", say_first(), facts("* SEARCH 2"))
    assert (await audited(scripted, by_day, bare)).counts == {"before_start": 1, "missing": 1}


@pytest.mark.parametrize(
    "answer",
    [facts(), facts("* 1 FETCH (UID 1 BODY[] NIL)"), facts('* 1 FETCH (UID 1 BODY[] "")'), refuse("NO broken mail")],
    ids=["OK alone", "NIL", "empty", "NO"],
)
async def test_a_mail_that_is_not_given_is_told_and_asked_for_again(journal: MemoryJournal, answer: Fault) -> None:
    alarms: Alarms = []
    async with ScriptedImap({1: ONE}) as server:
        watcher = watch(server, journal, alarms)
        server.fault("UID FETCH", say_first(), say_first(), answer)
        await watcher.once()
        assert journal.raws == []
        kept = watcher.state.withheld
        assert kept is not None
        assert (kept.named, watcher.state.error) == ("INBOX UID 1", "")
        assert (await audited(server, journal)).counts == {"missing": 1}
        await watcher.once()
    assert journal.raws == [ONE]
    assert watcher.state.withheld is None
    assert [(event, text[:6]) for event, text in alarms] == [(Event.MAIL_REFUSED, "UID 1:")]


async def test_of_many_mails_that_are_not_given_the_log_names_the_first_ones(journal: MemoryJournal) -> None:
    alarms: Alarms = []
    async with ScriptedImap(dict.fromkeys(range(1, 61), ONE)) as server:
        watcher = watch(server, journal, alarms)
        server.fault("UID FETCH", say_first(), say_first(), facts())
        await watcher.once()
    assert watcher.state.withheld is not None
    assert (watcher.state.withheld.mails, len(alarms)) == (60, 51)
    assert alarms[-1][1] == "folder INBOX: more than 50 mails in one look"


@pytest.mark.parametrize("answer", [facts("* 1 FETCH (UID 1 BODY[HEADER] NIL BODY[TEXT] NIL)"), refuse("NO broken")])
async def test_an_oversize_mail_that_is_not_given_is_told_and_does_not_hold_up_the_others(
    scripted: ScriptedImap, journal: MemoryJournal, answer: Fault
) -> None:
    alarms: Alarms = []
    large = facts(f"* 1 FETCH (UID 1 RFC822.SIZE 999999999 {GOOD})", f"* 2 FETCH (UID 2 RFC822.SIZE 23 {GOOD})")
    scripted.fault("UID FETCH", say_first(), large, answer)
    await watch(scripted, journal, alarms).once()
    assert journal.raws == [TWO]
    assert [event for event, _ in alarms] == [Event.MAIL_REFUSED]


async def test_a_mail_that_left_meanwhile_is_no_trouble(scripted: ScriptedImap, journal: MemoryJournal) -> None:
    async def expunge(_link: Link, _tag: str, _arguments: str, normal: Normal) -> None:
        del scripted.folders["INBOX"][1]
        await normal()

    alarms: Alarms = []
    scripted.fault("UID FETCH", say_first(), say_first(), expunge)
    await watch(scripted, journal, alarms).once()
    assert (journal.raws, alarms) == ([TWO], [])


async def test_a_mail_that_is_empty_by_its_size_is_taken(journal: MemoryJournal) -> None:
    async with ScriptedImap({1: b""}) as server:
        await watch(server, journal).once()
    assert journal.raws == [b""]
