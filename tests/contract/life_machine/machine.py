"""The state machine: mails and acts in any order over a real store, each done in the model too."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

from hypothesis import strategies as st
from hypothesis.stateful import rule

from mailcase.desk import cases
from mailcase.life.creating import NewCase
from tests.contract.life_machine import acts
from tests.contract.life_machine.mail_machine import AT, WORD, MailMachine
from tests.contract.life_machine.mail_machine import Opened as Opened
from tests.contract.life_machine.model import Case
from tests.contract.life_machine.people import AGENTS, CUSTOMERS, GROUPS, MACHINE, OURS, ROOT, enable
from tests.contract.life_machine.policy import BY_ACT
from tests.life_kit import BEN, TEXT_FILE

ACTOR = st.sampled_from((*AGENTS, ROOT))
AGENT = st.sampled_from(AGENTS)
ANYBODY = st.sampled_from(("", *AGENTS))
TO_AGENT = st.sampled_from((None, "", *AGENTS))
TO_GROUP = st.sampled_from((None, "", *GROUPS))
TASKS = st.sampled_from(("", "leave", "finish", "cancel"))
_HOUR = 60
_REALLY: dict[str, Callable[..., Any]] = {
    "start": cases.start,
    "wait": lambda desk, number, who: cases.wait(desk, number, who, "Which model?"),
    "suspend": lambda desk, number, who: cases.suspend(desk, number, who, "the part is ordered"),
    "resume": cases.resume,
    "close": cases.close,
    "cancel": cases.cancel,
    "restart": cases.restart,
    "undo-cancel": cases.undo_cancel,
    "reply": lambda desk, number, who: cases.reply(desk, number, who, "Switch it off."),
    "note": lambda desk, number, who: cases.note(desk, number, who, "called"),
    "comment": lambda desk, number, who: cases.comment(desk, number, who, "who knows it?"),
    "urge": lambda desk, number, who: cases.urge(desk, number, who, "a week!"),
}


class LifeMachine(MailMachine):
    """Acts and the world beside the mails."""

    # -- acts -----------------------------------------------------------------------------------

    @rule(at=AT, by=ACTOR, name=st.sampled_from(sorted(acts.STEPS)), tasks=TASKS)
    def a_step(self, at: int, by: str, name: str, tasks: str) -> None:
        case = self.case(at)

        def really(desk: Any, who: Any) -> Any:
            if name == "resolve":
                return cases.resolve(desk, case.number, who, "A new roller.", tasks=tasks)
            ends = {"tasks": tasks} if name in ("close", "cancel") else {}
            return _REALLY[name](desk, case.number, who, **ends)

        self.world.act(case, by, really, lambda _: acts.STEPS[name](self.model, case, name, by, tasks))

    @rule(at=AT, by=AGENT, which=AT, tasks=TASKS)
    def a_step_that_is_possible(self, at: int, by: str, which: int, tasks: str) -> None:
        """So that lives go on: most of what is chosen blindly is refused."""
        names = sorted({*BY_ACT[self.case(at).status]} & {*acts.STEPS})
        self.a_step(at, by, names[which % len(names)], tasks)

    @rule(at=AT, by=ACTOR, agent=TO_AGENT, group=TO_GROUP, transferred=st.booleans())
    def an_assignment(self, at: int, by: str, agent: str | None, group: str | None, transferred: bool) -> None:
        case = self.case(at)
        if transferred:
            self.world.act(
                case, by, lambda desk, who: cases.transfer(desk, case.number, who, "is his", agent, group),
                lambda _: acts.transfer(self.model, case, by, agent, group),
            )  # fmt: skip
            return
        self.world.act(
            case, by, lambda desk, who: cases.assign(desk, case.number, who, agent, group),
            lambda _: acts.assign(self.model, case, by, agent, group),
        )  # fmt: skip

    @rule(at=AT, by=ACTOR, to=st.sampled_from((("escalate", ""), ("priority", "High"), ("category", "Request"))))
    def a_filing(self, at: int, by: str, to: tuple[str, str]) -> None:
        case, (act, value) = self.case(at), to

        def really(desk: Any, who: Any) -> Any:
            if act == "escalate":
                return cases.escalate(desk, case.number, who)
            return {"priority": cases.priority, "category": cases.reclassify}[act](desk, case.number, who, value)

        self.world.act(case, by, really, lambda _: acts.file(self.model, case, act, by, value))

    @rule(at=AT, by=ACTOR, days=st.sampled_from((None, 0, 1, 2)))
    def an_expectation(self, at: int, by: str, days: int | None) -> None:
        case = self.case(at)
        to = None if days is None else self.model.now + timedelta(days=days)
        self.world.act(
            case, by, lambda desk, who: cases.expect(desk, case.number, who, to),
            lambda _: acts.file(self.model, case, "expected", by, to),
        )  # fmt: skip

    @rule(at=AT, by=ACTOR, to=st.sampled_from((*CUSTOMERS, MACHINE, "new@visitor.example", OURS)))
    def another_customer(self, at: int, by: str, to: str) -> None:
        case = self.case(at)
        self.world.act(
            case, by, lambda desk, who: cases.contact(desk, case.number, who, to),
            lambda _: acts.give(self.model, case, by, to),
        )  # fmt: skip

    @rule(at=AT, by=ACTOR)
    def a_file(self, at: int, by: str) -> None:
        case = self.case(at)
        self.world.act(
            case, by, lambda desk, who: cases.attach(desk, case.number, who, (TEXT_FILE,)),
            lambda _: acts.attach(self.model, case, by),
        )  # fmt: skip

    @rule(at=AT, by=ACTOR, name=st.sampled_from(("reply", "note", "comment", "urge")))
    def a_word(self, at: int, by: str, name: str) -> None:
        case = self.case(at)
        self.world.act(
            case, by, lambda desk, who: _REALLY[name](desk, case.number, who),
            lambda _: acts.word(self.model, case, name, by),
        )  # fmt: skip

    @rule(at=AT, by=ACTOR, agent=ANYBODY, away=st.booleans())
    def a_follower(self, at: int, by: str, agent: str, away: bool) -> None:
        case = self.case(at)
        really, model = (cases.unfollow, acts.unfollow) if away else (cases.follow, acts.follow)
        self.world.act(
            case, by, lambda desk, who: really(desk, case.number, who, agent),
            lambda _: model(self.model, case, by, agent),
        )  # fmt: skip

    @rule(
        at=AT,
        by=ACTOR,
        which=AT,
        act=st.sampled_from(("add", "finish", "cancel")),
        agent=ANYBODY,
    )
    def a_task(self, at: int, by: str, which: int, act: str, agent: str) -> None:
        case = self.case(at)
        if act == "add":
            self.world.act(
                case, by, lambda desk, who: cases.add_task(desk, case.number, who, "Order a roller", agent),
                lambda done: acts.add_task(self.model, case, by, agent, done.task if done else None),
            )  # fmt: skip
            return
        known = sorted({task for one in self.model.cases.values() for task in one.tasks})
        task = known[which % len(known)] if known else 1
        really = cases.cancel_task if act == "cancel" else cases.finish_task
        self.world.act(
            case, by, lambda desk, who: really(desk, case.number, who, task),
            lambda _: acts.end_task(self.model, case, by, task),
        )  # fmt: skip

    @rule(at=AT, other=AT, by=ACTOR, name=st.sampled_from(("merge", "parent", "relate")))
    def two_cases(self, at: int, other: int, by: str, name: str) -> None:
        case, second = self.case(at), self.case(other)
        really = {"merge": cases.merge, "parent": cases.parent, "relate": cases.relate}[name]
        model = {"merge": acts.merge, "parent": acts.parent, "relate": acts.relate}[name]
        self.world.act(
            case, by, lambda desk, who: really(desk, case.number, who, second.number),
            lambda _: model(self.model, case, by, second),
        )  # fmt: skip

    @rule(at=AT, by=ACTOR, which=st.none() | AT)
    def a_split(self, at: int, by: str, which: int | None) -> None:
        """Of a mail that stands on the case, or on another one (refused); or of a text."""
        case = self.case(at)
        known = sorted({mail for one in self.model.cases.values() for mail in one.heard})
        mail = known[-1 - which % len(known)] if which is not None else None
        text = "" if mail is not None else "And the mouse."
        word = self.routed.get(mail or 0, "")
        self.world.act(
            case, by, lambda desk, who: cases.split(desk, case.number, who, mail, text),
            lambda done: acts.split(self.model, case, by, done.made if done else "", mail, word),
        )  # fmt: skip

    @rule(
        by=ACTOR, customer=st.sampled_from((*CUSTOMERS, MACHINE)), notify=st.booleans(), same=st.booleans(),
        agent=ANYBODY, group=TO_GROUP, direct=st.booleans(), routed=WORD,
    )  # fmt: skip
    def a_case_by_hand(
        self, by: str, customer: str, notify: bool, same: bool, agent: str, group: str | None, direct: bool,
        routed: str,
    ) -> None:  # fmt: skip
        wanted = NewCase(
            f"The {routed or 'fax'}", contact=customer, notify=notify, allow_same_case=same,
            assignee=agent, group=group, direct_reply="Switch it off." if direct else "",
        )  # fmt: skip
        case = Case("", customer, assignee=agent, group="First line" if group is None else group)
        if direct:
            case.group = group or ""

        def model(done: Any) -> acts.Owed:
            case.number = done.number if done else ""
            by_rule = routed if not direct and not agent and group is None else None
            return acts.create(
                self.model,
                case,
                by,
                notify=notify,
                same=same,
                direct=direct,
                named=bool(agent or group),
                routed=by_rule,
            )

        self.world.act(None, by, lambda desk, who: cases.create(desk, wanted, who), model)

    # -- the world ------------------------------------------------------------------------------

    @rule(minutes=st.sampled_from((1, 31, 2 * _HOUR, 24 * _HOUR, 31 * 24 * _HOUR)))
    def time_goes_on(self, minutes: int) -> None:
        self.world.wait(minutes)

    @rule()
    def the_drain_sends(self) -> None:
        self.world.drain()

    @rule()
    def an_admin_disables_or_enables(self) -> None:
        active = BEN not in self.model.active
        enable(self.world.store, BEN, active)
        self.model.active = set(AGENTS) if active else set(AGENTS) - {BEN}
