"""The state machine: mails and acts in any order over a real store, each done in the model too."""

from collections.abc import Callable
from itertools import count
from typing import Any

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, rule

from mailcase.desk import cases
from mailcase.life.creating import NewCase
from mailcase.store.store import Store
from tests.contract.life_machine import acts, mails
from tests.contract.life_machine.acts import BY_AGENT
from tests.contract.life_machine.mails import Came, Letter
from tests.contract.life_machine.model import Case
from tests.contract.life_machine.people import AGENTS, CUSTOMERS, GROUPS, JUNKER, MACHINE, ROOT, ROUTED, enable
from tests.contract.life_machine.policy import BY_ACT
from tests.contract.life_machine.world import World
from tests.life_kit import BEN
from tests.servers.letters import bounce_of, letter

Opened = tuple[Store, Callable[[], None]]
AT = st.integers(0, 9)  # which of the newest cases, mails, tasks …
ACTOR = st.sampled_from((*AGENTS, ROOT))
AGENT = st.sampled_from(AGENTS)
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


class LifeMachine(RuleBasedStateMachine):
    """`opener` gives an empty store and what closes it."""

    opener: Callable[[], Opened]

    def __init__(self) -> None:
        super().__init__()
        store, self.close = type(self).opener()
        self.world = World(store)
        self.model = self.world.model
        self.names = count(1)
        self.raws: list[bytes] = []
        self.routed: set[int] = set()  # deliveries with the word of the assignment rule

    def teardown(self) -> None:
        self.close()

    def case(self, at: int) -> Case:
        return self.model.pick(at)

    def post(self, sender: str, model: Callable[[Letter], Came], *, routed: bool = False, **over: str) -> None:
        """A letter of that sender, in the store and in the model."""
        name = next(self.names)
        body = over.pop("body", "") or f"This is the {'x' * name}th word of mine{f' on a {ROUTED}' if routed else ''}."
        subject = over.pop("subject", "") or f"It {'jams ' * name}"
        raw = letter(f"n{name}", sender=sender, subject=subject, body=body, date=self.world.post.at, **over)
        self.raws.append(raw)
        settled = self.world.deliver(
            raw, lambda one: model(Letter(one.delivery_id, str(one.case), sender, routed)), sender
        )
        if routed:
            self.routed.add(settled.delivery_id)

    # -- mail -----------------------------------------------------------------------------------

    @initialize()
    def a_first_mail(self) -> None:
        self.a_mail(CUSTOMERS[0], False)

    @rule(sender=st.sampled_from((*CUSTOMERS, MACHINE)), routed=st.booleans())
    def a_mail(self, sender: str, routed: bool) -> None:
        marks = {"Auto_Submitted": "auto-generated"} if sender == MACHINE else {}
        self.post(sender, lambda one: mails.arrived(self.model, one), routed=routed, **marks)

    @rule(at=AT, sender=st.sampled_from((*CUSTOMERS, "")), numbered=st.booleans())
    def an_answer(self, at: int, sender: str, numbered: bool) -> None:
        """To any mail of ours, by whom it was written to or by another; or by its case's number alone."""
        row = self.world.mail_to("customer", at)
        if row is None:
            return
        number = self.world.before.numbers[row.case_id]
        who = sender or (row.to_key if row.to_key in CUSTOMERS else CUSTOMERS[0])
        over = {"subject": f"Re: it [{number}]"} if numbered else {"In_Reply_To": row.message_id}
        self.post(who, lambda one: mails.answered(self.model, self.model.cases[number], one), **over)

    @rule(at=AT)
    def an_out_of_office(self, at: int) -> None:
        row = self.world.mail_to("customer", at)
        if row is None or row.to_key not in CUSTOMERS:
            return
        case = self.model.end_of(self.model.cases[self.world.before.numbers[row.case_id]])
        over = {"subject": "Out of office", "In_Reply_To": row.message_id, "Auto_Submitted": "auto-replied"}
        self.post(row.to_key, lambda _: Came("noted", case.number, []), **over)

    @rule(at=AT, audience=st.sampled_from(("customer", "agent")))
    def a_bounce(self, at: int, audience: str) -> None:
        row = self.world.mail_to(audience, at)
        if row is None or row.state != "sent":
            return
        case = self.model.cases[self.world.before.numbers[row.case_id]]
        raw = bounce_of(row.message_id, row.to_key, date=self.world.post.at)
        self.raws.append(raw)
        came = lambda _: mails.came_back(self.model, case, row.to_key)  # noqa: E731 - one line of a rule
        self.world.deliver(raw, came, row.to_key, {row.id: "bounced"})

    @rule(at=AT, answers=st.booleans())
    def junk(self, at: int, answers: bool) -> None:
        row = self.world.mail_to("customer", at) if answers else None
        over = {"In_Reply_To": row.message_id} if row is not None else {}
        self.post(JUNKER, lambda one: mails.junk(self.model, one), **over)

    @rule(at=AT)
    def the_same_mail_again(self, at: int) -> None:
        self.world.again(self.raws[-1 - at % len(self.raws)])

    @rule(at=AT, agent=st.sampled_from((*AGENTS, "")), text=st.sampled_from(sorted(BY_AGENT)))
    def an_agents_answer(self, at: int, agent: str, text: str) -> None:
        """To a notice that went to him, or to another one's: then it proves nothing."""
        row = self.world.mail_to("agent", at)
        if row is None:
            return
        to = (row.to_key, *row.cc)
        who = agent or next((one for one in to if one in AGENTS), AGENTS[0])
        if who not in self.model.active:
            return
        case = self.model.cases[self.world.before.numbers[row.case_id]]

        def came(one: Letter) -> Came:
            for each in {case.number, self.model.end_of(case).number}:
                self.model.cases[each].heard.setdefault(one.delivery, (who, False))
            return mails.by_agent(self.model, case, who, text, was_told=who in to)

        self.post(who, came, In_Reply_To=row.message_id, subject="Re: your notice", body=text)

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

    @rule(at=AT, by=ACTOR, name=st.sampled_from(("reply", "note", "comment", "urge")))
    def a_word(self, at: int, by: str, name: str) -> None:
        case = self.case(at)
        self.world.act(
            case, by, lambda desk, who: _REALLY[name](desk, case.number, who),
            lambda _: acts.word(self.model, case, name, by),
        )  # fmt: skip

    @rule(at=AT, by=ACTOR, agent=st.sampled_from(("", *AGENTS)), away=st.booleans())
    def a_follower(self, at: int, by: str, agent: str, away: bool) -> None:
        case = self.case(at)
        really, model = (cases.unfollow, acts.unfollow) if away else (cases.follow, acts.follow)
        self.world.act(
            case, by, lambda desk, who: really(desk, case.number, who, agent),
            lambda _: model(self.model, case, by, agent),
        )  # fmt: skip

    @rule(at=AT, by=ACTOR, which=AT, act=st.sampled_from(("add", "finish", "cancel")))
    def a_task(self, at: int, by: str, which: int, act: str) -> None:
        case = self.case(at)
        if act == "add":
            self.world.act(
                case, by, lambda desk, who: cases.add_task(desk, case.number, who, "Order a roller"),
                lambda done: acts.add_task(self.model, case, by, done.task if done else None),
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
        self.world.act(
            case, by, lambda desk, who: cases.split(desk, case.number, who, mail, text),
            lambda done: acts.split(self.model, case, by, done.made if done else "", mail, mail in self.routed),
        )  # fmt: skip

    @rule(
        by=ACTOR, customer=st.sampled_from((*CUSTOMERS, MACHINE)), notify=st.booleans(), same=st.booleans(),
        agent=st.sampled_from(("", *AGENTS)), group=TO_GROUP, direct=st.booleans(), routed=st.booleans(),
    )  # fmt: skip
    def a_case_by_hand(
        self, by: str, customer: str, notify: bool, same: bool, agent: str, group: str | None, direct: bool,
        routed: bool,
    ) -> None:  # fmt: skip
        wanted = NewCase(
            f"The {ROUTED}" if routed else "The fax", contact=customer, notify=notify, allow_same_case=same,
            assignee=agent, group=group, direct_reply="Switch it off." if direct else "",
        )  # fmt: skip
        case = Case("", customer, assignee=agent, group="First line" if group is None else group)
        if direct:
            case.group = group or ""
        elif not agent and group is None:
            self.model.place(case, routed, "First line")

        def model(done: Any) -> acts.Owed:
            case.number = done.number if done else ""
            named = bool(agent or group)
            return acts.create(self.model, case, by, notify=notify, same=same, direct=direct, named=named)

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
