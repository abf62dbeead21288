"""Each hostile mail as an agent's answer to his notice: what deciding it and doing it costs, and what becomes of it."""

import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from mailcase.intake.parse import read
from mailcase.ports import Reading
from mailcase.store.store import Store
from soak.part import Work
from tests.contract.agent_kit import Case
from tests.contract.notice_kit import JANE, Bureau
from tests.hostile import HOSTILE, as_answer
from tests.servers.desk import Desk
from tests.servers.dovecot import Dovecot
from tests.servers.hostile_desk import MAILBOX, RULES, HostileDesk
from tests.servers.smtp import SmtpSink

CPU_S: Final = 2.0  # of a mail up to 1 MB; those that are longer have a little more than that
_SHOWN: Final = 10
_AT_ONCE: Final = 50  # mails, each twice, between two looks at what became of them


@dataclass(frozen=True)
class _Cost:
    """What one answer took: to read it, and within the writer's transaction."""

    name: str
    read_s: float
    done_s: float
    became: str  # the reason of its outcome, "" where it failed

    @property
    def cpu_s(self) -> float:
        return self.read_s + self.done_s

    def row(self) -> str:
        return f"| {self.name} | {self.read_s:.2f} | {self.done_s:.2f} | {self.became or 'FAILED'} |"


def run(work: Work) -> tuple[bool, list[str]]:
    """Whether all kept the budget and the promises hold, and the lines to write down."""
    costs = sorted(_costs(), key=lambda one: -one.cpu_s)
    over = [one for one in costs if one.cpu_s > CPU_S or not one.became]
    work.say(f"{len(costs)} answers of an agent, {len(over)} over the budget")
    reasons = dict(Counter(one.became for one in costs).most_common())
    found = _through_the_program(work)
    lines = [
        f"as an agent's answers to his notice, read, decided and done in a store: {len(costs)}, {len(over)} over the "
        f"budget ({CPU_S:g} s); what became of them: {reasons}; those that took longest:",
        "",
        "| mail | read, CPU s | decided and done, CPU s | reason |",
        "| --- | --: | --: | --- |",
        *(one.row() for one in costs[: max(_SHOWN, len(over))]),
        "",
        f"all of them from Dovecot through the program, as anybody's and as an agent's: {len(found)} findings",
        *found[:20],
    ]
    return not over and not found, lines


def _costs() -> Iterator[_Cost]:
    """In one store; before each the case is in progress and hers again, whatever the last one did."""
    with tempfile.TemporaryDirectory(prefix="mc-answers-") as folder:
        store = Store.open("sqlite:///mailcase.db", Path(folder))
        try:
            case = Case(Bureau.of(store))
            for name, one in HOSTILE.items():
                case.bureau.set(case.running, status="In progress", assignee=JANE, assignee_group="")
                yield _cost(name, as_answer(one.make(), case.notice.message_id), case)
        finally:
            store.close()


def _cost(name: str, raw: bytes, case: Case) -> _Cost:
    post = case.bureau.post
    delivery = post.reading(raw).delivery
    began = time.process_time()
    email = read(raw)
    middle = time.process_time()
    (settled,) = post.store.settle([Reading(delivery, email)], post.bench, post.at)
    reason = "" if settled.error else settled.reason or settled.outcome
    return _Cost(name, middle - began, time.process_time() - middle, reason)


def _through_the_program(work: Work) -> list[str]:
    """What is wrong after every one of them went twice from a real server to a relay."""
    names, found = list(HOSTILE), list[str]()
    with Dovecot() as dovecot, SmtpSink() as sink:
        desk = Desk(dovecot, sink, extra=RULES, mailbox=MAILBOX)
        try:
            hostile = HostileDesk(desk)
            for at in range(0, len(names), _AT_ONCE):
                raws = {name: HOSTILE[name].make() for name in names[at : at + _AT_ONCE]}
                found += [one for one in hostile.wrong(raws, raws) if one not in found]
                work.say(f"{at + len(raws)} twice through the program: {len(found)} findings")
        finally:
            desk.close()
    if hostile.taken["agent_mail"] * 2 < len(names):
        found.append(f"too few of an agent's answers were taken for his: {dict(hostile.taken)}")
    return found
