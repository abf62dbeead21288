"""The last act: agents and a customer live through a case, and after each step it must be what it must."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final

from mailcase.demo.life_check import Lived, Row, sent_as, wrong_mails, wrong_step
from mailcase.demo.life_story import AGENTS_CSV, STORY, Acts, Known, Step, Writes
from mailcase.demo.mails import HELP, Answer, mail, reply
from mailcase.demo.office import office
from mailcase.demo.servers import Post
from mailcase.demo.stage import DemoFailed, Stage
from mailcase.desk.desk import Desk

_LOOK: Final = 0.2  # seconds between looks at the store


@dataclass(slots=True)
class Life:
    """The act while it is played, and when it is over."""

    stage: Stage
    post: Post
    desk: Desk
    daemon: asyncio.subprocess.Process
    known: Known = field(default_factory=Known)
    lived: list[Lived] = field(default_factory=list)

    async def step(self, step: Step) -> None:
        """Play one.

        Raises:
            DemoFailed: the case, or a mail, is not what it must be.
        """
        before = {row["id"] for row in await self.outbox()}
        work = step.work
        await (self._write(work, step.case) if isinstance(work, Writes) else self._act(work, step.case))
        number = self.known.cases[step.case]
        case = await asyncio.to_thread(self.desk.store.case_show, number, self.desk.policy.statuses)
        mails = tuple(row for row in await self.outbox() if row["id"] not in before)
        self.lived.append(Lived(step, number, case, mails))
        if problems := list(wrong_step(self.lived[-1])):
            raise DemoFailed(f"{step.says}: {'; '.join(problems)}")

    async def outbox(self) -> list[Row]:
        """`outbox list`."""
        return await asyncio.to_thread(self.desk.store.outbox_list)

    async def _act(self, work: Acts, word: str) -> None:
        actor = self.desk.agent(work.person.address)
        done = await asyncio.to_thread(work.do, self.desk, self.known, actor)
        if done.made:
            self.known.cases[word] = done.made

    async def _write(self, work: Writes, word: str) -> None:
        raw = await self._answer(work) if work.answers else mail(work.person, work.word, work.subject, work.text)
        uid = await self.post.deliver(HELP, raw)
        row = await self._decided(uid)
        self.known.mails[work.word] = row["id"]
        case = self.known.cases.setdefault(word, row["case"])
        if (row["outcome"], row["case"]) != (work.outcome, case):
            must = f"must be {work.outcome} on {case}"
            raise DemoFailed(f"{work.word} became {row['outcome']} on {row['case']} ({row['reason']}), {must}")

    async def _answer(self, work: Writes) -> bytes:
        """He answers what really left to him."""
        row = next(one for one in reversed(await self.outbox()) if one["kind"] == work.answers)
        await self.until(lambda: bool(sent_as(row, self.post.sent)), f"{row['subject']} did not leave")
        answer = Answer(row["case"], row["message_id"], row["subject"], sent_as(row, self.post.sent)[0].raw)
        return reply(work.person, work.word, answer, work.text)

    async def _decided(self, uid: int) -> Row:
        found: list[Row] = []

        def look() -> bool:
            found[:] = [row for row in self.desk.store.message_list(mailbox="help", last=9) if row["uid"] == uid]
            return bool(found and found[0]["outcome"])

        await self.until(look, "a mail was not decided")
        return found[0]

    async def until(self, there: Callable[[], bool], otherwise: str) -> None:
        """Wait until it is so; DemoFailed if the daemon ends, or it takes too long."""
        await self.stage.until(self.daemon, lambda: asyncio.to_thread(there), otherwise, _LOOK)


async def live(stage: Stage, post: Post, daemon: asyncio.subprocess.Process) -> Life:
    """Play the whole story beside the running daemon.

    Raises:
        DemoFailed: something was not as it must be.
    """
    earlier = len(post.sent)
    agents = stage.folder / "agents.csv"
    agents.write_text(AGENTS_CSV, "utf-8")
    await stage.command("agent", "import-csv", str(agents))
    with office(stage.config) as desk:
        life = Life(stage, post, desk, daemon)
        for step in STORY:
            await life.step(step)
        mails = {row["id"] for one in life.lived for row in one.mails}
        await life.until(lambda: all(sent_as(row, post.sent) for row in _of(desk, mails)), "not every mail left")
        await life.until(lambda: all(row["state"] == "sent" for row in _of(desk, mails)), "a mail is not noted as sent")
    if problems := list(wrong_mails(life.lived, post.sent[earlier:])):
        raise DemoFailed("mails of the life of a case: " + "; ".join(problems))
    return life


def _of(desk: Desk, ids: set[int]) -> list[Row]:
    return [row for row in desk.store.outbox_list() if row["id"] in ids]
