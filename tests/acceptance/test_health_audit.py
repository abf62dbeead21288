"""The daemon looks through its own store: an alarm while it is unsound, one mail of it, and its end after the cure."""

import asyncio
import json
from collections.abc import Iterator
from typing import NoReturn

import pytest
import sqlalchemy as sa

from mailcase.errors import Unavailable
from mailcase.health.auditor import Auditor
from mailcase.health.situation import Facts
from tests.contract.findings_kit import merged, stored_twice
from tests.contract.store_kit import Clerk, arrival, mail
from tests.contract.store_kit import Desk as Clerks
from tests.servers.bureau import DAY, HOUR, MINUTE, NOW, WELL, Bureau
from tests.servers.crew import Crew
from tests.servers.desk import Desk
from tests.servers.fixtures import StartDovecot
from tests.servers.letters import letter
from tests.servers.postgres_stores import Stores
from tests.servers.smtp import SmtpSink

#: What the daemon waits minutes and a day for.
_AT_ONCE = """
from datetime import timedelta
from mailcase.health import alarms, auditor, keeper
auditor.LOOK_EVERY = alarms.LOOK_EVERY = keeper.LOOK_EVERY = 0.2
auditor.FIRST_AFTER = timedelta(0)
auditor.EVERY = auditor.AGAIN = timedelta(seconds=0.5)
auditor.SHARE = 1
from mailcase.cli.main import main
main()
"""
_ALARM = '[alarm]\nto = ["admin@people.example"]\nafter = "1s"\ndigest = ""\n'


class Quick(Desk):
    """A desk whose daemon looks through its store twice a second."""

    def _command(self, *args: str) -> list[str]:
        return ["-c", _AT_ONCE, "--config", str(self.config), *args]

    def told(self) -> list[str]:
        """The subjects of what the administrator got."""
        return [line for one in self.alarms() for line in one.splitlines() if line.startswith("Subject: ")]

    def alarms(self) -> list[str]:
        return [one.data.decode() for one in self.sink.mails if "admin@people.example" in one.recipients]


@pytest.fixture
def quick(start_dovecot: StartDovecot, smtp_sink: SmtpSink) -> Iterator[Quick]:
    desk = Quick(start_dovecot(), smtp_sink, start="all", extra=_ALARM)
    yield desk
    desk.close()


@pytest.mark.dovecot
def test_a_real_daemon_tells_once_that_its_store_is_unsound_and_when_it_is_cured(quick: Quick) -> None:
    for number in (1, 2):
        quick.put(letter(number, sender="jane@visitor.example"))
    daemon = quick.run()
    quick.wait(lambda: len(quick.cases()) == 2, "two mails made no two cases")
    quick.wait(lambda: '"audited"' in (quick.dir / "daemon.log").read_text(), "it never looked")
    assert quick.told() == []
    engine = sa.create_engine(f"sqlite:///{quick.dir / 'mailcase.db'}")
    with engine.begin() as conn:
        stored_twice()(conn)
    quick.wait(lambda: bool(quick.told()), "nobody was told")
    shown = json.loads(quick.call("--json", "status").stdout)
    assert [one["condition"] for one in shown["needs"]] == ["store_unsound"]
    assert (shown["audit"]["doubled"], shown["audit"]["stuck"]) == (1, 0)
    assert quick.call("case", "merge", "SR-2", "--into", "SR-1").returncode == 0  # as the audit says
    quick.wait(lambda: len(quick.told()) == 2, "nobody was told that it is over")
    assert quick.told() == [
        "Subject: [mailcase] mail is doubled or stuck",
        "Subject: [mailcase] over: mail is doubled or stuck",
    ]
    assert "mail twice: message 1, 2; case " in quick.alarms()[0]
    assert "mailcase audit --store" in quick.alarms()[0]
    assert quick.stop(daemon) == 0
    engine.dispose()


def auditor_of(bureau: Bureau) -> Auditor:
    return Auditor(bureau.store, bureau.call, bureau.keeper.pulse, lambda: True, lambda: bureau.now)


async def test_it_is_told_once_whoever_looks_and_over_a_restart_until_a_look_finds_nothing(bureau: Bureau) -> None:
    bureau.mailboxes(support=WELL)
    Clerks(bureau.store, Clerk()).receive(mail("a"), mail("b"), now=bureau.now)
    await bureau.look()  # the acknowledgements leave
    with bureau.store._engines.write() as conn:
        stored_twice()(conn)
    await auditor_of(bureau).look(asyncio.Event())
    assert await bureau.look(MINUTE) == ["[mailcase] mail is doubled or stuck"]
    text = bureau.mail(-1).get_content()
    assert f"since {NOW:%Y-%m-%d %H:%M} UTC" in text
    for said in ("  1 mail twice", "mail twice: message 1, 2; case SR-1, SR-2", "`mailcase audit --store`"):
        assert said in text
    bureau.restart()
    await auditor_of(bureau).look(asyncio.Event())
    assert await bureau.look(HOUR) == []
    with bureau.store._engines.write() as conn:
        merged(conn)
    assert await bureau.look(6 * MINUTE) == []  # nobody has looked again
    await auditor_of(bureau).look(asyncio.Event())
    assert await bureau.look(MINUTE) == []
    assert await bureau.look(6 * MINUTE) == ["[mailcase] over: mail is doubled or stuck"]


async def test_what_the_numbers_of_quarantine_tell_is_no_second_alarm(bureau: Bureau) -> None:
    bureau.mailboxes(support=WELL)
    row = bureau.store.journal([arrival("9:9")], None)[0]
    bureau.store.quarantine(row.delivery.id, "poison", bureau.now)
    await auditor_of(bureau).look(asyncio.Event())
    assert await bureau.look(MINUTE) == ["[mailcase] mail in quarantine"]
    proof = bureau.store.health_numbers().proof
    assert proof is not None
    assert (proof.doubled, proof.stuck, dict(proof.found)) == (0, 1, {"quarantined": 1})


async def test_a_look_that_never_comes_to_its_end_is_told_after_two_days(
    bureau: Bureau, monkeypatch: pytest.MonkeyPatch
) -> None:
    def busy(*_: object) -> NoReturn:
        raise Unavailable("store: interrupted")

    bureau.mailboxes(support=WELL)
    auditor, stop = auditor_of(bureau), asyncio.Event()
    with monkeypatch.context() as patch:
        patch.setattr(bureau.store, "look_through", busy)
        await auditor.look(stop)
        assert await bureau.look(2 * DAY - MINUTE) == []
        await auditor.look(stop)
        assert await bureau.look(MINUTE) == ["[mailcase] the store cannot be looked through"]
    assert "store: interrupted" in bureau.mail(-1).get_content()
    await auditor.look(stop)
    assert await bureau.look(MINUTE) == []
    assert await bureau.look(6 * MINUTE) == ["[mailcase] over: the store cannot be looked through"]


async def test_the_digest_says_what_the_last_look_found_and_what_was_missing(bureau: Bureau) -> None:
    bureau.facts = Facts()
    await bureau.look()  # the first day is only remembered
    Clerks(bureau.store, Clerk()).receive(mail("miss", subject="not for us"), mail("good"), now=bureau.now + MINUTE)
    await auditor_of(bureau).look(asyncio.Event())
    bureau.store.journal([arrival("1:77", late=True)], None)
    assert "[mailcase] daily digest: 1 mail made no case" in await bureau.look(DAY)
    texts = [str(bureau.mail(at).get_content()) for at in range(len(bureau.sink.mails))]
    (text,) = (one for one in texts if "message accept" in one)
    assert f"looked through at {NOW:%Y-%m-%d %H:%M} UTC: 0 doubled, 0 stuck; 2 mails in all." in text
    assert "Missing: 1 mail had been read past" in text
    assert "digest" not in " ".join(await bureau.look(DAY))  # it was told


@pytest.mark.dovecot
def test_of_two_daemons_on_one_database_one_looks_and_the_other_when_that_is_gone(postgres_stores: Stores) -> None:
    with QuickCrew(2, boxes=2, lease="10s", stores=postgres_stores) as crew:
        crew.start(0)
        crew.start(1)
        crew.wait_for_shares({0: 1, 1: 1})
        # Who came first was alone, and looked, until it saw the other; such a look may come to its end later.
        crew.wait(lambda: len(looks(crew)) > 8 and len(set(looks(crew)[-8:])) == 1, "not one alone looks")
        before, one = len(looks(crew)), looks(crew)[-1]
        crew.wait(lambda: len(looks(crew)) >= before + 4, "it does not look again")
        assert set(looks(crew)[before:]) == {one}
        crew.kill(one)
        crew.wait(lambda: looks(crew)[-1] != one, "the other one does not look")


class QuickCrew(Crew):
    """Daemons that look through their store twice a second."""

    def _command(self) -> list[str]:
        return ["-c", _AT_ONCE]


def looks(crew: Crew) -> list[int]:
    """Which daemon looked, from the first look to the last."""
    return [at for _, at in sorted((one["timestamp"], at) for at in range(2) for one in crew.events(at, "audited"))]
