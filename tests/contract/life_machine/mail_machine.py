"""The part of the state machine that is mail: letters, answers, reports and junk, each done in the model too."""

from collections.abc import Callable
from itertools import count

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, rule

from mailcase.store.store import Store
from tests.contract.life_machine import mails
from tests.contract.life_machine.acts import BY_AGENT
from tests.contract.life_machine.mails import Came, Letter
from tests.contract.life_machine.model import Case
from tests.contract.life_machine.people import AGENTS, CUSTOMERS, GROUPS, JUNKER, MACHINE, OURS, WORDS
from tests.contract.life_machine.world import World
from tests.servers.letters import bounce_of, letter

Opened = tuple[Store, Callable[[], None]]
AT = st.integers(0, 9)  # which of the newest cases, mails, tasks …
WORD = st.sampled_from(WORDS)


class MailMachine(RuleBasedStateMachine):
    """`opener` gives an empty store and what closes it."""

    opener: Callable[[], Opened]

    def __init__(self) -> None:
        super().__init__()
        store, self.close = type(self).opener()
        self.world = World(store)
        self.model = self.world.model
        self.names = count(1)
        self.raws: list[bytes] = []
        self.routed: dict[int, str] = {}  # delivery -> the word of an assignment rule in it

    def teardown(self) -> None:
        self.close()

    def case(self, at: int) -> Case:
        return self.model.pick(at)

    def post(self, sender: str, model: Callable[[Letter], Came], *, routed: str = "", **over: str) -> None:
        """A letter of that sender, in the store and in the model."""
        name = next(self.names)
        body = over.pop("body", "") or f"This is the {'x' * name}th word of mine{f' on a {routed}' if routed else ''}."
        subject = over.pop("subject", "") or f"It {'jams ' * name}"
        raw = letter(f"n{name}", sender=sender, subject=subject, body=body, date=self.world.post.at, **over)
        self.raws.append(raw)
        settled = self.world.deliver(
            raw, lambda one: model(Letter(one.delivery_id, str(one.case), sender, routed)), sender
        )
        if routed:
            self.routed[settled.delivery_id] = routed

    # -- mail -----------------------------------------------------------------------------------

    @initialize()
    def a_first_mail(self) -> None:
        self.a_mail(CUSTOMERS[0], "")

    @rule(sender=st.sampled_from((*CUSTOMERS, MACHINE)), routed=WORD)
    def a_mail(self, sender: str, routed: str) -> None:
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
        """To a notice that went to him; that of another one proves nothing, nor what several had of whom one left."""
        row = self.world.mail_to("agent", at)
        if row is None or row.kind == "customer_replied":  # of whoever wrote: test_agent_mail_reach.py
            return
        to = (row.to_key, *row.cc)
        who = agent or next((one for one in to if one in AGENTS), AGENTS[0])
        if who not in self.model.active:
            return
        case = self.model.cases[self.world.before.numbers[row.case_id]]
        if row.customer_then not in (None, self.world.before.cases[self.model.end_of(case).number].contact_id):
            return  # it told of another customer: test_agent_mail_reach.py too
        had = set(row.written_to) - {OURS}  # one who was disabled before it left counts: it was written to him
        together = len(had) == 1 or (
            self.model.active.issuperset(had) and any(had <= set(members) for members in GROUPS.values())
        )

        def came(one: Letter) -> Came:
            return mails.by_agent(self.model, case, one, text, was_told=who in had and together)

        words = text.replace("Bye.", f"Bye, {len(self.raws)}.").replace("off.", f"off, {len(self.raws)}.")
        self.post(who, came, In_Reply_To=row.message_id, subject="Re: your notice", body=words)  # never the same again
