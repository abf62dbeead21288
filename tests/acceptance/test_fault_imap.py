"""The real program and an IMAP server that refuses, hides and interrupts as no real one does on demand (F13, F15)."""

import asyncio
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any, cast

import pytest

from mailcase.intake.imap.marking import DONE_KEYWORD
from mailcase.log import Event
from tests.servers.desk import Desk
from tests.servers.dovecot import Dovecot
from tests.servers.invariants import Box, desk_scene, findings
from tests.servers.letters import letter
from tests.servers.scripted_imap import ScriptedImap, StoredMail, do_and_drop, drop, refuse, say_first
from tests.servers.smtp import SmtpSink

OpenScripted = Callable[..., Desk]


@pytest.fixture
def at_scripted(smtp_sink: SmtpSink) -> Iterator[OpenScripted]:
    """A desk at a scripted server, which has all of Dovecot that a desk uses."""
    with ExitStack() as stack:

        def opened(server: ScriptedImap, **settings: Any) -> Desk:
            desk = Desk(cast(Dovecot, server), smtp_sink, **settings)
            stack.callback(desk.close)
            return desk

        yield opened


def arrive(server: ScriptedImap, *mails: tuple[int, bytes]) -> list[bytes]:
    """Mails with these UIDs, of this moment."""
    for uid, raw in mails:
        server.folders["INBOX"][uid] = StoredMail(raw, received=datetime.now(UTC))
        server.uidnext = max(server.uidnext, uid + 1)
    return [raw for _, raw in mails]


async def once(desk: Desk) -> tuple[int, str]:
    """A pass of the real program, while the server goes on; its status and its log."""
    done = await asyncio.to_thread(desk.call, "run", "--once")
    return done.returncode, done.stderr.decode()


async def holds(desk: Desk, *boxes: Box) -> None:
    scene = replace(desk_scene(desk, []), boxes=boxes)
    assert await asyncio.to_thread(findings, scene) == []


async def test_whatever_the_server_says_to_our_marking_there_is_one_case_a_mail(at_scripted: OpenScripted) -> None:
    async with ScriptedImap() as server:
        desk = at_scripted(server, after="move:Done")
        await once(desk)
        first = arrive(server, (1, letter(1)), (2, letter(2)))
        server.fault("CREATE", *[refuse("NO [NOPERM] no")] * 9)  # it is asked as often as there is something to mark
        _, said = await once(desk)
        assert Event.MARK_FAILED.word in said
        faults = [*[refuse("NO not now")] * 4, drop, do_and_drop]
        server.fault("UID MOVE", *faults)
        server.end_faults("CREATE")
        before = server.count("UID MOVE")
        for _ in range(4):  # refusals are one pass, and the last one finds an empty folder
            await once(desk)
        assert server.count("UID MOVE") - before >= len(faults)
        await holds(desk, Box(first, shelf=server, after="move:Done"))


async def test_copied_but_not_deleted_and_a_full_folder_make_no_second_case(at_scripted: OpenScripted) -> None:
    async with ScriptedImap(capabilities="IMAP4rev1 UIDPLUS", folders=["Done"]) as server:
        desk = at_scripted(server, after="move:Done")
        await once(desk)
        mails = arrive(server, (1, letter(1)))
        server.fault("UID STORE", refuse("NO not now"), drop)
        for _ in range(3):
            await once(desk)
        await holds(desk, Box(mails, shelf=server, after="move:Done", copies=2))
        full = arrive(server, (2, letter(2)))
        server.fault("UID COPY", refuse("NO [OVERQUOTA] full"))
        _, said = await once(desk)
        assert Event.OVER_QUOTA.word in said
        assert server.folders["INBOX"][2].flags == {DONE_KEYWORD}
        await once(desk)
        await holds(desk, Box([*mails, *full]))


async def test_gaps_late_uids_echoes_and_interruptions_bring_every_mail_once(at_scripted: OpenScripted) -> None:
    noise = say_first(
        "* 2 EXPUNGE", "* 9 EXISTS", "* 1 FETCH (FLAGS (\\Seen))", "* 3 FETCH (UID 99 FLAGS ())", "* 0 RECENT"
    )
    async with ScriptedImap() as server:
        desk = at_scripted(server)
        await once(desk)
        mails = arrive(server, *((uid, letter(uid)) for uid in (3, 5, 7, 50, 4_000_000_000)))
        hidden = server.folders["INBOX"].pop(5)
        for command in ("SELECT", "EXAMINE", "UID SEARCH", "UID FETCH"):
            server.fault(command, *[noise] * 3)
        assert (await once(desk))[0] == 0
        assert len(desk.deliveries()) == 4
        server.folders["INBOX"][5] = hidden
        assert (await once(desk))[0] == 0
        assert (await once(desk))[0] == 0
        await holds(desk, Box(mails, shelf=server))
        assert len(desk.cases()) == len(desk.deliveries()) == len(mails)
