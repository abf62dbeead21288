"""What mail services really say where RFC 5530 has a code for it, or has none: nobody is blamed or held up for it."""

import pytest

from mailcase.errors import MailcaseError, Permanent, Transient
from mailcase.intake.imap.failures import ServerBusy
from mailcase.intake.imap.session import ImapSession
from mailcase.log import Event
from tests.servers.imap_help import ONE, TWO, Alarms, settings, watch
from tests.servers.memory_journal import MemoryJournal
from tests.servers.scripted_imap import Fault, Link, Normal, ScriptedImap, StoredMail, refuse

pytestmark = pytest.mark.usefixtures("short_pauses")

NOT_CONNECTED = "BAD User is authenticated but not connected."
THROTTLED = "NO Request is throttled. Suggested Backoff Time: 92415 milliseconds"


def of_folder(name: str, text: str) -> Fault:
    """A command that names that folder is refused."""

    async def fault(link: Link, tag: str, arguments: str, normal: Normal) -> None:
        await (link.say(f"{tag} {text}") if f'"{name}"' in arguments else normal())

    return fault


@pytest.mark.parametrize("text", [NOT_CONNECTED, THROTTLED])
@pytest.mark.parametrize("command", ["SELECT", "UID SEARCH", "UID FETCH"])
async def test_what_exchange_says_to_a_whole_session_is_asked_of_no_single_mail(
    scripted: ScriptedImap, journal: MemoryJournal, command: str, text: str
) -> None:
    alarms: Alarms = []
    scripted.fault(command, *[refuse(text)] * 50)
    with pytest.raises(ServerBusy, match=text[4:20]):
        await watch(scripted, journal, alarms, after="seen").once()
    assert (scripted.count(command), alarms) == (1, [])
    scripted.end_faults(command)
    await watch(scripted, journal, after="seen").once()
    assert sorted(journal.raws) == [ONE, TWO]


async def test_a_server_that_says_how_long_it_wants_its_peace_has_it(scripted: ScriptedImap) -> None:
    pauses: list[float] = []
    watcher = watch(scripted, MemoryJournal())

    async def sleep(seconds: float) -> None:
        pauses.append(seconds)
        if len(pauses) == 3:
            watcher.stop.set()

    watcher._sleep = sleep  # type: ignore[method-assign]  # a minute and a half is not waited for
    asked_for_days = refuse("BAD Request is throttled. Suggested Backoff Time: 864000000 milliseconds")
    scripted.fault("EXAMINE", refuse(THROTTLED), asked_for_days, refuse(NOT_CONNECTED))
    await watcher.run()
    assert pauses == [92.415, 3600, 0.01]


async def test_a_folder_that_is_busy_for_ever_holds_up_no_other(journal: MemoryJournal) -> None:
    async with ScriptedImap({1: ONE}, folders=["Broken", "More"]) as server:
        server.folders["More"][1] = StoredMail(TWO)
        server.fault("EXAMINE", *[of_folder("Broken", "NO [SERVERBUG] Internal error occurred.")] * 9)
        alarms: Alarms = []
        watcher = watch(server, journal, alarms, folders=("INBOX", "Broken", "More"))
        with pytest.raises(MailcaseError, match="folder Broken"):
            await watcher.once()
        assert sorted(journal.raws) == [ONE, TWO]
        assert [event for event, _ in alarms] == [Event.FOLDER_REFUSED]
        assert watcher.state.trouble == "folder_refused"


async def test_a_server_that_is_busy_in_every_folder_is_left_alone(scripted: ScriptedImap) -> None:
    scripted.fault("EXAMINE", *[refuse("NO [UNAVAILABLE] later")] * 9)
    with pytest.raises(ServerBusy):
        await watch(scripted, MemoryJournal(), folders=("INBOX", "A", "B")).once()
    assert scripted.count("EXAMINE") == 3


@pytest.mark.parametrize("text", ["NO [LIMIT] too many keywords", "NO [INUSE] locked", "NO [SERVERBUG] oops"])
@pytest.mark.parametrize("command", ["UID STORE", "UID MOVE"])
async def test_a_server_that_cannot_be_told_now_is_read_on(journal: MemoryJournal, command: str, text: str) -> None:
    alarms: Alarms = []
    mails = {uid: b"Subject: %d\r\n\r\n" % uid for uid in range(1, 10)}
    async with ScriptedImap(mails, folders=["Done"]) as server:
        server.fault(command, *[refuse(text)] * 50)
        after = "seen" if command == "UID STORE" else "move:Done"
        await watch(server, journal, alarms, after=after, batch_mails=1).once()
        assert (len(journal.raws), journal.marked) == (9, set())
        assert [event for event, _ in alarms] == [Event.MARK_FAILED]
        server.end_faults(command)
        await watch(server, journal, after=after).once()
    assert len(journal.marked) == 9


async def test_why_the_folder_to_move_to_cannot_be_made_is_said(scripted: ScriptedImap, journal: MemoryJournal) -> None:
    alarms: Alarms = []
    scripted.fault("UID MOVE", *[refuse("NO [TRYCREATE] no such mailbox")] * 2)
    scripted.fault("CREATE", refuse("NO [NOPERM] Permission denied"))
    await watch(scripted, journal, alarms, after="move:Done").once()
    assert [event for event, _ in alarms] == [Event.MARK_FAILED]
    assert "no such mailbox" in alarms[0][1]
    assert "CREATE Done: NO [NOPERM] Permission denied" in alarms[0][1]


async def test_a_password_is_not_sent_where_the_server_says_that_it_takes_none(scripted: ScriptedImap) -> None:
    scripted.capabilities = "IMAP4rev1 LOGINDISABLED AUTH=XOAUTH2"
    with pytest.raises(Permanent, match="takes no password"):
        await ImapSession.open(settings(scripted))
    assert scripted.count("LOGIN ") == 0


@pytest.mark.parametrize("command", ["LOGIN", "UID SEARCH", "IDLE"])
async def test_the_words_of_a_goodbye_are_kept(scripted: ScriptedImap, command: str) -> None:
    async def goodbye(link: Link, _tag: str, _arguments: str, _normal: Normal) -> None:
        if command == "IDLE":
            await link.say("+ idling")
        await link.say("* BYE Too many simultaneous connections")
        link.writer.close()

    scripted.fault(command, goodbye)

    async def all_of_it() -> None:
        session = await ImapSession.open(settings(scripted))
        await session.select("INBOX", read_only=True)
        await session.search_all()
        await session.idle(30)

    with pytest.raises(Transient, match=r"127.0.0.1:\d+: .*Too many simultaneous connections"):
        await all_of_it()
